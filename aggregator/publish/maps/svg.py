"""A network map as SVG: threads, hubs, groups, each a link that a keyboard reaches. Pure.

Only presentation attributes and classes: it obeys the strictest content policy, takes the
page's colours where the page has some, and looks the same on paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from aggregator.publish import publication
from aggregator.publish.maps import network
from aggregator.publish.maps.network import Chart, Hub, Node
from aggregator.publish.paper import GROUND, INK, THREAD
from aggregator.publish.text import safe
from aggregator.taxonomy import terms

MEDIA_TYPE = "image/svg+xml; charset=utf-8"

KINDS = {
    "contenu-actualites": ("#1f5187", "circle"),
    "forum": ("#b053cf", "square"),
    "plateforme": ("#a94e01", "diamond"),
    "terrain-donnees": ("#00a27a", "triangle"),
}
"""Colour and shape of each kind of platform: told apart with any eyes, and without colours."""
NO_KIND = ("#6b7683", "ring")
MARKED = {
    "arrived": ("arrivé depuis", "has arrived since", ""),
    "changed": ("changé depuis", "has changed since", "3 3"),
}
"""What a ring around a group says, and how it is dashed."""
FONT = "Seravek, Ubuntu, Calibri, 'Source Sans 3', 'DejaVu Sans', sans-serif"
_LEGEND_HIGH = 84.0


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the legend: a kind of platform, or none."""

    kind: str | None
    colour: str
    shape: str
    label: str
    groups: int


def write(chart: Chart, *, standalone: bool = False, marks: Mapping[str, str] | None = None) -> str:
    """The map; `standalone` adds what a file needs that a page has: colours, a legend.

    `marks` rings groups by slug, to show a difference: `arrived` or `changed`, said in words too.
    """
    left, top, width, height = chart.box
    high = height + (_LEGEND_HIGH if standalone else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fil-map" role="group" '
        f'aria-labelledby="map-title" viewBox="{left:g} {top:g} {width:g} {high:g}" '
        f'data-carte="{chart.view}" font-family="{FONT}" fill="currentColor"'
        f"{f' color={chr(34)}{INK}{chr(34)}' if standalone else ''}>",
        f'<title id="map-title">{_text(chart.title)}</title>',
    ]
    if standalone:
        parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{high:g}" fill="{GROUND}"/>'
        )
    parts += body(chart, marks)
    if standalone:
        parts.append(legend(chart, left + 24, top + height + 26))
    parts.append("</svg>\n")
    return "\n".join(parts)


def body(chart: Chart, marks: Mapping[str, str] | None = None) -> list[str]:
    """Everything inside of the map, in the order in which it is painted and read."""
    strength = 0.08 if marks else _strength(chart)
    return [
        f'<g class="links" stroke="{THREAD}" stroke-width="0.9" fill="none" '
        f'stroke-opacity="{strength}" aria-hidden="true">{"".join(_links(chart))}</g>',
        f'<g class="hubs">{"".join(_hub(hub, chart) for hub in chart.hubs)}</g>',
        # Letters stand on a rim of paper, so that threads pass behind them.
        f'<g class="groups" font-size="{network.NAME_SIZE:g}" stroke="{GROUND}" '
        f'stroke-linejoin="round" paint-order="stroke">{_nodes(chart, marks or {})}</g>',
    ]


def keys(chart: Chart) -> list[Key]:
    """The legend: every kind with how many of the map's groups bear it, and the groups of none."""
    english = chart.language.startswith("en")
    counts: dict[str | None, int] = {}
    for node in chart.nodes:
        counts[node.kind] = counts.get(node.kind, 0) + 1
    told = [
        Key(slug, *look(slug), _kind(slug, chart.language), counts.get(slug, 0))
        for slug in (term.slug for term in terms.terms("kind"))
    ]
    if None in counts:
        unknown = "Not said yet" if english else "Pas encore dit"
        told.append(Key(None, *NO_KIND, unknown, counts[None]))
    return told


