"""Entries as Tantivy documents, and queries as Tantivy queries. Knows no folder and no page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, Final

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as Found

from aggregator.search.analysis import tokens
from aggregator.search.engine import DIMENSIONS, IndexedEntry
from aggregator.search.engines import paging
from aggregator.search.engines.flat import key
from aggregator.search.query import (
    And,
    Between,
    Everything,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Query,
    Tag,
    Word,
    wanted_terms,
)

_GAP: Final = 16
"""Places between title and text, so that no phrase crosses."""
_LONGEST: Final = 60_000
"""Tokens of one entry that are indexed."""
_MOST_PHRASES: Final = 64
"""Ways to read one phrase that are tried one by one; beyond, each word has its first form only."""
_TITLE_BOOST: Final = 2.0
_PLACED: Final = ("text", "title", "author", "name")
_FORMS: Final = {"text": "form", "title": "word", "author": "author", "name": "name"}


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for field in _PLACED:
        builder.add_text_field(field, tokenizer_name="raw", index_option="position")
    for field in ("form", "word"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for dimension in DIMENSIONS:
        builder.add_text_field(dimension, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_unsigned_field("id", indexed=True)
    builder.add_unsigned_field("key", indexed=True, fast=True)
    builder.add_unsigned_field("story_number", fast=True)
    return builder.build()


SCHEMA: Final = _schema()


def stored(text: str) -> str:
    """What a term is stored as: valid UTF-8, not too long."""
    return key(text).decode("utf-8", "replace")


def document(entry: IndexedEntry) -> Any:
    made = tantivy.Document()
    made.add_unsigned("id", entry.id)
    made.add_unsigned("key", paging.sort_key(entry))
    title = list(_placed(entry.title, entry.language, 0))
    gap = title[-1][0] + _GAP if title else 0
    body = list(_placed(entry.text, entry.language, gap))
    names = f"{entry.group_name} | {(entry.group or '').replace('-', ' ')}"
    _add(made, "title", title)
    _add(made, "text", [*title, *body])
    _add(made, "author", _placed((entry.author or "")[:1000], entry.language, 0))
    _add(made, "name", _placed(names[:1000], entry.language, 0))
    words = {form for _, _, form in title}
    _add(made, "word", ((0, (form,), form) for form in words))
    _add(made, "form", ((0, (form,), form) for form in {*words, *(f for _, _, f in body)}))
    for dimension, values in entry.columns().items():
        for value in dict.fromkeys(values):
            made.add_text(dimension, stored(value))
    if entry.story is not None:
        made.add_unsigned("story_number", entry.story)
    return made


Placed = tuple[int, tuple[str, ...], str]
"""A place, the terms there, the form as written."""


def _placed(text: str, language: str | None, start: int) -> Iterator[Placed]:
    for token in tokens(text, language):
        if token.position >= _LONGEST:
            return
        yield token.position + start, token.terms, token.form


def _add(document: Any, field: str, placed: Iterable[Placed]) -> None:
    made = [
        tantivy.Token(stored(term), place, 0, 0) for place, terms, _ in placed for term in terms
    ]
    if made:
        document.add_pre_tokenized_text(field, tantivy.PreTokenizedString("", made))


def with_ids(ids: Iterable[int]) -> Any:
    return Found.term_set_query(SCHEMA, "id", [number for number in ids if number >= 0])


def found(query: Query) -> Any:
    """What finds the entries, without scores."""
    match query:
        case Everything():
            return Found.all_query()
        case Nothing():
            return Found.empty_query()
        case Word(terms, field):
            return Found.term_set_query(SCHEMA, field, [stored(term) for term in terms])
        case Phrase(words, field):
            return _phrase(words, field)
        case Prefix(start, field):
            pattern = re.sub(r"([^\w])", r"\\\1", stored(start))
            return Found.regex_query(SCHEMA, _FORMS[field], f"{pattern}.*")
        case Tag(dimension, values):
            return Found.term_set_query(SCHEMA, dimension, [stored(value) for value in values])
        case Between(since, until):
            return between(
                None if since is None else paging.number_at(since),
                None if until is None else paging.number_at(until),
            )
        case And(parts):
            return all_of([found(part) for part in parts])
        case Or(parts):
            return Found.boolean_query([(Occur.Should, found(part)) for part in parts])
        case Not(part):
            return Found.boolean_query(
                [(Occur.Must, Found.all_query()), (Occur.MustNot, found(part))]
            )


def all_of(parts: Sequence[Any]) -> Any:
    return Found.boolean_query([(Occur.Must, part) for part in parts])


def between(low: int | None, high: int | None) -> Any:
    """Entries whose number is at least `low` and below `high`."""
    if low is None and high is None:
        return Found.all_query()
    return Found.range_query(
        SCHEMA, "key", FieldType.Unsigned, low or 0, high, include_upper=high is None
    )


def _phrase(words: Sequence[Sequence[str]], field: str) -> Any:
    placed = [(at, [stored(t) for t in terms]) for at, terms in enumerate(words) if terms]
    if len(placed) == 1:
        return Found.term_set_query(SCHEMA, field, placed[0][1])
    if prod(len(terms) for _, terms in placed) > _MOST_PHRASES:
        placed = [(at, terms[:1]) for at, terms in placed]
    places = [at - placed[0][0] for at, _ in placed]
    readings = [
        Found.phrase_query(SCHEMA, field, list(zip(places, chosen, strict=True)))
        for chosen in product(*(terms for _, terms in placed))
    ]
    return readings[0] if len(readings) == 1 else _any(readings)


def _any(parts: Sequence[Any]) -> Any:
    return Found.boolean_query([(Occur.Should, part) for part in parts])


def scored(query: Query) -> Any:
    """The same entries with BM25 for their words; a word in the title weighs more."""
    boosts = []
    for term in wanted_terms(query):
        boosts.append((Occur.Should, Found.term_query(SCHEMA, "text", stored(term))))
        title = Found.term_query(SCHEMA, "title", stored(term))
        boosts.append((Occur.Should, Found.boost_query(title, _TITLE_BOOST)))
    wanted = Found.const_score_query(found(query), 0.0)
    return Found.boolean_query([(Occur.Must, wanted), *boosts])
