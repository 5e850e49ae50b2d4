"""Notes of the worker's jobs: when each ran last, and whether it went well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.store.tables import JobRun


def note(
    session: Session, name: str, *, started_at: datetime, finished_at: datetime, error: str = ""
) -> None:
    """Keep how one job ended; an empty `error` means well."""
    run = session.get(JobRun, name) or JobRun(name=name, failures=0)
    run.started_at, run.finished_at = started_at, finished_at
    run.seconds = (finished_at - started_at).total_seconds()
    run.failures = run.failures + 1 if error else 0
    run.last_error = error
    session.add(run)


def runs(session: Session) -> Sequence[JobRun]:
    """The last run of each job, by name."""
    return session.scalars(select(JobRun).order_by(JobRun.name)).all()
