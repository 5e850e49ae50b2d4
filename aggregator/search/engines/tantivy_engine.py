"""The embedded engine for large collections: Tantivy, given terms that are already analysed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import tantivy
from tantivy import Query as Found

from aggregator.search.engine import (
    Cursor,
    IndexedEntry,
    Order,
    Results,
    Suggestion,
)
from aggregator.search.engines import folder, paging, tantivy_query
from aggregator.search.engines.folder import Format, Shelf
from aggregator.search.engines.noting import Noting
from aggregator.search.query import (
    Query,
    Word,
    wanted_terms,
)

_LOOK_EVERY: Final = 0.25
"""Seconds between looks for commits of other processes."""
_HEAP: Final = 64_000_000
_REMEMBERED: Final = 64
"""Questions whose counts are kept until the next commit."""
_MOST_VALUES: Final = 65_000
"""Values of a dimension that are counted; more than any collection has."""


Counts = tuple[int, Mapping[str, Mapping[str, int]]]
"""How many entries were found, and the facets of them."""


class _Generation(NamedTuple):
    """What can be read since one commit and until the next is noticed."""

    searcher: Any
    counts: Callable[[Query, tuple[str, ...]], Counts]
    """Remembers its last answers: many readers ask for the same few pages."""


class TantivyEngine(Noting):
    """An `Engine` over one shelf of folders."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._following = threading.RLock()
        self._looked = 0.0
        with self._reading():
            self._open(shelf.current())

    # Writing

    def _write(self, entries: Sequence[IndexedEntry], removed: set[int]) -> None:
        with self._shelf.writing(), self._reading():
            self.refresh()
            writer = self._index.writer(_HEAP, 1)
            try:
                gone = removed | {entry.id for entry in entries}
                writer.delete_documents_by_query(tantivy_query.with_ids(gone))
                for entry in entries:
                    writer.add_document(tantivy_query.document(entry))
                writer.commit()
            finally:
                # Also lets go of Tantivy's own lock.
                writer.wait_merging_threads()
            self.refresh()

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
            searcher, counts = self._current()
            total, counted = counts(query, tuple(facets))
            if limit <= 0 or not total:
                return Results((), total, counted)
            found = tantivy_query.found(query)
            skip = after.skip if after is not None and order == "relevance" else 0
            if order == "relevance" and wanted_terms(query):
                ranked = _ranked(searcher, tantivy_query.scored(query), limit, fold=fold)
            elif order == "relevance":
                # No word ranks them: all are equals.
                ranked = _by_date(searcher, found, None, "newest", skip + limit, fold=fold)
            else:
                ranked = _by_date(searcher, found, after, order, limit, fold=fold)
            return paging.page(
                ranked,
                lambda story: _members(searcher, found, story),
                total=total,
                facets=counted,
                limit=limit,
                skip=skip,
                order=order,
                fold=fold,
            )

    def matching(
        self, queries: Mapping[int, Query], among: Sequence[int]
    ) -> Mapping[int, Sequence[int]]:
        matched: dict[int, Sequence[int]] = {}
        if not among:
            return matched
        with self._reading():
            searcher, _ = self._current()
            only = tantivy_query.with_ids(among)
            for saved, query in queries.items():
                both = tantivy_query.all_of([only, tantivy_query.found(query)])
                hits = searcher.search(
                    both, limit=len(among), order_by_field="key", order=tantivy.Order.Asc
                ).hits
                if hits:
                    matched[saved] = [paging.entry_id(number) for number, _ in hits]
        return matched

    def suggest(self, prefix: str, limit: int = 10) -> Sequence[Suggestion]:
        with self._reading():
            found = self._current().searcher.terms_with_prefix(
                "word", tantivy_query.stored(prefix), filter_query=Found.all_query()
            )
        best = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]
        return [Suggestion(word, count) for word, count in best if count]

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        with self._reading():
            searcher, _ = self._current()
            return {
                term: searcher.search(tantivy_query.found(Word((term,))), limit=1, count=True).count
                for term in terms
            }

    def count(self) -> int:
        with self._reading():
            return int(self._current().searcher.num_docs)

    def refresh(self) -> None:
        with self._following, self._reading():
            self._looked = 0.0
            self._follow(strict=True)

    def close(self) -> None:
        """Nothing is held open between calls but memory maps, which end with the object."""

    # Following commits

    def _current(self) -> _Generation:
        with self._following:
            self._follow()
            return self._generation

    def _follow(self, *, strict: bool = False) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        if self._shelf.moved(self._stamp, strict=strict):
            self._open(self._shelf.current())
        elif self._shelf.stamp() != (0, 0):
            self._reload()
        self._looked = now

    def _open(self, path: Path) -> None:
        self._stamp = self._shelf.stamp()
        self._index = tantivy.Index.open(str(path))
        self._index.config_reader("manual")
        self._commits = path / "meta.json"
        self._seen = (0, 0)
        self._reload()

    def _reload(self) -> None:
        """Opens all segments anew where something was committed: not a thing to do each time."""
        status = self._commits.stat()
        newest = (status.st_mtime_ns, status.st_ino)
        if newest != self._seen:
            self._index.reload()
            self._generation = _generation(self._index.searcher())
            self._seen = newest

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError, RuntimeError, SystemError) as error:
            raise folder.trouble(self._shelf.root, error) from error


def _generation(searcher: Any) -> _Generation:
    return _Generation(searcher, lru_cache(maxsize=_REMEMBERED)(partial(_counts, searcher)))


def _counts(searcher: Any, query: Query, facets: tuple[str, ...]) -> Counts:
    found = tantivy_query.found(query)
    total = searcher.search(found, limit=1, count=True).count
    if not facets:
        return total, {}
    asked = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in facets}
    answer = searcher.aggregate(found, asked)
    return total, {name: _largest_first(answer[name]["buckets"]) for name in facets}


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
            rest = (
                tantivy_query.between(None, last)
                if newest
                else tantivy_query.between(last + 1, None)
            )
            query = tantivy_query.all_of([found, rest])
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
    """All by relevance, the newest of equals first; read in pieces, as far as needed.

    Equals on both sides of where two pieces meet keep the order of these.
    """
    offset, size = 0, max(4 * limit, 100)
    while True:
        hits = searcher.search(scored, limit=size, offset=offset, count=False).hits
        numbers = searcher.fast_field_values("key", [address for _, address in hits])
        stories = _stories(searcher, hits) if fold else [None] * len(hits)
        scores = (score for score, _ in hits)
        piece = sorted(
            zip(scores, numbers, stories, strict=True), key=lambda hit: hit[:2], reverse=True
        )
        yield from ((number, story) for _, number, story in piece)
        if len(hits) < size:
            return
        offset += size


def _stories(searcher: Any, hits: Sequence[tuple[Any, Any]]) -> list[str | None]:
    values = searcher.fast_field_values("story_number", [address for _, address in hits])
    return [None if value is None else str(value) for value in values]


def _members(searcher: Any, found: Any, story: str) -> list[int]:
    told = tantivy_query.all_of([found, Found.term_query(tantivy_query.SCHEMA, "story", story)])
    hits = searcher.search(told, limit=1000, count=False, order_by_field="key").hits
    return [number for number, _ in hits]


def _largest_first(buckets: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    counts = Counter({str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets})
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _create(path: Path) -> None:
    tantivy.Index(tantivy_query.SCHEMA, path=str(path))


FORMAT: Final = Format(name="tantivy-2", create=_create, open=TantivyEngine)
"""Raise the number whenever analysis or the schema changes: older indexes are then rebuilt."""
