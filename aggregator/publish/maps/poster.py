"""A network map to hang on the wall: A0 to A3, as SVG and as PDF, with date and QR code. Pure."""

from __future__ import annotations

from datetime import date
from html import escape

from aggregator.publish import paper
from aggregator.publish.maps import svg
from aggregator.publish.maps.network import Chart, Hub, Node
from aggregator.publish.paper import SIZES, Paper
from aggregator.publish.text import safe
from aggregator.taxonomy import terms

PDF_MEDIA_TYPE = "application/pdf"

# Everything is measured on A0 and drawn smaller for the others.
_WIDE, _HIGH = SIZES["a0"]
_MAP = (24.0, 84.0, _WIDE - 48.0, _HIGH - 84.0 - 24.0)
_QR = (_WIDE - 24.0 - 62.0, 16.0, 62.0)


def write_svg(chart: Chart, *, size: str, printed: date, live_url: str) -> str:
    """The poster as SVG in millimetres; raises KeyError for no paper size of `paper.SIZES`."""
    width, height = SIZES[size]
    left, top, wide, high = chart.box
    x, y, map_wide, map_high = _MAP
    qr_x, qr_y, side = _QR
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
            f'viewBox="0 0 {_WIDE:g} {_HIGH:g}" font-family="{svg.FONT}" color="{paper.INK}" '
            'fill="currentColor">',
            f"<title>{_text(chart.title)}</title>",
            f'<rect width="{_WIDE:g}" height="{_HIGH:g}" fill="#fdfdfc"/>',
            f'<rect width="{_WIDE:g}" height="6" fill="{paper.THREAD}"/>',
            f'<text x="24" y="42" font-size="26" font-weight="bold">{_text(chart.title)}</text>',
            f'<text x="24" y="60" font-size="11" fill="{paper.SOFT}">'
            f"{_text(_subtitle(chart, printed))}</text>",
            _qr_svg(qr_x, qr_y, side, live_url),
            f'<svg x="{x:g}" y="{y:g}" width="{map_wide:g}" height="{map_high:g}" '
            f'viewBox="{left:g} {top:g} {wide:g} {high:g}">',
            *svg.body(chart),
            "</svg></svg>\n",
        )
    )


def write_pdf(chart: Chart, *, size: str, printed: date, live_url: str) -> bytes:
    """The poster as PDF; raises KeyError for no paper size of `paper.SIZES`."""
    width, height = SIZES[size]
    scale = width / _WIDE
    sheet = Paper(width, height, title=chart.title)
    sheet.page()
    sheet.box(0, 0, width, height, fill="#fdfdfc")
    sheet.box(0, 0, width, 6 * scale, fill=paper.THREAD)
    sheet.text(24 * scale, 42 * scale, chart.title, size=26 * scale, bold=True)
    subtitle = _subtitle(chart, printed)
    sheet.text(24 * scale, 60 * scale, subtitle, size=11 * scale, colour=paper.SOFT)
    sheet.qr(_QR[0] * scale, _QR[1] * scale, _QR[2] * scale, live_url)
    _Map(sheet, chart, scale).draw()
    return sheet.write()


