"""Pages of paper: what can be drawn on one, and a PDF that it is drawn into, in millimetres.

Knows nothing of what is printed. Where DejaVu is installed most scripts are; otherwise a PDF's
own fonts have to do. A letter that the font lacks becomes a question mark, a picture nothing.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Protocol

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from aggregator.publish.joining import printed
from aggregator.publish.text import safe

SIZES = {"a0": (1189.0, 841.0), "a1": (841.0, 594.0), "a2": (594.0, 420.0), "a3": (420.0, 297.0)}
"""Posters by name: width and height in millimetres, landscape (ISO 216)."""

GROUND, INK, SOFT, THREAD = "#fdfdfc", "#16202c", "#51606e", "#a90d27"

_FONTS = (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/dejavu"))
_POINT = 25.4 / 72


Point = tuple[float, float]


class Surface(Protocol):
    """What a poster is drawn on: a PDF (Paper) or an SVG (`maps.plate`), both in millimetres."""

    def text(
        self, x: float, y: float, words: str, *, size: float, bold: bool = False,
        colour: str = INK, align: str = "left", widest: float | None = None,
        url: str | None = None, rim: str | None = None,
    ) -> None:  # fmt: skip
        """One line on a base line; `size` in millimetres; cut to `widest`; a link where given.

        A `rim` of that colour lets it be read over what lies behind it.
        """

    def thread(self, points: Sequence[Point], *, width: float, colour: str) -> None:
        """A thin Bézier curve of three or four points."""

    def circle(
        self, x: float, y: float, radius: float, colour: str, *, hollow: bool = False
    ) -> None:
        """A circle around a point, filled unless it is hollow."""

    def shape(self, corners: Sequence[Point], colour: str) -> None:
        """A filled polygon."""

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, round_: float = 0.0, thick: float = 0.3,
    ) -> None:  # fmt: skip
        """A rectangle, filled or outlined or both."""

    def qr(self, x: float, y: float, side: float, words: str) -> None:
        """A QR code (ISO 18004) with its quiet zone, on white."""


class Paper:
    """A PDF being drawn; every length in millimetres, the origin top left."""

    def __init__(self, width: float, height: float, *, title: str) -> None:
        self.width, self.height = width, height
        self._pdf = FPDF(unit="mm", format=(width, height))
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.set_title(safe(title))
        self._pdf.set_creator("Fil commun")
        folder = next((f for f in _FONTS if (f / "DejaVuSans.ttf").is_file()), None)
        self._family = "Helvetica"
        self._has: Container[int] | None = None
        """Code points of the font; None where it is one of PDF's own."""
        if folder is not None and (folder / "DejaVuSans-Bold.ttf").is_file():
            self._pdf.add_font("fil", "", folder / "DejaVuSans.ttf")
            self._pdf.add_font("fil", "B", folder / "DejaVuSans-Bold.ttf")
            font = self._pdf.fonts["fil"]
            assert isinstance(font, TTFFont)
            self._family, self._has = "fil", font.cmap

    def page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def text(
        self, x: float, y: float, words: str, *, size: float, bold: bool = False,
        colour: str = INK, align: str = "left", widest: float | None = None,
        url: str | None = None, rim: str | None = None,
    ) -> None:  # fmt: skip
        """As on any Surface; `widest` is measured with the letters that are printed."""
        self._pdf.set_font(self._family, "B" if bold else "", size / _POINT)
        self._pdf.set_text_color(colour)
        words = self._printable(words)
        if widest is not None:
            words = self._fitting(words, widest)
        words = printed(words)
        width = self._pdf.get_string_width(words)
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[align]
        if rim:
            self._pdf.set_draw_color(rim)
            with self._pdf.local_context(text_mode="STROKE", line_width=size * 0.2):
                self._pdf.text(left, y, words)
        self._pdf.text(left, y, words)
        if url:
            self._pdf.link(left, y - size, width, size * 1.3, url)

    def wrapped(self, words: str, *, size: float, width: float, bold: bool = False) -> list[str]:
        """Words as lines that fit a width; a word that does not is cut."""
        self._pdf.set_font(self._family, "B" if bold else "", size / _POINT)
        lines: list[str] = []
        for word in self._printable(words).split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self._pdf.get_string_width(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(self._fitting(word, width))
        return lines

    def lines(
        self, x: float, y: float, words: str, *, size: float, width: float, most: int,
        colour: str = INK, bold: bool = False,
    ) -> float:  # fmt: skip
        """Words wrapped to a width, at most so many lines; returns the next base line."""
        told = self.wrapped(words, size=size, width=width, bold=bold)
        if len(told) > most:
            told[most - 1 :] = [" ".join(told[most - 1 :])]
        for line in told:
            self.text(x, y, line, size=size, colour=colour, bold=bold, widest=width)
            y += size * 1.3
        return y

    def thread(self, points: Sequence[Point], *, width: float, colour: str) -> None:
        """A thin Bézier curve of three or four points."""
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(width)
        self._pdf.bezier(list(points))

    def circle(
        self, x: float, y: float, radius: float, colour: str, *, hollow: bool = False
    ) -> None:
        """A circle around a point, filled unless it is hollow."""
        self._pdf.set_fill_color(colour)
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(radius * 0.25)
        self._pdf.circle(x, y, radius, style="D" if hollow else "F")

    def shape(self, corners: Sequence[Point], colour: str) -> None:
        """A filled polygon."""
        self._pdf.set_fill_color(colour)
        self._pdf.polygon(list(corners), style="F")

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, round_: float = 0.0, thick: float = 0.3,
    ) -> None:  # fmt: skip
        """A rectangle, filled or outlined or both."""
        if fill:
            self._pdf.set_fill_color(fill)
        if line:
            self._pdf.set_draw_color(line)
            self._pdf.set_line_width(thick)
        style = {(True, True): "DF", (True, False): "F"}.get((bool(fill), bool(line)), "D")
        self._pdf.rect(
            x, y, width, height, style=style, round_corners=round_ > 0, corner_radius=round_
        )

    def qr(self, x: float, y: float, side: float, words: str) -> None:
        """A QR code (ISO 18004) with its quiet zone, on white."""
        self.box(x, y, side, side, fill="#ffffff")
        cells = qr_cells(words)
        cell = side / len(cells)
        self._pdf.set_fill_color("#000000")
        for row, line in enumerate(cells):
            for column, dark in enumerate(line):
                if dark:
                    # A hair wider than the cell, so that no viewer shows gaps between them.
                    self._pdf.rect(
                        x + column * cell, y + row * cell, cell * 1.02, cell * 1.02, style="F"
                    )

    def write(self) -> bytes:
        """The PDF."""
        return bytes(self._pdf.output())

    def _printable(self, words: str) -> str:
        words = safe(words)
        if self._has is not None:
            has = self._has
            words = "".join(_printed(one) if ord(one) not in has else one for one in words)
            return " ".join(words.split())
        return " ".join(words.split()).encode("latin-1", "replace").decode("latin-1")

    def _fitting(self, words: str, widest: float) -> str:
        if self._pdf.get_string_width(words) <= widest:
            return words
        more = "..." if self._has is None else "…"
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            if self._pdf.get_string_width(words[:middle].rstrip() + more) <= widest:
                low = middle
            else:
                high = middle - 1
        return words[:low].rstrip() + more


def _printed(character: str) -> str:
    """What stands for a character that the font lacks."""
    if character.isspace():
        return " "
    return "?" if character.isalnum() else ""


def qr_cells(words: str) -> list[list[bool]]:
    """The cells of a QR code, dark ones true, with the four light ones around it."""
    code = segno.make(words, error="m", micro=False)
    return [[bool(cell) for cell in row] for row in code.matrix_iter(border=4)]
