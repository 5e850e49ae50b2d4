"""The network maps: groups between the objectives, savoir-faire or topics they share. Pure.

Rows in, a Chart out: what stands where, in which kind and how big. `svg` and `poster` draw it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from aggregator.publish import publication
from aggregator.publish.maps import layout
from aggregator.publish.text import line
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group

VIEWS = {"objectifs": "objective", "savoir-faire": "skill", "themes": "topic"}
"""The maps by their names in `?carte=`, and the dimension each shows."""

MOST = 600
"""Groups drawn on one map; the table has them all."""

LEGEND = (980.0, 110.0)
"""Width and height below a map for what its marks mean."""

_NAME = 24
"""Characters of a name that fit in its cell; the whole name is in its title."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One term that groups gather around."""

    slug: str
    label: str
    url: str
    x: float
    y: float
    groups: int


@dataclass(frozen=True, slots=True)
class Node:
    """One group on the map."""

    slug: str
    name: str
    label: str
    """The name, cut to fit."""
    url: str
    news_url: str
    kind: str | None
    """Slug of its first kind, by which it is coloured and shaped."""
    hubs: tuple[str, ...]
    """Slugs of the terms it shares, in the taxonomy's order."""
    recent: int
    """Entries of late."""
    radius: float
    x: float
    y: float


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
    """Groups beyond MOST, in the table only."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height of everything drawn."""
        room, half = layout.HUB_ROOM, layout.CELL[0] / 2
        xs = [hub.x + side for hub in self.hubs for side in (-room[0] * 0.8, room[0] * 0.8)]
        ys = [hub.y + side for hub in self.hubs for side in (-room[1], room[1])]
        xs += [node.x + side for node in self.nodes for side in (-half, half)]
        ys += [node.y + side for node in self.nodes for side in (-layout.CELL[1], layout.CELL[1])]
        width = max(max(xs) - min(xs), LEGEND[0])
        left = (min(xs) + max(xs) - width) / 2
        return left, min(ys), width, max(ys) - min(ys) + LEGEND[1]


def chart(
    groups: Iterable[Group],
    view: str,
    *,
    base_url: str = "",
    recent: Mapping[int, int] | None = None,
    language: str = "fr",
) -> Chart:
    """One of the maps; `recent` counts entries of late by group id.

    Public groups only, in the order in which they joined. Raises KeyError for no map's name.
    """
    dimension = VIEWS[view]
    shown = sorted((group for group in groups if group.is_public), key=lambda group: group.id)
    all_terms = terms.terms(dimension)
    points = dict(zip((t.slug for t in all_terms), layout.hubs(len(all_terms)), strict=True))
    places = layout.Places(list(points.values()))
    nodes = [
        _node(group, dimension, points, places, base_url, (recent or {}).get(group.id, 0))
        for group in shown[:MOST]
    ]
    counts = {slug: sum(slug in group.terms(dimension) for group in shown) for slug in points}
    hubs = tuple(
        Hub(
            slug=term.slug,
            label=publication.label(dimension, term.slug, language) or term.slug,
            url=f"{base_url}/{publication.PATHS[dimension]}/{term.slug}",
            x=points[term.slug][0],
            y=points[term.slug][1],
            groups=counts[term.slug],
        )
        for term in all_terms
    )
    return Chart(
        view, title(view, language), language, hubs, tuple(nodes), max(0, len(shown) - MOST)
    )


def title(view: str, language: str = "fr") -> str:
    """What a map shows, in words."""
    titles = {
        "objectifs": ("Les groupes et leurs objectifs", "The groups and their objectives"),
        "savoir-faire": ("Les groupes et leurs savoir-faire", "The groups and their skills"),
        "themes": ("Les groupes et leurs thèmes", "The groups and their topics"),
    }
    return titles[view][language.startswith("en")]


def rows(
    groups: Iterable[Group], *, recent: Mapping[int, int] | None = None
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


def _node(
    group: Group,
    dimension: str,
    points: Mapping[str, layout.Point],
    places: layout.Places,
    base_url: str,
    recent: int,
) -> Node:
    mine = [slug for slug in points if slug in group.terms(dimension)]
    x, y = places.take(layout.target([points[slug] for slug in mine], len(points)))
    kinds = [term.slug for term in terms.terms("kind") if term.slug in group.terms("kind")]
    name = line(group.name) or group.slug
    return Node(
        slug=group.slug,
        name=name,
        label=name if len(name) <= _NAME else name[: _NAME - 1].rstrip() + "…",
        url=f"{base_url}/groupes/{quote(group.slug)}",
        news_url=f"{base_url}/?groupe={quote(group.slug)}",
        kind=kinds[0] if kinds else None,
        hubs=tuple(mine),
        recent=recent,
        radius=round(3.5 + min(6.0, 1.6 * math.log2(1 + recent)), 2),
        x=x,
        y=y,
    )
