"""Excerpts with the words that were searched for marked, made from stored text by our analysis.

Pieces, not HTML: the template escapes and marks them. Knows no rights: it is given the text that
may be shown and how much of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.search.analysis import Token, tokens
from aggregator.search.query import And, Or, Phrase, Prefix, Query, Word

_READ: Final = 20_000
"""Characters of a text that are looked through."""
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
    return tuple(_pieces(text, _hits(text[:_READ], query, language), 0, len(text)))


def excerpt(
    text: str, query: Query, *, limit: int, language: str | None = "fr"
) -> tuple[Piece, ...]:
    """The part of the text, at most `limit` characters with its ellipses, that has most of what was
    searched for; its beginning when it has nothing; empty when `limit` is 0.
    """
    if limit <= 0 or not text:
        return ()
    hits = _hits(text[:_READ], query, language)
    if len(text) <= limit:
        return tuple(_pieces(text, hits, 0, len(text)))
    room = max(1, limit - 2)
    start = _start(text, _densest(hits, room), room)
    end = _end(text, start, start + room)
    shown = [hit for hit in hits if hit[0] >= start and hit[1] <= end]
    pieces = list(_pieces(text, shown, start, end))
    if start > 0:
        pieces.insert(0, Piece(_ELLIPSIS))
    if end < len(text):
        pieces.append(Piece(_ELLIPSIS))
    return tuple(pieces)


def _hits(text: str, query: Query, language: str | None) -> list[tuple[int, int, str]]:
    """Spans to mark, in order, each with the word that it answers."""
    found = _Sought(query)
    if found.is_empty:
        return []
    words = list(tokens(text, language))
    marks: dict[int, str] = {}
    for index, token in enumerate(words):
        word = found.word(token)
        if word:
            marks[index] = word
    for phrase in found.phrases:
        for index in _phrase_starts(words, phrase):
            marks.update((index + n, f"{index}") for n in range(len(phrase)))
    return [(words[i].start, words[i].end, word) for i, word in sorted(marks.items())]


class _Sought:
    """What a query wants to see; what it refuses is left out."""

    def __init__(self, query: Query) -> None:
        self.words: dict[str, str] = {}
        self.starts: list[str] = []
        self.phrases: list[Sequence[Sequence[str]]] = []
        pending = [query]
        while pending:
            node = pending.pop()
            match node:
                case Word(terms, "text" | "title"):
                    self.words.update(dict.fromkeys(terms, terms[0]))
                case Prefix(start, "text" | "title"):
                    self.starts.append(start)
                case Phrase(words, "text" | "title"):
                    self.phrases.append(words)
                case And(parts) | Or(parts):
                    pending.extend(parts)
                case _:
                    pass

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.starts or self.phrases)

    def word(self, token: Token) -> str | None:
        """What this token answers."""
        for term in token.terms:
            if term in self.words:
                return self.words[term]
        return next((start for start in self.starts if token.form.startswith(start)), None)


def _phrase_starts(words: Sequence[Token], phrase: Sequence[Sequence[str]]) -> Iterator[int]:
    for index in range(len(words) - len(phrase) + 1):
        if all(
            not terms or not set(terms).isdisjoint(words[index + n].terms)
            for n, terms in enumerate(phrase)
        ):
            yield index


def _densest(hits: Sequence[tuple[int, int, str]], room: int) -> tuple[int, int]:
    """The span of hits that fits and answers most words, then most often; the earliest of them."""
    best, span = (0, 0), (0, 0)
    first = 0
    for last in range(len(hits)):
        while hits[last][1] - hits[first][0] > room:
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


def _pieces(
    text: str, hits: Sequence[tuple[int, int, str]], start: int, end: int
) -> Iterator[Piece]:
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
