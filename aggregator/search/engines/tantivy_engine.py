"""The embedded engine for large collections: Tantivy, given terms that are already analysed."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as Found

from aggregator.search.analysis import tokens
from aggregator.search.engine import (
    DIMENSIONS,
    Cursor,
    IndexedEntry,
    Order,
    Results,
    Suggestion,
)
from aggregator.search.engines import folder, paging
from aggregator.search.engines.flat import key
from aggregator.search.engines.folder import Format, Shelf
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
)

_LOOK_EVERY: Final = 0.25
"""Seconds between looks for commits of other processes."""
_HEAP: Final = 64_000_000
_GAP: Final = 16
"""Places between title and text, so that no phrase crosses."""
_LONGEST: Final = 60_000
"""Tokens of one entry that are indexed."""
_MOST_VALUES: Final = 65_000
"""Values of a dimension that are counted; more than any collection has."""
_MOST_PHRASES: Final = 64
"""Ways to read one phrase that are tried one by one; beyond, each word has its first form only."""
_TITLE_BOOST: Final = 2.0
_PLACED: Final = ("text", "title", "author", "name")
_FORMS: Final = {"text": "form", "title": "word", "author": "author", "name": "name"}


class TantivyEngine:
    """An `Engine` over one shelf of folders."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.RLock()
        self._noted: dict[int, IndexedEntry] = {}
        self._removed: set[int] = set()
        self._looked = 0.0
        with self._reading():
            self._open(shelf.current())

    # Writing

    def add(self, entries: Iterable[IndexedEntry]) -> None:
        with self._lock:
            for entry in entries:
                self._noted[entry.id] = entry
                self._removed.discard(entry.id)

    def remove(self, ids: Iterable[int]) -> None:
        with self._lock:
            for entry in ids:
                self._noted.pop(entry, None)
                self._removed.add(entry)

    def commit(self) -> None:
        with self._lock:
            if not self._noted and not self._removed:
                return
            with self._shelf.writing(), self._reading():
                self.refresh()
                self._write(self._noted.values(), self._removed | set(self._noted))
            self._noted.clear()
            self._removed.clear()
            self.refresh()

    def _write(self, entries: Iterable[IndexedEntry], gone: set[int]) -> None:
        writer = self._index.writer(_HEAP, 1)
        try:
            writer.delete_documents_by_query(_with_ids(gone))
            for entry in entries:
                writer.add_document(_document(entry))
            writer.commit()
        finally:
            # Also lets go of Tantivy's own lock.
            writer.wait_merging_threads()

    # Reading

    def search(
        self,
        query: Query,
        *,
        limit: int = 20,
        after: Cursor | None = None,
        facets: Sequence[str] = (),
        order: Order = "newest",
        fold: bool = False,
    ) -> Results:
        with self._reading():
            searcher = self._searcher()
            found = _found(query)
            counted = self._counted(searcher, found, facets)
            total = searcher.search(found, limit=1, count=True).count
            if limit <= 0 or not total:
                return Results((), total, counted)
            if order == "relevance":
                ranked = _ranked(searcher, _scored(query), limit, fold=fold)
            else:
                ranked = _by_date(searcher, found, after, order, limit, fold=fold)
            return paging.page(
                ranked,
                lambda story: _members(searcher, found, story),
                total=total,
                facets=counted,
                limit=limit,
                skip=after.skip if after is not None and order == "relevance" else 0,
                order=order,
                fold=fold,
            )

    def _counted(
        self, searcher: Any, found: Any, facets: Sequence[str]
    ) -> Mapping[str, Mapping[str, int]]:
        if not facets:
            return {}
        asked = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in facets}
        answer = searcher.aggregate(found, asked)
        return {name: _largest_first(answer[name]["buckets"]) for name in facets}

    def matching(
        self, queries: Mapping[int, Query], among: Sequence[int]
    ) -> Mapping[int, Sequence[int]]:
        matched: dict[int, Sequence[int]] = {}
        if not among:
            return matched
        with self._reading():
            searcher = self._searcher()
            only = _with_ids(among)
            for saved, query in queries.items():
                both = _all([only, _found(query)])
                hits = searcher.search(
                    both, limit=len(among), order_by_field="key", order=tantivy.Order.Asc
                ).hits
                if hits:
                    matched[saved] = [paging.entry_id(number) for number, _ in hits]
        return matched

    def suggest(self, prefix: str, limit: int = 10) -> Sequence[Suggestion]:
        with self._reading():
            found = self._searcher().terms_with_prefix(
                "word", _term(prefix), filter_query=Found.all_query()
            )
        best = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]
        return [Suggestion(word, count) for word, count in best if count]

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        with self._reading():
            searcher = self._searcher()
            return {
                term: searcher.search(_found(Word((term,))), limit=1, count=True).count
                for term in terms
            }

    def count(self) -> int:
        with self._reading():
            return int(self._searcher().num_docs)

    def refresh(self) -> None:
        with self._lock, self._reading():
            self._looked = 0.0
            self._follow(strict=True)

    def close(self) -> None:
        """Nothing is held open between calls but memory maps, which end with the object."""

    # Following commits

    def _searcher(self) -> Any:
        with self._lock:
            self._follow()
            return self._index.searcher()

    def _follow(self, *, strict: bool = False) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        if self._shelf.moved(self._stamp, strict=strict):
            self._open(self._shelf.current())
        elif self._shelf.stamp() != (0, 0):
            self._index.reload()
        self._looked = now

    def _open(self, path: Path) -> None:
        self._stamp = self._shelf.stamp()
        self._index = tantivy.Index.open(str(path))
        self._index.config_reader("manual")
        self._index.reload()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError, RuntimeError, SystemError) as error:
            raise folder.trouble(self._shelf.root, error) from error


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


