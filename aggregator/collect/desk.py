"""The crawl's desk: claims due sources, hands them out one per host at a time, settles them.

Knows no Scrapy: it gives jobs and takes answers. All database work runs in one thread beside
the event loop, so that a slow feed holds up no socket.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import schedule
from aggregator.collect.claims import Claims
from aggregator.collect.discover import Discovery
from aggregator.collect.hosts import Hosts
from aggregator.collect.settle import (
    Settled,
    host_of,
    looks_like_html,
    settle,
)
from aggregator.collect.stories import StoryLinks
from aggregator.collect.visits import Counts, Found, Job, Manners, Progress, Scope, job_of
from aggregator.collect.watch import Watched
from aggregator.collect.wire import Response, Wire
from aggregator.errors import FetchError
from aggregator.settings import Settings
from aggregator.store import sources, suppressions
from aggregator.store.tables import Source

log = structlog.get_logger()
ELSEWHERE = timedelta(seconds=30)
"""How long a source waits while another worker is at its host."""
MOST_QUEUED = 8
"""Sources of one host that an endless crawl holds at a time."""
RECOVERY = 30.0
"""Seconds before a database that did not answer is asked again."""
_T = TypeVar("_T")


class Desk:
    """One crawl's work; made for one event loop and used by one spider."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        scope: Scope,
        manners: Manners,
        progress: Progress | None = None,
    ) -> None:
        self.wire = Wire(settings)
        self.hosts = Hosts(self.wire, clock)
        self.counts = Counts()
        self.manners = manners
        self.concurrency = settings.crawl_concurrency
        self._sessions = sessions
        self._clock = clock
        self._shortest = timedelta(seconds=settings.shortest_interval)
        self._scope = scope
        self._progress = progress
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="crawl")
        self._wake = asyncio.Event()
        self._claims = Claims(sessions, manners.lease)
        self._lengthen_at = 0.0
        self._open: set[int] = set()
        """Ids handed out or waiting, as the event loop knows them."""
        self._waiting: dict[str, deque[Job]] = {}
        self._busy: set[str] = set()
        self._rested_at: dict[str, float] = {}
        self._stories = StoryLinks() if scope.tagged else None
        self._visited: set[int] = set()
        self._known = 0
        self._look_at = 0.0
        self._exhausted = False
        self._stopping = False
        self.trouble: DBAPIError | None = None
        """Why a round ended early; None when it did not."""
        self._dice = random.Random()  # noqa: S311  spreads visits, guards nothing

    # What the spider asks for.

    def now(self) -> datetime:
        """The crawl's clock."""
        return self._clock()

    async def jobs(self) -> AsyncIterator[Job]:
        """Sources to visit, as their hosts become free; ends when a round is through.

        A round ends too when the database does not answer, and `trouble` says so; an endless
        crawl waits for it to come back.
        """
        while not self._stopping:
            try:
                await self._look_after_claims()
            except DBAPIError as error:
                self._note_trouble(error)
                if not self._scope.forever:
                    return
                self._look_at = time.monotonic() + RECOVERY
            job = self._next()
            if job is not None:
                self._busy.add(job.host)
                yield job
            elif not self._scope.forever and self._exhausted and not self._open:
                return
            else:
                await self._pause()

    async def settle(
        self,
        job: Job,
        answer: Response | FetchError,
        found: Found = None,
        watched: Watched | None = None,
    ) -> None:
        """Write down how the visit ended, in one transaction, and free the host.

        `found`: what a discovery on the way brought; its best feed is the source's from now on,
        where the answer comes from it, and else is proposed to the moderators. `watched`: what
        was read of a watched page.
        """
        try:
            if not self._abandoned(job):
                if isinstance(answer, Response):
                    self._heed_retry_after(answer)
                settled = await self._in_thread(self._settle, job, answer, found, watched)
                if settled is not None:
                    self.counts.add(settled)
        finally:
            self._done(job)

    async def known(self, job: Job, uids: Sequence[str]) -> Collection[str]:
        """Which of these the source already has entries for."""
        return await self._in_thread(self._known_uids, job.id, uids)

    def may_have_moved(self, job: Job, answer: Response | FetchError) -> bool:
        """Whether it is time to look for another feed on the group's site."""
        if job.home is None or job.seeks or job.watches or isinstance(answer, FetchError):
            return False
        ended = answer.status in {404, 410} or (answer.status == 200 and looks_like_html(answer))
        return ended and not self._stopping

    async def postpone(self, job: Job, until: datetime) -> None:
        """Give the source back, due again when its host may be asked; nothing failed."""
        try:
            await self._in_thread(self._postpone, job.id, until)
        finally:
            self._done(job)

    async def stop(self) -> None:
        """Hand out no more; what runs has `grace` seconds, what waits is given back."""
        self._stopping = True
        self._wake.set()
        deadline = time.monotonic() + self.manners.grace
        while self._busy and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        # From here on answers are not settled: what is cut off now did not fail.
        self._open.clear()
        await self._in_thread(self._claims.give_back)
        await self.wire.close()

    async def close(self) -> None:
        """Let go of the connections and of the thread."""
        await self.wire.close()
        self._thread.shutdown(wait=True)

    # What happens on the event loop.

    def _next(self) -> Job | None:
        """A waiting job whose host is free and rested, the longest waiting host first."""
        if len(self._busy) >= self.concurrency:
            return None
        now = time.monotonic()
        for host, queue in self._waiting.items():
            if host in self._busy or self._rested_at.get(host, 0.0) > now:
                continue
            job = queue.popleft()
            del self._waiting[host]
            if queue:
                self._waiting[host] = queue
            return job
        return None

    async def _look_after_claims(self) -> None:
        """Lengthen old claims, and claim another batch when there is room and it is time."""
        now = time.monotonic()
        if now >= self._lengthen_at:
            self._lengthen_at = now + self.manners.lease.total_seconds() / 4
            await self._in_thread(self._claims.lengthen, self._clock())
        room = 3 * self.concurrency - len(self._open)
        if room < self.concurrency or self._exhausted or now < self._look_at:
            return
        queued = Counter({host: len(queue) for host, queue in self._waiting.items()})
        jobs = await self._in_thread(self._claim, room, queued)
        if not jobs:
            self._look_at = time.monotonic() + self.manners.look
        self._open.update(job.id for job in jobs)
        for job in jobs:
            self._waiting.setdefault(job.host, deque()).append(job)

    async def _pause(self) -> None:
        """Until something is settled, a host is rested, or it is time to look again."""
        now = time.monotonic()
        moments = [self._rested_at.get(host, now) for host in self._waiting.keys() - self._busy]
        moments.append(self._look_at if self._scope.forever else now + self.manners.look)
        self._wake.clear()
        try:
            async with asyncio.timeout(min(max(min(moments) - now, 0.01), self.manners.look)):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _abandoned(self, job: Job) -> bool:
        return job.id not in self._open

    def _heed_retry_after(self, answer: Response) -> None:
        if answer.status in {429, 503}:
            now = self._clock()
            until = schedule.retry_after(answer.headers.get("retry-after"), now)
            if until is not None:
                self.hosts.quiet(host_of(answer.url), until)

    def _done(self, job: Job) -> None:
        self._open.discard(job.id)
        self._busy.discard(job.host)
        delay = max(self.manners.delay, self.hosts.delay(job.host))
        self._rested_at[job.host] = time.monotonic() + delay
        self._wake.set()
        if self._progress is not None:
            self._progress(self.counts.sources, max(self._known, self.counts.sources))

    async def _in_thread(self, do: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, do, *arguments)

    # What happens in the thread, each in a transaction of its own.

    def _claim(self, room: int, queued: Counter[str]) -> list[Job]:
        """`queued`: how many sources of each host wait already."""
        now = self._clock()
        with self._sessions.begin() as session:
            # A round visits each source once, however short its interval.
            due = [
                id_
                for id_ in sources.due_ids(
                    session,
                    now,
                    limit=room if self._scope.forever else None,
                    only=self._scope.only,
                    all_=self._scope.all_,
                )
                if id_ not in self._visited
            ]
            self._known = max(self._known, len(self._visited) + len(due))
            claimed = self._claims.take(session, due[:room], now)
            jobs = [job_of(source, now) for source in claimed]
            self.hosts.load(sources.hosts(session, {job.host for job in jobs}))
            others = self._claims.hosts_of_others(session, now)
            kept = [job for job in jobs if not self._postponed(session, job, now, others, queued)]
        for left in {source.id for source in claimed} - {job.id for job in kept}:
            self._claims.drop(left)
        if not self._scope.forever:
            self._visited.update(source.id for source in claimed)
            self._exhausted = not claimed
        return kept

    def _postponed(
        self,
        session: Session,
        job: Job,
        now: datetime,
        others: Collection[str],
        queued: Counter[str],
    ) -> bool:
        """Whether its host asked for silence, another worker is at it, or many of its sources
        wait already; then the source is given back, due after that."""
        until = self.hosts.quiet_until(job.host, now)
        queued[job.host] += 1
        if until is not None:
            until += timedelta(seconds=600 * self._dice.random())
        elif job.host in others:
            until = now + ELSEWHERE
        elif self._scope.forever and queued[job.host] > MOST_QUEUED:
            # One host with hundreds of sources must not keep all others from being claimed.
            delay = max(self.manners.delay, self.hosts.delay(job.host))
            until = now + timedelta(seconds=delay * MOST_QUEUED)
        else:
            return False
        source = session.get_one(Source, job.id)
        source.next_crawl_at, source.claimed_until = until, None
        return True

    def _settle(
        self, job: Job, answer: Response | FetchError, found: Found, watched: Watched | None
    ) -> Settled | None:
        """None when the claim was lost meanwhile: then another worker settles it."""
        try:
            return self._settle_once(job, answer, found, watched)
        except OperationalError as error:
            # Locked for half a minute, full or gone: nothing of the source's. Its claim ends by
            # itself and it comes again.
            self._note_trouble(error)
            return None
        except Exception:
            # One source's bug must not end the round; the record says whose fault it is.
            log.exception("source not settled", source=job.id)
            # It may know entries that were undone.
            self._stories = StoryLinks() if self._scope.tagged else None
            own = FetchError("See the log of the worker.", reason="internal")
            return self._settle_once(job, own, None, None)
        finally:
            self._claims.drop(job.id)

    def _note_trouble(self, error: DBAPIError) -> None:
        log.error("database does not answer", error=str(error.orig)[:200])
        self.trouble = None if self._scope.forever else error

    def _settle_once(
        self, job: Job, answer: Response | FetchError, found: Found, watched: Watched | None
    ) -> Settled | None:
        now = self._clock()
        with self._sessions.begin() as session:
            source = self._claims.hold(session, job.id)
            if source is None:
                log.warning("claim lost", source=job.id)
                return None
            if found is not None and not self._adopt(session, source, found):
                answer = FetchError("The group has left.", reason="no_feed_found", permanent=True)
            settled = settle(
                session,
                source,
                answer,
                now=now,
                chance=self._dice.random(),
                tally=job.tally,
                tagged=self._scope.tagged,
                shortest=self._shortest,
                watched=watched,
            )
            if settled.new and self._stories is not None:
                self._stories.link(session, now=now)
            for host in job.tally.requests:
                learned = self.hosts.learned(host)
                if learned:
                    sources.keep_host(session, host, **learned)
        level = log.warning if settled.reason else log.info
        level("source crawled", source=job.id, outcome=settled.outcome, reason=settled.reason,
              new=settled.new)  # fmt: skip
        return settled

    def _adopt(self, session: Session, source: Source, found: Discovery) -> bool:
        """The discovered feed becomes the source's when it had none, else is proposed.

        False, and nothing is taken over, when it belongs to a group that left.
        """
        if suppressions.covers(session, *(tried.candidate.url for tried in found.feeds)):
            return False
        if source.format == "discover" and source.found_url is None and found.best:
            source.found_url = found.best.candidate.url
        else:
            known = {source.url, source.found_url}
            source.proposals = [one for one in found.proposals() if one["url"] not in known]
        return True

    def _postpone(self, source_id: int, until: datetime) -> None:
        with self._sessions.begin() as session:
            source = self._claims.hold(session, source_id)
            if source is not None:
                source.next_crawl_at = until + timedelta(seconds=600 * self._dice.random())
                source.claimed_until = None
        self._claims.drop(source_id)

    def _known_uids(self, source_id: int, uids: Sequence[str]) -> Collection[str]:
        with self._sessions() as session:
            return sources.known_uids(session, source_id, uids)
