"""The operator hears of trouble without looking, once a day at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator import watch
from aggregator.settings import Settings, read_settings
from aggregator.store import figures, outbox, upkeep
from aggregator.store.tables import Letter, Source


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(
        secret_key="-" * 32,
        contact="operator@fil.example",
        database_url=f"sqlite:///{tmp_path}/filcommun.db",
    )


def _codes(session: Session, settings: Settings, now: datetime) -> list[str]:
    return [warning["code"] for warning in watch.warnings(session, settings, now)]


def test_nothing_is_written_when_all_is_well(
    session: Session, settings: Settings, now: datetime
) -> None:
    assert not watch.write_warning(session, settings, now)


def test_sources_that_die_in_numbers_are_told_and_one_of_them_is_not(
    session: Session, settings: Settings, now: datetime, a_source: Callable[..., Source]
) -> None:
    for n in range(10):
        a_source(f"s{n}", state="ok" if n else "failing")
    figures.keep(session, now.date() - timedelta(days=1), {"sources_ill": 1})
    assert _codes(session, settings, now) == []
    for source in session.scalars(select(Source)):
        source.state = "failing"
    session.flush()
    assert _codes(session, settings, now) == ["sources"]


def test_letters_that_wait_for_more_than_an_hour_are_told(
    session: Session, settings: Settings, now: datetime
) -> None:
    outbox.write(session, "digest", "alice@lilas.example", now=now)
    session.flush()
    assert _codes(session, settings, now) == []
    assert _codes(session, settings, now + timedelta(hours=2)) == ["letters"]


def test_a_job_that_fails_again_and_again_is_told_once_a_day(
    session: Session, settings: Settings, now: datetime
) -> None:
    for _ in range(3):
        upkeep.note(session, "index", started_at=now, finished_at=now, error="OSError: full")
        session.flush()
    assert watch.write_warning(session, settings, now)
    assert not watch.write_warning(session, settings, now + timedelta(hours=23))
    assert watch.write_warning(session, settings, now + timedelta(hours=25))
    letters = session.scalars(select(Letter)).all()
    assert {letter.address for letter in letters} == {"operator@fil.example"}


def test_a_disk_that_fills_is_told(
    session: Session, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "ENOUGH_DISK", 10**18)
    assert _codes(session, settings, now) == ["disk"]
