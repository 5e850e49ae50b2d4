"""An operator sees what was sent and why, and a mail server hands back what came back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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


def test_a_dry_run_lists_who_would_get_what_and_writes_nothing(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    run: Callable[..., Result], session: Session,
) -> None:  # fmt: skip
    now = datetime.now(UTC)
    subscribed(view="theme=transports", at=now - timedelta(days=8))
    subscribed("bob@example.org", view="theme=sante", at=now - timedelta(days=8))
    published("1", topic=["transports"], at=now - timedelta(days=2))
    told = json.loads(run("digest", "send", "--dry-run", "--json").output)
    (planned,) = told["planned"]
    assert (planned["address"], planned["entries"]) == ("alice@example.org", 1)
    assert (told["written"], told["nothing_new"]) == (0, 1)
    words = run("digest", "send", "--dry-run").output
    assert "alice@example.org  Thème : Transports et mobilités · 1 nouvelle" in words
    assert "1 digest would be written; 1 had nothing new" in words
    assert session.query(Letter).count() == 0


def test_who_sends_by_hand_is_told_what_became_of_the_letters(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    run: Callable[..., Result], post_office: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now = datetime.now(UTC)
    subscribed(view="theme=transports", at=now - timedelta(days=8))
    published("1", topic=["transports"], at=now - timedelta(days=2))
    told = run("digest", "send").output
    assert "1 digest written; 0 had nothing new" in told
    assert "No mail server is set (FILCOMMUN_SMTP_URL): letters wait." in told
    monkeypatch.setenv("FILCOMMUN_SMTP_URL", f"smtp://127.0.0.1:{post_office.port}")
    post_office.answers["MAIL"] = lambda _: "450 4.7.1 Too much mail from you"
    told = run("alerts", "send").output
    assert "Letters: 0 sent, 0 to be tried again, 0 failed.\n" in told
    assert "The others wait: The mail server refuses us: 450 4.7.1 Too much mail" in told


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
