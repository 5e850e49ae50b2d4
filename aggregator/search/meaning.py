"""From what a person wrote to what the engines look for: other forms, synonyms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aggregator.search import synonyms
from aggregator.search.analysis import alternatives, fold, tokens
from aggregator.search.nodes import All, Choice, Dates, Node, Some, Start, Text, Without
from aggregator.search.query import (
    EVERYTHING,
    Between,
    Not,
    Phrase,
    Prefix,
    Query,
    Tag,
    Word,
    both,
    either,
)


def meaning(node: Node) -> Query:
    """The query of a tree; words without any letter or digit ask for nothing."""
    match node:
        case Text():
            return _run([node])
        case Start(start, field):
            return _start(start, field)
        case Choice(dimension, values, _):
            return Tag(dimension, values)
        case Dates(since, until, _):
            return Between(since, until)
        case Without(part):
            inner = meaning(part)
            return EVERYTHING if inner == EVERYTHING else Not(inner)
        case Some(parts):
            asked = [meaning(part) for part in parts]
            return (
                either(*(query for query in asked if query != EVERYTHING)) if asked else EVERYTHING
            )
        case All(parts):
            return _all(parts)


def _all(parts: Sequence[Node]) -> Query:
    queries: list[Query] = []
    run: list[Text] = []
    for part in parts:
        if isinstance(part, Text) and not part.exact and part.field == "text":
            run.append(part)
            continue
        queries.append(_run(run))
        run = []
        queries.append(meaning(part))
    queries.append(_run(run))
    return both(*queries)


def _run(run: Sequence[Text]) -> Query:
    """Neighbouring words: those that have another name together are also found by it."""
    if len(run) == 1 and run[0].exact:
        return _phrase(run[0])
    queries: list[Query] = []
    at = 0
    while at < len(run):
        length, query = _named(run[at:])
        queries.append(query)
        at += length
    return both(*queries)


def _named(run: Sequence[Text]) -> tuple[int, Query]:
    """How many of the first words were taken, and what they mean."""
    if run[0].field == "text":
        plains = [synonyms.plain(text.words) for text in run[:8]]
        flat = [term for terms in plains for term in terms]
        for length, also in synonyms.expression(flat):
            taken = _words_taken(plains, length)
            if taken:
                return taken, either(both(*(_word(text) for text in run[:taken])), also)
        code = _code(run)
        if code is not None:
            return 2, either(both(_word(run[0]), _word(run[1])), Word((code,)))
    return 1, _word(run[0])


def _words_taken(plains: Sequence[Sequence[str]], terms: int) -> int:
    """How many written words hold exactly so many terms; 0 when a word would be cut."""
    for count, plain in enumerate(plains, 1):
        terms -= len(plain)
        if terms <= 0:
            return count if terms == 0 else 0
    return 0


_MIXED: Final = re.compile(r"\d+|[^\W\d_]+")


def is_code(node: Node) -> bool:
    """Whether it is one word of letters and digits, as A86, 14h30 and T3b: some write A 86.

    >>> is_code(Text("A86")), is_code(Text("13e")), is_code(Text("logement"))
    (True, False, False)
    """
    if not isinstance(node, Text) or node.exact or not 1 < len(node.words) < 12:
        return False
    found = list(tokens(node.words))
    pieces = _MIXED.findall(found[0].terms[0]) if len(found) == 1 else ()
    is_ordinal = len(pieces) == 2 and pieces[0].isdigit() and pieces[1] == "e"
    return 1 < len(pieces) < 6 and not is_ordinal


def _code(run: Sequence[Text]) -> str | None:
    """RN 20 as it may also be written; None for other words."""
    if len(run) < 2 or not run[1].words.isdigit() or len(run[1].words) > 4:
        return None
    letters = run[0].words
    return fold(letters + run[1].words) if letters.isupper() and len(letters) < 5 else None


def _word(text: Text) -> Query:
    """One word as written; a hyphenated one is a phrase, or the joined word."""
    parts = alternatives(text.words)
    if not parts:
        return EVERYTHING
    if len(parts) == 1:
        word = Word(parts[0], text.field)
        if not is_code(text):
            return word
        apart = tuple((piece,) for piece in _MIXED.findall(parts[0][0]))
        return either(word, Phrase(apart, text.field))
    strict = alternatives(text.words, derive=False)
    pieces = [token.terms for token in tokens(text.words)]
    joined = pieces[0][-1:] if len(pieces[0]) > 1 else ()
    # What the first part is found by includes the joined form: it must not stand for that part.
    heads = tuple(term for term in strict[0] if term not in joined)
    phrase = Phrase((heads, *strict[1:]), text.field)
    return either(phrase, Word(joined, text.field)) if joined else phrase


def _phrase(text: Text) -> Query:
    words = alternatives(text.words, derive=False)
    if not words:
        return EVERYTHING
    return Word(words[0], text.field) if len(words) == 1 else Phrase(words, text.field)


def _start(start: str, field: str) -> Query:
    """The last part is a beginning, those before it are words."""
    pieces = [token.form for token in tokens(start)]
    if not pieces:
        return EVERYTHING
    before = [Word(terms, field) for piece in pieces[:-1] for terms in alternatives(piece)]
    return both(*before, Prefix(pieces[-1], field))