class _Map:
    """Draws a chart into the poster's frame, the way `svg` does."""

    def __init__(self, sheet: Paper, chart: Chart, scale: float) -> None:
        self._sheet, self._chart = sheet, chart
        self._left, self._top, wide, high = chart.box
        x, y, frame_wide, frame_high = (length * scale for length in _MAP)
        self._unit = min(frame_wide / wide, frame_high / high)
        self._x = x + (frame_wide - wide * self._unit) / 2
        self._y = y + (frame_high - high * self._unit) / 2
        self._wide, self._high = wide, high

    def draw(self) -> None:
        hubs = {hub.slug: hub for hub in self._chart.hubs}
        for node in self._chart.nodes:
            for slug in node.hubs:
                self._thread(node, hubs[slug])
        for hub in self._chart.hubs:
            self._hub(hub)
        for node in self._chart.nodes:
            self._node(node)
        self._legend()

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._x + (x - self._left) * self._unit, self._y + (y - self._top) * self._unit

    def _thread(self, node: Node, hub: Hub) -> None:
        x = node.x - svg.MARK
        middle = (self._left + self._wide / 2, self._top + self._high / 2)
        bend = tuple(
            (here + there) / 2 + (centre - (here + there) / 2) * 0.18
            for here, there, centre in ((x, hub.x, middle[0]), (node.y, hub.y, middle[1]))
        )
        self._sheet.thread(
            self._at(x, node.y),
            self._at(bend[0], bend[1]),
            self._at(hub.x, hub.y),
            width=0.8 * self._unit,
            # The page's thread at a fifth of its strength, without transparency: printers.
            colour="#f1cfd4",
        )

    def _hub(self, hub: Hub) -> None:
        lines = svg.halves(hub.label)
        first = hub.y - 10 * len(lines) + 4
        wide = max(len(words) for words in lines) * 11.2 + 36
        x, y = self._at(hub.x - wide / 2, first - 25)
        unit = self._unit
        self._sheet.box(
            x, y, wide * unit, (21 * len(lines) + 34) * unit, fill=paper.THREAD, round_=10 * unit
        )
        told = svg.groups_in_words(hub.groups, self._chart.language)
        for number, (words, size, bold) in enumerate(
            [*((words, 18.0, True) for words in lines), (told, 13.0, False)]
        ):
            lower = 3 if number == len(lines) else 0
            px, py = self._at(hub.x, first + 21 * number - lower)
            self._sheet.text(
                px, py, words, size=size * unit, bold=bold, colour="#ffffff", align="middle",
                widest=wide * unit,
            )  # fmt: skip

    def _node(self, node: Node) -> None:
        x = node.x - svg.MARK
        colour, shape = svg.look(node.kind)
        self._mark(shape, x, node.y, node.radius, colour)
        px, py = self._at(x + 12, node.y + 4)
        self._sheet.text(
            px, py, node.name, size=svg.NAME_SIZE * self._unit, widest=178 * self._unit
        )

    def _mark(self, shape: str, x: float, y: float, radius: float, colour: str) -> None:
        unit = self._unit
        if shape == "square":
            px, py = self._at(x - radius * 0.875, y - radius * 0.875)
            self._sheet.box(px, py, radius * 1.75 * unit, radius * 1.75 * unit, fill=colour)
        elif shape in {"diamond", "triangle"}:
            corners = [self._at(cx, cy) for cx, cy in svg.corners(shape, x, y, radius)]
            self._sheet.shape(corners, colour)
        else:
            px, py = self._at(x, y)
            self._sheet.circle(px, py, radius * unit, colour)

    def _legend(self) -> None:
        english = self._chart.language.startswith("en")
        for kind, x, y in svg.legend_places(self._chart):
            colour, shape = svg.look(kind)
            self._mark(shape, x, y, 7, colour)
            term = terms.term("kind", kind)
            px, py = self._at(x + 16, y + 5)
            words = term.label_en if english else term.label_fr
            self._sheet.text(px, py, words, size=15 * self._unit)
        px, py = self._at(self._left + 32, self._top + self._high - 16)
        words = svg.size_in_words(self._chart.language)
        self._sheet.text(px, py, words, size=15 * self._unit, colour=paper.SOFT)


def _subtitle(chart: Chart, printed: date) -> str:
    count = svg.groups_in_words(len(chart.nodes) + chart.left_out, chart.language)
    if chart.language.startswith("en"):
        return f"Fil commun · {count} · as of {printed.isoformat()} · a tool in the making"
    return f"Fil commun · {count} · au {printed:%d/%m/%Y} · un outil en cours de construction"


def _qr_svg(x: float, y: float, side: float, words: str) -> str:
    cells = paper.qr_cells(words)
    path = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, line in enumerate(cells)
        for column, dark in enumerate(line)
        if dark
    )
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" '
        f'viewBox="0 0 {len(cells)} {len(cells)}" role="img" aria-label="{_text(words)}">'
        f'<rect width="{len(cells)}" height="{len(cells)}" fill="#ffffff"/>'
        f'<path d="{path}" fill="#000000" shape-rendering="crispEdges"/></svg>'
    )


def _text(words: str) -> str:
    return escape(safe(words))
