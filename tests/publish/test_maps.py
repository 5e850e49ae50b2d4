"""The maps show every public group once, always in the same place, to eyes and to keyboards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish.maps import cartogram, layout, network, svg
from aggregator.store.tables import Group, GroupTag
from aggregator.taxonomy import areas, terms

SVG = "{http://www.w3.org/2000/svg}"


def _group(number: int, *, status: str = "listed", name: str | None = None) -> Group:
    tags = [
        GroupTag(dimension=dimension, slug=term.slug)
        for dimension in ("objective", "skill", "topic", "kind")
        for place, term in enumerate(terms.terms(dimension))
        if (number * 2654435761 >> place) & 3 == 3
    ]
    tags.append(GroupTag(dimension="area", slug="saint-denis" if number % 3 else "paris"))
    return Group(
        id=number,
        slug=f"groupe-{number}",
        name=name or f"Groupe {number}",
        status=status,
        tags=tags,
    )


def _groups(count: int) -> list[Group]:
    return [_group(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("view", network.VIEWS)
def test_a_group_stays_where_it_was_when_another_joins(view: str) -> None:
    before = {node.slug: (node.x, node.y) for node in network.chart(_groups(120), view).nodes}
    after = {node.slug: (node.x, node.y) for node in network.chart(_groups(300), view).nodes}
    assert before.items() <= after.items()


@pytest.mark.parametrize("view", network.VIEWS)
def test_300_groups_stand_apart_from_each_other_and_from_the_hubs(view: str) -> None:
    chart = network.chart(_groups(300), view)
    rows: dict[float, list[float]] = {}
    for node in chart.nodes:
        rows.setdefault(node.y, []).append(node.x)
    for row in rows.values():
        assert all(right - left >= layout.CELL[0] for left, right in pairwise(sorted(row)))
    ys = sorted(rows)
    assert all(below - above >= layout.CELL[1] for above, below in pairwise(ys))
    for hub in chart.hubs:
        assert not [n for n in chart.nodes if abs(n.x - hub.x) < 190 and abs(n.y - hub.y) < 40]


def test_groups_gather_near_what_they_share() -> None:
    chart = network.chart(_groups(300), "objectifs")
    hubs = {hub.slug: hub for hub in chart.hubs}
    for slug, hub in hubs.items():
        mine = [n for n in chart.nodes if n.hubs == (slug,)]
        others = [n for n in chart.nodes if slug not in n.hubs and n.hubs]

        def far(nodes: list[network.Node], hub: network.Hub = hub) -> float:
            return sum(abs(n.x - hub.x) + abs(n.y - hub.y) for n in nodes) / len(nodes)

        assert far(mine) < far(others)


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_groups_that_left_are_on_no_map_and_in_no_table(status: str) -> None:
    groups = [_group(1, name="Reste"), _group(2, status=status, name="Partie")]
    for view in network.VIEWS:
        drawn = svg.write(network.chart(groups, view))
        assert "Reste" in drawn
        assert "Partie" not in drawn
    assert [row["name"] for row in network.rows(groups)] == ["Reste"]
    assert sum(tile.groups for tile in cartogram.cartogram(groups).tiles) == 1


def test_a_map_is_read_and_walked_without_seeing_it() -> None:
    chart = network.chart(_groups(50), "objectifs", recent={7: 4}, base_url="https://fil.example")
    root = etree.fromstring(svg.write(chart).encode())
    assert root.get("aria-labelledby") == "map-title"
    assert root.findtext(f"{SVG}title") == "Les groupes et leurs objectifs"
    links = list(root.iter(f"{SVG}a"))
    assert len(links) == 3 + 50 + 1
    assert all(link.get("aria-label") and link.get("href") for link in links)
    hrefs = [link.get("href") for link in links]
    assert "https://fil.example/groupes/groupe-7" in hrefs
    assert "https://fil.example/?groupe=groupe-7" in hrefs
    assert not list(root.iter(f"{SVG}style", f"{SVG}script"))
    assert not [element for element in root.iter() if element.get("style")]


def test_the_more_a_group_publishes_the_bigger_it_is() -> None:
    nodes = network.chart(_groups(3), "objectifs", recent={1: 0, 2: 3, 3: 40}).nodes
    sizes = [node.radius for node in nodes]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_ten_thousand_groups_are_drawn_as_far_as_can_be_read() -> None:
    groups = _groups(10_000)
    chart = network.chart(groups, "themes")
    assert len(chart.nodes) == network.MOST
    assert chart.left_out == 10_000 - network.MOST
    assert len(network.rows(groups[:1000])) == 1000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.one_of(st.text(), st.text(min_size=500, max_size=520)))
def test_any_name_makes_a_well_formed_map(name: str) -> None:
    group = _group(1, name=name)
    etree.fromstring(svg.write(network.chart([group], "themes"), standalone=True).encode())


def test_every_commune_and_arrondissement_has_a_tile_of_its_own() -> None:
    places = cartogram.places()
    expected = {area.slug for kind in ("commune", "arrondissement") for area in areas.areas(kind)}
    assert set(places) == expected - {"paris"}
    assert len(set(places.values())) == len(places)


def test_places_lie_as_they_lie_on_the_ground() -> None:
    places = cartogram.places()
    assert places["saint-denis"][1] < places["paris-18e"][1] < places["paris-14e"][1]
    assert places["nanterre"][0] < places["paris-8e"][0] < places["montreuil"][0]


def test_the_cartogram_counts_groups_and_news_by_place(a_group: Callable[..., Group]) -> None:
    drawn = cartogram.cartogram(_groups(9), news={"saint-denis": 12})
    tile = next(tile for tile in drawn.tiles if tile.slug == "saint-denis")
    assert (tile.groups, tile.news, tile.territory) == (6, 12, "plaine-commune")
    assert drawn.wider == (("paris", "Paris", 3),)
    root = etree.fromstring(cartogram.write(drawn).encode())
    labels = [link.get("aria-label") for link in root.iter(f"{SVG}a")]
    assert "Saint-Denis : 6\u00a0groupes, 12 nouvelles récentes" in labels
    assert len(labels) == len(drawn.tiles)


def test_a_difference_is_ringed_and_said() -> None:
    chart = network.chart(_groups(3), "objectifs")
    drawn = svg.write(chart, marks={"groupe-1": "arrived", "groupe-2": "changed", "x": "left"})
    root = etree.fromstring(drawn.encode())
    rings = [ring for ring in root.iter(f"{SVG}circle") if ring.get("class") == "ring"]
    assert len(rings) == 2
    labels = [str(link.get("aria-label")) for link in root.iter(f"{SVG}a")]
    assert sum("arrivé depuis" in label for label in labels) == 1
    assert sum("changé depuis" in label for label in labels) == 1
