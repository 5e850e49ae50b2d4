"""A map to hang on the wall: A0 to A3, as SVG and as PDF, with legend, date and QR code. Pure.

Upright or lying, whichever shows the map bigger; below it is room to write in what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from aggregator.publish import paper
from aggregator.publish.maps import svg, threads, tiles
from aggregator.publish.maps.cartogram import Cartogram
from aggregator.publish.maps.network import Chart
from aggregator.publish.maps.plate import Plate
from aggregator.publish.paper import SIZES, Paper, Surface

PDF_MEDIA_TYPE = "application/pdf"

_MARGIN, _HEAD, _FOOT, _QR = 26.0, 112.0, 92.0, 66.0
"""Millimetres on A0; the smaller papers have the same in smaller."""
_BLANKS = 5

_WORDS = {
    "fr": {
        "quote": "« Un outil en cours de construction qui doit être remis sur la table"
        " lors d’ateliers collectifs »",
        "live": "La carte vivante", "missing": "Un groupe manque ? Écrivez-le ici.",
        "more": "et {count} autres dans l’annuaire",
    },
    "en": {
        "quote": "“A tool in the making, to be put back on the table at collective workshops”",
        "live": "The living map", "missing": "A group is missing? Write it here.",
        "more": "and {count} more in the directory",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A sheet of paper and how its parts share it, in millimetres."""

    width: float
    height: float
    scale: float
    """Of what is measured on A0."""

    @property
    def inside(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the room for the map."""
        margin, head, foot = (length * self.scale for length in (_MARGIN, _HEAD, _FOOT))
        return margin, head, self.width - 2 * margin, self.height - head - foot

    @property
    def legend(self) -> tuple[float, float, float]:
        """Left, top and width of the room for what marks mean."""
        margin = _MARGIN * self.scale
        return margin, self.height - (_FOOT - 14) * self.scale, self.width - 2 * margin

    def unit(self, box: tuple[float, float, float, float]) -> float:
        """How many millimetres one unit of a map is, so that it just fits."""
        return min(self.inside[2] / box[2], self.inside[3] / box[3])


def frame(size: str, box: tuple[float, float, float, float]) -> Frame:
    """The paper of that size, turned so that the map is bigger; KeyError for no paper's name."""
    long, short = SIZES[size]
    scale = long / SIZES["a0"][0]
    lying, upright = Frame(long, short, scale), Frame(short, long, scale)
    return max(lying, upright, key=lambda one: one.unit(box))


def write_svg(drawn: Chart | Cartogram, *, size: str, printed: date, live_url: str) -> str:
    """The poster as SVG; raises KeyError for no paper size of `paper.SIZES`."""
    sheet = frame(size, drawn.box)
    plate = Plate(sheet.width, sheet.height, title=drawn.title)
    _draw(plate, sheet, drawn, printed, live_url)
    return plate.write()


def write_pdf(drawn: Chart | Cartogram, *, size: str, printed: date, live_url: str) -> bytes:
    """The poster as PDF; raises KeyError for no paper size of `paper.SIZES`."""
    sheet = frame(size, drawn.box)
    pdf = Paper(sheet.width, sheet.height, title=drawn.title)
    pdf.page()
    _draw(pdf, sheet, drawn, printed, live_url)
    return pdf.write()


def _draw(
    surface: Surface, sheet: Frame, drawn: Chart | Cartogram, printed: date, live_url: str
) -> None:
    words = _WORDS["en" if drawn.language.startswith("en") else "fr"]
    surface.box(0, 0, sheet.width, sheet.height, fill=paper.GROUND)
    if isinstance(drawn, Cartogram):
        groups = drawn.groups
        tiles.draw(surface, drawn, sheet.inside)
        tiles.scale(surface, drawn, sheet.legend, sheet.scale)
    else:
        groups = len(drawn.nodes) + drawn.left_out
        threads.draw(surface, drawn, sheet.inside)
        more = words["more"].format(count=drawn.left_out) if drawn.left_out else ""
        threads.legend(surface, drawn, sheet.legend, sheet.scale, more)
    count = svg.groups_in_words(groups, drawn.language)
    _head(surface, sheet, drawn.title, f"{count} · {printed:%d/%m/%Y}", words["quote"])
    _live(surface, sheet, words["live"], live_url)
    _blanks(surface, sheet, words["missing"])


def _head(surface: Surface, sheet: Frame, title: str, subtitle: str, quote: str) -> None:
    """Title, count and day, and the leaflet's own words about its map."""
    at = _scaled(sheet)
    room = sheet.width - at(3 * _MARGIN + _QR)
    surface.box(0, 0, sheet.width, at(7), fill=paper.THREAD)
    surface.text(
        at(_MARGIN), at(32), "Fil commun", size=at(11), bold=True, colour=paper.THREAD, widest=room
    )
    surface.text(at(_MARGIN), at(60), title, size=at(26), bold=True, widest=room)
    surface.text(at(_MARGIN), at(78), subtitle, size=at(11), widest=room)
    surface.text(at(_MARGIN), at(94), quote, size=at(9), colour=paper.SOFT, widest=room)


def _live(surface: Surface, sheet: Frame, words: str, url: str) -> None:
    """The QR code that leads to the live map, and its address for those without a camera."""
    at = _scaled(sheet)
    left = sheet.width - at(_MARGIN + _QR)
    surface.qr(left, at(18), at(_QR), url)
    address = (url.partition("://")[2] or url).partition("?")[0]
    for line, (told, bold) in enumerate(((words, True), (address, False))):
        surface.text(
            left + at(_QR) / 2, at(91 + 8 * line), told, size=at(6), bold=bold, align="middle",
            widest=at(_QR + 1.6 * _MARGIN), url=url,
        )  # fmt: skip


def _blanks(surface: Surface, sheet: Frame, missing: str) -> None:
    """Room for pens: groups that nobody thought of."""
    at = _scaled(sheet)
    y = sheet.height - at(46)
    surface.text(at(_MARGIN), y - at(4), missing, size=at(7.5), bold=True, colour=paper.THREAD)
    gap = at(8)
    wide = (sheet.width - at(2 * _MARGIN) - gap * (_BLANKS - 1)) / _BLANKS
    for number in range(_BLANKS):
        x = at(_MARGIN) + number * (wide + gap)
        surface.box(x, y, wide, at(26), line="#9aa5b1", round_=at(4), thick=at(0.5))


def _scaled(sheet: Frame) -> Callable[[float], float]:
    return lambda length: length * sheet.scale
