"""The maps show every public group once, always in the same place, to eyes and to keyboards."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish import paper
from aggregator.publish.maps import cartogram, layout, lettering, network, svg
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
        assert all(abs(node.y - hub.y) > hub.height / 2 + 10 for node in chart.nodes)
    for one, other in combinations(chart.hubs, 2):
        assert one.y != other.y or abs(one.x - other.x) >= (one.width + other.width) / 2


@pytest.mark.parametrize("count", [1, 12, 46, 300, 600])
def test_names_are_as_big_however_many_groups_there_are(count: int) -> None:
    chart = network.chart(_groups(count), "objectifs", recent={1: 12345})
    # A page of 1280 pixels leaves 1248 to the map: its letters are never smaller than 12.
    assert network.NAME_SIZE * 1248 / chart.box[2] >= 12
    for node in chart.nodes:
        assert lettering.wide(node.label, network.NAME_SIZE) <= node.room


def test_a_name_has_the_room_up_to_its_neighbour() -> None:
    name = "Maison des solidarités de Vitry-sur-Seine"
    (alone,) = network.chart([_group(1, name=name)], "objectifs").nodes
    assert alone.label == name
    crowd = network.chart([_group(number, name=name) for number in range(1, 301)], "objectifs")
    cells = {(node.x, node.y) for node in crowd.nodes}
    for node in crowd.nodes:
        has_neighbour = (node.x + layout.CELL[0], node.y) in cells
        is_last = node.x + layout.CELL[0] > layout.WIDTH
        assert (node.label != name) == (has_neighbour or is_last)


def test_name_that_is_cut_is_told_whole_to_who_points_at_it() -> None:
    long = "Coordination des riveraines et riverains de la ligne 15 Sud"
    crowd = [_group(1, name=long), *_groups(300)[1:]]
    root = etree.fromstring(svg.write(network.chart(crowd, "objectifs")).encode())
    spans = {span.get("class"): span.text for span in root.iter(f"{SVG}tspan")}
    assert str(spans["cut"]).endswith("…")
    assert spans["whole"] == long
    (whole,) = [span for span in root.iter(f"{SVG}tspan") if span.get("class") == "whole"]
    assert whole.get("display") == "none"


# Machado, Oliveira and Fernandes 2009: what protanopes, deuteranopes and tritanopes see.
_EYES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def _linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _oklab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Ottosson 2020: equal distances look equally different."""
    rows = (
        (0.41222, 0.53633, 0.05145), (0.21190, 0.68070, 0.10740), (0.08830, 0.28172, 0.62998),
    )  # fmt: skip
    long, middle, short = (max(0.0, a * red + b * green + c * blue) ** (1 / 3) for a, b, c in rows)
    return (
        0.21045 * long + 0.79362 * middle - 0.00407 * short,
        1.97800 * long - 2.42859 * middle + 0.45060 * short,
        0.02590 * long + 0.78277 * middle - 0.80868 * short,
    )


@pytest.mark.parametrize("eyes", _EYES)
def test_four_kinds_of_platform_are_told_apart_by_any_eyes_and_without_colours(eyes: str) -> None:
    seen = []
    for colour, _shape in svg.KINDS.values():
        linear = _linear(colour)
        red, green, blue = (
            min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True))))
            for row in _EYES[eyes]
        )
        seen.append(_oklab(red, green, blue))
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) > 0.11
    assert len({shape for _colour, shape in svg.KINDS.values()}) == len(svg.KINDS)
    light = [sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), _linear(c), strict=True))
             for c in (paper.GROUND, *(colour for colour, _ in svg.KINDS.values()))]  # fmt: skip
    # WCAG 2.2, 1.4.11: three to one against the paper.
    assert all((light[0] + 0.05) / (one + 0.05) >= 3 for one in light[1:])


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


def test_territories_are_in_one_piece() -> None:
    tiles = {(tile.column, tile.row): tile for tile in cartogram.cartogram([]).tiles}
    for territory in {tile.territory for tile in tiles.values()}:
        mine = {at for at, tile in tiles.items() if tile.territory == territory}
        reached, edge = set(), [min(mine)]
        while edge:
            column, row = edge.pop()
            if (column, row) in mine - reached:
                reached.add((column, row))
                edge += [(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)]
        assert reached == mine, territory


def test_names_of_places_fit_their_tiles() -> None:
    for tile in cartogram.cartogram([]).tiles:
        lines, size = cartogram.label(tile.name)
        assert size >= 10.5
        assert all(lettering.wide(words, size) <= cartogram.TILE[0] for words in lines)


def test_the_cartogram_counts_groups_and_news_by_place(a_group: Callable[..., Group]) -> None:
    drawn = cartogram.cartogram(_groups(9), news={"saint-denis": 12})
    tile = next(tile for tile in drawn.tiles if tile.slug == "saint-denis")
    assert (tile.groups, tile.news, tile.territory) == (6, 12, "plaine-commune")
    assert drawn.wider == (("paris", "Paris", 3),)
    root = etree.fromstring(cartogram.write(drawn).encode())
    links = {link.get("aria-label"): link.get("href") for link in root.iter(f"{SVG}a")}
    assert links["Saint-Denis : 6\u00a0groupes"] == "/territoires/saint-denis"
    assert links["Saint-Denis : 12 nouvelles récentes"] == "/?territoire=saint-denis"
    assert len(links) == len(drawn.tiles) + 1


def test_shades_say_how_many_without_a_gap() -> None:
    steps = cartogram.steps()
    assert steps[0][0] == 0
    assert steps[-1][1] is None
    assert all(one[1] == other[0] - 1 for one, other in pairwise(steps))
    assert all(one[2] < other[2] for one, other in pairwise(steps))


def test_a_difference_is_ringed_and_said() -> None:
    chart = network.chart(_groups(3), "objectifs")
    drawn = svg.write(chart, marks={"groupe-1": "arrived", "groupe-2": "changed", "x": "left"})
    root = etree.fromstring(drawn.encode())
    rings = [ring for ring in root.iter(f"{SVG}circle") if ring.get("class") == "ring"]
    assert len(rings) == 2
    labels = [str(link.get("aria-label")) for link in root.iter(f"{SVG}a")]
    assert sum("arrivé depuis" in label for label in labels) == 1
    assert sum("changé depuis" in label for label in labels) == 1
    faint = [g for g in root.iter(f"{SVG}g") if g.get("class") == "node faint"]
    assert [g.get("data-group") for g in faint] == ["groupe-3"]
