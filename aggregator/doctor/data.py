"""Database, index, worker and backups: what is stored, and whether it is kept in step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator import watch
from aggregator.doctor.finding import Finding
from aggregator.errors import DatabaseError, FilcommunError
from aggregator.search import indexing
from aggregator.settings import Settings
from aggregator.store import backup, database, upkeep
from aggregator.store.tables import Entry

OUTGROWN = 100_000
"""Entries up to which Whoosh was measured (docs/search.md); Tantivy is lighter beyond."""
AGAIN = "Run the same again; if it stays, free some space or start the database."
WORKER_SILENT = timedelta(minutes=5)
SOON = 60
"""Days; a disk that fills within them is told."""
OLD = timedelta(days=2)
"""Age from which the last nightly backup is missed."""
ASTRAY = 1000
"""Entries by which the index may differ from the database while the worker catches up."""


def unreadable(settings: Settings) -> Finding | None:
    """Why the database can tell nothing: none was made, it is away, of another version; or None."""
    try:
        database.open_current(settings.database_url).dispose()
    except DatabaseError as error:
        return Finding("database", "fault", str(error))
    return None


def stored(settings: Settings) -> Iterator[Finding]:
    """The database's integrity, what is in it, and the index against it."""
    engine = database.open_database(settings.database_url)
    yield from _integrity(engine)
    month_ago = datetime.now(UTC) - timedelta(days=30)
    with Session(engine) as session:
        entries = _count(session)
        recent = _count(session, Entry.first_seen_at > month_ago)
        latest = session.scalar(select(func.max(Entry.first_seen_at)))
        waiting = _count(session, Entry.indexed_at.is_(None))
        findable = indexing.count_findable(session)
    yield Finding("entries", "good", f"{entries} entries, {recent} of them in the last 30 days.")
    if latest is not None and latest > datetime.now(UTC) + timedelta(minutes=5):
        yield Finding(
            "clock", "fault", f"The newest entry was stored in the future ({latest:%F %H:%M} UTC).",
            "Set the clock: install Debian's package systemd-timesyncd.",
        )  # fmt: skip
    yield from _index(database.sessions(engine), settings.index_url, findable, waiting)
    yield from _engine(settings, entries)


def growth(settings: Settings) -> Iterator[Finding]:
    """How long the disk lasts at the pace of the last month."""
    with Session(database.open_database(settings.database_url)) as session:
        days = watch.days_until_full(session, settings, datetime.now(UTC))
    if days is None:
        return
    if days < SOON:
        yield Finding(
            "growth", "advice", f"At the pace of the last month the disk is full in {days} days.",
            "Plan a larger disk; `du -sh` in the data folder shows what grows.",
        )  # fmt: skip
    else:
        yield Finding("growth", "good", f"At the pace of the last month it lasts {days} days more.")


def worker(settings: Settings) -> Iterator[Finding]:
    """Whether a worker runs: its timetable leaves a note every minute."""
    engine = database.open_database(settings.database_url)
    with Session(engine) as session:
        runs = upkeep.runs(session)
    last = max((run.finished_at for run in runs if run.finished_at), default=None)
    if last is None or datetime.now(UTC) - last > WORKER_SILENT:
        seen = "has never run here" if last is None else f"was last seen at {last:%Y-%m-%d %H:%M}"
        yield Finding("worker", "fault", f"The worker {seen}.", "Start `filcommun work`.")
    else:
        yield Finding("worker", "good", f"The worker was at work at {last:%H:%M} UTC.")
    for run in runs:
        if run.failures:
            yield Finding(
                f"job {run.name}",
                "fault",
                f"It failed {run.failures} times in a row: {run.last_error}",
                "The worker's log has the whole story.",
            )


def backups(settings: Settings) -> Iterator[Finding]:
    """Whether last night's backup is there; that none is wanted is said of the settings."""
    if settings.backup_folder is None:
        return
    nights = backup.nights(settings.backup_folder)
    if not nights:
        yield Finding(
            "backup", "advice", f"There is no backup in {settings.backup_folder} yet.",
            "The worker writes the first within an hour.",
        )  # fmt: skip
    elif datetime.now(UTC).date() - max(nights) >= OLD:
        yield Finding(
            "backup", "fault", f"The last backup is of {max(nights)}.",
            "See the job `backup`: the worker may not run, or the folder may be full.",
        )  # fmt: skip
    else:
        yield Finding("backup", "good", f"{len(nights)} backups, the last of {max(nights)}.")


def _integrity(engine: Engine) -> Iterator[Finding]:
    if engine.dialect.name != "sqlite":
        yield Finding("database", "good", "PostgreSQL answers.")
        return
    database.require_whole(engine)
    yield Finding("database", "good", "SQLite is whole.")


def _index(
    sessions: sessionmaker[Session], index_url: str, findable: int, waiting: int
) -> Iterator[Finding]:
    try:
        index = indexing.open_to_read(sessions, index_url)
        known = index.count()
        index.close()
    except FilcommunError as error:
        yield Finding("index", "fault", str(error), "Run `filcommun reindex`.")
        return
    if waiting > ASTRAY:
        yield Finding(
            "index", "fault", f"{waiting} entries wait to be indexed; the index holds {known}.",
            "Start the worker; if it runs already, run `filcommun reindex`.",
        )  # fmt: skip
    elif abs(known - findable) > ASTRAY + waiting:
        yield Finding(
            "index", "fault", f"The index holds {known} entries, and the database knows of "
            f"{findable} that it should hold.", "Run `filcommun reindex`.",
        )  # fmt: skip
    else:
        yield Finding("index", "good", f"The index holds {known} of {findable}; {waiting} wait.")


def _engine(settings: Settings, entries: int) -> Iterator[Finding]:
    """Which engine suits the size."""
    if entries > OUTGROWN and settings.index_url.startswith("whoosh:"):
        yield Finding(
            "engine", "advice", f"{entries} entries are many for Whoosh.",
            "Set FILCOMMUN_INDEX_URL=tantivy:indexes-tantivy/ and run `filcommun reindex`.",
        )  # fmt: skip


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Entry).where(*conditions)) or 0
