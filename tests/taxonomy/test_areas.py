"""The tree of areas holds together, and finds an area by slug, code, postcode and name."""

import pytest

from aggregator.errors import UnknownTerm
from aggregator.taxonomy import areas


def test_the_metropolis_has_twelve_territories_and_130_communes() -> None:
    assert len(areas.territories()) == 12
    assert len(areas.areas("commune")) == 130
    assert len(areas.areas("arrondissement")) == 20


def test_every_area_but_the_country_has_a_wider_parent() -> None:
    for area in areas.areas():
        if area.kind == "country":
            assert area.parent is None
        else:
            assert area.parent is not None
            wider = areas.area(area.parent)
            assert areas.KINDS.index(wider.kind) < areas.KINDS.index(area.kind)


def test_ancestors_go_from_the_quartier_to_the_country() -> None:
    assert areas.ancestors("clos-saint-lazare") == (
        "stains",
        "plaine-commune",
        "metropole-du-grand-paris",
        "seine-saint-denis",
        "ile-de-france",
        "france",
    )


def test_descendants_are_the_other_side_of_ancestors() -> None:
    for wide in areas.areas():
        for narrow in areas.descendants(wide.slug):
            assert wide.slug in areas.ancestors(narrow)


def test_a_department_holds_its_communes_and_their_quartiers() -> None:
    inside = areas.descendants("seine-saint-denis")
    assert {"montreuil", "murs-a-peches", "stains"} <= set(inside)
    assert "vitry-sur-seine" not in inside


def test_a_former_code_leads_to_the_commune_of_today() -> None:
    found = areas.by_code("93059")
    assert found is not None
    assert found.slug == "saint-denis"


@pytest.mark.parametrize("code", ["93", "11", "FR", "fr", "75056", "75", "T6", "200057867"])
def test_codes_of_every_level_are_known(code: str) -> None:
    assert areas.by_code(code) is not None


def test_an_unknown_code_is_none() -> None:
    assert areas.by_code("13055") is None


def test_a_shared_postcode_gives_all_its_communes_the_largest_first() -> None:
    assert [area.slug for area in areas.by_postcode("94440")] == [
        "villecresnes",
        "marolles-en-brie",
        "santeny",
    ]


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("saint denis", "saint-denis"),
        ("St-Denis", "saint-denis"),
        ("L’Île-Saint-Denis", "l-ile-saint-denis"),
        ("EPINAY SUR SEINE", "epinay-sur-seine"),
        ("lilas", "les-lilas"),
        ("Grand Paris", "metropole-du-grand-paris"),
        ("la Goutte d’Or", "goutte-d-or"),
        ("18e arrondissement", "paris-18e"),
    ],
)
def test_a_name_is_found_however_it_is_written(written: str, slug: str) -> None:
    found = areas.by_name(written)
    assert found is not None
    assert found.slug == slug


def test_every_area_is_found_by_its_own_name_or_a_wider_one_is() -> None:
    for area in areas.areas():
        found = areas.by_name(area.name)
        assert found is not None
        assert areas.KINDS.index(found.kind) <= areas.KINDS.index(area.kind)


def test_every_centre_lies_where_the_metropolis_is() -> None:
    for area in areas.areas():
        if area.kind in {"territory", "commune", "arrondissement", "quartier"}:
            assert 48.6 < area.latitude < 49.1
            assert 2.1 < area.longitude < 2.7


def test_an_unknown_area_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownTerm, match="Did you mean montreuil"):
        areas.area("montreuill")
    with pytest.raises(UnknownTerm):
        areas.descendants("montreuill")