_SCHEMA: Final = _schema()


def _term(text: str) -> str:
    """What a term is stored as: valid UTF-8, not too long."""
    return key(text).decode("utf-8", "replace")


def _document(entry: IndexedEntry) -> Any:
    document = tantivy.Document()
    document.add_unsigned("id", entry.id)
    document.add_unsigned("key", paging.sort_key(entry))
    title = list(_placed(entry.title, entry.language, 0))
    gap = title[-1][0] + _GAP if title else 0
    body = list(_placed(entry.text, entry.language, gap))
    names = f"{entry.group_name} | {(entry.group or '').replace('-', ' ')}"
    _add(document, "title", title)
    _add(document, "text", [*title, *body])
    _add(document, "author", _placed((entry.author or "")[:1000], entry.language, 0))
    _add(document, "name", _placed(names[:1000], entry.language, 0))
    words = {form for _, _, form in title}
    _add(document, "word", ((0, (form,), form) for form in words))
    _add(document, "form", ((0, (form,), form) for form in {*words, *(f for _, _, f in body)}))
    for dimension, values in entry.columns().items():
        for value in dict.fromkeys(values):
            document.add_text(dimension, _term(value))
    if entry.story is not None:
        document.add_unsigned("story_number", entry.story)
    return document


Placed = tuple[int, tuple[str, ...], str]
"""A place, the terms there, the form as written."""


def _placed(text: str, language: str | None, start: int) -> Iterator[Placed]:
    for token in tokens(text, language):
        if token.position >= _LONGEST:
            return
        yield token.position + start, token.terms, token.form


def _add(document: Any, field: str, placed: Iterable[Placed]) -> None:
    made = [tantivy.Token(_term(term), place, 0, 0) for place, terms, _ in placed for term in terms]
    if made:
        document.add_pre_tokenized_text(field, tantivy.PreTokenizedString("", made))


def _with_ids(ids: Iterable[int]) -> Any:
    return Found.term_set_query(_SCHEMA, "id", [number for number in ids if number >= 0])


def _found(query: Query) -> Any:
    """What finds the entries, without scores."""
    match query:
        case Everything():
            return Found.all_query()
        case Nothing():
            return Found.empty_query()
        case Word(terms, field):
            return Found.term_set_query(_SCHEMA, field, [_term(term) for term in terms])
        case Phrase(words, field):
            return _phrase(words, field)
        case Prefix(start, field):
            pattern = re.sub(r"([^\w])", r"\\\1", _term(start))
            return Found.regex_query(_SCHEMA, _FORMS[field], f"{pattern}.*")
        case Tag(dimension, values):
            return Found.term_set_query(_SCHEMA, dimension, [_term(value) for value in values])
        case Between(since, until):
            return _between(
                None if since is None else paging.number_at(since),
                None if until is None else paging.number_at(until),
            )
        case And(parts):
            return _all([_found(part) for part in parts])
        case Or(parts):
            return Found.boolean_query([(Occur.Should, _found(part)) for part in parts])
        case Not(part):
            return Found.boolean_query(
                [(Occur.Must, Found.all_query()), (Occur.MustNot, _found(part))]
            )


