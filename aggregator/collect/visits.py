"""The values that a crawl works with: its manners, its scope, one visit to make, what was done.

Knows no socket, no session and no Scrapy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aggregator.collect.discover import Discovery
from aggregator.collect.settle import Settled, Tally, conditions, host_of
from aggregator.collect.wire import TIMEOUT
from aggregator.store.tables import Source

LOOK_AGAIN = frozenset({1, 4, 7})
"""After so many failures in a row another feed is looked for on the group's site."""
Found = Discovery | None
Progress = Callable[[int, int], None]
"""Called after each source with how many are done and how many are known to be due."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a crawl behaves; tests make it quicker, nothing else differs."""

    delay: float = 1.0
    """Seconds between two requests to one host; its Crawl-delay may lengthen it."""
    timeout: float = TIMEOUT
    lease: timedelta = timedelta(minutes=10)
    """How long a killed worker's sources wait for the next one."""
    look: float = 5.0
    """Seconds between two looks for due sources."""
    grace: float = 10.0
    """Seconds that a stop leaves to the exchanges under way."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which sources a crawl is about."""

    only: str | None = None
    all_: bool = False
    forever: bool = False
    tagged: bool = True


@dataclass(slots=True)
class Job:
    """One source to visit now."""

    id: int
    url: str
    host: str
    headers: Mapping[str, str]
    seeks: bool
    """Only the group's home page is known; the feed is to be discovered from it."""
    watches: bool
    """The address is a page to watch for article links."""
    sample: dict[str, Any]
    """What that page looked like when it was last right."""
    body_hash: str | None
    hint: str | None
    home: str | None
    """Where to look for another feed should this one have ended; None to leave it."""
    trusted: bool
    """Its group takes part: a reservation against mining does not hold for us."""
    tally: Tally = field(default_factory=Tally)


def job_of(source: Source, now: datetime) -> Job:
    """The visit that a claimed source is due for; its group is loaded."""
    return Job(
        id=source.id,
        url=source.address,
        host=host_of(source.address),
        headers=conditions(source, now),
        seeks=source.format == "discover" and source.found_url is None,
        watches=source.format == "page",
        sample=source.sample,
        body_hash=source.body_hash,
        hint=source.hint,
        home=source.group.home if source.failures in LOOK_AGAIN else None,
        trusted=source.group.status == "participating",
    )


@dataclass(slots=True)
class Counts:
    """What a crawl has done so far."""

    fetched: int = 0
    not_modified: int = 0
    failed: int = 0
    entries_new: int = 0
    entries_updated: int = 0

    @property
    def sources(self) -> int:
        """How many sources were visited."""
        return self.fetched + self.not_modified + self.failed

    def add(self, settled: Settled) -> None:
        """Count one visit."""
        setattr(self, settled.outcome, getattr(self, settled.outcome) + 1)
        self.entries_new += settled.new
        self.entries_updated += settled.updated