def mark(shape: str, x: float, y: float, radius: float, colour: str, *, kind: str = "") -> str:
    """One group's mark; all shapes of one radius look equally big."""
    named = f' class="kind-{kind}"' if kind else ""
    if shape == "square":
        side = radius * 1.75
        return (
            f'<rect{named} x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" '
            f'height="{side:.1f}" fill="{colour}" stroke="none"/>'
        )
    if shape in {"diamond", "triangle"}:
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in corners(shape, x, y, radius))
        return f'<polygon{named} points="{points}" fill="{colour}" stroke="none"/>'
    if shape == "ring":
        return (
            f'<circle{named} cx="{x:.1f}" cy="{y:.1f}" r="{radius - 0.8:g}" fill="{GROUND}" '
            f'stroke="{colour}" stroke-width="1.6"/>'
        )
    return (
        f'<circle{named} cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}" stroke="none"/>'
    )


def corners(shape: str, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The corners of a diamond or triangle."""
    reach = radius * 1.25
    if shape == "diamond":
        return [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    return [(x, y - reach), (x + reach, y + reach * 0.8), (x - reach, y + reach * 0.8)]


def look(kind: str | None) -> tuple[str, str]:
    """Colour and shape of a kind."""
    return KINDS.get(kind or "", NO_KIND)


def ring(marked: str, x: float, y: float, radius: float) -> str:
    """What shows that a group has arrived or changed."""
    dashes = MARKED[marked][2]
    return (
        f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="none" '
        f'stroke="{THREAD}" stroke-width="2"'
        f"{f' stroke-dasharray={chr(34)}{dashes}{chr(34)}' if dashes else ''}/>"
    )


def size_in_words(language: str) -> str:
    """What the size of a mark means."""
    if language.startswith("en"):
        return "The bigger, the more news of late"
    return "Plus c’est grand, plus le groupe a publié récemment"


def legend(chart: Chart, x: float, y: float) -> str:
    """What marks mean, in a file of its own or on a poster: two rows and a line of words."""
    parts = []
    for number, key in enumerate(keys(chart)):
        at, line = x + 360 * (number // 2), y + 24 * (number % 2)
        parts.append(
            f"{mark(key.shape, at + 8, line, 7, key.colour)}"
            f'<text x="{at + 24:.0f}" y="{line + 5:.0f}">{_text(key.label)}</text>'
        )
    parts.append(
        f'<text x="{x + 1188:.0f}" y="{y + 29:.0f}" text-anchor="end" fill-opacity="0.75">'
        f"{size_in_words(chart.language)}</text>"
    )
    return f'<g class="legend" font-size="14">{"".join(parts)}</g>'


def _links(chart: Chart) -> Iterable[str]:
    hubs = {hub.slug: hub for hub in chart.hubs}
    for node in chart.nodes:
        for slug in node.hubs:
            start, first, second, end = chart.thread(node, hubs[slug])
            yield (
                f'<path data-group="{escape(node.slug)}" data-hub="{slug}" '
                f'd="M{_at(start)}C{_at(first)} {_at(second)} {_at(end)}"/>'
            )


def _strength(chart: Chart) -> float:
    """How strong threads are drawn: the more there are, the fainter each."""
    threads = sum(len(node.hubs) for node in chart.nodes)
    return round(max(0.14, min(0.42, 3.2 / math.sqrt(threads + 1))), 2)


def _at(point: tuple[float, float]) -> str:
    return f"{point[0]:.0f} {point[1]:.0f}"


def _hub(hub: Hub, chart: Chart) -> str:
    left, top = hub.x - hub.width / 2, hub.y - hub.height / 2
    spans = "".join(
        f'<tspan x="{hub.x:.0f}" y="{top + 23 + 20 * number:.0f}">{_text(words)}</tspan>'
        for number, words in enumerate(hub.lines)
    )
    told = groups_in_words(hub.groups, chart.language)
    return (
        f'<a class="hub" id="h-{hub.slug}" href="{escape(hub.url)}" data-hub="{hub.slug}" '
        f'aria-label="{_text(f"{hub.label} ({told})")}">'
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{hub.width:.0f}" '
        f'height="{hub.height:.0f}" rx="6" fill="{THREAD}"/>'
        f'<text text-anchor="middle" font-size="{network.HUB_SIZE:g}" font-weight="bold" '
        f'fill="#ffffff">{spans}<tspan x="{hub.x:.0f}" y="{top + hub.height - 12:.0f}" '
        f'font-size="13" font-weight="normal">{told}</tspan></text></a>'
    )


def _nodes(chart: Chart, marks: Mapping[str, str]) -> str:
    return "".join(_node(node, chart, marks.get(node.slug), bool(marks)) for node in chart.nodes)


def _node(node: Node, chart: Chart, marked: str | None, is_difference: bool) -> str:
    colour, shape = look(node.kind)
    told = f"{node.name}{_described(node, chart)}"
    around = ""
    if marked in MARKED:
        french, english, _dashes = MARKED[marked]
        told = f"{told} – {english if chart.language.startswith('en') else french}"
        around = ring(marked, node.x, node.y, node.radius + 4)
    told = _text(told)
    drawn = mark(shape, node.x, node.y, node.radius, colour, kind=node.kind or "none")
    strength = ' font-weight="bold"' if marked in MARKED else ""
    if not (node.recent or strength):
        strength = ' fill-opacity="0.8"'
    faint = ' class="node faint" opacity="0.3"' if is_difference and not around else ' class="node"'
    return (
        f'<g{faint} id="g-{escape(node.slug)}" data-group="{escape(node.slug)}" '
        f'data-kind="{node.kind or ""}" data-hubs="{" ".join(node.hubs)}" '
        f'data-name="{_text(node.name.casefold())}">'
        f"<title>{told}</title>{around}{drawn}"
        f'<text x="{node.x + network.NAME_AT:.0f}" y="{node.y + 5:.0f}" stroke-width="3"{strength}>'
        f'<a href="{escape(node.url)}" unicode-bidi="plaintext" aria-label="{told}">'
        f"{_name(node)}</a>"
        f"{_count(node, chart.language)}</text></g>"
    )


def _name(node: Node) -> str:
    """The name as it fits; whole beside it where it was cut, for the page to show in its place."""
    if node.label == node.name:
        return _text(node.name)
    return (
        f'<tspan class="cut">{_text(node.label)}</tspan>'
        f'<tspan class="whole" display="none">{_text(node.whole)}</tspan>'
    )


def _count(node: Node, language: str) -> str:
    """How many news of late, a link to them; nothing where there are none."""
    if not node.recent:
        return ""
    return (
        f'<a class="count" href="{escape(node.news_url)}" '
        f'aria-label="{_text(_news(node, language))}">'
        f'<tspan dx="5" font-size="{network.COUNT_SIZE:g}" fill-opacity="0.75">{node.recent}'
        "</tspan></a>"
    )


def _described(node: Node, chart: Chart) -> str:
    labels = {hub.slug: hub.label for hub in chart.hubs}
    told = [labels[slug] for slug in node.hubs]
    if node.kind is not None:
        told.insert(0, _kind(node.kind, chart.language))
    return f" ({' ; '.join(told)})" if told else ""


def _kind(slug: str, language: str) -> str:
    return publication.label("kind", slug, language) or slug


def _news(node: Node, language: str) -> str:
    if language.startswith("en"):
        return f"{node.recent} recent news of {node.name}"
    if node.recent == 1:
        return f"1 nouvelle récente de {node.name}"
    return f"{node.recent} nouvelles récentes de {node.name}"


def groups_in_words(count: int, language: str) -> str:
    """How many groups.

    >>> groups_in_words(1, "fr"), groups_in_words(2, "en")
    ('1\\xa0groupe', '2\\xa0groups')
    """
    word = "group" if language.startswith("en") else "groupe"
    return f"{count}\u00a0{word}{'s' if count > 1 else ''}"


def _text(words: str) -> str:
    return escape(safe(words))
