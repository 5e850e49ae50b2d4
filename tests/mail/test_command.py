"""An operator sees what was sent and why, and a mail server hands back what came back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session, sessionmaker

from aggregator.cli import filcommun
from aggregator.mail import digest, outbox
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store.tables import Entry, Letter, Subscriber, Subscription


@pytest.fixture
def run(database_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `filcommun …` over the test's database."""
    monkeypatch.setenv("FILCOMMUN_DATABASE_URL", database_url)
    monkeypatch.setenv("FILCOMMUN_INDEX_URL", f"whoosh:{tmp_path / 'index'}")
    monkeypatch.setenv("FILCOMMUN_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("FILCOMMUN_MAIL_BOUNCES", "retours@fil.example")

    def make(*words: str, **options: Any) -> Result:
        result = CliRunner().invoke(filcommun, list(words), **options)
        assert result.exit_code == 0, result.output
        return result

    return make


@pytest.fixture
def letter(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings, mailer: Any,
) -> Letter:  # fmt: skip
    """A digest that was sent to Alice."""
    subscribed(view="theme=transports")
    published("1", topic=["transports"])
    clock.now = datetime.fromisoformat("2026-11-25T06:00Z")
    digest.write_due(sessions, index, clock, settings=settings)
    outbox.send_due(sessions, [mailer], clock, settings=settings)
    with sessions() as session:
        return session.query(Letter).one()


def test_what_was_sent_is_listed_with_why(letter: Letter, run: Callable[..., Result]) -> None:
    (row,) = json.loads(run("mail", "sent", "--why", "--json").output)
    assert (row["state"], row["kind"], row["address"]) == ("sent", "digest", "alice@example.org")
    assert row["entries"][0]["why"].startswith("Transports et mobilités")
    assert "alice@example.org" in run("mail", "sent", "--why").output
    assert run("mail", "sent", "--failed").output == ""


def test_statistics_count_and_name_nobody(letter: Letter, run: Callable[..., Result]) -> None:
    output = run("mail", "stats").output
    assert "alice" not in output
    counts = json.loads(run("mail", "stats", "--json").output)
    assert (counts["daily"], counts["letters sent"]) == (1, 1)


def test_a_returned_mail_is_read_from_a_pipe(
    letter: Letter, run: Callable[..., Result], settings: Settings, session: Session
) -> None:
    to = outbox.bounce_address(settings, letter.id)
    body = f"To: {to}\n\n550 5.1.1 unknown\n"
    assert "suspended" in run("mail", "bounce", input=body).output
    session.expire_all()
    assert session.query(Subscriber).one().suspended_at is not None
    assert "no letter of ours" in run("mail", "bounce", input="To: x@y.example\n\n").output
