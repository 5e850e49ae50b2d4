"""The service's figures come from real rows, day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from aggregator.store import figures, upkeep
from aggregator.store.tables import Crawl, Entry, Source

HOUR = timedelta(hours=1)


def test_freshness_and_unchanged_share_are_those_of_the_last_day(
    session: Session,
    now: datetime,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source(state="ok", created_at=now - 100 * HOUR)
    for uid, hours in (("1", 1), ("2", 2), ("3", 3)):
        an_entry(source, uid, published=now - hours * HOUR, first_seen_at=now)
    an_entry(source, "old", published=now - 90 * HOUR, first_seen_at=now - 80 * HOUR)
    for outcome in ("fetched", "not_modified", "not_modified", "not_modified"):
        session.add(Crawl(source_id=source.id, at=now - HOUR, outcome=outcome))
    session.flush()
    found = figures.of_last_day(session, now)
    assert found["freshness_p50"] == 2 * 3600
    assert found["unchanged_share"] == 0.75
    assert (found["sources"], found["sources_ill"]) == (1, 0)
    assert found["entries"] == 3


def test_figures_without_rows_behind_them_are_left_out(session: Session, now: datetime) -> None:
    found = figures.of_last_day(session, now)
    assert "freshness_p50" not in found
    assert "unchanged_share" not in found
    assert set(found) <= set(figures.NAMES)


def test_a_day_keeps_its_last_figures(session: Session, now: datetime) -> None:
    figures.keep(session, now.date(), {"entries": 3})
    figures.keep(session, now.date(), {"entries": 5})
    figures.keep(session, now.date() + timedelta(days=1), {"entries": 7})
    session.flush()
    assert figures.history(session, "entries", now.date()) == [
        (now.date(), 5),
        (now.date() + timedelta(days=1), 7),
    ]


def test_two_workers_in_one_minute_count_as_one(session: Session, now: datetime) -> None:
    figures.count_minute(session, now)
    upkeep.note(session, "heartbeat", started_at=now, finished_at=now)
    figures.count_minute(session, now + timedelta(seconds=20))
    figures.count_minute(session, now + timedelta(seconds=60))
    session.flush()
    assert figures.history(session, "worker_minutes", now.date()) == [(now.date(), 2)]
