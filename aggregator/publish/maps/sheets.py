"""Workshop sheets: one card per group to amend with a pen, and blank cards. A4, PDF. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from aggregator.publish import paper, publication
from aggregator.publish.paper import Paper
from aggregator.publish.text import line
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group

_WIDE, _HIGH = 210.0, 297.0
_MARGIN = 8.0
_COLUMNS, _ROWS = 2, 2
_CARD = ((_WIDE - 2 * _MARGIN) / _COLUMNS, (_HIGH - 2 * _MARGIN - 8) / _ROWS)
_BOXES = ("objective", "skill", "kind")

_WORDS = {
    "fr": {
        "title": "Fiches d’atelier", "new": "Un groupe qui manque", "name": "Nom",
        "home": "Site", "area": "Territoires", "topic": "Thèmes", "why": "À changer, et pourquoi",
        "objective": "Objectifs", "skill": "Savoir-faire", "kind": "Plateforme",
    },
    "en": {
        "title": "Workshop sheets", "new": "A missing group", "name": "Name",
        "home": "Site", "area": "Places", "topic": "Topics", "why": "To change, and why",
        "objective": "Objectives", "skill": "Skills", "kind": "Platform",
    },
}  # fmt: skip


def write(groups: Iterable[Group], *, printed: date, blank: int = 6, language: str = "fr") -> bytes:
    """Four cards to a page: public groups in their order, then `blank` empty ones."""
    words = _WORDS["en" if language.startswith("en") else "fr"]
    sheet = Paper(_WIDE, _HIGH, title=words["title"])
    cards: list[Group | None] = [group for group in groups if group.is_public]
    cards += [None] * max(0, min(blank, 600))
    for number, group in enumerate(cards or [None]):
        place = number % (_COLUMNS * _ROWS)
        if place == 0:
            sheet.page()
            footer = f"Fil commun · {words['title']} · {printed.isoformat()}"
            sheet.text(_WIDE / 2, _HIGH - 6, footer, size=2.8, colour=paper.SOFT, align="middle")
        x = _MARGIN + (place % _COLUMNS) * _CARD[0]
        y = _MARGIN + (place // _COLUMNS) * _CARD[1]
        _card(sheet, x, y, group, words, language)
    return sheet.write()


def _card(
    sheet: Paper, x: float, y: float, group: Group | None, words: dict[str, str], language: str
) -> None:
    wide, high = _CARD
    sheet.box(x + 1, y + 1, wide - 2, high - 2, line="#9aa5b1", round_=2.5)
    left, inner = x + 5, wide - 10
    if group is None:
        sheet.text(left, y + 8, words["new"], size=3.6, bold=True, colour=paper.THREAD)
        at = y + 15
        for field in ("name", "home"):
            sheet.text(left, at, f"{words[field]} :", size=2.9, colour=paper.SOFT)
            sheet.box(left + 16, at + 0.6, inner - 16, 0, line="#9aa5b1", thick=0.2)
            at += 7
    else:
        at = sheet.lines(left, y + 8, line(group.name), size=4.2, width=inner, most=2, bold=True)
        home = line(group.home or "")
        sheet.text(left, at, home, size=2.6, colour=paper.SOFT, widest=inner)
        at += 5
    for field in ("area", "topic"):
        told = _labels(group, field, language)
        at = sheet.lines(left, at, f"{words[field]} : {told}", size=2.7, width=inner, most=2) + 0.6
    for dimension in _BOXES:
        at = _boxes(sheet, left, at + 1.5, inner, group, dimension, words, language)
    sheet.text(left, at + 3.5, f"{words['why']} :", size=2.9, colour=paper.SOFT)
    while at + 11 < y + high - 3:
        at += 6.5
        sheet.box(left, at + 4, inner, 0, line="#c5ced6", thick=0.2)


def _boxes(
    sheet: Paper, left: float, at: float, inner: float, group: Group | None,
    dimension: str, words: dict[str, str], language: str,
) -> float:  # fmt: skip
    """Every term of a dimension with a box to tick, ticked where the group has it."""
    sheet.text(left, at, words[dimension], size=2.7, bold=True)
    for term in terms.terms(dimension):
        at += 4
        ticked = group is not None and term.slug in group.terms(dimension)
        sheet.box(left, at - 2.4, 2.6, 2.6, line=paper.INK, thick=0.25)
        if ticked:
            sheet.box(left + 0.6, at - 1.8, 1.4, 1.4, fill=paper.THREAD)
        label = publication.label(dimension, term.slug, language) or term.slug
        at = sheet.lines(left + 4.2, at, label, size=2.6, width=inner - 5, most=2) - 2.6 * 1.3
    return at + 3.2


def _labels(group: Group | None, dimension: str, language: str) -> str:
    if group is None:
        return ""
    labels = (publication.label(dimension, slug, language) for slug in group.terms(dimension))
    return ", ".join(filter(None, labels))
