"""A text as words that remember where they stood. Pure; knows no lexicon and no language.

Words are cut at apostrophes and hyphens (`l'école`, `mal-logement`), inclusive writing is folded
(`habitant·es` is read `habitant`), acronyms lose their dots (`H.L.M.`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

MAX_CHARACTERS = 20_000
"""How much of a text is read; the rest of a longer one changes nothing."""

_FEMININE = r"(?:e|ne|le|te|se|ve|fe|ère|trice|rice|euse)"
_INCLUSIVE = (
    rf"(?:[·•⋅.]{_FEMININE}(?:[·•⋅.]?s)?|[·•⋅]{_FEMININE}?s|-e-s|-e(?=\W)|\({_FEMININE}\)s?)"
)
_WORD = re.compile(
    rf"(?:[^\W\d_]\.){{2,}}(?:[^\W\d_]\b)?|(?P<word>[^\W_]+)(?:{_INCLUSIVE}(?!\w))?", re.UNICODE
)


class Word(NamedTuple):
    """One word of a text."""

    raw: str
    """As written, without its inclusive ending."""
    folded: str
    """Lower case, without accents."""
    stem: str
    """Folded, without the common endings of plural and feminine."""
    start: int
    """Offset of its first character in the text it was read from."""
    end: int
    """Offset after its last character."""

    @property
    def is_capitalised(self) -> bool:
        """Whether it begins with a capital."""
        return self.raw[:1].isupper()


def words_of(text: str) -> list[Word]:
    """The words of a text in order; those after MAX_CHARACTERS are left out.

    >>> [word.stem for word in words_of("Les habitant·e·s de l’H.L.M. défendent leurs écoles")]
    ['les', 'habitant', 'de', 'l', 'hlm', 'defendent', 'leur', 'ecol']
    """
    found = []
    for match in _WORD.finditer(text[:MAX_CHARACTERS]):
        raw = match["word"] or match[0].replace(".", "")
        folded = fold(raw)
        found.append(Word(raw, folded, stem(folded), match.start(), match.end()))
    return found


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """Lower case and without accents; `œ` and `æ` as two letters.

    >>> fold("Œuvre"), fold("ÉPICERIE")
    ('oeuvre', 'epicerie')
    """
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@lru_cache(maxsize=50_000)
def stem(folded: str) -> str:
    """The word without its plural and feminine endings, on purpose little more.

    A stronger stemmer takes pétition for petit; this one only takes a singular for its plural.

    >>> [stem(word) for word in ("locaux", "loyers", "ouvriere", "cooperatives", "sportive")]
    ['local', 'loyer', 'ouvrier', 'cooperatif', 'sportif']
    """
    if len(folded) < 4:
        return folded
    if folded.endswith("eaux"):
        return folded[:-1]
    if folded.endswith("aux") and len(folded) > 5:
        return folded[:-3] + "al"
    if (folded[-1] == "s" or folded.endswith("ux")) and folded not in _ENDS_IN_S:
        folded = folded[:-1]
    if folded.endswith("ive") and len(folded) > 5:
        return folded[:-2] + "f"
    if len(folded) > 4 and folded[-1] == "e" and folded[:-1] not in _ENDS_IN_S:
        folded = folded[:-1]
    return folded


_ENDS_IN_S = frozenset(
    {"dans", "sans", "mars", "gens", "temps", "corps", "plus", "sous", "tous", "pays"}
)
