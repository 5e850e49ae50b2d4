"""The timetable: what the worker does again and again. APScheduler ticks, the tables decide.

Each job is a verb that can be run at any time, by several workers, and killed anywhere.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import watch
from aggregator.collect import crawl, pictures, readings, websub
from aggregator.collect.fetch import fetch
from aggregator.mail import alerts, digest, subscribing, webhooks
from aggregator.mail import outbox as letters
from aggregator.mail.smtp import SmtpMailer
from aggregator.parts import Parts
from aggregator.registry import (
    amendments,
    doubts,
    help_requests,
    holds,
    leaving,
    lexicon,
    looking,
    mirroring,
    proofs,
    rates,
    registration,
    snapshots,
)
from aggregator.registry import ownership as proofs_of_owners
from aggregator.search import indexing
from aggregator.store import backup, database, figures, sources, tokens, upkeep

log = structlog.get_logger()

FINISHING = 10.0
"""Seconds that jobs under way get when the worker is asked to stop."""
NOTED_EVERY = timedelta(minutes=1)
"""How often a job that goes well is written down."""


@dataclass(frozen=True)
class Job:
    """One line of the timetable."""

    name: str
    every: timedelta
    verb: Callable[[Parts], object]


def index(parts: Parts) -> int:
    """Bring the index up to date with what was stored; one that broke is built anew."""
    url = parts.settings.index_url
    return indexing.keep_up(parts.sessions, parts.engine, url, lambda _done, _all: None)


def outbox(parts: Parts) -> letters.Report | None:
    """Send the letters that are due; None without a mail server: they wait."""
    if parts.settings.smtp_url is None:
        return None
    mailers = [SmtpMailer(parts.settings.smtp_url) for _ in range(parts.settings.mail_connections)]
    return letters.send_due(parts.sessions, mailers, parts.clock, settings=parts.settings)


def digests(parts: Parts) -> None:
    """Write the digests that are due."""
    digest.write_due(parts.sessions, parts.engine, parts.clock, settings=parts.settings)


def alert(parts: Parts) -> None:
    """Try the alerts on what was indexed since the last time."""
    alerts.write_due(parts.sessions, parts.engine, parts.clock, settings=parts.settings)


def hooks(parts: Parts) -> None:
    """Tell webhooks what their alerts have found."""
    webhooks.send_due(parts.sessions, parts.clock, settings=parts.settings)


def registrations(parts: Parts) -> None:
    """Look at the addresses that groups have just pasted."""
    looking.look_due(parts.sessions, parts.settings, parts.clock)


def ownership(parts: Parts) -> None:
    """Look for the proofs of ownership that are due."""
    proofs.check_due(parts.sessions, parts.settings, parts.clock)


def mirrored(parts: Parts) -> int:
    """Look at the lists elsewhere that are due: to be shown, taken or followed."""
    return mirroring.look_due(parts.sessions, parts.settings, parts.clock)


def held(parts: Parts) -> None:
    """Hold back what the moderators' rules catch among what arrived."""
    with parts.sessions.begin() as session:
        holds.apply(session, parts.clock())


def retag(parts: Parts) -> None:
    """Tag the last entries again where the lexicon was edited."""
    with parts.sessions.begin() as session:
        lexicon.retag(session, parts.clock())


def forget(parts: Parts) -> None:
    """Remind those who have not confirmed, and forget what need not be kept."""
    with parts.sessions.begin() as session:
        subscribing.remind(session, settings=parts.settings, now=parts.clock())
        subscribing.purge(session, now=parts.clock())
        rates.forget(session, parts.clock())
        tokens.forget(session, parts.clock())
        registration.forget(session, parts.clock())
        help_requests.close_due(session, parts.clock())
        help_requests.forget(session, parts.clock())
        amendments.forget_authors(session, parts.clock())
        proofs_of_owners.recheck_moved(session, parts.clock())
        doubts.changed_hands(session, parts.clock())
        doubts.replaced(session, parts.clock())


def departed(parts: Parts) -> None:
    """Delete what is left of groups that left, once the index has forgotten them."""
    with parts.sessions.begin() as session:
        leaving.forget(session)


def snapshot(parts: Parts) -> None:
    """Keep the inventory as it is today, for the workshops' comparisons."""
    with parts.sessions.begin() as session:
        snapshots.take(session, parts.clock())


def backup_(parts: Parts) -> None:
    """Write tonight's backup and let go of old ones; once a day."""
    folder = parts.settings.backup_folder
    if folder is not None:
        backup.nightly(
            parts.sessions.kw["bind"],
            folder,
            extra=backup.places(parts.settings),
            now=parts.clock(),
            environment=backup.as_environment(parts.settings),
        )


