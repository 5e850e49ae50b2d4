"""Excerpts with the words that were searched for marked, made from stored text by our analysis.

Pieces, not HTML: the template escapes and marks them. Knows no rights: it is given the text that
may be shown and how much of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aggregator.search.analysis import CHUNK, Part, fold, is_french, parts, tokens
from aggregator.search.french import IRREGULAR
from aggregator.search.query import And, Or, Phrase, Prefix, Query, Word

_READ: Final = 20_000
"""Characters of a text that are looked through."""
_REMEMBERED: Final = 20_000
"""Written forms that a query remembers."""
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an excerpt."""

    text: str
    is_hit: bool = False
    """Whether it was searched for."""


def marked(text: str, query: Query, *, language: str | None = "fr") -> tuple[Piece, ...]:
    """The whole text in pieces; empty for an empty text.

    >>> [(p.text, p.is_hit) for p in marked("La réunion publique", Word(("reunion",)))]
    [('La ', False), ('réunion', True), (' publique', False)]
    """
    return tuple(_pieces(text, _sought(query, language).hits(text[:_READ]), 0, len(text)))


def excerpt(
    text: str, query: Query, *, limit: int, language: str | None = "fr"
) -> tuple[Piece, ...]:
    """The part of the text, at most `limit` characters with its ellipses, that has most of what was
    searched for; its beginning when it has nothing; empty when `limit` is 0.
    """
    if limit <= 0 or not text:
        return ()
    hits = _sought(query, language).hits(text[:_READ])
    if len(text) <= limit:
        return tuple(_pieces(text, hits, 0, len(text)))
    room = limit - 2 * len(_ELLIPSIS)
    if room < 1:
        return (Piece(text[:limit]),)
    start = _start(text, _densest(hits, room), room)
    end = _end(text, start, start + room)
    shown = [hit for hit in hits if hit[0] >= start and hit[1] <= end]
    pieces = list(_pieces(text, shown, start, end))
    if start > 0:
        pieces.insert(0, Piece(_ELLIPSIS))
    if end < len(text):
        pieces.append(Piece(_ELLIPSIS))
    return tuple(pieces)


Hit = tuple[int, int, str]
"""A span to mark, and the word it answers."""
Phrased = tuple[tuple[str, ...], ...]
Told = tuple[Part, str | None, list[Phrased]]
"""A word, what it answers, and the phrases that it may begin."""


class _Sought:
    """What a query wants to see; what it refuses is left out."""

    def __init__(self, query: Query, language: str | None) -> None:
        self._french = is_french(language)
        self._words: dict[str, str] = {}
        self._starts: list[str] = []
        self._phrases: list[Phrased] = []
        self._seen: dict[str, tuple[Told, ...]] = {}
        """Written form → what there is to know of it."""
        pending = [query]
        while pending:
            node = pending.pop()
            match node:
                case Word(terms, "text" | "title"):
                    self._words.update(dict.fromkeys(terms, terms[0]))
                case Prefix(start, "text" | "title"):
                    self._starts.append(start)
                case Phrase(words, "text" | "title"):
                    self._phrases.append(words)
                case And(inside) | Or(inside):
                    pending.extend(inside)
                case _:
                    pass
        heads = [term for phrase in self._phrases for term in phrase[0]]
        self._initials = _initials([*self._words, *self._starts, *heads])

    def hits(self, text: str) -> list[Hit]:
        """Spans to mark, in order, none twice."""
        if not (self._words or self._starts or self._phrases):
            return []
        chunks = list(CHUNK.finditer(text))
        seen, initials = self._seen, self._initials
        if len(seen) > _REMEMBERED:
            seen.clear()
        found: dict[int, Hit] = {}
        for at, chunk in enumerate(chunks):
            written = chunk.group()
            told = seen.get(written)
            if told is None:
                if written[0] in _LATIN and written[0] not in initials and written.isalpha():
                    continue
                told = seen[written] = tuple(self._look(written))
            for part, word, heads in told:
                if part.is_open and not word:
                    word = self._word(_terms(text, chunks, at, part), part.form)
                if word:
                    start = chunk.start() + part.offset
                    found[start] = (start, start + part.length, word)
                for phrase in heads:
                    found.update(self._run(chunks, at, part, phrase))
        return [found[start] for start in sorted(found)]

    def _look(self, written: str) -> Iterator[Told]:
        """What there is to know of a written form, alone; each form is looked at once."""
        for part in parts(written, self._french):
            word = self._word(part.terms, part.form)
            heads = [phrase for phrase in self._phrases if _fits(part, phrase[0])]
            if word or heads or part.is_open:
                yield part, word, heads

    def _run(
        self, chunks: Sequence[re.Match[str]], at: int, first: Part, phrase: Phrased
    ) -> dict[int, Hit]:
        """The words of a phrase that begins here; empty when it goes on otherwise."""
        marks: dict[int, Hit] = {}
        wanted = iter(phrase)
        for chunk in chunks[at : at + len(phrase)]:
            for part in parts(chunk.group(), self._french):
                if not marks and part is not first:
                    continue
                terms = next(wanted, None)
                if terms is None:
                    return marks
                if not _fits(part, terms):
                    return {}
                start = chunk.start() + part.offset
                marks[start] = (start, start + part.length, " ".join(phrase[0]))
        return marks if next(wanted, None) is None else {}

    def _word(self, terms: Sequence[str], form: str) -> str | None:
        """What a word with these terms answers."""
        for term in terms:
            if term in self._words:
                return self._words[term]
        return next((start for start in self._starts if form.startswith(start)), None)


