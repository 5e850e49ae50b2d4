"""The map by place: one tile for each commune and arrondissement, near where it lies. Pure.

No map tiles from anywhere, and every place equally big: what counts is what happens there.
Tiles stand where they stand, whatever the groups: `tiles.csv` says where. It was made once by
annealing (each place near its centroid, its neighbours beside it, its territory in one piece)
and may be mended by hand.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from types import MappingProxyType

from aggregator.publish.maps.lettering import halves, wide
from aggregator.publish.maps.network import Drawn
from aggregator.publish.maps.svg import FONT, groups_in_words
from aggregator.publish.paper import GROUND, INK, THREAD
from aggregator.publish.text import safe
from aggregator.taxonomy import areas

TILE = (92.0, 62.0)
"""Width and height of a tile with the gap around it."""
GAP, NAME_SIZE = 2.0, 12.5
"""Around each tile; of the letters of its name where they fit."""

_TITLES = ("Les groupes par territoire", "The groups by place")
_STEPS = ((0, 0.0), (1, 0.12), (2, 0.24), (3, 0.38), (6, 0.78), (10, 1.0))
"""From how many groups on a tile is how dark; no shade between that neither ink is read on."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One place."""

    slug: str
    name: str
    territory: str
    """The slug of the territory it belongs to."""
    column: int
    row: int
    groups: int
    """Groups that name it as one of their places."""
    news: int
    """Entries of late about it or from its groups, as counted by the caller."""


@dataclass(frozen=True, slots=True)
class Cartogram:
    """All tiles, and the groups of wider places."""

    tiles: tuple[Tile, ...]
    wider: tuple[tuple[str, str, int], ...]
    """Slug, name, groups of each territory, department or region that groups name as a whole."""
    groups: int
    """All public groups, those without a place too."""
    language: str
    base_url: str

    @property
    def title(self) -> str:
        """What the map shows, in words."""
        return _TITLES[self.language.startswith("en")]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height of all tiles with their borders."""
        width = (max(tile.column for tile in self.tiles) + 1) * TILE[0]
        height = (max(tile.row for tile in self.tiles) + 1) * TILE[1]
        return -4.0, -4.0, width + 8, height + 8

    def url(self, tile: Tile) -> str:
        """Where a tile leads to: the page of its place."""
        return f"{self.base_url}/territoires/{tile.slug}"


def cartogram(
    groups: Iterable[Drawn],
    *,
    news: Mapping[str, int] | None = None,
    base_url: str = "",
    language: str = "fr",
) -> Cartogram:
    """Count public groups by place; `news` counts entries of late by area slug."""
    shown = [group for group in groups if group.is_public]
    counts: dict[str, int] = {}
    for group in shown:
        for slug in group.terms("area"):
            counts[slug] = counts.get(slug, 0) + 1
    tiles = tuple(
        Tile(
            slug=slug,
            name=areas.area(slug).name,
            territory=_territory(slug),
            column=column,
            row=row,
            groups=counts.get(slug, 0),
            news=(news or {}).get(slug, 0),
        )
        for slug, (column, row) in sorted(places().items(), key=lambda pair: pair[1][::-1])
    )
    wider = tuple(
        (area.slug, area.name, counts[area.slug])
        for area in areas.areas()
        if area.slug in counts and area.slug not in places() and area.kind != "quartier"
    )
    return Cartogram(tiles, wider, len(shown), language, base_url)


@lru_cache(maxsize=1)
def places() -> Mapping[str, tuple[int, int]]:
    """Column and row of each place's tile, from the top left."""
    text = files("aggregator.publish.maps").joinpath("tiles.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return MappingProxyType({row["area"]: (int(row["column"]), int(row["row"])) for row in rows})


def steps() -> list[tuple[int, int | None, float]]:
    """The scale: from how many groups, up to how many (None: any more), and how dark, 0 to 1."""
    above = [least - 1 for least, _ in _STEPS[1:]]
    return [(least, most, dark) for (least, dark), most in zip(_STEPS, [*above, None], strict=True)]


def darkness(tile: Tile) -> float:
    """How dark a tile is, 0 to 1."""
    return max(dark for least, dark in _STEPS if tile.groups >= least)


def label(name: str) -> tuple[tuple[str, ...], float]:
    """A place's name on one or two lines, and the size of letters in which it fits its tile."""
    lines = halves(name, TILE[0] - 12, NAME_SIZE / 1.12, breaks=" -")
    widest = max(wide(words, 1.0) for words in lines)
    return lines, min(NAME_SIZE, (TILE[0] - 8) / widest)


def borders(cartogram: Cartogram) -> Iterator[tuple[float, float, float, float]]:
    """Where two territories, or one and the outside, meet: lines from x, y to x, y."""
    at = {(tile.column, tile.row): tile.territory for tile in cartogram.tiles}
    for (column, row), territory in at.items():
        left, top = column * TILE[0], row * TILE[1]
        right, bottom = left + TILE[0], top + TILE[1]
        if at.get((column - 1, row)) != territory:
            yield left, top, left, bottom
        if at.get((column, row - 1)) != territory:
            yield left, top, right, top
        if (column + 1, row) not in at:
            yield right, top, right, bottom
        if (column, row + 1) not in at:
            yield left, bottom, right, bottom


def write(cartogram: Cartogram, *, standalone: bool = False) -> str:
    """The cartogram as SVG: each tile a link to its place, its count of news a link to these.

    `standalone` adds the colours that a file needs and a page has.
    """
    box = " ".join(f"{length:g}" for length in cartogram.box)
    left, top, width, height = cartogram.box
    ground = (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{GROUND}"/>'
    )
    lines = "".join(f"M{x:g} {y:g}L{to_x:g} {to_y:g}" for x, y, to_x, to_y in borders(cartogram))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fil-map" role="group" '
        f'aria-labelledby="map-title" viewBox="{box}" data-carte="territoires" '
        f'font-family="{FONT}" fill="currentColor"'
        f"{f' color={chr(34)}{INK}{chr(34)}' if standalone else ''}>"
        f'<title id="map-title">{cartogram.title}</title>{ground if standalone else ""}'
        f'<g class="tiles">{"".join(_tile(tile, cartogram) for tile in cartogram.tiles)}</g>'
        f'<path class="borders" d="{lines}" fill="none" stroke="currentColor" stroke-width="1.8" '
        'stroke-linecap="round" aria-hidden="true"/></svg>\n'
    )


