"""One immutable segment of a Whoosh index answering questions with sets of entries.

A set is a Python integer, bit n for the n-th entry in order of (published, id). Knows no folder
and no other segment.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import Final

from aggregator.search.engines.batch import SEPARATOR
from aggregator.search.engines.flat import (
    FlatTerms,
    Postings,
    key,
    mask_only,
    numbers_of,
    picked,
    selectors,
)
from aggregator.search.engines.paging import entry_id, number_at
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

_CACHED_BYTES: Final = 1_000_000
"""Of sets kept per segment; a segment of 4,000 entries has sets of 500 bytes."""
_MANIFOLD: Final = frozenset({"group", "source", "story"})
"""Dimensions of many values, of which an entry has one at most: counted entry by entry."""
_SATURATION: Final = 1.2
"""BM25's k1: how soon more of the same word stops counting."""
_TITLE_BOOST: Final = 2.0


class Segment:
    """A segment opened for reading."""

    def __init__(self, terms: FlatTerms, size: int) -> None:
        self._terms = terms
        self.size = size
        self.keys = self._column(b"keys", "Q", size)
        self.starts = self._column(b"starts", "I", size + 1)
        self.everything = (1 << size) - 1
        self.live = self.everything
        self._sets: OrderedDict[Query, int] = OrderedDict()
        self._tags: dict[str, dict[str, int]] = {}
        self._values: dict[str, list[str | None]] = {}
        self._numbers: dict[int, int] = {}

    def _column(self, name: bytes, code: str, length: int) -> array[int]:
        column = array(code)
        column.frombytes(self._terms.blob("column", name) or b"")
        if len(column) != length:
            raise ValueError(f"column {name.decode()} has {len(column)} of {length} values")
        return column

    def terms(self, field: str) -> Iterator[tuple[bytes, bytes]]:
        """All terms of a field and their blobs, in order of the terms' bytes."""
        return self._terms.blobs_from(field, b"")

    def terms_from(self, field: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The terms that begin so, and their blobs."""
        return self._terms.blobs_from(field, prefix)

    def found(self, query: Query) -> int:
        """The entries that the query finds, removed ones excluded."""
        return self._found(query) & self.live

    def _found(self, query: Query) -> int:
        match query:
            case Everything():
                return self.everything
            case Nothing():
                return 0
            case Between(since, until):
                low = 0 if since is None else bisect_left(self.keys, number_at(since))
                high = self.size if until is None else self._before(number_at(until))
                return self.everything >> low << low & ((1 << high) - 1)
            case And(parts):
                return self._all(parts)
            case Or(parts):
                mask = 0
                for part in parts:
                    mask |= self._found(part)
                return mask
            case Not(part):
                return self.everything & ~self._found(part)
            case Tag(dimension, values):
                tags = self.tags(dimension)
                mask = 0
                for value in values:
                    mask |= tags.get(value, 0)
                return mask
            case _:
                return self._cached(query)

    def _all(self, parts: Sequence[Query]) -> int:
        mask = self.everything
        # Phrases read places: they come last, and only where all else is found.
        for part in sorted(parts, key=lambda part: isinstance(part, Phrase)):
            if not mask:
                return 0
            mask &= self._found(part)
        return mask

    def _cached(self, query: Word | Prefix | Phrase) -> int:
        sets = self._sets
        mask = sets.get(query)
        if mask is None:
            mask = self._read(query)
            sets[query] = mask
            if len(sets) * (self.size // 8 + 200) > _CACHED_BYTES:
                sets.popitem(last=False)
        else:
            sets.move_to_end(query)
        return mask

    def _read(self, query: Word | Prefix | Phrase) -> int:
        match query:
            case Word(terms, field):
                mask = 0
                for term in terms:
                    blob = self._terms.blob(field, key(term))
                    mask |= mask_only(blob) if blob else 0
                return mask
            case Prefix(start, field):
                mask = 0
                for _, blob in self._terms.blobs_from(_FORMS[field], key(start)):
                    mask |= mask_only(blob)
                return mask
            case Phrase(words, field):
                return self._phrase(words, field)

    def _phrase(self, words: Sequence[Sequence[str]], field: str) -> int:
        placed = [(offset, tuple(terms)) for offset, terms in enumerate(words) if terms]
        masks = {terms: self._cached(Word(terms, field)) for _, terms in placed}
        mask = self.everything
        for found in masks.values():
            mask &= found
        if not mask or len(placed) == 1:
            return mask
        # The rarest word first: mostly few places are left when the common ones are read.
        placed.sort(key=lambda place: masks[place[1]].bit_count())
        offset, terms = placed[0]
        begins = {place - offset for place in self._places(terms, field)}
        read: dict[Sequence[str], Sequence[int]] = {}
        for offset, terms in placed[1:]:
            if not begins:
                return 0
            if terms not in read:
                read[terms] = self._places(terms, field)
            begins = _followed(begins, offset, read[terms])
        result = 0
        for begin in begins:
            result |= 1 << bisect_left(self.starts, begin + 1) - 1
        return result & mask

    def _places(self, terms: Sequence[str], field: str) -> Sequence[int]:
        lists = []
        for term in terms:
            blob = self._terms.blob(field, key(term))
            if blob:
                lists.append(Postings.read(blob).places)
        return (
            lists[0] if len(lists) == 1 else sorted(place for places in lists for place in places)
        )

    def tags(self, dimension: str) -> Mapping[str, int]:
        """Value → entries, for all values of a dimension."""
        if dimension not in self._tags:
            prefix = key(f"{dimension}{SEPARATOR}")
            self._tags[dimension] = {
                term[len(prefix) :].decode("utf-8", "surrogatepass"): mask_only(blob)
                for term, blob in self._terms.blobs_from("tag", prefix)
            }
        return self._tags[dimension]

    def counts(self, mask: int, dimension: str) -> Counter[str]:
        """How many entries of the set have each value of a dimension."""
        if dimension in _MANIFOLD:
            counted = Counter(picked(self.values(dimension), mask))
            counted.pop(None, None)
            return counted  # type: ignore[return-value]  # None was taken out
        found = {value: (there & mask).bit_count() for value, there in self.tags(dimension).items()}
        return Counter({value: count for value, count in found.items() if count})

    def values(self, dimension: str) -> Sequence[str | None]:
        """The value of each entry in a dimension where it has one at most."""
        if dimension not in self._values:
            column: list[str | None] = [None] * self.size
            for value, mask in self.tags(dimension).items():
                for number in numbers_of(mask, self.size):
                    column[number] = value
            self._values[dimension] = column
        return self._values[dimension]

    def newest(self, mask: int, limit: int) -> list[tuple[int, int]]:
        """The highest (key, entry) of a set, highest first."""
        found: list[tuple[int, int]] = []
        while mask and len(found) < limit:
            number = mask.bit_length() - 1
            mask ^= 1 << number
            found.append((self.keys[number], number))
        return found

    def oldest(self, mask: int, limit: int) -> list[tuple[int, int]]:
        """The lowest (key, entry) of a set, lowest first."""
        found: list[tuple[int, int]] = []
        while mask and len(found) < limit:
            lowest = mask & -mask
            mask ^= lowest
            number = lowest.bit_length() - 1
            found.append((self.keys[number], number))
        return found

    def _before(self, sorting: int) -> int:
        return bisect_left(self.keys, sorting)

    def below(self, sorting: int) -> int:
        """The entries whose key is lower."""
        return (1 << self._before(sorting)) - 1

    @property
    def numbers(self) -> Mapping[int, int]:
        """Entry id → where it stands, removed ones included."""
        if not self._numbers:
            self._numbers = {entry_id(sorting): number for number, sorting in enumerate(self.keys)}
        return self._numbers

    def frequency(self, term: str) -> int:
        """How many live entries hold this term."""
        return (self._cached(Word((term,))) & self.live).bit_count()

    def score(self, mask: int, words: Sequence[tuple[Word, float]]) -> dict[int, float]:
        """BM25 of each entry of the set; a word in the title weighs more.

        `words` come with their rarity over the whole index.
        """
        wanted = selectors(mask, self.size)
        scores = dict.fromkeys(compress(range(self.size), wanted), 0.0)
        average = max(1.0, (self.starts[-1] if self.size else 1) / max(1, self.size))
        lengths = self.starts
        for word, rarity in words:
            for term in word.terms:
                blob = self._terms.blob("text", key(term))
                if not blob:
                    continue
                postings = Postings.read(blob)
                numbers = numbers_of(postings.mask, self.size)
                for number, count in zip(numbers, postings.counts, strict=True):
                    if wanted[number]:
                        length = (lengths[number + 1] - lengths[number]) / average
                        spread = _SATURATION * (0.25 + 0.75 * length)
                        scores[number] += rarity * count / (count + spread)
            boost = rarity * _TITLE_BOOST
            titled = self._cached(Word(word.terms, "title")) & mask
            for number in numbers_of(titled, self.size):
                scores[number] += boost
        return scores


_FORMS: Final = {"text": "form", "title": "word", "author": "author", "name": "name"}
"""Where prefixes are looked up: forms as written for texts, terms for names."""


def _followed(begins: set[int], offset: int, places: Sequence[int]) -> set[int]:
    """Those begins that have one of the places at this distance."""
    if len(begins) * 16 < len(places):
        last = len(places)
        kept = set()
        for begin in begins:
            at = bisect_left(places, begin + offset)
            if at < last and places[at] == begin + offset:
                kept.add(begin)
        return kept
    return begins.intersection([place - offset for place in places])
