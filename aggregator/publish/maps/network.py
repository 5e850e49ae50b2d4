"""The network maps: groups between the objectives, savoir-faire or topics they share. Pure.

Rows in, a Chart out: what stands where, in which kind and how big. `svg` and `poster` draw it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from aggregator.publish import publication
from aggregator.publish.maps import layout
from aggregator.publish.maps.layout import Point
from aggregator.publish.maps.lettering import fitting, halves, wide
from aggregator.publish.text import line
from aggregator.taxonomy import terms

VIEWS = {"objectifs": "objective", "savoir-faire": "skill", "themes": "topic"}
"""The maps by their names in `?carte=`, and the dimension each shows."""

MOST, PRINTED = 1500, 600
"""Groups drawn on one map, and on one that is printed; the table has them all."""

NAME_SIZE, COUNT_SIZE, HUB_SIZE = 14.0, 11.0, 16.0
"""Of letters, in the units of the map."""
_MARK = 11.0
"""From the left of a group's cell to the middle of its mark."""
NAME_AT = 13.0
"""From the middle of a mark to the group's name."""
_GAP = 12.0
"""Between a name and what stands to the right of it."""
_WHOLE = 60
"""Characters of a name told on the map at most; the whole name is in its description."""
_AWAY = 86.0
"""From the outermost groups to the middle of the hubs."""


