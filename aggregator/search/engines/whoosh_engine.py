"""The embedded default: a Whoosh index whose segments answer with sets of entries.

Commits are small; segments are merged seldom and only by the process that writes. Readers look
for a new commit at most every 0.25 s.
"""

from __future__ import annotations

import heapq
import math
import pickle
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from whoosh.fields import FieldType, Schema
from whoosh.formats import Existence
from whoosh.index import TOC, FileIndex
from whoosh.reading import SegmentReader
from whoosh.system import IS_LITTLE

from aggregator.errors import FilcommunError
from aggregator.search.engine import Cursor, IndexedEntry, Order, Results, Suggestion
from aggregator.search.engines import folder, paging
from aggregator.search.engines.batch import FIELDS, Batch, Merged
from aggregator.search.engines.flat import FlatCodec, FlatWriter, Folder, checksum, key, mask_only
from aggregator.search.engines.folder import Format, Shelf
from aggregator.search.engines.noting import Noting
from aggregator.search.engines.segment import Segment
from aggregator.search.query import And, Or, Phrase, Prefix, Query, Word

_T = TypeVar("_T")

_LOOK_EVERY: Final = 0.25
"""Seconds between looks for commits of other processes."""
_TIER: Final = 8
"""Segments of one size class that are merged into one of the next; 8 is seldom, yet few remain."""
_LARGEST: Final = 16_000
"""Entries; a merge never makes a larger segment, so that it ends within seconds."""
_BATCH: Final = 10_000
"""Entries inverted in memory at once."""
_DAMAGE: Final = (
    OSError,
    EOFError,
    ValueError,
    struct.error,
    zlib.error,
    pickle.UnpicklingError,
    KeyError,
    IndexError,
)
"""What reading bytes that are not ours ends in."""
_OPENING: Final = (Exception,)
"""What Whoosh's unpickling of a foreign table of contents ends in; it raises bare Exception."""


