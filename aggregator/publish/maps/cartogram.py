"""The map by place: one tile for each commune and arrondissement, near where it lies. Pure.

No map tiles from anywhere, and every place equally big: what counts is what happens there.
Tiles stand where they stand, whatever the groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING

from aggregator.publish.maps.svg import FONT, groups_in_words
from aggregator.publish.text import safe
from aggregator.taxonomy import areas

if TYPE_CHECKING:
    from aggregator.store.tables import Group

TILE = (104.0, 58.0)
"""Width and height of a tile with the gap around it."""

_COLUMNS, _ROWS = 19, 17
_STEPS = ((0, 0.0), (1, 0.16), (3, 0.32), (6, 0.5), (10, 0.68), (16, 0.85))
"""From how many groups on a tile is how dark."""


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


def cartogram(groups: Iterable[Group], *, news: Mapping[str, int] | None = None) -> Cartogram:
    """Count public groups by place; `news` counts entries of late by area slug."""
    counts: dict[str, int] = {}
    for group in groups:
        if group.is_public:
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
    return Cartogram(tiles, wider)


@lru_cache(maxsize=1)
def places() -> Mapping[str, tuple[int, int]]:
    """Column and row of each place's tile: the nearest free one to where it lies.

    The places in the middle choose first, so that what is crowded stays together.
    """
    shown = [*areas.areas("arrondissement"), *areas.areas("commune")]
    shown = [area for area in shown if area.slug != "paris"]
    middle = areas.area("paris")
    wanted = {area.slug: _position(area, middle) for area in shown}
    taken: dict[tuple[int, int], str] = {}
    for area in sorted(shown, key=lambda area: (_far(wanted[area.slug]), area.slug)):
        x, y = wanted[area.slug]
        cell = min(
            (math.hypot(column - x, (row - y) * 0.9), column, row)
            for column in range(_COLUMNS)
            for row in range(_ROWS)
            if (column, row) not in taken
        )
        taken[cell[1], cell[2]] = area.slug
    return MappingProxyType({slug: cell for cell, slug in taken.items()})


def write(cartogram: Cartogram, *, base_url: str = "", language: str = "fr") -> str:
    """The cartogram as SVG: each tile a link to its place, its count of groups and of news."""
    english = language.startswith("en")
    title = "The groups by place" if english else "Les groupes par territoire"
    columns = [tile.column for tile in cartogram.tiles]
    rows = [tile.row for tile in cartogram.tiles]
    left, top = min(columns) * TILE[0], min(rows) * TILE[1]
    width = (max(columns) + 1) * TILE[0] - left
    height = (max(rows) + 1) * TILE[1] - top
    tiles = "".join(_tile(tile, base_url, language) for tile in cartogram.tiles)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fil-map" role="group" '
        f'aria-labelledby="map-title" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'data-carte="territoires" font-family="{FONT}" fill="currentColor">'
        f'<title id="map-title">{title}</title><g class="tiles">{tiles}</g></svg>\n'
    )


def _tile(tile: Tile, base_url: str, language: str) -> str:
    x, y = tile.column * TILE[0], tile.row * TILE[1]
    told = f"{tile.name} : {groups_in_words(tile.groups, language)}"
    if tile.news:
        word = "news of late" if language.startswith("en") else "nouvelles récentes"
        told = f"{told}, {tile.news} {word}"
    dark = max(shade for least, shade in _STEPS if tile.groups >= least)
    ink = ' fill="#ffffff"' if dark > 0.5 else ""
    names = _lines(tile.name)
    first = y + (27 if len(names) == 1 else 19)
    # A long name is written smaller, so that it stays within its tile.
    size = min(13.0, 168 / max(len(words) for words in names))
    spans = "".join(
        f'<tspan x="{x + TILE[0] / 2:g}" y="{first + 14 * number:g}">{_text(words)}</tspan>'
        for number, words in enumerate(names)
    )
    count = (
        f'<tspan x="{x + TILE[0] / 2:g}" y="{y + 49:g}" font-size="13" font-weight="bold">'
        f"{tile.groups}</tspan>"
        if tile.groups
        else ""
    )
    return (
        f'<a class="tile" href="{escape(base_url)}/territoires/{tile.slug}" '
        f'data-area="{tile.slug}" data-territory="{tile.territory}" '
        f'aria-label="{_text(told)}"><title>{_text(told)}</title>'
        f'<rect x="{x + 2:g}" y="{y + 2:g}" width="{TILE[0] - 4:g}" height="{TILE[1] - 4:g}" '
        f'rx="6" fill="#a90d27" fill-opacity="{dark:g}" stroke="currentColor" '
        f'stroke-opacity="0.35"/>'
        f'<text text-anchor="middle" font-size="{size:.1f}"{ink}>{spans}{count}</text></a>'
    )


def _lines(name: str) -> list[str]:
    """A name on at most two lines that fit a tile."""
    if len(name) <= 13:
        return [name]
    breaks = [index + 1 for index, character in enumerate(name) if character in " -"]
    if not breaks:
        return [name if len(name) <= 17 else name[:16] + "…"]
    at = min(breaks, key=lambda index: abs(2 * index - len(name)))
    parts = [name[:at].strip(), name[at:].strip()]
    return [part if len(part) <= 17 else part[:16] + "…" for part in parts]


def _position(area: areas.Area, middle: areas.Area) -> tuple[float, float]:
    """Where a place lies on the grid: Paris's twenty need more room than the land gives them."""
    east = (area.longitude - middle.longitude) * math.cos(math.radians(48.85)) * 111.3
    south = (middle.latitude - area.latitude) * 111.3
    far = math.hypot(east, south)
    # Kilometres from the middle, the near ones spread out and the far ones drawn in.
    spread = 1.42 * far**0.62 / far if far else 0.0
    return ((_COLUMNS - 1) / 2 + east * spread, (_ROWS - 1) / 2 + south * spread)


def _far(position: tuple[float, float]) -> float:
    return math.hypot(position[0] - (_COLUMNS - 1) / 2, position[1] - (_ROWS - 1) / 2)


def _territory(slug: str) -> str:
    known = {area.slug for area in areas.territories()}
    return next((wider for wider in areas.ancestors(slug) if wider in known), "")


def _text(words: str) -> str:
    return escape(safe(words))
