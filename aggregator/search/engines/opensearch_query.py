"""Entries as OpenSearch documents, and queries in its query language. Knows no client.

OpenSearch only splits at spaces. Terms that stand at the same place as another (the joined form of
a hyphenated name, the number in 1er) lie in parallel fields `text2`… at the same positions, and
span queries look through all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from aggregator.search.analysis import tokens
from aggregator.search.engine import DIMENSIONS, IndexedEntry
from aggregator.search.engines import paging
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

FORMAT: Final = 2
"""Raise it whenever analysis or the mapping changes: older indexes are then rebuilt."""
_LAYERS: Final = ("", "2", "3", "4")
"""Parallel fields of one text."""
_ANY: Final = "_any"
_MOST_RANKING: Final = 200
"""Terms that count for relevance; a cluster refuses thousands."""
_FILLER: Final = "_"
_GAP: Final = 16
_LONGEST: Final = 60_000
_LONGEST_TERM: Final = 200
_WINDOW: Final = 100_000
_TITLE_BOOST: Final = 2.0
_PLACED: Final = ("text", "title", "author", "name")
_FORMS: Final = {"text": "form", "title": "word", "author": "author", "name": "name"}

Body = dict[str, Any]


def _mapping() -> Body:
    text: Body = {"type": "text", "analyzer": "whitespace"}
    fields: Body = {}
    for field in _PLACED:
        # All terms of all layers again, without places: one look finds a word.
        fields[field + _ANY] = {**text, "index_options": "docs", "norms": False}
        fields.update({field + layer: {**text, "copy_to": field + _ANY} for layer in _LAYERS})
    fields["form"] = {"type": "keyword", "doc_values": False}
    fields["word"] = {"type": "keyword"}
    fields.update({dimension: {"type": "keyword"} for dimension in DIMENSIONS})
    fields["key"] = {"type": "long"}
    return fields


SETTINGS: Final[Body] = {
    "settings": {"index": {"max_result_window": _WINDOW, "refresh_interval": "-1"}},
    "mappings": {
        "_meta": {"filcommun": FORMAT},
        "_source": {"enabled": False},
        "dynamic": "strict",
        "properties": _mapping(),
    },
}


def document(entry: IndexedEntry) -> Body:
    title = [token.terms for token in tokens(entry.title, entry.language)][:_LONGEST]
    body: list[tuple[str, ...]] = []
    forms = {token.form[:_LONGEST_TERM] for token in tokens(entry.title, entry.language)}
    words = sorted(forms)
    for token in tokens(entry.text, entry.language):
        if token.position >= _LONGEST:
            break
        body.append(token.terms)
        forms.add(token.form[:_LONGEST_TERM])
    names = f"{entry.group_name} | {(entry.group or '').replace('-', ' ')}"[:1000]
    made: Body = {"key": paging.sort_key(entry), "word": words, "form": sorted(forms)}
    gap: list[tuple[str, ...]] = [(_FILLER,)] * _GAP
    for field, placed in (
        ("title", title),
        ("text", [*title, *gap, *body]),
        ("author", [t.terms for t in tokens((entry.author or "")[:1000], entry.language)]),
        ("name", [t.terms for t in tokens(names, entry.language)]),
    ):
        made.update(_layers(field, placed))
    for dimension, values in entry.columns().items():
        made[dimension] = [value[:_LONGEST_TERM] for value in values]
    return made


def _layers(field: str, placed: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """A text as parallel texts of one term per place; layers without a term are left out."""
    for number, layer in enumerate(_LAYERS):
        line = [terms[number] if number < len(terms) else _FILLER for terms in placed]
        if any(term != _FILLER for term in line):
            yield field + layer, " ".join(term[:_LONGEST_TERM] for term in line)


def found(query: Query) -> Body:
    """What finds the entries, without scores."""
    match query:
        case Everything():
            return {"match_all": {}}
        case Nothing():
            return {"match_none": {}}
        case Word(terms, field):
            cut = [term[:_LONGEST_TERM] for term in terms]
            return {"terms": {field + _ANY: cut}}
        case Phrase(words, field):
            return _phrase(words, field)
        case Prefix(start, field):
            return {"prefix": {_FORMS[field]: start[:_LONGEST_TERM]}}
        case Tag(dimension, values):
            return {"terms": {dimension: [value[:_LONGEST_TERM] for value in values]}}
        case Between(since, until):
            bounds = {"gte": since, "lt": until}
            limits = {name: paging.number_at(at) for name, at in bounds.items() if at is not None}
            return {"range": {"key": limits}}
        case And(parts):
            return {"bool": {"filter": [found(part) for part in parts]}}
        case Or(parts):
            return _any([found(part) for part in parts])
        case Not(part):
            return {"bool": {"must_not": [found(part)]}}


def _any(parts: Sequence[Body]) -> Body:
    return {"bool": {"should": list(parts), "minimum_should_match": 1}}


def _phrase(words: Sequence[Sequence[str]], field: str) -> Body:
    placed = [(at, terms) for at, terms in enumerate(words) if terms]
    if len(placed) == 1:
        return found(Word(tuple(placed[0][1]), field))
    clauses: list[Body] = []
    before = placed[0][0] - 1
    for at, terms in placed:
        if at - before > 1:
            clauses.append({"span_gap": {field: at - before - 1}})
        clauses.append(_span(terms, field))
        before = at
    return {"span_near": {"clauses": clauses, "slop": 0, "in_order": True}}


def _span(terms: Sequence[str], field: str) -> Body:
    """Any of these terms in any of the parallel fields, as if all stood in the first."""
    spans: list[Body] = []
    for term in terms:
        cut = term[:_LONGEST_TERM]
        spans.append({"span_term": {field: cut}})
        for layer in _LAYERS[1:]:
            masked = {"query": {"span_term": {field + layer: cut}}, "field": field}
            spans.append({"field_masking_span": masked})
    return {"span_or": {"clauses": spans}}


def scored(query: Query) -> Body:
    """The same entries with BM25 for their words; a word in the title weighs more."""
    boosts: list[Body] = []
    for term in wanted_terms(query)[:_MOST_RANKING]:
        cut = term[:_LONGEST_TERM]
        boosts.append({"term": {"text": {"value": cut}}})
        boosts.append({"term": {"title": {"value": cut, "boost": _TITLE_BOOST}}})
    return {"bool": {"filter": [found(query)], "should": boosts}}
