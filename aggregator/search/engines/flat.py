"""A Whoosh codec that keeps each term's postings as flat arrays, read in one piece.

Whoosh gives the folder, the commits, the locks and the dictionary of terms; its posting blocks,
pickled and walked one by one, are what makes it slow. Here a posting list is: which entries (an
array of numbers or a bitmap, whichever is shorter), how often in each, and every place as one
number over the whole segment. Sets of entries are Python integers, bit n for entry n.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any, Final, TypeVar

from whoosh.codec import whoosh3
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.writing import SegmentWriter

assert array("I").itemsize == 4

_HEADER: Final = struct.Struct("<BII")
"""How the entries are kept, how many entries, how many places."""
_WHERE: Final = struct.Struct("<QI")
"""Where a term's blob begins in the postings file, and its length."""
_NUMBERS, _BITMAP = 0, 1
_BITS: Final = bytes.maketrans(b"01", b"\x00\x01")
_SPARSE: Final = 64
"""Where fewer than one in so many bits are set, they are taken one by one."""
_LONGEST_TERM: Final = 200
"""Bytes; longer terms are cut, in entries and queries alike."""

_T = TypeVar("_T")


def key(term: str) -> bytes:
    """How a term stands in the dictionary."""
    return term.encode("utf-8", "surrogatepass")[:_LONGEST_TERM]


def bits_of(numbers: Iterable[int], size: int) -> int:
    """The set of these entries of a segment with `size` entries."""
    marks = bytearray(b"0") * (size + 1)
    for number in numbers:
        marks[size - number] = 49  # "1"
    return int(marks, 2)


def selectors(mask: int, size: int) -> bytes:
    """One byte, 0 or 1, for each entry: what `itertools.compress` takes."""
    return f"{mask:0{size}b}".encode()[::-1].translate(_BITS) if size else b""


def numbers_of(mask: int, size: int) -> Iterator[int]:
    """The entries of a set, ascending."""
    return picked(range(size), mask)


def picked(column: Sequence[_T], mask: int) -> Iterator[_T]:
    """What a column has for the entries of a set, in their order."""
    if mask.bit_count() * _SPARSE < len(column):
        return map(column.__getitem__, _one_by_one(mask))
    return compress(column, selectors(mask, len(column)))


