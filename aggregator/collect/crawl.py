"""A crawl: one round over due sources, or the worker's endless one. The room's front door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from scrapy.crawler import AsyncCrawlerRunner
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect.desk import Desk
from aggregator.collect.spider import SourceSpider, scrapy_settings
from aggregator.collect.visits import Manners, Progress, Scope
from aggregator.errors import DatabaseError
from aggregator.settings import Settings

__all__ = ["Manners", "Progress", "Round", "crawl", "work"]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    sources: int
    fetched: int
    not_modified: int
    failed: int
    entries_new: int
    entries_updated: int
    seconds: float

    def as_json(self) -> dict[str, int | float]:
        """As `filcommun crawl --json` prints it."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


async def crawl(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    only: str | None = None,
    all_: bool = False,
    progress: Progress | None = None,
    manners: Manners | None = None,
    tagged: bool = True,
) -> Round:
    """Visit every due source once: only the one with slug `only`, or with `all_` due or not.

    Ends when each has been settled; a source's own trouble is in its row and counted, never
    raised. Cancelled or killed, it leaves the unfinished sources due. Raises DatabaseError when
    the database no longer answers.
    """
    started = time.monotonic()
    desk = Desk(
        sessions,
        settings,
        clock,
        scope=Scope(only=only, all_=all_, tagged=tagged),
        manners=manners or Manners(),
        progress=progress,
    )
    await _run(desk, None)
    if desk.trouble is not None:
        raise DatabaseError(
            f"The database did not answer during the crawl: {desk.trouble.orig}. What was read "
            "is kept; check that the disk is not full and the server runs, then crawl again."
        ) from desk.trouble
    counts = desk.counts
    return Round(
        sources=counts.sources,
        fetched=counts.fetched,
        not_modified=counts.not_modified,
        failed=counts.failed,
        entries_new=counts.entries_new,
        entries_updated=counts.entries_updated,
        seconds=time.monotonic() - started,
    )


async def work(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    stop: asyncio.Event,
    progress: Progress | None = None,
    manners: Manners | None = None,
) -> None:
    """Visit sources as they become due, until `stop` is set; then finish within seconds.

    One long-lived spider; may run beside APScheduler's AsyncIOScheduler in the same loop, and
    in several processes on one database.
    """
    desk = Desk(
        sessions,
        settings,
        clock,
        scope=Scope(forever=True),
        manners=manners or Manners(),
        progress=progress,
    )
    await _run(desk, stop)


async def _run(desk: Desk, stop: asyncio.Event | None) -> None:
    runner = AsyncCrawlerRunner(scrapy_settings(desk.manners, desk.concurrency))
    spider = runner.crawl(SourceSpider, desk=desk)
    stopped = asyncio.create_task(stop.wait()) if stop else None
    try:
        await asyncio.wait(
            {spider, stopped} if stopped else {spider}, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        if stopped is not None:
            stopped.cancel()
        if not spider.done():
            await desk.stop()
            await runner.stop()
        await desk.close()
    await spider