def _all(parts: Sequence[Any]) -> Any:
    return Found.boolean_query([(Occur.Must, part) for part in parts])


def _between(low: int | None, high: int | None) -> Any:
    """Entries whose number is at least `low` and below `high`."""
    if low is None and high is None:
        return Found.all_query()
    return Found.range_query(
        _SCHEMA, "key", FieldType.Unsigned, low or 0, high, include_upper=high is None
    )


def _phrase(words: Sequence[Sequence[str]], field: str) -> Any:
    placed = [(at, [_term(t) for t in terms]) for at, terms in enumerate(words) if terms]
    if len(placed) == 1:
        return Found.term_set_query(_SCHEMA, field, placed[0][1])
    if prod(len(terms) for _, terms in placed) > _MOST_PHRASES:
        placed = [(at, terms[:1]) for at, terms in placed]
    places = [at - placed[0][0] for at, _ in placed]
    readings = [
        Found.phrase_query(_SCHEMA, field, list(zip(places, chosen, strict=True)))
        for chosen in product(*(terms for _, terms in placed))
    ]
    return readings[0] if len(readings) == 1 else _any(readings)


def _any(parts: Sequence[Any]) -> Any:
    return Found.boolean_query([(Occur.Should, part) for part in parts])


def _scored(query: Query) -> Any:
    """The same entries with BM25 for their words; a word in the title weighs more."""
    boosts = []
    for term in _wanted(query):
        boosts.append((Occur.Should, Found.term_query(_SCHEMA, "text", _term(term))))
        title = Found.term_query(_SCHEMA, "title", _term(term))
        boosts.append((Occur.Should, Found.boost_query(title, _TITLE_BOOST)))
    found = Found.const_score_query(_found(query), 0.0)
    return Found.boolean_query([(Occur.Must, found), *boosts])


def _wanted(query: Query) -> Iterator[str]:
    """The terms that rank, each once."""
    match query:
        case Word(terms):
            yield from terms
        case Phrase(words):
            for terms in words:
                yield from terms
        case And(parts) | Or(parts):
            yield from dict.fromkeys(term for part in parts for term in _wanted(part))
        case _:
            return


def _by_date(
    searcher: Any, found: Any, after: Cursor | None, order: Order, limit: int, *, fold: bool
) -> Iterator[tuple[int, str | None]]:
    """All from the cursor on, in order of date; read in growing pieces, as far as needed."""
    newest = order == "newest"
    last = None if after is None else paging.number_of(after)
    direction = tantivy.Order.Desc if newest else tantivy.Order.Asc
    size = limit + 1
    while True:
        query = found
        if last is not None:
            rest = _between(None, last) if newest else _between(last + 1, None)
            query = _all([found, rest])
        hits = searcher.search(
            query, limit=size, count=False, order_by_field="key", order=direction
        ).hits
        stories = _stories(searcher, hits) if fold else [None] * len(hits)
        for (number, _), story in zip(hits, stories, strict=True):
            yield number, story
            last = number
        if len(hits) < size:
            return
        size = min(size * 4, 10_000)


def _ranked(
    searcher: Any, scored: Any, limit: int, *, fold: bool
) -> Iterator[tuple[int, str | None]]:
    """All by relevance; read in pieces, as far as needed."""
    offset, size = 0, max(4 * limit, 100)
    while True:
        hits = searcher.search(scored, limit=size, offset=offset, count=False).hits
        numbers = searcher.fast_field_values("key", [address for _, address in hits])
        stories = _stories(searcher, hits) if fold else [None] * len(hits)
        yield from zip(numbers, stories, strict=True)
        if len(hits) < size:
            return
        offset += size


def _stories(searcher: Any, hits: Sequence[tuple[Any, Any]]) -> list[str | None]:
    values = searcher.fast_field_values("story_number", [address for _, address in hits])
    return [None if value is None else str(value) for value in values]


def _members(searcher: Any, found: Any, story: str) -> list[int]:
    told = _all([found, Found.term_query(_SCHEMA, "story", story)])
    hits = searcher.search(told, limit=1000, count=False, order_by_field="key").hits
    return [number for number, _ in hits]


def _largest_first(buckets: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    counts = Counter({str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets})
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _create(path: Path) -> None:
    tantivy.Index(_SCHEMA, path=str(path))


FORMAT: Final = Format(name="tantivy-1", create=_create, open=TantivyEngine)
"""Raise the number whenever analysis or the schema changes: older indexes are then rebuilt."""
