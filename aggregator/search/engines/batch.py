"""One segment in the making: entries inverted into terms, or several segments merged into one.

Entries stand in order of (published, id), so that a period is a range of bits and the newest are
the highest. Knows no folder and no commit.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Protocol

from aggregator.search.analysis import Token, tokens
from aggregator.search.engine import IndexedEntry
from aggregator.search.engines.flat import Postings, key, mask_only, numbers_of, packed
from aggregator.search.engines.paging import sort_key

PLACED: Final = ("text", "title", "author", "name")
"""Fields whose places are kept, for phrases."""
FIELDS: Final = (*PLACED, "form", "word", "tag", "column")
SEPARATOR: Final = "\x1f"
"""Between dimension and value in `tag`."""

_GAP: Final = 16
"""Places between title and text, and between entries, so that no phrase crosses."""
_LONGEST: Final = 60_000
"""Tokens of one entry that are indexed: a novel is cut, a flood is harmless."""

Terms = Iterable[tuple[bytes, bytes]]


class Part(Protocol):
    """A segment to be merged."""

    size: int
    live: int
    keys: array[int]
    starts: array[int]

    def terms(self, field: str) -> Iterator[tuple[bytes, bytes]]:
        """All terms of a field and their blobs."""
        ...


class Batch:
    """Entries inverted: for each field, term → entries and places."""

    def __init__(self, entries: Iterable[IndexedEntry]) -> None:
        ordered = sorted(entries, key=sort_key)
        self.size = len(ordered)
        self.keys = array("Q", map(sort_key, ordered))
        self.starts = array("I")
        self._places: dict[str, dict[str, array[int]]] = {
            field: defaultdict(lambda: array("I")) for field in PLACED
        }
        self._sets: dict[str, dict[str, array[int]]] = {
            field: defaultdict(lambda: array("I")) for field in ("form", "word", "tag")
        }
        base = 0
        for number, entry in enumerate(ordered):
            self.starts.append(base)
            base += self._add(number, base, entry) + _GAP
        self.starts.append(base)

    def _add(self, number: int, base: int, entry: IndexedEntry) -> int:
        """Inverts one entry; how many places it takes."""
        title = list(tokens(entry.title, entry.language))[:_LONGEST]
        gap = len(title) + _GAP
        text = self._places["text"]
        forms: set[str] = set()
        for token in title:
            _place(text, token, base)
            _place(self._places["title"], token, base)
            forms.add(token.form)
        for form in forms:
            self._sets["word"][form].append(number)
        last = gap
        for token in tokens(entry.text, entry.language):
            if token.position >= _LONGEST:
                break
            _place(text, token, base + gap)
            forms.add(token.form)
            last = gap + token.position
        for form in forms:
            self._sets["form"][form].append(number)
        names = f"{entry.group_name} | {(entry.group or '').replace('-', ' ')}"
        for field, value in (("author", entry.author or ""), ("name", names)):
            for token in list(tokens(value[:1000], entry.language)):
                _place(self._places[field], token, base)
        self._tag(number, entry.columns())
        return last

    def _tag(self, number: int, columns: Mapping[str, Sequence[str]]) -> None:
        tags = self._sets["tag"]
        for dimension, values in columns.items():
            for value in dict.fromkeys(values):
                tags[f"{dimension}{SEPARATOR}{value}"].append(number)

    def fields(self) -> Mapping[str, Terms]:
        """What a FlatWriter takes."""
        written: dict[str, Terms] = {
            field: self._placed(terms) for field, terms in self._places.items()
        }
        for field, sets in self._sets.items():
            written[field] = self._unplaced(sets)
        written["column"] = columns(self.keys, self.starts)
        return written

    def _placed(self, terms: Mapping[str, array[int]]) -> Terms:
        starts = self.starts
        for term, places in _in_order(terms):
            yield term, packed(*_entries(places, starts), places)

    def _unplaced(self, terms: Mapping[str, array[int]]) -> Terms:
        for term, numbers in _in_order(terms):
            yield term, packed(numbers, _NO_COUNTS, _NO_PLACES)


def _place(field: dict[str, array[int]], token: Token, base: int) -> None:
    place = base + token.position
    for term in token.terms:
        field[term].append(place)


def _in_order(terms: Mapping[str, array[int]]) -> Iterator[tuple[bytes, array[int]]]:
    """By bytes; terms that only differ beyond the longest are one."""
    joined: dict[bytes, array[int]] = {}
    for term, numbers in terms.items():
        name = key(term)
        there = joined.get(name)
        joined[name] = numbers if there is None else array("I", sorted({*there, *numbers}))
    for name in sorted(joined):
        yield name, joined[name]


def _entries(places: Iterable[int], starts: Sequence[int]) -> tuple[list[int], array[int]]:
    """Which entries these ascending places lie in, and how many in each."""
    numbers: list[int] = []
    counts = array("H")
    end = number = 0
    for place in places:
        if place < end:
            counts[-1] += 1
            continue
        number = bisect_right(starts, place, number) - 1
        end = starts[number + 1]
        numbers.append(number)
        counts.append(1)
    return numbers, counts


_NO_COUNTS: Final = array("H")
_NO_PLACES: Final = array("I")


def columns(keys: array[int], starts: array[int]) -> Terms:
    """The columns as blobs, in the order a FlatWriter takes."""
    return [(b"keys", keys.tobytes()), (b"starts", starts.tobytes())]


def _numbered(index: int, terms: Terms) -> Iterator[tuple[bytes, int, bytes]]:
    for term, blob in terms:
        yield term, index, blob


class Merged:
    """Several segments as one, without the entries that were removed from them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        order = sorted(
            (part.keys[number], index, number)
            for index, part in enumerate(parts)
            for number in numbers_of(part.live, part.size)
        )
        self.size = len(order)
        self.keys = array("Q", (sorting for sorting, _, _ in order))
        self.starts = array("I")
        self._new: list[dict[int, int]] = [{} for _ in parts]
        base = 0
        for new, (_, index, old) in enumerate(order):
            self._new[index][old] = new
            self.starts.append(base)
            base += parts[index].starts[old + 1] - parts[index].starts[old]
        self.starts.append(base)

    def fields(self) -> Mapping[str, Terms]:
        """What a FlatWriter takes."""
        written = {field: self._terms(field) for field in FIELDS if field != "column"}
        written["column"] = columns(self.keys, self.starts)
        return written

    def _terms(self, field: str) -> Terms:
        join = self._places if field in PLACED else self._numbers
        lists = [_numbered(index, part.terms(field)) for index, part in enumerate(self._parts)]
        for term, group in groupby(heapq.merge(*lists), key=lambda found: found[0]):
            blob = join([(index, blob) for _, index, blob in group])
            if blob:
                yield term, blob

    def _numbers(self, blobs: Sequence[tuple[int, bytes]]) -> bytes | None:
        numbers = sorted(
            self._new[index][old]
            for index, blob in blobs
            for old in self._kept(index, mask_only(blob))
        )
        return packed(numbers, _NO_COUNTS, _NO_PLACES) if numbers else None

    def _places(self, blobs: Sequence[tuple[int, bytes]]) -> bytes | None:
        moved: list[int] = []
        for index, blob in blobs:
            part, new = self._parts[index], self._new[index]
            postings = Postings.read(blob)
            at = 0
            olds = numbers_of(postings.mask, part.size)
            for old, count in zip(olds, postings.counts, strict=True):
                if old in new:
                    shift = self.starts[new[old]] - part.starts[old]
                    moved.extend(place + shift for place in postings.places[at : at + count])
                at += count
        if not moved:
            return None
        places = array("I", sorted(moved))
        return packed(*_entries(places, self.starts), places)

    def _kept(self, index: int, mask: int) -> Iterator[int]:
        part = self._parts[index]
        return numbers_of(mask & part.live, part.size)
