"""A network map as SVG: links, hubs, groups, each a link that a keyboard reaches. Pure.

Only presentation attributes and classes: it obeys the strictest content policy, takes the
page's colours where the page has some, and looks the same on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from aggregator.publish.maps.network import Chart, Hub, Node
from aggregator.publish.text import safe
from aggregator.taxonomy import terms

MEDIA_TYPE = "image/svg+xml; charset=utf-8"

KINDS = {
    "contenu-actualites": ("#c8324a", "circle"),
    "forum": ("#2b7fb8", "square"),
    "plateforme": ("#c98a1b", "diamond"),
    "terrain-donnees": ("#3d8f55", "triangle"),
}
"""Colour and shape of each kind of platform: told apart without colours too."""
NAME_SIZE = 13.5
MARK = 88.0
"""How far left of its cell's middle a group's mark stands."""
NO_KIND = ("#7b8794", "circle")
MARKED = {
    "arrived": ("arrivé depuis", "has arrived since", ""),
    "changed": ("changé depuis", "has changed since", "3 3"),
}
"""What a ring around a group says, and how it is dashed."""
FONT = "Seravek, Ubuntu, Calibri, 'Source Sans 3', 'DejaVu Sans', sans-serif"


def write(chart: Chart, *, standalone: bool = False, marks: Mapping[str, str] | None = None) -> str:
    """The map; `standalone` adds what a file needs that a page has: colours behind and of text.

    `marks` rings groups by slug, to show a difference: `arrived` or `changed`, said in words too.
    """
    left, top, width, height = chart.box
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fil-map" role="group" '
        f'aria-labelledby="map-title" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'data-carte="{chart.view}" font-family="{FONT}" fill="currentColor"'
        f"{' color=' + chr(34) + '#16202c' + chr(34) if standalone else ''}>",
        f'<title id="map-title">{_text(chart.title)}</title>',
    ]
    if standalone:
        parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#fdfdfc"/>'
        )
    parts += body(chart, marks)
    parts.append("</svg>\n")
    return "\n".join(parts)


def body(chart: Chart, marks: Mapping[str, str] | None = None) -> list[str]:
    """Everything inside of the map, in the order in which it is painted and read."""
    return [
        '<g class="links" stroke="#c3122f" stroke-width="0.8" fill="none" '
        f'stroke-opacity="0.2" aria-hidden="true">{"".join(_links(chart))}</g>',
        f'<g class="hubs">{"".join(_hub(hub, chart) for hub in chart.hubs)}</g>',
        f'<g class="groups" font-size="12">{_nodes(chart, marks or {})}</g>',
        _legend(chart),
    ]


def mark(shape: str, x: float, y: float, radius: float, colour: str) -> str:
    """One group's mark; all shapes of one radius look equally big."""
    if shape == "square":
        side = radius * 1.75
        return (
            f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" '
            f'height="{side:.1f}" fill="{colour}"/>'
        )
    if shape in {"diamond", "triangle"}:
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in corners(shape, x, y, radius))
        return f'<polygon points="{points}" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>'


