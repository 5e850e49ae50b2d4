"""Pages of results in one order, stories folded or not; the same for the embedded engines.

An entry stands for a number that sorts by (published, id); knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from aggregator.search.engine import Cursor, IndexedEntry, Order, Results, seconds

_ID_BITS: Final = 30

Members = Callable[[str], Sequence[int]]
"""Story → the numbers of its entries that were found, newest first."""


def sort_key(entry: IndexedEntry) -> int:
    """The number of an entry."""
    return seconds(entry.published) << _ID_BITS | entry.id


def entry_id(number: int) -> int:
    """The entry's id in its number."""
    return number & ((1 << _ID_BITS) - 1)


def number_at(instant: datetime) -> int:
    """The lowest number that an entry published then can have."""
    return seconds(instant) << _ID_BITS


def number_of(cursor: Cursor) -> int:
    """The number of the last entry of the page before."""
    return number_at(cursor.published) | cursor.id


def page(
    ranked: Iterable[tuple[int, str | None]],
    members: Members,
    *,
    total: int,
    facets: Mapping[str, Mapping[str, int]],
    limit: int,
    skip: int,
    order: Order,
    fold: bool,
) -> Results:
    """The first `limit` of `ranked` (number, story), of which `skip` were shown before.

    With `fold`, one entry stands for its story and names the others; by date it is the first of
    the story among all found, so that later pages do not repeat it.
    """
    shown: list[int] = []
    folded: dict[int, tuple[int, ...]] = {}
    told: set[str] = set()
    taken = last = 0
    more = False
    for number, story in ranked:
        taken += 1
        others: Sequence[int] = ()
        if fold and story is not None:
            if story in told:
                continue
            told.add(story)
            others = members(story)
            if order != "relevance" and number != others[0 if order == "newest" else -1]:
                continue
        if taken <= skip:
            continue
        if len(shown) == limit:
            more = True
            break
        shown.append(number)
        last = taken
        if len(others) > 1:
            folded[entry_id(number)] = tuple(entry_id(o) for o in others if o != number)
    return Results(
        ids=tuple(map(entry_id, shown)),
        total=total,
        facets=facets,
        next=_cursor(shown[-1], last, order) if more else None,
        folded=folded,
    )


def _cursor(number: int, taken: int, order: Order) -> Cursor:
    published = datetime.fromtimestamp(number >> _ID_BITS, UTC)
    return Cursor(published, entry_id(number), taken if order == "relevance" else 0)
