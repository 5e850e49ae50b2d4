"""The contract of a search engine: what goes in, what comes out.

Knows no engine and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

from aggregator.search.dates import PARIS
from aggregator.search.query import Query

DIMENSIONS: Final = (
    "topic",
    "objective",
    "skill",
    "area",
    "group",
    "source",
    "kind",
    "language",
    "type",
    "month",
    "story",
)
"""The columns one can filter by; all but `story` can be counted as facets."""

Order = Literal["newest", "oldest", "relevance"]


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """One entry as the index takes it: texts to analyse, columns to filter, count and sort by."""

    id: int
    """Positive, below 2³⁰."""
    title: str
    text: str
    """Plain text; analysed, not kept."""
    published: datetime
    """UTC; kept to the second."""
    language: str | None = None
    """BCP 47; None and `fr…` get the French analysis."""
    group: str | None = None
    """The group's slug."""
    group_name: str = ""
    source: int = 0
    author: str | None = None
    type: str = "article"
    story: int | None = None
    topics: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """Slugs, each with all its ancestors: an area's page shows what lies inside it."""

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The values of each dimension; an empty tuple where there is none."""
        return {
            "topic": self.topics,
            "objective": self.objectives,
            "skill": self.skills,
            "area": self.areas,
            "group": (self.group,) if self.group else (),
            "source": (str(self.source),) if self.source else (),
            "kind": self.kinds,
            "language": (self.language.split("-")[0].lower(),) if self.language else (),
            "type": (self.type,),
            "month": (month_of(self.published),),
            "story": (str(self.story),) if self.story is not None else (),
        }


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of results ended; the next one begins after it even while entries arrive."""

    published: datetime
    id: int
    skip: int = 0
    """How many entries came before, in order of relevance only."""

    def __str__(self) -> str:
        """Short and safe in a URL.

        >>> str(Cursor(datetime(2026, 1, 1, tzinfo=UTC), 255))
        '6955b900-ff'
        """
        text = f"{seconds(self.published):x}-{self.id:x}"
        return f"{text}-{self.skip:x}" if self.skip else text

    @staticmethod
    def read(text: str | None) -> Cursor | None:
        """The cursor written so; None when it is none of ours (a page then starts at the top).

        >>> Cursor.read("6955b900-ff").id, Cursor.read("première page")
        (255, None)
        """
        parts = (text or "").split("-")
        try:
            instant, entry, *rest = (int(part, 16) for part in parts if len(part) <= 10)
            return Cursor(datetime.fromtimestamp(instant, UTC), entry, rest[0] if rest else 0)
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found, and exact counts over all that was found."""

    ids: tuple[int, ...]
    """Entry ids in the order asked for."""
    total: int
    """How many entries were found in all, before folding and paging."""
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Dimension → value → entries, the largest count first; only those asked for."""
    next: Cursor | None = None
    """None on the last page."""
    folded: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """With `fold`: entry shown → the others found of the same story, newest first."""

    @property
    def timeline(self) -> Mapping[str, int]:
        """Month (`2026-01`) → entries, oldest first; empty unless the facet `month` was asked."""
        return dict(sorted(self.facets.get("month", {}).items()))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that entries hold, as folded (lower case, no accents), and in how many."""

    word: str
    count: int


class Engine(Protocol):
    """An index of entries. Safe to share between threads; several processes may read one index.

    Every method raises BrokenIndex, in a sentence, when the index cannot be read or written.
    """

    def add(self, entries: Iterable[IndexedEntry]) -> None:
        """Note entries to be indexed; one that is there with the same id is replaced."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Note entries to be taken out; unknown ids are ignored."""
        ...

    def commit(self) -> None:
        """Write what was noted: visible here at once, in other processes within 2 s.

        All or nothing up to 10,000 entries, more in such parts. What is noted is lost when the
        process ends before; when it cannot be written it stays noted. Twice is once.
        """
        ...

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
        """One page of the entries found; `limit` 0 only counts.

        Raises QueryError when a cluster refuses so many words.
        """
        ...

    def matching(
        self, queries: Mapping[int, Query], among: Sequence[int]
    ) -> Mapping[int, Sequence[int]]:
        """Saved search → which of the entries `among` it finds; those that find none are absent."""
        ...

    def suggest(self, prefix: str, limit: int = 10) -> Sequence[Suggestion]:
        """Words of the titles that begin so (folded), the most frequent first."""
        ...

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        """Analysed term → how many entries hold it in title or text; 0 when none does."""
        ...

    def count(self) -> int:
        """How many entries the index holds."""
        ...

    def refresh(self) -> None:
        """See now what other processes committed (done by itself at most 0.5 s late)."""
        ...

    def close(self) -> None:
        """Let go of files and threads; twice is once."""
        ...


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970, within what every engine can keep (0 … 2³³ - 1)."""
    return max(0, min(int(instant.timestamp()), 2**33 - 1))


def month_of(instant: datetime) -> str:
    """The month in Paris, as in `depuis:2026-02`, so that a month's count is what its link finds.

    >>> month_of(datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    '2026-02'
    """
    return instant.astimezone(PARIS).strftime("%Y-%m")
