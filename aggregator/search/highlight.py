"""Excerpts with the words that were searched for marked, made from stored text by our analysis.

Pieces, not HTML: the template escapes and marks them. Knows no rights: it is given the text that
may be shown and how much of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aggregator.search import analysis
from aggregator.search.analysis import CHUNK, Token, fold, is_french, tokens
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


class _Sought:
    """What a query wants to see; what it refuses is left out."""

    def __init__(self, query: Query, language: str | None) -> None:
        self._language = language
        self._french = is_french(language)
        self._words: dict[str, str] = {}
        self._starts: list[str] = []
        self._phrases: list[Sequence[Sequence[str]]] = []
        self._seen: dict[str, tuple[Hit, ...]] = {}
        """Written chunk → what to mark in it."""
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
                case And(parts) | Or(parts):
                    pending.extend(parts)
                case _:
                    pass
        self._initials = _initials([*self._words, *self._starts])
        places = any(term.startswith(("dep", "750")) for term in self._words)
        self._needs_neighbours = places or bool(self._phrases)

    def hits(self, text: str) -> list[Hit]:
        """Spans to mark, in order."""
        if not (self._words or self._starts or self._phrases):
            return []
        return self._among_neighbours(text) if self._needs_neighbours else self._alone(text)

    def _alone(self, text: str) -> list[Hit]:
        """Word by word, each written form looked at once: five times as fast."""
        found: list[Hit] = []
        seen, initials = self._seen, self._initials
        if len(seen) > _REMEMBERED:
            seen.clear()
        for match in CHUNK.finditer(text):
            written = match.group()
            hits = seen.get(written)
            if hits is None:
                if written[0] in _LATIN and written[0] not in initials and written.isalpha():
                    continue
                hits = seen[written] = tuple(self._in_chunk(written))
            if hits:
                start = match.start()
                found.extend((start + first, start + last, word) for first, last, word in hits)
        return found

    def _in_chunk(self, written: str) -> Iterator[Hit]:
        for part in analysis.parts(written, self._french):
            word = self._word(part.terms, part.form)
            if word:
                yield part.offset, part.offset + part.length, word

    def _among_neighbours(self, text: str) -> list[Hit]:
        words = list(tokens(text, self._language))
        marks: dict[int, str] = {}
        for index, token in enumerate(words):
            word = self._word(token.terms, token.form)
            if word:
                marks[index] = word
        for phrase in self._phrases:
            for index in _phrase_starts(words, phrase):
                marks.update((index + n, f"{index}") for n in range(len(phrase)))
        return [(words[i].start, words[i].end, word) for i, word in sorted(marks.items())]

    def _word(self, terms: Sequence[str], form: str) -> str | None:
        """What a word with these terms answers."""
        for term in terms:
            if term in self._words:
                return self._words[term]
        return next((start for start in self._starts if form.startswith(start)), None)


def _initials(terms: Iterable[str]) -> frozenset[str]:
    """The letters, accented or capital, that a word with any of these terms can begin with."""
    folded = {term[0] for term in terms}
    # Eyes and skies change their first letter, XIIIe has none of 13e.
    folded.update(form[0] for form, word in IRREGULAR.items() if word[0] in folded)
    if any(letter.isdigit() for letter in folded):
        folded.update("ivxl")
    return frozenset(letter for letter in _LATIN if fold(letter)[:1] in folded)


_LATIN: Final = frozenset(chr(code) for code in range(0x21, 0x24F) if chr(code).isalnum())


@lru_cache(maxsize=32)
def _sought(query: Query, language: str | None) -> _Sought:
    """One for a page of results."""
    return _Sought(query, language)


def _phrase_starts(words: Sequence[Token], phrase: Sequence[Sequence[str]]) -> Iterator[int]:
    """Where the phrase begins, as indexes of words."""
    first = frozenset(phrase[0])
    for index in range(len(words) - len(phrase) + 1):
        if first and first.isdisjoint(words[index].terms):
            continue
        if all(
            not terms or not set(terms).isdisjoint(words[index + n].terms)
            for n, terms in enumerate(phrase)
        ):
            yield index


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
