"""A whole result instead of a page of it: every id for an export, its course over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.search.engine import Engine, Order
from aggregator.search.query import Query

_PIECE: Final = 1000


MOST_MONTHS: Final = 72
"""A longer course of time is told by years."""


@dataclass(frozen=True, slots=True)
class Span:
    """One month of a course of time, or one year of a long one."""

    period: str
    """`2026-01`, or `2026`."""
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


def compared(engine: Engine, queries: Sequence[Query]) -> list[Span]:
    """How many entries each query finds over time; see `side_by_side`."""
    return side_by_side(
        [engine.search(query, limit=0, facets=["month"]).timeline for query in queries]
    )


def side_by_side(timelines: Sequence[Mapping[str, int]]) -> list[Span]:
    """Timelines of months as one, oldest first, months without any entry included.

    By years where that would be more than MOST_MONTHS; empty when no timeline has a month.

    >>> side_by_side([{"2025-12": 2}, {"2026-02": 1}])[1]
    Span(period='2026-01', counts=(0, 0))
    """
    periods = list(_through({month for timeline in timelines for month in timeline}))
    if len(periods) > MOST_MONTHS:
        periods = sorted({month[:4] for month in periods})
        timelines = [_by_year(timeline) for timeline in timelines]
    return [
        Span(period, tuple(timeline.get(period, 0) for timeline in timelines)) for period in periods
    ]


def _by_year(timeline: Mapping[str, int]) -> Mapping[str, int]:
    years: Counter[str] = Counter()
    for month, count in timeline.items():
        years[month[:4]] += count
    return years


def _through(months: Collection[str]) -> Iterator[str]:
    """All months from the first of these to the last; none of none."""
    if not months:
        return
    first, last = min(months), max(months)
    year, month = int(first[:4]), int(first[5:])
    while (text := f"{year:04}-{month:02}") <= last:
        yield text
        year, month = year + month // 12, month % 12 + 1