def _one_by_one(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        yield lowest.bit_length() - 1


@dataclass(frozen=True, slots=True)
class Postings:
    """One term of one segment."""

    mask: int
    counts: array[int]
    """For each entry in it, ascending: how often; empty when places are not kept."""
    places: array[int]
    """Every occurrence, ascending, as `starts[entry] + position`."""

    @staticmethod
    def read(blob: bytes) -> Postings:
        """Postings as `packed` wrote them; raises ValueError or struct.error for anything else."""
        kind, count, occurrences = _HEADER.unpack_from(blob)
        places, counts = array("I"), array("H")
        places_at = len(blob) - 4 * occurrences
        counts_at = places_at - (2 * count if occurrences else 0)
        if counts_at < _HEADER.size:
            raise ValueError("a posting list is cut")
        places.frombytes(blob[places_at:])
        counts.frombytes(blob[counts_at:places_at])
        return Postings(_mask(kind, blob[_HEADER.size : counts_at]), counts, places)


def mask_only(blob: bytes) -> int:
    """The entries of a posting list, without reading the places."""
    kind, count, occurrences = _HEADER.unpack_from(blob)
    tail = 4 * occurrences + 2 * count if occurrences else 0
    return _mask(kind, blob[_HEADER.size : len(blob) - tail])


def _mask(kind: int, entries: bytes) -> int:
    if kind == _BITMAP:
        return int.from_bytes(entries, "little")
    numbers = array("I")
    numbers.frombytes(entries)
    if len(numbers) < 8:
        mask = 0
        for number in numbers:
            mask |= 1 << number
        return mask
    return bits_of(numbers, numbers[-1] + 1)


def packed(numbers: Sequence[int], counts: array[int], places: array[int]) -> bytes:
    """The bytes of a posting list; `numbers` ascending and not empty."""
    last = numbers[-1]
    if last // 8 < 4 * len(numbers):
        kind, entries = _BITMAP, bits_of(numbers, last + 1).to_bytes(last // 8 + 1, "little")
    else:
        kind, entries = _NUMBERS, array("I", numbers).tobytes()
    head = _HEADER.pack(kind, len(numbers), len(places))
    return b"".join((head, entries, counts.tobytes(), places.tobytes()))


class Folder(FileStorage):  # type: ignore[misc]
    """A folder of Whoosh that leaves no file open, whatever fails."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._made: list[Any] = []

    def create(self) -> Folder:
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        return self

    def temp_storage(self, name: str | None = None) -> Folder:
        inside = Folder(str(Path(self.folder) / (name or "MAIN.tmp"))).create()
        inside._made = self._made
        return inside

    def create_file(self, name: str, **options: Any) -> Any:
        file = super().create_file(name, **options)
        self._made.append(file)
        return file

    def open_file(self, name: str, **options: Any) -> Any:
        # Tables of contents are read whole: nothing stays open when one is damaged.
        if name.endswith(".toc"):
            return BufferFile((Path(self.folder) / name).read_bytes(), name=name)
        return super().open_file(name, **options)

    def close_all(self) -> None:
        """Closes what was made and not closed, without writing what is still buffered."""
        for file in self._made:
            with suppress(OSError):
                file.file.close()
        self._made.clear()


class FlatCodec(whoosh3.W3Codec):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's own codec, but a term leads to one blob instead of posting blocks."""

    length_stats = False

    def terms_reader(self, storage: Any, segment: Any) -> FlatTerms:
        name = segment.make_filename(self.TERMS_EXT)
        return FlatTerms(
            self,
            storage.open_file(name),
            storage.file_length(name),
            segment.open_file(storage, self.POSTS_EXT),
        )


class FlatTerms(whoosh3.W3TermsReader):  # type: ignore[misc]
    """The dictionary of one segment."""

    def blob(self, field: str, term: bytes) -> bytes | None:
        """What is kept for a term; None when the segment does not have it."""
        found = self._tindex.get(self._keycoder(field, term))
        return None if found is None else self._read(found)

    def blobs_from(self, field: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Terms that begin so and their blobs, in order of their bytes."""
        start = self._keycoder(field, prefix)
        cut = len(start) - len(prefix)
        for name, found in self._tindex.items_from(start):
            if not name.startswith(start):
                return
            yield name[cut:], self._read(found)

    def _read(self, found: bytes) -> bytes:
        offset, length = _WHERE.unpack(found)
        blob: bytes = self._postfile.get(offset, length)
        if len(blob) != length:
            raise ValueError("the postings file is cut")
        return blob


class FlatWriter(SegmentWriter):  # type: ignore[misc]
    """Writes a segment from ready blobs: field → (term, blob) in order of the terms' bytes."""

    _checksum = 0

    def write(self, size: int, fields: Mapping[str, Iterable[tuple[bytes, bytes]]]) -> None:
        """Takes a whole segment of `size` entries; call at most once, then `commit`."""
        for field in sorted(fields):
            self.fieldwriter.start_field(field, self.schema[field])
            for term, blob in fields[field]:
                self._write_term(term, blob)
            self.fieldwriter.finish_field()
        self.docnum = size
        self._added = True

    def _write_term(self, term: bytes, blob: bytes) -> None:
        file = self.fieldwriter._postfile
        where = _WHERE.pack(file.tell(), len(blob))
        file.write(blob)
        self.fieldwriter._tindex.add(whoosh3.pack_ushort(self.fieldwriter._fieldid) + term, where)

    def get_segment(self) -> Any:
        segment = super().get_segment()
        segment.checksum = self._checksum
        return segment

    def _assemble_segment(self) -> None:
        super()._assemble_segment()
        self._checksum = checksum(self.storage, self.newsegment)

    def _flush_segment(self) -> None:
        # The terms are written already; Whoosh's pool of postings stays empty.
        self.perdocwriter.close()
        self.fieldwriter.close()


def checksum(storage: Any, segment: Any) -> int:
    """CRC-32 of a segment's one file, kept in the table of contents."""
    result = 0
    with storage.open_file(segment.make_filename(".seg")).raw_file() as file:
        while piece := file.read(1 << 20):
            result = zlib.crc32(piece, result)
    return result
