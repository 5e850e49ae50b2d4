"""What the operator must hear of without looking: written to the outbox, once a day at most."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select
from sqlalchemy.orm import Session

from aggregator.errors import MailError
from aggregator.mail import addresses
from aggregator.settings import Settings
from aggregator.store import figures, outbox, subscribers, upkeep
from aggregator.store.tables import Letter

KIND = "operator_warning"
MANY = 5
"""So many more ill sources than yesterday, and a fifth of all, are not each one's own trouble."""
LATE = timedelta(hours=1)
ENOUGH_DISK = 1_000_000_000
"""Bytes free on the data's disk below which it is called almost full."""
WEEKS_LEFT = timedelta(days=14)
"""A disk that will be full within this time is told."""
MONTH = timedelta(days=30)
OVERDUE = timedelta(hours=6)
"""Digests that were due so long ago and are not written have stopped."""
STUBBORN = 3
"""Failures in a row after which a job is reported."""
INTEGRITY = "integrity"
"""The job that reads the whole database; its first failure is one too many."""


def write_warning(session: Session, settings: Settings, now: datetime) -> bool:
    """Write what is wrong to `settings.contact`; False when all is well, it was told today, or
    the contact is no address."""
    try:
        addresses.read(settings.contact)
    except MailError:
        return False
    told = session.scalar(
        select(Letter.id).where(Letter.kind == KIND, Letter.created_at > now - timedelta(days=1))
    )
    if told is not None:
        return False
    found = list(warnings(session, settings, now))
    if found:
        outbox.write(session, KIND, settings.contact, now=now, values={"warnings": found})
    return bool(found)


def warnings(session: Session, settings: Settings, now: datetime) -> Iterator[dict[str, Any]]:
    """What is wrong now, as the letter's values."""
    today = figures.of_last_day(session, now)
    before = dict(figures.history(session, "sources_ill", now.date() - timedelta(days=1)))
    ill, total = int(today["sources_ill"]), int(today["sources"])
    yesterday = int(before.get(now.date() - timedelta(days=1), 0))
    if ill >= yesterday + MANY and ill * 5 >= total:
        yield {"code": "sources", "ill": ill, "of": total, "before": yesterday}
    waiting = session.scalar(
        select(func.count(Letter.id)).where(
            Letter.sent_at.is_(None), Letter.failed_at.is_(None), Letter.created_at < now - LATE
        )
    )
    if waiting:
        yield {"code": "letters", "waiting": waiting}
    overdue = subscribers.count_due(session, now=now - OVERDUE)
    if overdue:
        yield {"code": "digests", "overdue": overdue}
    free = free_bytes(settings)
    days = days_until_full(session, settings, now)
    if free < ENOUGH_DISK or (days is not None and days < WEEKS_LEFT.days):
        yield {"code": "disk", "megabytes": free // 1_000_000, "days": days}
    for run in upkeep.runs(session):
        if run.failures >= (1 if run.name == INTEGRITY else STUBBORN):
            yield {
                "code": "job",
                "name": run.name,
                "failures": run.failures,
                "error": run.last_error[:200],
            }


def free_bytes(settings: Settings) -> int:
    """Room left where the data grow: the database's folder, or here when it is on a server."""
    return shutil.disk_usage(_data_folder(settings)).free


def days_until_full(session: Session, settings: Settings, now: datetime) -> int | None:
    """How long the disk lasts at the last month's pace; None for a month that freed space, or
    when fewer than seven days of it are known."""
    known = figures.history(session, "disk_free", (now - MONTH).date())
    if len(known) < 7:
        return None
    days = [float(day.toordinal()) for day, _ in known]
    slope, _ = statistics.linear_regression(days, [free for _, free in known])
    # Less than a megabyte a day says nothing.
    return int(free_bytes(settings) / -slope) if slope < -1_000_000 else None


def _data_folder(settings: Settings) -> Path:
    address = make_url(settings.database_url)
    if address.get_backend_name() == "sqlite" and address.database:
        return Path(address.database).absolute().parent
    return Path.cwd()
