"""A whole result instead of a page of it: every id for an export, months for a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.search.engine import Engine, Order
from aggregator.search.query import Query

_PIECE: Final = 1000


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a comparison."""

    month: str
    """`2026-01`."""
    counts: tuple[int, ...]
    """Entries of each search, in the order asked."""


def every_id(engine: Engine, query: Query, *, order: Order = "newest") -> Iterator[int]:
    """All that the query finds, each once, read piece by piece.

    By date, entries that arrive meanwhile and are newer than the first one do not join in.
    """
    if order == "relevance":
        # A page of a ranking costs the whole ranking: take it at once.
        total = engine.search(query, limit=0).total
        yield from engine.search(query, limit=max(1, total), order=order).ids
        return
    cursor = None
    while True:
        results = engine.search(query, limit=_PIECE, after=cursor, order=order)
        yield from results.ids
        cursor = results.next
        if cursor is None:
            return


def compared(engine: Engine, queries: Sequence[Query]) -> list[Month]:
    """How many entries each query finds per month, oldest first, months without any included."""
    lines = [engine.search(query, limit=0, facets=["month"]).timeline for query in queries]
    months = {month for line in lines for month in line}
    return [Month(month, tuple(line.get(month, 0) for line in lines)) for month in through(months)]


def through(months: Collection[str]) -> Iterator[str]:
    """All months from the first of these to the last; none of none.

    >>> list(through({"2026-02", "2025-11"}))
    ['2025-11', '2025-12', '2026-01', '2026-02']
    """
    if not months:
        return
    first, last = min(months), max(months)
    year, month = int(first[:4]), int(first[5:])
    while (text := f"{year:04}-{month:02}") <= last:
        yield text
        year, month = year + month // 12, month % 12 + 1