class Terms(FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of which only the dictionary is Whoosh's; FlatCodec keeps the postings."""

    def __init__(self) -> None:
        self.format = Existence()


class WhooshEngine(Noting):
    """An `Engine` over one shelf of folders."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._segments: dict[str, tuple[Any, Segment]] = {}
        self._generation = -1
        self._stamp = (0, 0)
        self._looked = 0.0
        with self._reading(_OPENING):
            self._open(shelf.current())
            self._look()

    # Writing

    def _write(self, entries: Sequence[IndexedEntry], removed: set[int]) -> None:
        with self._shelf.writing(), self._reading():
            self.refresh()
            for start in range(0, max(1, len(entries)), _BATCH):
                part = entries[start : start + _BATCH]
                self._write_segment(part, removed | {entry.id for entry in part})
                removed = set()

    def _write_segment(self, entries: Sequence[IndexedEntry], gone: set[int]) -> None:
        with self._writer() as writer:
            offset = 0
            for segment in writer.segments:
                numbers = self._segments[segment.segment_id()][1].numbers
                for entry in gone & numbers.keys():
                    if not segment.is_deleted(numbers[entry]):
                        writer.delete_document(offset + numbers[entry])
                offset += segment.doc_count_all()
            if entries:
                batch = Batch(entries)
                writer.write(batch.size, batch.fields())
            writer.commit(merge=False)
        self._look()
        self._merge()

    def _merge(self) -> None:
        """Merges one size class when it has become too many."""
        classes: dict[int, list[str]] = {}
        for name, (_, segment) in self._segments.items():
            live = segment.live.bit_count()
            if live * _TIER <= _LARGEST or live * 2 < segment.size:
                classes.setdefault(int(math.log(max(live, 1), _TIER)), []).append(name)
        for names in classes.values():
            if len(names) >= _TIER:
                self._merge_into_one(set(names))
                self._look()
                return

    def _merge_into_one(self, names: set[str]) -> None:
        with self._writer() as writer:
            merged = Merged([self._segments[name][1] for name in sorted(names)])
            if merged.size:
                writer.write(merged.size, merged.fields())
            writer.commit(
                mergetype=lambda _, segments: [s for s in segments if s.segment_id() not in names]
            )

    @contextmanager
    def _writer(self) -> Iterator[FlatWriter]:
        """A Whoosh writer without Whoosh's lock: the shelf's lock is held already."""
        writer = FlatWriter(self._index, codec=FlatCodec(), _lk=False)
        try:
            yield writer
        finally:
            # Half a segment without a table of contents is nothing; the next commit clears it.
            self._index.storage.close_all()

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
        with self._lock, self._reading():
            self._follow()
            segments = self._alive()
            masks = [segment.found(query) for segment in segments]
            found = list(zip(segments, masks, strict=True))
            total = sum(mask.bit_count() for mask in masks)
            counted = {name: _counted(found, name) for name in facets}
            if limit <= 0:
                return Results((), total, counted)
            if order == "relevance":
                ranked = self._ranked(query, found)
            else:
                ranked = _by_date(found, after, order)
            return paging.page(
                (
                    (segment.keys[number], segment.values("story")[number] if fold else None)
                    for segment, number in ranked
                ),
                lambda story: _members(found, story),
                total=total,
                facets=counted,
                limit=limit,
                skip=after.skip if after is not None and order == "relevance" else 0,
                order=order,
                fold=fold,
            )

    def _ranked(
        self, query: Query, found: Sequence[tuple[Segment, int]]
    ) -> Iterator[tuple[Segment, int]]:
        entries = self.count()
        words = []
        for word in _words(query):
            holding = sum(segment.found(word).bit_count() for segment, _ in found)
            words.append((word, math.log(1 + (entries - holding + 0.5) / (holding + 0.5))))
        ranked = []
        for index, (segment, mask) in enumerate(found):
            for number, score in segment.score(mask, words).items():
                ranked.append((score, segment.keys[number], index, number))
        ranked.sort(reverse=True)
        return ((found[index][0], number) for _, _, index, number in ranked)

    def matching(
        self, queries: Mapping[int, Query], among: Sequence[int]
    ) -> Mapping[int, Sequence[int]]:
        with self._lock, self._reading():
            self._follow()
            places = []
            for segment in self._alive():
                mask = 0
                for entry in among:
                    number = segment.numbers.get(entry)
                    mask |= 0 if number is None else 1 << number
                if mask & segment.live:
                    places.append((segment, mask & segment.live))
            matched: dict[int, Sequence[int]] = {}
            for saved, query in queries.items():
                ids = [
                    paging.entry_id(segment.keys[number])
                    for segment, mask in places
                    for _, number in segment.oldest(segment.found(query) & mask, len(among))
                ]
                if ids:
                    matched[saved] = ids
            return matched

    def suggest(self, prefix: str, limit: int = 10) -> Sequence[Suggestion]:
        with self._lock, self._reading():
            self._follow()
            counts: Counter[str] = Counter()
            for segment in self._alive():
                for term, blob in segment.terms_from("word", key(prefix)):
                    counts[term.decode("utf-8", "replace")] += (
                        mask_only(blob) & segment.live
                    ).bit_count()
            best = heapq.nsmallest(limit, counts.items(), key=lambda pair: (-pair[1], pair[0]))
            return [Suggestion(word, count) for word, count in best if count]

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        with self._lock, self._reading():
            self._follow()
            return {
                term: sum(segment.frequency(term) for segment in self._alive()) for term in terms
            }

    def count(self) -> int:
        with self._lock, self._reading():
            self._follow()
            return sum(segment.live.bit_count() for segment in self._alive())

    def refresh(self) -> None:
        with self._lock, self._reading():
            self._looked = 0.0
            self._follow(strict=True)

    def close(self) -> None:
        with self._lock:
            self._segments.clear()
            self._generation = -1

    # Following commits

    def _alive(self) -> list[Segment]:
        return [segment for _, segment in self._segments.values()]

    def _follow(self, *, strict: bool = False) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        if self._shelf.moved(self._stamp, strict=strict):
            self._open(self._shelf.current())
        self._look(strict=strict)
        self._looked = now

    def _open(self, path: Path) -> None:
        self._stamp = self._shelf.stamp()
        self._index = _between_commits(lambda: FileIndex(Folder(str(path))))
        self._generation = -1

    def _look(self, *, strict: bool = False) -> None:
        """Opens the segments of the newest commit, keeping those already open.

        Where no commit is left, because somebody deleted the index, what is open goes on serving;
        with `strict` that is an error.
        """
        _between_commits(lambda: self._look_once(strict=strict))

    def _look_once(self, *, strict: bool) -> None:
        generation = self._index.latest_generation()
        if generation == self._generation or (generation < 0 and not strict):
            return
        table = TOC.read(self._index.storage, self._index.indexname, gen=generation)
        self._segments = dict(self._opened(table.segments))
        self._generation = generation

    def _opened(self, segments: Iterable[Any]) -> Iterator[tuple[str, tuple[Any, Segment]]]:
        for segment in segments:
            name = segment.segment_id()
            there = self._segments.get(name)
            if there is None:
                if checksum(self._index.storage, segment) != segment.checksum:
                    raise ValueError(f"the file of segment {name} has changed")
                reader = SegmentReader(self._index.storage, None, segment)
                there = (reader, Segment(reader._terms, segment.doc_count_all()))
            removed = 0
            for number in segment.deleted_docs():
                removed |= 1 << number
            there[1].live = there[1].everything & ~removed
            yield name, there

    @contextmanager
    def _reading(self, damage: tuple[type[Exception], ...] = _DAMAGE) -> Iterator[None]:
        try:
            yield
        except FilcommunError:
            raise
        except damage as error:
            raise folder.trouble(self._shelf.root, error) from error


def _between_commits(read: Callable[[], _T]) -> _T:
    """What `read` gives, or raises at last.

    A commit removes the files of the one before, perhaps those that were about to be opened: the
    next try sees its successor.
    """
    for _ in range(19):
        try:
            return read()
        except FileNotFoundError:
            time.sleep(0.02)
    return read()


def _by_date(
    found: Sequence[tuple[Segment, int]], after: Cursor | None, order: Order
) -> Iterator[tuple[Segment, int]]:
    """All that was found from the cursor on, in order of date; lazily."""
    start = None if after is None else paging.number_of(after)
    streams = [
        _stream(segment, mask, start, order, index) for index, (segment, mask) in enumerate(found)
    ]
    for _, index, number in heapq.merge(*streams, reverse=order == "newest"):
        yield found[index][0], number


def _stream(
    segment: Segment, mask: int, start: int | None, order: Order, index: int
) -> Iterator[tuple[int, int, int]]:
    if start is not None:
        mask &= segment.below(start) if order == "newest" else ~segment.below(start + 1)
    while mask:
        bit = mask if order == "newest" else mask & -mask
        number = bit.bit_length() - 1
        mask ^= 1 << number
        yield segment.keys[number], index, number


def _members(found: Sequence[tuple[Segment, int]], story: str) -> list[int]:
    """Keys of the entries found of one story, newest first."""
    keys: list[int] = []
    for segment, mask in found:
        there = segment.tags("story").get(story, 0) & mask
        keys.extend(sorting for sorting, _ in segment.newest(there, segment.size))
    return sorted(keys, reverse=True)


def _counted(found: Sequence[tuple[Segment, int]], dimension: str) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for segment, mask in found:
        if mask:
            counts.update(segment.counts(mask, dimension))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _words(query: Query) -> Iterator[Word]:
    """The words that rank: wanted ones, each once."""
    match query:
        case Word():
            yield Word(query.terms)
        case Phrase(words):
            for terms in words:
                yield Word(tuple(terms))
        case Prefix():
            return
        case And(parts) | Or(parts):
            yield from dict.fromkeys(word for part in parts for word in _words(part))
        case _:
            return


def _create(path: Path) -> None:
    schema = Schema(**{field: Terms() for field in FIELDS})
    FileIndex.create(Folder(str(path)), schema)


FORMAT: Final = Format(
    name=f"whoosh-2{'' if IS_LITTLE else 'b'}", create=_create, open=WhooshEngine
)
"""Raise the number whenever analysis or what is kept changes: older indexes are then rebuilt."""