def corners(shape: str, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The corners of a diamond or triangle."""
    reach = radius * 1.25
    if shape == "diamond":
        return [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    return [(x, y - reach), (x + reach, y + reach * 0.8), (x - reach, y + reach * 0.8)]


def look(kind: str | None) -> tuple[str, str]:
    """Colour and shape of a kind."""
    return KINDS.get(kind or "", NO_KIND)


def halves(label: str, longest: int = 30) -> list[str]:
    """A hub's name on at most two lines of about the same length.

    >>> halves("Renforcer les coopérations / alliances")
    ['Renforcer les', 'coopérations / alliances']
    """
    if len(label) <= longest:
        return [label]
    blanks = [index for index, character in enumerate(label) if character == " "]
    if not blanks:
        return [label]
    at = min(blanks, key=lambda index: abs(2 * index - len(label)))
    return [label[:at], label[at + 1 :]]


def _links(chart: Chart) -> Iterable[str]:
    hubs = {hub.slug: hub for hub in chart.hubs}
    left, top, width, height = chart.box
    middle = (left + width / 2, top + height / 2)
    for node in chart.nodes:
        for slug in node.hubs:
            hub = hubs[slug]
            x = node.x - MARK
            # Threads hang a little towards the middle instead of running straight.
            bend_x = (x + hub.x) / 2 + (middle[0] - (x + hub.x) / 2) * 0.18
            bend_y = (node.y + hub.y) / 2 + (middle[1] - (node.y + hub.y) / 2) * 0.18
            yield (
                f'<path data-group="{escape(node.slug)}" data-hub="{slug}" '
                f'd="M{x:.0f} {node.y:.0f}Q{bend_x:.0f} {bend_y:.0f} {hub.x:.0f} {hub.y:.0f}"/>'
            )


def _hub(hub: Hub, chart: Chart) -> str:
    lines = halves(hub.label)
    first = hub.y - 10 * len(lines) + 4
    spans = "".join(
        f'<tspan x="{hub.x:.0f}" y="{first + 21 * number:.0f}">{_text(words)}</tspan>'
        for number, words in enumerate(lines)
    )
    wide = max(len(words) for words in lines) * 11.2 + 36
    told = groups_in_words(hub.groups, chart.language)
    return (
        f'<a class="hub" href="{escape(hub.url)}" data-hub="{hub.slug}" '
        f'aria-label="{_text(f"{hub.label} ({told})")}">'
        f'<rect x="{hub.x - wide / 2:.0f}" y="{first - 25:.0f}" width="{wide:.0f}" '
        f'height="{21 * len(lines) + 34:.0f}" rx="10" fill="#a90d27"/>'
        f'<text text-anchor="middle" font-size="18" font-weight="bold" fill="#ffffff">{spans}'
        f'<tspan x="{hub.x:.0f}" y="{first + 21 * len(lines) - 3:.0f}" font-size="13" '
        f'font-weight="normal">{told}</tspan></text></a>'
    )


def _nodes(chart: Chart, marks: Mapping[str, str]) -> str:
    return "".join(_node(node, chart, marks.get(node.slug)) for node in chart.nodes)


def _node(node: Node, chart: Chart, marked: str | None) -> str:
    colour, shape = look(node.kind)
    told = f"{node.name}{_described(node, chart)}"
    ring = ""
    if marked in MARKED:
        french, english, dashes = MARKED[marked]
        told = f"{told} – {english if chart.language.startswith('en') else french}"
        ring = (
            f'<circle class="ring" cx="{node.x - MARK:.1f}" cy="{node.y:.1f}" '
            f'r="{node.radius + 4:g}" fill="none" stroke="currentColor" stroke-width="2"'
            f"{f' stroke-dasharray={chr(34)}{dashes}{chr(34)}' if dashes else ''}/>"
        )
    told = _text(told)
    # The mark stands left in its cell, the name beside it, the count of its news after it.
    x = node.x - MARK
    count = ""
    if node.recent:
        count = (
            f'<a class="count" href="{escape(node.news_url)}" '
            f'aria-label="{_text(_news(node, chart.language))}">'
            f'<tspan dx="5" font-size="11" fill-opacity="0.75">{node.recent}</tspan></a>'
        )
    return (
        f'<g class="node" data-group="{escape(node.slug)}" data-kind="{node.kind or ""}" '
        f'data-hubs="{" ".join(node.hubs)}" data-name="{_text(node.name.casefold())}">'
        f"<title>{told}</title>{ring}{mark(shape, x, node.y, node.radius, colour)}"
        f'<text x="{x + 12:.0f}" y="{node.y + 4:.0f}" unicode-bidi="plaintext">'
        f'<a href="{escape(node.url)}" aria-label="{told}">{_text(node.label)}</a>{count}'
        "</text></g>"
    )


def size_in_words(language: str) -> str:
    """What the size of a mark means."""
    if language.startswith("en"):
        return "The bigger, the more news of late"
    return "Plus c’est grand, plus le groupe a publié récemment"


def _legend(chart: Chart) -> str:
    parts = []
    for kind, x, y in legend_places(chart):
        term = terms.term("kind", kind)
        colour, shape = look(kind)
        words = term.label_en if chart.language.startswith("en") else term.label_fr
        parts.append(
            f'{mark(shape, x, y, 7, colour)}<text x="{x + 16:.0f}" y="{y + 5:.0f}">'
            f"{_text(words)}</text>"
        )
    left, top, _, height = chart.box
    size = size_in_words(chart.language)
    parts.append(
        f'<text x="{left + 32:.0f}" y="{top + height - 16:.0f}" fill-opacity="0.75">{size}</text>'
    )
    return f'<g class="legend" font-size="15">{"".join(parts)}</g>'


def legend_places(chart: Chart) -> list[tuple[str, float, float]]:
    """Kind, x and y of each mark of the legend: two columns below the map."""
    left, top, _, height = chart.box
    return [
        (term.slug, left + 40 + 420 * (number // 2), top + height - 74 + 26 * (number % 2))
        for number, term in enumerate(terms.terms("kind"))
    ]


def _described(node: Node, chart: Chart) -> str:
    labels = {hub.slug: hub.label for hub in chart.hubs}
    told = [labels[slug] for slug in node.hubs]
    if node.kind is not None:
        kind = terms.term("kind", node.kind)
        told.insert(0, kind.label_en if chart.language.startswith("en") else kind.label_fr)
    return f" ({' ; '.join(told)})" if told else ""


def _news(node: Node, language: str) -> str:
    if language.startswith("en"):
        return f"{node.recent} recent news of {node.name}"
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
