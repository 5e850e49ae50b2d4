"""Words as a printer sets them: Arabic letters joined, what runs from right to left turned. Pure.

A PDF places one sign after the other from left to right and joins none; pages leave this to the
browser. Letters are joined by Unicode's presentation forms, the order is that of UAX #9.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from fpdf.bidi import BidiParagraph

_PLACES = {"<isolated>": 0, "<final>": 1, "<initial>": 2, "<medial>": 3}


def printed(words: str) -> str:
    """The words in the order and the shapes in which they are set, from left to right.

    >>> printed("Les Lilas")
    'Les Lilas'
    >>> printed("אבג 93")
    '93 גבא'
    """
    if not any(unicodedata.bidirectional(character) in {"R", "AL"} for character in words):
        return words
    return str(BidiParagraph(_joined(words)).get_reordered_string())


def _joined(words: str) -> str:
    forms = _forms()
    letters = _letters(words)
    made = []
    for number, letter in enumerate(letters):
        if letter not in forms:
            made.append(letter)
            continue
        before = _neighbour(letters, number, -1)
        after = _neighbour(letters, number, 1)
        is_held = before in forms and bool(forms[before][2])
        holds = bool(forms[letter][2]) and after in forms and bool(forms[after][1])
        place = (3 if holds else 1) if is_held else (2 if holds else 0)
        made.append(forms[letter][place] or letter)
    return "".join(made)


def _letters(words: str) -> list[str]:
    """The words letter by letter; lam and alef together are one."""
    forms = _forms()
    letters: list[str] = []
    for character in words:
        if letters and letters[-1] + character in forms:
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _neighbour(letters: list[str], number: int, step: int) -> str:
    """The next letter in a direction, vowel signs passed over; empty at the end."""
    number += step
    while 0 <= number < len(letters):
        if not unicodedata.combining(letters[number][0]):
            return letters[number]
        number += step
    return ""


@lru_cache(maxsize=1)
def _forms() -> Mapping[str, tuple[str, str, str, str]]:
    """Letter, or lam with alef → its isolated, final, initial and medial form; empty: none."""
    found: dict[str, list[str]] = {}
    for code in (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFC00), *range(0xFE80, 0xFEFD)):
        place, *codes = unicodedata.decomposition(chr(code)).split() or [""]
        letters = "".join(chr(int(one, 16)) for one in codes)
        if place in _PLACES and (len(letters) == 1 or letters.startswith("\u0644")):
            found.setdefault(letters, ["", "", "", ""])[_PLACES[place]] = chr(code)
    return MappingProxyType({letters: (a, b, c, d) for letters, (a, b, c, d) in found.items()})
