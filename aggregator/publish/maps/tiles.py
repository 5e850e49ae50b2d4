"""The cartogram drawn on paper, as `cartogram` draws it on a page. Knows nothing of posters."""

from __future__ import annotations

from aggregator.publish import paper
from aggregator.publish.maps import cartogram
from aggregator.publish.maps.cartogram import Cartogram, Tile
from aggregator.publish.maps.threads import Scale, fitted
from aggregator.publish.paper import Surface

_WORDS = {
    "fr": ("groupes", "et plus", "En petit : les nouvelles de trente jours"),
    "en": ("groups", "and more", "In small: the news of thirty days"),
}


def draw(surface: Surface, drawn: Cartogram, inside: tuple[float, float, float, float]) -> None:
    """All tiles within a frame in millimetres: left, top, width, height."""
    scale = fitted(drawn.box, inside)
    for tile in drawn.tiles:
        _tile(surface, tile, drawn.url(tile), scale)
    for x, y, to_x, to_y in cartogram.borders(drawn):
        start, end = scale.at(x, y), scale.at(to_x, to_y)
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        surface.thread([start, middle, end], width=1.8 * scale.unit, colour=paper.INK)


def scale(
    surface: Surface, drawn: Cartogram, room: tuple[float, float, float], scale: float
) -> None:
    """How many groups each shade means; `room` is left, top and width in millimetres."""
    groups, more, news = _WORDS["en" if drawn.language.startswith("en") else "fr"]
    left, top, width = room
    steps = cartogram.steps()
    step = min(width / (len(steps) + 1), 90 * scale)
    for number, (least, most, dark) in enumerate(steps):
        x = left + number * step
        surface.box(
            x, top - 3 * scale, 14 * scale, 9 * scale, fill=shade(dark), line="#9aa5b1",
            round_=1 * scale, thick=0.4 * scale,
        )  # fmt: skip
        told = f"{least}" if least == most else f"{least}–{most}" if most else f"{least} {more}"
        surface.text(x + 18 * scale, top + 4 * scale, told, size=7.5 * scale)
    surface.text(left + len(steps) * step, top + 4 * scale, groups, size=7.5 * scale)
    surface.text(left, top + 17 * scale, news, size=7.5 * scale, colour=paper.SOFT)


def shade(dark: float) -> str:
    """The thread's red, so much of it on the paper's ground.

    >>> shade(0.0), shade(1.0)
    ('#fdfdfc', '#a90d27')
    """
    ground, thread = (
        [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        for colour in (paper.GROUND, paper.THREAD)
    )
    mixed = (round(a + (b - a) * dark) for a, b in zip(ground, thread, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _tile(surface: Surface, tile: Tile, url: str, scale: Scale) -> None:
    unit, gap = scale.unit, cartogram.GAP
    wide, high = cartogram.TILE
    x, y = tile.column * wide, tile.row * high
    dark = cartogram.darkness(tile)
    ink = "#ffffff" if dark > 0.5 else paper.INK
    left, top = scale.at(x + gap, y + gap)
    surface.box(
        left, top, (wide - 2 * gap) * unit, (high - 2 * gap) * unit, fill=shade(dark),
        line="#c5ced6", round_=4 * unit, thick=0.8 * unit,
    )  # fmt: skip
    names, letters = cartogram.label(tile.name)
    for number, words in enumerate(names):
        to_x, to_y = scale.at(x + wide / 2, cartogram.first_line(y, names) + 14 * number)
        surface.text(
            to_x, to_y, words, size=letters * unit, colour=ink, align="middle",
            widest=(wide - 6) * unit, url=url,
        )  # fmt: skip
    if tile.groups:
        to_x, to_y = scale.at(x + wide / 2, y + 52)
        surface.text(
            to_x, to_y, str(tile.groups), size=14 * unit, bold=True, colour=ink, align="middle"
        )
    if tile.news:
        to_x, to_y = scale.at(x + wide - 9, y + 52)
        surface.text(to_x, to_y, str(tile.news), size=11 * unit, colour=ink, align="right")
