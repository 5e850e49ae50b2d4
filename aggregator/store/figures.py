"""How well the service does, computed from real rows, and kept day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.store import database, entries
from aggregator.store.tables import (
    Amendment,
    Crawl,
    DailyFigure,
    Entry,
    HostDay,
    JobRun,
    Letter,
    Source,
)

NAMES = (
    "entries",
    "freshness_p50",
    "freshness_p95",
    "requests",
    "requests_most",
    "unchanged_share",
    "sources",
    "sources_ill",
    "sources_silent",
    "amendments_waiting",
    "moderation_delay",
    "letters_sent",
    "letters_waiting",
    "letters_delay",
    "worker_minutes",
    "disk_free",
)
"""What is kept of each day. Times are seconds, shares lie between 0 and 1, room is bytes."""

WELL = ("ok", "new", "paused", "slower", "surge", "moving", "silent")
"""States in which a source gives what it has (see `aggregator.collect.health`)."""
_DAY = timedelta(days=1)


def of_last_day(session: Session, now: datetime) -> dict[str, float]:
    """The figures of the 24 hours before `now`; one without any row behind it is left out."""
    since = now - _DAY
    delays = sorted(entries.delays(session, since))
    by_outcome = (
        select(Crawl.outcome, func.count().label("visits"))
        .where(Crawl.at >= since)
        .group_by(Crawl.outcome)
    )
    crawls = {row.outcome: row.visits for row in session.execute(by_outcome)}
    found = {
        "entries": _count(session, Entry.id, Entry.first_seen_at >= since),
        "freshness_p50": delays[len(delays) // 2] if delays else None,
        "freshness_p95": delays[len(delays) * 95 // 100] if delays else None,
        "requests": session.scalar(
            select(func.sum(HostDay.requests)).where(HostDay.day == now.date())
        ),
        "requests_most": session.scalar(
            select(func.max(HostDay.requests)).where(HostDay.day == now.date())
        ),
        "unchanged_share": crawls.get("not_modified", 0) / sum(crawls.values()) if crawls else None,
        "sources": _count(session, Source.id, Source.left_inventory_at.is_(None)),
        "sources_ill": _count(
            session, Source.id, Source.left_inventory_at.is_(None), Source.state.not_in(WELL)
        ),
        "sources_silent": _count(session, Source.id, Source.state == "silent"),
        "amendments_waiting": _count(session, Amendment.id, Amendment.state == "open"),
        "moderation_delay": _moderation_delay(session, since),
        "letters_sent": _count(session, Letter.id, Letter.sent_at >= since),
        "letters_waiting": _count(
            session, Letter.id, Letter.sent_at.is_(None), Letter.failed_at.is_(None)
        ),
        "letters_delay": _median(
            (sent - created).total_seconds()
            for created, sent in session.execute(
                select(Letter.created_at, Letter.sent_at).where(Letter.sent_at >= since)
            )
            if sent is not None
        ),
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def keep(session: Session, day: date, figures: Mapping[str, float]) -> None:
    """Write a day's figures; a later call on the same day replaces them."""
    for name, value in figures.items():
        database.put(session, DailyFigure, {"day": day, "name": name}, {"value": value})


def count_minute(session: Session, now: datetime) -> None:
    """Note that a worker was alive this minute; several workers make one minute of it."""
    run = session.get(JobRun, "heartbeat")
    if run is not None and run.finished_at and now - run.finished_at < timedelta(seconds=50):
        return
    key = {"day": now.date(), "name": "worker_minutes"}
    more = {"value": DailyFigure.value + 1}
    database.put(session, DailyFigure, key, more, first={"value": 1.0})


def history(session: Session, name: str, since: date) -> Sequence[tuple[date, float]]:
    """One figure day by day, oldest first; days without it are left out."""
    return [
        (day, value)
        for day, value in session.execute(
            select(DailyFigure.day, DailyFigure.value)
            .where(DailyFigure.name == name, DailyFigure.day >= since)
            .order_by(DailyFigure.day)
        )
    ]


def uptime(session: Session, now: datetime) -> float | None:
    """The share of the last thirty whole days' minutes in which a worker was at work; None before
    the first such day is over."""
    known = [
        minutes
        for day, minutes in history(session, "worker_minutes", (now - 30 * _DAY).date())
        if day < now.date()
    ]
    # The first day began when it was installed.
    whole = known[1:] or known
    return min(1.0, sum(whole) / (len(whole) * 1440)) if whole else None


def every(session: Session) -> Iterator[tuple[date, str, float]]:
    """All that was kept, oldest first: day, figure, value."""
    query = select(DailyFigure.day, DailyFigure.name, DailyFigure.value)
    yield from session.execute(query.order_by(DailyFigure.day, DailyFigure.name))


def _count(session: Session, column: object, *conditions: object) -> int:
    query = select(func.count(column)).where(*conditions)  # type: ignore[arg-type]  # columns
    return session.scalar(query) or 0


def _moderation_delay(session: Session, since: datetime) -> float | None:
    """The median time from proposal to decision; None when nothing was decided."""
    return _median(
        (decided - created).total_seconds()
        for created, decided in session.execute(
            select(Amendment.created_at, Amendment.decided_at).where(
                Amendment.decided_at >= since, Amendment.author != "program"
            )
        )
        if decided is not None
    )


def _median(values: Iterable[float]) -> float | None:
    """The upper one of two; None of nothing."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else None
