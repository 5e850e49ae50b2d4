"""From the form to the last letter: every step by the pages and the mails themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import digest, outbox
from aggregator.mail.smtp import SmtpMailer
from aggregator.parts import Parts
from aggregator.search.engine import Engine
from aggregator.store.tables import Entry, Letter, Subscriber
from web import create_app

MORNING = datetime.fromisoformat("2026-11-30T06:00Z")


class Reader:
    """Somebody with a browser and a mailbox."""

    def __init__(self, client: FlaskClient, clock: Any) -> None:
        self._client, self._clock = client, clock

    def fill_in(self, path: str, to: str, **fields: str) -> str:
        """Open a form, fill it in and send it after a while, as people do."""
        page = self._client.get(path).get_data(as_text=True)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        self._clock.now += timedelta(seconds=9)
        answer = self._client.post(to, data=hidden | fields, follow_redirects=True)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def one_click(self, url: str) -> None:
        """What a mail program does with `List-Unsubscribe-Post`: no page, no cookie, no token."""
        fresh = self._client.application.test_client()
        answer = fresh.post(urlsplit(url).path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200


@pytest.fixture
def parts(
    sessions: sessionmaker[Session], index: Engine, settings: Any, clock: Any, post_office: Any
) -> Parts:
    """A portal whose letters go to the post office."""
    chosen = settings.model_copy(
        update={"smtp_url": f"smtp://127.0.0.1:{post_office.port}", "base_url": "http://localhost"}
    )
    return Parts(settings=chosen, sessions=sessions, engine=index, clock=clock)


@pytest.fixture
def deliver(parts: Parts, post_office: Any) -> Callable[[], list[EmailMessage]]:
    """One round of the worker; what came into mailboxes in it."""

    def make() -> list[EmailMessage]:
        before = len(post_office.received)
        digest.write_due(parts.sessions, parts.engine, parts.clock, settings=parts.settings)
        mailer = SmtpMailer(str(parts.settings.smtp_url))
        outbox.send_due(parts.sessions, [mailer], parts.clock, settings=parts.settings)
        return list(post_office.received[before:])

    return make


def test_from_the_form_to_the_last_letter(
    parts: Parts, deliver: Callable[[], list[EmailMessage]], published: Callable[..., Entry],
    clock: Any, text_of: Callable[[EmailMessage], str], session: Session,
) -> None:  # fmt: skip
    reader = Reader(create_app(parts).test_client(), clock)
    reader.fill_in(
        "/abonnement?theme=transports", "/abonnement", adresse="Alice@Example.org",
        rythme="weekly", heure="7", jour_semaine="0",
    )  # fmt: skip
    (question,) = deliver()
    link = re.search(r"http://localhost(/abonnement/confirmer/\S+)", text_of(question))
    assert link is not None
    reader.fill_in(link[1], link[1])
    assert session.scalar(select(func.count(Letter.id))) == 1, "confirming sends nothing"

    published("1", topic=["transports"], title="Vélorution samedi", at=clock.now)
    assert deliver() == []
    clock.now = MORNING
    (letter,) = deliver()
    assert letter["To"] == "Alice@example.org"
    assert "* Vélorution samedi" in text_of(letter)

    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = str(letter["List-Unsubscribe"]).strip("<>")
    reader.one_click(leave)
    reader.one_click(leave)
    session.expire_all()
    assert session.scalar(select(func.count(Subscriber.id))) == 0
    published("2", topic=["transports"], at=MORNING)
    clock.now = MORNING + timedelta(days=7)
    assert deliver() == []
