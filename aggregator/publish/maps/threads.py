"""A network map drawn on paper, the way `svg` draws it on a page. Knows nothing of posters."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.publish import paper
from aggregator.publish.maps import network, svg
from aggregator.publish.maps.network import Chart, Hub, Node
from aggregator.publish.paper import Point, Surface

_FAINT = "#f0cdd3"
"""The thread at a fifth of its strength, without transparency: printers."""
_COLUMN = 250.0
"""Millimetres on A0 that the longest name of a kind takes with its mark."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From a map's units to millimetres on the sheet."""

    x: float
    y: float
    unit: float

    def at(self, x: float, y: float) -> Point:
        return self.x + x * self.unit, self.y + y * self.unit


def fitted(
    box: tuple[float, float, float, float], inside: tuple[float, float, float, float]
) -> Scale:
    """A map's box as big as it can be in the middle of a frame; both left, top, width, height."""
    unit = min(inside[2] / box[2], inside[3] / box[3])
    return Scale(
        inside[0] + (inside[2] - box[2] * unit) / 2 - box[0] * unit,
        inside[1] + (inside[3] - box[3] * unit) / 2 - box[1] * unit,
        unit,
    )


def draw(surface: Surface, chart: Chart, inside: tuple[float, float, float, float]) -> None:
    """The whole map within a frame in millimetres."""
    scale = fitted(chart.box, inside)
    hubs = {hub.slug: hub for hub in chart.hubs}
    for node in chart.nodes:
        for slug in node.hubs:
            points = [scale.at(*point) for point in chart.thread(node, hubs[slug])]
            surface.thread(points, width=0.9 * scale.unit, colour=_FAINT)
    for hub in chart.hubs:
        _hub(surface, hub, scale, chart.language)
    for node in chart.nodes:
        _node(surface, node, scale)


def legend(
    surface: Surface, chart: Chart, room: tuple[float, float, float], scale: float, more: str
) -> None:
    """What marks mean, in columns; `room` is left, top and width, `more` a last word."""
    left, top, width = room
    columns = int(width / (_COLUMN * scale))
    step = width / columns
    keys = svg.keys(chart)
    for number, key in enumerate(keys):
        x = left + step * (number % columns)
        y = top + 12 * scale * (number // columns)
        _mark(surface, key.shape, x + 4 * scale, y, 3.6 * scale, key.colour)
        surface.text(
            x + 12 * scale, y + 2.6 * scale, key.label, size=7.5 * scale, widest=step - 16 * scale
        )
    told = f"{svg.size_in_words(chart.language)}{f' · {more}' if more else ''}"
    surface.text(
        left + width, top + 14.6 * scale, told, size=7.5 * scale, colour=paper.SOFT,
        align="right", widest=step * (2 * columns - len(keys)) - 8 * scale,
    )  # fmt: skip


def _hub(surface: Surface, hub: Hub, scale: Scale, language: str) -> None:
    unit = scale.unit
    left, top = scale.at(hub.x - hub.width / 2, hub.y - hub.height / 2)
    surface.box(left, top, hub.width * unit, hub.height * unit, fill=paper.THREAD, round_=6 * unit)
    middle, widest = left + hub.width * unit / 2, (hub.width - 12) * unit
    for number, words in enumerate(hub.lines):
        surface.text(
            middle, top + (23 + 20 * number) * unit, words, size=network.HUB_SIZE * unit,
            bold=True, colour="#ffffff", align="middle", widest=widest, url=hub.url,
        )  # fmt: skip
    surface.text(
        middle, top + (hub.height - 12) * unit, svg.groups_in_words(hub.groups, language),
        size=13 * unit, colour="#ffffff", align="middle", widest=widest,
    )  # fmt: skip


def _node(surface: Surface, node: Node, scale: Scale) -> None:
    unit = scale.unit
    colour, shape = svg.look(node.kind)
    x, y = scale.at(node.x, node.y)
    _mark(surface, shape, x, y, node.radius * unit, colour)
    surface.text(
        x + network.NAME_AT * unit, y + 5 * unit, node.name, size=network.NAME_SIZE * unit,
        widest=node.room * unit, rim=paper.GROUND, url=node.url,
    )  # fmt: skip


def _mark(surface: Surface, shape: str, x: float, y: float, radius: float, colour: str) -> None:
    if shape == "square":
        side = radius * 1.75
        surface.box(x - side / 2, y - side / 2, side, side, fill=colour)
    elif shape in {"diamond", "triangle"}:
        surface.shape(svg.corners(shape, x, y, radius), colour)
    else:
        surface.circle(x, y, radius, colour, hollow=shape == "ring")
