"""Places are found where they are named, and not where a name only looks like one."""

import pytest

from aggregator.taxonomy import areas
from aggregator.understand.places import MANY, places_in
from aggregator.understand.words import words_of


def found(text: str, *, title: str = "", near: tuple[str, ...] = ()) -> list[str]:
    places = places_in(words_of(title), words_of(text), written=(title, text), near=near)
    return sorted(place.slug for place in places)


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Rendez-vous aux Lilas et au Pré-Saint-Gervais.", ["le-pre-saint-gervais", "les-lilas"]),
        ("Réunion à la mairie des Lilas.", ["les-lilas"]),
        ("Marche vers Le Raincy, retour du Raincy.", ["le-raincy"]),
        ("Le parc de Sceaux est à Sceaux.", ["sceaux"]),
        ("À l'Île-Saint-Denis comme à Saint-Denis.", ["l-ile-saint-denis", "saint-denis"]),
        ("ÎLE SAINT DENIS", ["l-ile-saint-denis"]),
        ("Concert à ST-OUEN, entrée libre", ["saint-ouen-sur-seine"]),
        ("Épinay-sur-Seine et Épinay-sous-Sénart", ["epinay-sur-seine"]),
        ("Les quartiers de Plaine Commune", ["plaine-commune"]),
        ("La cité des 4000 à La Courneuve", ["la-courneuve", "les-4000"]),
        ("Toute la Seine-Saint-Denis", ["seine-saint-denis"]),
        ("Un bal à Pierrefitte-sur-Seine", ["pierrefitte-sur-seine"]),
        ("Dans le 93, on vote.", ["seine-saint-denis"]),
    ],
)
def test_names_are_found_however_they_are_written(text: str, slugs: list[str]) -> None:
    assert found(text) == slugs


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Paris 18e", ["paris-18e"]),
        ("au cœur du XVIIIe arrondissement de Paris", ["paris", "paris-18e"]),
        ("75018 Paris", ["paris", "paris-18e"]),
        ("le dix-huitième arrondissement", ["paris-18e"]),
        ("À Paris, dans le 13e.", ["paris", "paris-13e"]),
        ("À Paris au 13e siècle", ["paris"]),
        ("une église du XIIIe siècle", []),
        ("le 3e arrondissement de Lyon", []),
        ("la 20e édition, le 1er mai", []),
        ("professeur à Paris 8", ["paris"]),
        ("À Paris, 1 rue des Fossés", ["paris"]),
        ("Paris 12 mai 2026", ["paris"]),
        ("PARIS 02/12/2026", ["paris"]),
        ("Rendez-vous à Paris 12, près de la gare", ["paris-12e"]),
        ("À Paris, les 1er et 2 juin", ["paris"]),
    ],
)
def test_an_ordinal_is_an_arrondissement_only_with_a_reason(text: str, slugs: list[str]) -> None:
    assert found(text) == slugs


@pytest.mark.parametrize(
    "text",
    [
        "Les lilas sont en fleur, dit le garde des Sceaux.",
        "Rendez-vous porte des Lilas, 12 rue de Paris, avenue de Clichy.",
        "L'accord de Paris sur le climat et la Commune de Paris.",
        "Sciences Po Paris, l'académie de Créteil et le PSG (Paris Saint-Germain).",
        "Gare de Lyon, un train pour Montreuil-sur-Mer et Boulogne-sur-Mer.",
        "Dans les Deux-Sèvres, à Châtillon-en-Diois.",
        "Antony Blinken a parlé.",
        "Il a gagné ses paris en ligne.",
        "93100 euros de subventions",
        "Le Bondy Blog raconte",
        "Le ministre israélien de la Défense et les 3000 titres du catalogue, quatre mille ans",
    ],
)
def test_what_only_looks_like_a_place_is_none(text: str) -> None:
    assert found(text) == []


def test_a_weak_name_counts_where_the_text_or_the_source_is_near() -> None:
    assert found("Ivry en fête dimanche") == []
    assert found("Ivry en fête dimanche", near=("vitry-sur-seine",)) == ["ivry-sur-seine"]
    assert found("Ivry en fête, puis Gentilly") == ["gentilly", "ivry-sur-seine"]


def test_where_something_takes_place_a_weak_name_is_the_commune_s_unless_all_is_far() -> None:
    assert found("Fête à Ivry dimanche") == ["ivry-sur-seine"]
    assert found("Réunion publique à Antony") == ["antony"]
    assert found("Antony a rencontré Samy") == []
    assert found("De Lille à Boulogne en train") == []


def test_a_house_number_is_no_department_and_a_spaced_postcode_a_place() -> None:
    assert found("Rendez-vous au local, le 94 rue Gambetta") == []
    assert found("12 rue Myrha, 75 018 Paris") == ["paris", "paris-18e"]
    assert found("Une ville de 93 100 habitants") == []


def test_a_bare_ordinal_counts_for_a_group_of_paris() -> None:
    assert found("Un atelier vélo dans le 18e.", near=("paris-18e",)) == ["paris-18e"]
    assert found("Un atelier vélo dans le 18e.", near=("montreuil",)) == []


def test_a_postcode_that_several_communes_share_says_nothing_alone() -> None:
    assert found("BP 3, 94440") == []
    assert found("94440 Santeny") == ["santeny"]


def test_every_commune_and_arrondissement_is_found_by_its_name() -> None:
    for area in (*areas.areas("commune"), *areas.areas("arrondissement")):
        assert area.slug in found(f"Réunion à {area.name} samedi.", near=(area.slug,)), area.name


def test_a_text_that_lists_all_communes_is_about_none_of_them() -> None:
    names = ", ".join(area.name for area in areas.areas("commune"))
    title = "La carte des groupes, de Stains à partout"
    places = places_in(words_of(title), words_of(names), written=(title, names))
    assert len(places) > MANY
    assert [place.slug for place in places if place.weight >= 0.5] == ["stains"]
