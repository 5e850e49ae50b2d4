"""How wide words are when drawn, and how they are broken or cut to fit. Pure estimates.

A drawing goes to readers whose fonts we do not know: widths are those of DejaVu Sans, among the
widest of them, so that what fits here fits everywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

_WIDTHS: Final = {
    **dict.fromkeys("ijlI.,:;'’!|·", 0.31),
    **dict.fromkeys("ft()[]/- \u00a0\u202f", 0.37),
    **dict.fromkeys("rsczJ", 0.5),
    **dict.fromkeys("mwMW@%…—&", 0.95),
    **dict.fromkeys("ABCDEFGHKNOQRU", 0.73),
}
_USUAL: Final = 0.62
_BOLDER: Final = 1.12


def wide(words: str, size: float, *, bold: bool = False) -> float:
    """About how wide words are, in the unit of the letters' size.

    >>> wide("mm", 10) > wide("ll", 10)
    True
    """
    return size * (_BOLDER if bold else 1) * sum(map(_em, words))


def fitting(words: str, room: float, size: float) -> str:
    """The words, cut with an ellipsis where they are wider than the room.

    >>> fitting("Les Lilas à vélo", 200, 14), fitting("Les Lilas à vélo", 80, 14)
    ('Les Lilas à vélo', 'Les Lilas…')
    """
    if wide(words, size) <= room:
        return words
    room -= wide("…", size)
    end = 0
    for character in words:
        room -= size * _em(character)
        if room < 0:
            break
        end += 1
    while end and unicodedata.combining(words[end]):
        end -= 1  # never between a letter and its accents
    return words[:end].rstrip() + "…"


def halves(label: str, room: float, size: float, *, breaks: str = " ") -> tuple[str, ...]:
    """A label in bold, on two lines of about the same length where it is wider than the room.

    >>> halves("Renforcer les coopérations / alliances", 200, 16)
    ('Renforcer les', 'coopérations / alliances')
    """
    places = [index + 1 for index, character in enumerate(label) if character in breaks]
    if wide(label, size, bold=True) <= room or not places:
        return (label,)
    at = min(places, key=lambda index: abs(2 * index - len(label)))
    return _stripped((label[:at], label[at:]))


def _stripped(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in parts if part.strip())


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return _WIDTHS.get(character, _USUAL)
