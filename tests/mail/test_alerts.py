"""What matches a saved search is told at once, once, and never as a flood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from aggregator import jobs
from aggregator.mail import alerts, outbox
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store.tables import Entry, Issue, Letter, Story, Subscription

MINUTE = timedelta(minutes=1)


@pytest.fixture
def write(
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings
) -> Callable[[], alerts.Report]:
    """One round."""
    return lambda: alerts.write_due(sessions, index, clock, settings=settings)


def test_a_match_is_told_in_the_next_round_and_only_once(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], sessions: sessionmaker[Session], clock: Any,
    settings: Settings, mailer: Any,
) -> None:  # fmt: skip
    subscribed(rhythm="alert", view="q=v%C3%A9lorution")
    published("1", title="Grande vélorution samedi")
    published("2", title="Concert")
    report = write()
    assert (report.tried, report.matched, report.written) == (2, 1, 1)
    assert write() == alerts.Report()
    outbox.send_due(sessions, [mailer], clock, settings=settings)
    (message,) = mailer.messages()
    assert message["Subject"] == "Alerte : Grande vélorution samedi"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_from_stored_to_sent_the_timetable_takes_less_than_two_minutes() -> None:
    every = {job.name: job.every for job in jobs.TIMETABLE}
    assert every["index"] + every["alerts"] + every["outbox"] < timedelta(minutes=2)


def test_an_entry_edited_later_is_not_told_again(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], session: Session,
) -> None:  # fmt: skip
    subscribed(rhythm="alert")
    entry = published("1")
    write()
    entry.indexed_at = entry.first_seen_at + timedelta(hours=2)
    session.commit()
    assert write() == alerts.Report()


def test_what_was_there_before_the_alert_is_not_told(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], now: datetime,
) -> None:  # fmt: skip
    subscribed(rhythm="alert", at=now)
    published("1", at=now - timedelta(hours=1))
    published("2", at=now, published=now - timedelta(days=30))
    assert write().matched == 0


def test_what_comes_together_is_told_together(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], session: Session,
) -> None:  # fmt: skip
    subscribed(rhythm="alert", maximum=3)
    for number in range(5):
        published(str(number))
    assert write().written == 1
    letter = session.scalars(select(Letter)).one()
    assert letter.priority == 1


@pytest.mark.parametrize(("view", "told"), [("", 1), ("recits=deplies", 2)])
def test_a_story_is_told_as_the_view_wants(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], session: Session, now: datetime, view: str, told: int,
) -> None:  # fmt: skip
    subscribed(rhythm="alert", view=view)
    story = Story(created_at=now)
    session.add(story)
    for number in range(2):
        published(str(number), group=f"groupe-{number}", story=story)
    assert write().matched == 2
    assert len(session.scalars(select(Issue)).one().entries) == told


@pytest.mark.parametrize(("webhook", "each"), [(None, 1), ("https://hook.example/fil", 2)])
def test_a_flood_is_told_once_an_hour(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], clock: Any, webhook: str | None, each: int,
) -> None:  # fmt: skip
    subscribed(rhythm="alert", webhook=webhook)
    written = 0
    for number in range(30):
        published(str(number))
        written += write().written
        clock.now += MINUTE
    assert written == alerts.HOURLY * each
    clock.now += timedelta(minutes=40)
    assert write().written == each


def test_an_alert_with_a_webhook_puts_a_call_in_the_outbox(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    write: Callable[[], alerts.Report], session: Session,
) -> None:  # fmt: skip
    one = subscribed(rhythm="alert", webhook="https://hook.example/fil")
    entry = published("1")
    assert write().written == 2
    letter = session.scalars(select(Letter).where(Letter.kind == "webhook")).one()
    assert (letter.address, letter.values) == (one.webhook, {"entries": [entry.id]})


def test_without_any_alert_entries_are_noted_as_tried(
    published: Callable[..., Entry], write: Callable[[], alerts.Report]
) -> None:
    published("1")
    assert write().tried == 1
    assert write() == alerts.Report()