class Drawn(Protocol):
    """What a map needs of a group: a row gives it, and an outline of one."""

    @property
    def id(self) -> int: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def is_public(self) -> bool: ...
    def terms(self, dimension: str, /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Hub:
    """One term that groups gather around."""

    slug: str
    lines: tuple[str, ...]
    """Its label, on one or two lines."""
    url: str
    x: float
    y: float
    """The middle of its box."""
    width: float
    height: float
    groups: int

    @property
    def label(self) -> str:
        """Its label on one line."""
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Node:
    """One group on the map."""

    slug: str
    name: str
    label: str
    """The name, cut to fit beside its neighbour."""
    url: str
    news_url: str
    kind: str | None
    """Slug of its first kind, by which it is coloured and shaped."""
    hubs: tuple[str, ...]
    """Slugs of the terms it shares, in the taxonomy's order."""
    recent: int
    """Entries of late."""
    radius: float
    room: float
    """For its name and the count of its news: up to its neighbour."""
    x: float
    y: float
    """The middle of its mark; the name stands to the right of it."""

    @property
    def whole(self) -> str:
        """The name as told when one points at it: a very long one is cut there too."""
        return self.name if len(self.name) <= _WHOLE else self.name[: _WHOLE - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Chart:
    """A network map, ready to be drawn."""

    view: str
    """A key of VIEWS."""
    title: str
    language: str
    hubs: tuple[Hub, ...]
    nodes: tuple[Node, ...]
    left_out: int
    """Groups beyond what was to be drawn, in the directory only."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height of everything drawn."""
        top = min(hub.y - hub.height / 2 for hub in self.hubs)
        bottom = max(
            *(hub.y + hub.height / 2 for hub in self.hubs),
            *(node.y + layout.CELL[1] for node in self.nodes),
        )
        return 0.0, top - 6, layout.WIDTH, bottom - top + 12

    def thread(self, node: Node, hub: Hub) -> tuple[Point, Point, Point, Point]:
        """The thread between the two as a cubic Bézier curve; it leaves the hub upright."""
        inwards = hub.height / 2 if hub.y < node.y else -hub.height / 2
        edge = hub.y + inwards
        reach = (node.y - edge) * 0.5
        return (
            (node.x, node.y),
            (node.x + (hub.x - node.x) * 0.45, node.y - reach * 0.35),
            (hub.x, edge + reach),
            (hub.x, edge),
        )


def chart(
    groups: Iterable[Drawn],
    view: str,
    *,
    base_url: str = "",
    recent: Mapping[int, int] | None = None,
    language: str = "fr",
    most: int = MOST,
) -> Chart:
    """One of the maps; `recent` counts entries of late by group id.

    Public groups only, in the order in which they joined, the first `most` of them. Raises
    KeyError for no map's name.
    """
    dimension = VIEWS[view]
    shown = sorted((group for group in groups if group.is_public), key=lambda group: group.id)
    slugs = [term.slug for term in terms.terms(dimension)]
    points = dict(zip(slugs, layout.hubs(len(slugs)), strict=True))
    places = layout.Places()
    stand = [
        places.take(layout.target([points[slug] for slug in slugs if slug in terms_]))
        for terms_ in (group.terms(dimension) for group in shown[:most])
    ]
    nodes = tuple(
        _node(group, at, places.width_at(at), dimension, slugs, base_url, (recent or {}))
        for group, at in zip(shown, stand, strict=False)
    )
    ys = [node.y for node in nodes]
    above = min([*ys, layout.HEIGHT * 0.25]) - _AWAY
    below = max([*ys, layout.HEIGHT * 0.75]) + _AWAY
    counts = {slug: sum(slug in group.terms(dimension) for group in shown) for slug in slugs}
    hubs = tuple(
        _hub(
            publication.label(dimension, slug, language) or slug,
            (point[0], above if layout.is_above(point) else below),
            slug=slug,
            url=f"{base_url}/{publication.PATHS[dimension]}/{slug}",
            groups=counts[slug],
            room=layout.WIDTH / max(1, (len(slugs) + 1) // 2),
        )
        for slug, point in points.items()
    )
    return Chart(view, title(view, language), language, hubs, nodes, max(0, len(shown) - most))


def title(view: str, language: str = "fr") -> str:
    """What a map shows, in words."""
    titles = {
        "objectifs": ("Les groupes et leurs objectifs", "The groups and their objectives"),
        "savoir-faire": ("Les groupes et leurs savoir-faire", "The groups and their skills"),
        "themes": ("Les groupes et leurs thèmes", "The groups and their topics"),
    }
    return titles[view][language.startswith("en")]


def rows(
    groups: Iterable[Drawn], *, recent: Mapping[int, int] | None = None
) -> list[dict[str, object]]:
    """The same data as a table: every public group by name, with its terms' slugs."""
    shown = [group for group in groups if group.is_public]
    return [
        {
            "slug": group.slug,
            "name": line(group.name),
            "recent": (recent or {}).get(group.id, 0),
            **{dimension: group.terms(dimension) for dimension in terms.DIMENSIONS},
        }
        for group in sorted(shown, key=lambda group: (line(group.name).casefold(), group.id))
    ]


def _hub(label: str, at: Point, *, slug: str, url: str, groups: int, room: float) -> Hub:
    """A hub's box: as wide as its words, on two lines where they are long."""
    lines = halves(label, min(room - 40, 300.0), HUB_SIZE)
    broad = max(wide(words, HUB_SIZE, bold=True) for words in lines) + 32
    return Hub(
        slug=slug,
        lines=lines,
        url=url,
        x=at[0],
        y=at[1],
        width=round(min(max(broad, 120.0), room - 8), 1),
        height=20.0 * len(lines) + 34,
        groups=groups,
    )


def _node(
    group: Drawn,
    at: Point,
    width: float,
    dimension: str,
    slugs: Sequence[str],
    base_url: str,
    recent: Mapping[int, int],
) -> Node:
    kinds = [term.slug for term in terms.terms("kind") if term.slug in group.terms("kind")]
    name = line(group.name) or group.slug
    news = recent.get(group.id, 0)
    room = width - _MARK - NAME_AT - _GAP
    taken = wide(str(news), COUNT_SIZE) + 5 if news else 0
    return Node(
        slug=group.slug,
        name=name,
        label=fitting(name, room - taken, NAME_SIZE),
        url=f"{base_url}/groupes/{quote(group.slug)}",
        news_url=f"{base_url}/?groupe={quote(group.slug)}",
        kind=kinds[0] if kinds else None,
        hubs=tuple(slug for slug in slugs if slug in group.terms(dimension)),
        recent=news,
        radius=round(4.0 + min(5.0, 1.2 * math.log2(1 + news)), 2),
        room=room,
        x=at[0] - layout.CELL[0] / 2 + _MARK,
        y=at[1],
    )