def _fits(part: Part, terms: Sequence[str]) -> bool:
    """Whether a word may stand in this place of a phrase; an empty place takes any."""
    return not terms or not set(terms).isdisjoint(part.terms)


def _terms(text: str, chunks: Sequence[re.Match[str]], at: int, part: Part) -> tuple[str, ...]:
    """A word's terms once its two neighbours on the left are known."""
    start = chunks[max(0, at - 2)].start()
    place = chunks[at].start() + part.offset - start
    near = tokens(text[start : chunks[at].end() + 2])
    return next((token.terms for token in near if token.start == place), part.terms)


def _initials(terms: Iterable[str]) -> frozenset[str]:
    """The letters, accented or capital, that a word with any of these terms can begin with."""
    folded = {term[0] for term in terms}
    # Eyes and skies change their first letter, XIIIe and arrondissement have no digit.
    folded.update(form[0] for form, word in IRREGULAR.items() if word[0] in folded)
    if any(letter.isdigit() for letter in folded):
        folded.update("aivxl")
    return frozenset(letter for letter in _LATIN if fold(letter)[:1] in folded)


_LATIN: Final = frozenset(chr(code) for code in range(0x21, 0x24F) if chr(code).isalnum())


@lru_cache(maxsize=32)
def _sought(query: Query, language: str | None) -> _Sought:
    """One for a page of results."""
    return _Sought(query, language)


def _densest(hits: Sequence[Hit], room: int) -> tuple[int, int]:
    """The span of hits that fits and answers most words, then most often; the earliest of them."""
    best, span = (0, 0), (0, 0)
    first = 0
    for last in range(len(hits)):
        while first <= last and hits[last][1] - hits[first][0] > room:
            first += 1
        if first > last:
            continue
        inside = [word for _, _, word in hits[first : last + 1]]
        score = (len(set(inside)), len(inside))
        if score > best:
            best, span = score, (hits[first][0], hits[last][1])
    return span


def _start(text: str, span: tuple[int, int], room: int) -> int:
    """Where the excerpt begins: at a word, with the hits in its first half or centre."""
    if span[1] <= room:
        return 0
    before = min((room - (span[1] - span[0])) // 2, 60)
    start = max(0, min(span[0] - before, len(text) - room))
    space = text.find(" ", start, span[0])
    return start if space < 0 or start == 0 else space + 1


def _end(text: str, start: int, end: int) -> int:
    """Where it ends: after a whole word when one ends near."""
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", max(start + 1, end - 30), end + 1)
    return space if space > 0 else end


def _pieces(text: str, hits: Sequence[Hit], start: int, end: int) -> Iterator[Piece]:
    at = start
    for first, last, _ in hits:
        if first < at:
            continue
        if first > at:
            yield Piece(text[at:first])
        yield Piece(text[first:last], is_hit=True)
        at = last
    if at < end:
        yield Piece(text[at:end])
