"""A page of paper as SVG: what `paper.Paper` draws into a PDF, drawn into a file of lines.

Knows nothing of what is drawn. Its letters are the reader's, so their widths are estimates.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from aggregator.publish import paper
from aggregator.publish.maps.lettering import fitting
from aggregator.publish.maps.svg import FONT
from aggregator.publish.paper import Point
from aggregator.publish.text import line, safe

_ANCHORS = {"left": "start", "middle": "middle", "right": "end"}


class Plate:
    """An SVG being drawn, in millimetres from its top left."""

    def __init__(self, width: float, height: float, *, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
            f'viewBox="0 0 {width:g} {height:g}" font-family="{FONT}">',
            f"<title>{_text(title)}</title>",
        ]

    def text(
        self, x: float, y: float, words: str, *, size: float, bold: bool = False,
        colour: str = paper.INK, align: str = "left", widest: float | None = None,
        url: str | None = None, rim: str | None = None,
    ) -> None:  # fmt: skip
        """One line on a base line; cut where it is estimated to be wider than `widest`."""
        words = line(words)
        if widest is not None:
            words = fitting(words, widest / (1.12 if bold else 1), size)
        weight = ' font-weight="bold"' if bold else ""
        halo = (
            f' stroke="{rim}" stroke-width="{size * 0.2:.2f}" stroke-linejoin="round" '
            'paint-order="stroke"'
            if rim
            else ""
        )
        drawn = (
            f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:.2f}" fill="{colour}" '
            f'text-anchor="{_ANCHORS[align]}" unicode-bidi="plaintext"{weight}{halo}>'
            f"{_text(words)}</text>"
        )
        self._parts.append(f'<a href="{_text(url)}">{drawn}</a>' if url else drawn)

    def thread(self, points: Sequence[Point], *, width: float, colour: str) -> None:
        """A thin Bézier curve of three or four points."""
        first, *others = (f"{x:.2f} {y:.2f}" for x, y in points)
        curve = "Q" if len(points) == 3 else "C"
        self._parts.append(
            f'<path d="M{first}{curve}{" ".join(others)}" fill="none" stroke="{colour}" '
            f'stroke-width="{width:.3f}"/>'
        )

    def circle(
        self, x: float, y: float, radius: float, colour: str, *, hollow: bool = False
    ) -> None:
        """A circle around a point, filled unless it is hollow."""
        look = (
            f'fill="none" stroke="{colour}" stroke-width="{radius * 0.25:.2f}"'
            if hollow
            else f'fill="{colour}"'
        )
        self._parts.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" {look}/>')

    def shape(self, corners: Sequence[Point], colour: str) -> None:
        """A filled polygon."""
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
        self._parts.append(f'<polygon points="{points}" fill="{colour}"/>')

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, round_: float = 0.0, thick: float = 0.3,
    ) -> None:  # fmt: skip
        """A rectangle, filled or outlined or both."""
        self._parts.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
            f'rx="{round_:.2f}" fill="{fill or "none"}" stroke="{line or "none"}" '
            f'stroke-width="{thick:.2f}"/>'
        )

    def qr(self, x: float, y: float, side: float, words: str) -> None:
        """A QR code (ISO 18004) with its quiet zone, on white."""
        cells = paper.qr_cells(words)
        path = "".join(
            f"M{column} {row}h1v1h-1z"
            for row, cells_of_row in enumerate(cells)
            for column, dark in enumerate(cells_of_row)
            if dark
        )
        self._parts.append(
            f'<svg x="{x:.2f}" y="{y:.2f}" width="{side:.2f}" height="{side:.2f}" '
            f'viewBox="0 0 {len(cells)} {len(cells)}" role="img" aria-label="{_text(words)}">'
            f'<rect width="{len(cells)}" height="{len(cells)}" fill="#ffffff"/>'
            f'<path d="{path}" fill="#000000" shape-rendering="crispEdges"/></svg>'
        )

    def write(self) -> str:
        """The SVG."""
        return "\n".join([*self._parts, "</svg>\n"])


def _text(words: str) -> str:
    return escape(safe(words))