def figures_(parts: Parts) -> None:
    """Keep today's figures for /sante, and write to the operator when something is wrong."""
    now = parts.clock()
    with parts.sessions.begin() as session:
        found = figures.of_last_day(session, now)
        found["disk_free"] = watch.free_bytes(parts.settings)
        figures.keep(session, now.date(), found)
        watch.write_warning(session, parts.settings, now)


def integrity(parts: Parts) -> None:
    """Read every page of the database; a damaged one makes this job fail, which is told at once."""
    database.require_whole(parts.sessions.kw["bind"])


def heartbeat(parts: Parts) -> None:
    """Count a minute of work, and tell the dead man's switch that the worker is well."""
    with parts.sessions.begin() as session:
        figures.count_minute(session, parts.clock())
    if parts.settings.heartbeat_url is not None:
        asyncio.run(fetch(parts.settings.heartbeat_url, settings=parts.settings))


def hubs(parts: Parts) -> int:
    """Ask WebSub hubs to tell us at once, and renew what they promised."""
    return websub.ask_due(parts.sessions, parts.settings, parts.clock)


def pages(parts: Parts) -> int:
    """Read the own pages of new entries whose feed is cut."""
    return readings.read_due(parts.sessions, parts.settings, parts.clock)


def lead_pictures(parts: Parts) -> int:
    """Fetch the lead pictures of new entries."""
    return pictures.fetch_due(parts.sessions, parts.settings, parts.clock)


def sweep(parts: Parts) -> int:
    """Delete pictures that no entry shows any more, and records of crawls a year old."""
    with parts.sessions.begin() as session:
        sources.forget_visits(session, parts.clock() - timedelta(days=400))
        return pictures.sweep(session, parts.settings)


TIMETABLE = (
    Job("index", timedelta(seconds=1), index),
    Job("registrations", timedelta(seconds=1), registrations),
    Job("outbox", timedelta(seconds=5), outbox),
    Job("alerts", timedelta(seconds=15), alert),
    Job("webhooks", timedelta(seconds=15), hooks),
    Job("digests", timedelta(minutes=1), digests),
    Job("ownership", timedelta(seconds=5), ownership),
    Job("mirrors", timedelta(seconds=5), mirrored),
    Job("holds", timedelta(seconds=10), held),
    Job("lexicon", timedelta(seconds=10), retag),
    Job("departed", timedelta(seconds=20), departed),
    Job("hubs", timedelta(minutes=1), hubs),
    Job("pages", timedelta(seconds=20), pages),
    Job("pictures", timedelta(seconds=20), lead_pictures),
    Job("sweep", timedelta(days=1), sweep),
    Job("heartbeat", timedelta(minutes=1), heartbeat),
    Job("figures", timedelta(minutes=10), figures_),
    Job(watch.INTEGRITY, timedelta(days=1), integrity),
    Job("forget", timedelta(hours=1), forget),
    Job("snapshot", timedelta(days=1), snapshot),
    Job("backup", timedelta(hours=1), backup_),
)


async def work(parts: Parts) -> None:
    """Crawl and run the timetable until SIGINT or SIGTERM; what is under way is finished."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    scheduler = AsyncIOScheduler(timezone=UTC)
    running: set[asyncio.Task[None]] = set()
    for job in TIMETABLE:
        scheduler.add_job(
            _Ticking(job, parts, running).tick,
            "interval",
            seconds=job.every.total_seconds(),
            next_run_time=datetime.now(UTC),
            id=job.name,
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    try:
        await crawl.work(parts.sessions, parts.settings, parts.clock, stop=stopping)
    finally:
        scheduler.remove_all_jobs()
        if running:
            await asyncio.wait(running, timeout=FINISHING)
        scheduler.shutdown(wait=False)
        parts.engine.close()


class _Ticking:
    """One job and when its last good run was written down."""

    def __init__(self, job: Job, parts: Parts, running: set[asyncio.Task[None]]) -> None:
        self.job = job
        self.parts = parts
        self.running = running
        self.noted_at: datetime | None = None

    async def tick(self) -> None:
        """Run the job beside the crawl; its failure is written down and the next tick comes."""
        task = asyncio.current_task()
        assert task is not None
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        started_at = self.parts.clock()
        try:
            await asyncio.to_thread(self.job.verb, self.parts)
        except Exception as error:
            log.exception("job failed", job=self.job.name)
            self._note(started_at, f"{type(error).__name__}: {error}"[:500])
            return
        if self.noted_at is None or started_at - self.noted_at >= NOTED_EVERY:
            self._note(started_at)

    def _note(self, started_at: datetime, error: str = "") -> None:
        self.noted_at = None if error else started_at
        with self.parts.sessions.begin() as session:
            upkeep.note(
                session,
                self.job.name,
                started_at=started_at,
                finished_at=self.parts.clock(),
                error=error,
            )