def _tile(tile: Tile, cartogram: Cartogram) -> str:
    x, y = tile.column * TILE[0], tile.row * TILE[1]
    middle = x + TILE[0] / 2
    told = _text(f"{tile.name} : {groups_in_words(tile.groups, cartogram.language)}")
    dark = darkness(tile)
    ink = ' fill="#ffffff"' if dark > 0.5 else ""
    names, letters = label(tile.name)
    spans = "".join(
        f'<tspan x="{middle:g}" y="{first_line(y, names) + 14 * number:g}">{_text(words)}</tspan>'
        for number, words in enumerate(names)
    )
    count = (
        f'<tspan x="{middle:g}" y="{y + 52:g}" font-size="14" font-weight="bold">'
        f"{tile.groups}</tspan>"
        if tile.groups
        else ""
    )
    return (
        f'<a class="tile" href="{escape(cartogram.url(tile))}" '
        f'data-area="{tile.slug}" data-territory="{tile.territory}" '
        f'aria-label="{told}"><title>{told}</title>'
        f'<rect class="shade" x="{x + GAP:g}" y="{y + GAP:g}" width="{TILE[0] - 2 * GAP:g}" '
        f'height="{TILE[1] - 2 * GAP:g}" rx="4" fill="{THREAD}" fill-opacity="{dark:g}" '
        f'stroke="currentColor" stroke-opacity="0.25"/>'
        f'<text text-anchor="middle" font-size="{letters:.1f}"{ink}>{spans}{count}</text></a>'
        f"{_news(tile, cartogram, ink)}"
    )


def first_line(top: float, names: tuple[str, ...]) -> float:
    """The base line of a tile's first line of words."""
    return top + (27 if len(names) == 1 else 19)


def _news(tile: Tile, cartogram: Cartogram, ink: str) -> str:
    if not tile.news:
        return ""
    if cartogram.language.startswith("en"):
        told = f"{tile.name}: {tile.news} news of late"
    else:
        word = "nouvelle récente" if tile.news == 1 else "nouvelles récentes"
        told = f"{tile.name} : {tile.news} {word}"
    x, y = (tile.column + 1) * TILE[0] - 9, tile.row * TILE[1] + 52
    return (
        f'<a class="count" href="{escape(cartogram.base_url)}/?territoire={tile.slug}" '
        f'aria-label="{_text(told)}"><title>{_text(told)}</title><text x="{x:g}" y="{y:g}" '
        f'text-anchor="end" font-size="11"{ink} fill-opacity="0.85">{tile.news}</text></a>'
    )


def _territory(slug: str) -> str:
    known = {area.slug for area in areas.territories()}
    return next((wider for wider in areas.ancestors(slug) if wider in known), "")


def _text(words: str) -> str:
    return escape(safe(words))
