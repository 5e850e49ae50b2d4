"""Notes of the worker's jobs: when each ran last, and whether it went well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.store import database
from aggregator.store.tables import JobRun


def note(
    session: Session, name: str, *, started_at: datetime, finished_at: datetime, error: str = ""
) -> None:
    """Keep how one job ended; an empty `error` means well."""
    run = {
        "started_at": started_at,
        "finished_at": finished_at,
        "seconds": (finished_at - started_at).total_seconds(),
        "last_error": error,
    }
    again = {"failures": JobRun.failures + 1 if error else 0}
    first = {"failures": 1 if error else 0}
    database.put(session, JobRun, {"name": name}, run | again, first=run | first)


def runs(session: Session) -> Sequence[JobRun]:
    """The last run of each job, by name."""
    return session.scalars(select(JobRun).order_by(JobRun.name)).all()
