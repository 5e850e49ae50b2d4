"""A mail server that is away for an hour loses nothing, and nothing leaves twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import digest, outbox
from aggregator.mail.smtp import SmtpMailer
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store import outbox as store
from aggregator.store.tables import Entry, Letter, Subscription

LINK = {"manage_url": "https://fil.example/abonnement/gerer/x"}
TICK = timedelta(seconds=15)
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def work(
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings,
    closed_office: Any,
) -> Callable[[], outbox.Report]:  # fmt: skip
    """One tick of the worker: write the digests that are due, send what waits."""
    office, _ = closed_office

    def make() -> outbox.Report:
        digest.write_due(sessions, index, clock, settings=settings)
        mailers = [SmtpMailer(f"smtp://127.0.0.1:{office.port}")]
        return outbox.send_due(sessions, mailers, clock, settings=settings)

    return make


def test_letters_wait_for_an_hour_and_leave_afterwards_once_each_and_in_order(
    work: Callable[[], outbox.Report], closed_office: Any, clock: Any, now: datetime,
    session: Session, subscribed: Callable[..., Subscription], published: Callable[..., Entry],
) -> None:  # fmt: skip
    office, opened = closed_office
    for number in range(3):
        due = subscribed(f"digest{number}@d{number}.example", view="theme=transports")
        due.next_digest_at = now + timedelta(minutes=20)
    published("1", topic=["transports"], at=now - timedelta(hours=12))
    session.commit()
    asked: list[datetime] = []
    while clock.now < now + AN_HOUR:
        if (clock.now - now) % timedelta(minutes=5) == timedelta(0):
            minutes = (clock.now - now).seconds // 60
            address = f"link{minutes:02}@d{minutes}.example"
            store.write(session, "manage_subscriptions", address, now=clock.now, values=LINK)
            session.commit()
        report = work()
        assert (report.sent, report.postponed, report.failed) == (0, 0, 0)
        asked += [clock.now] if report.stopped else []
        clock.now += TICK
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits == sorted(waits), "it is asked less and less often"
    assert waits[0] == store.SHORTEST_REST
    assert waits[-1] == store.LONGEST_REST

    with opened():
        while not work().sent:
            assert clock.now < now + AN_HOUR + store.LONGEST_REST
            clock.now += TICK
        assert work().sent == 0
    links = [f"link{minutes:02}@d{minutes}.example" for minutes in range(0, 60, 5)]
    digests = [f"digest{number}@d{number}.example" for number in range(3)]
    assert [recipient for _, recipient in office.envelopes] == links + digests
    session.expire_all()
    assert session.scalar(select(func.max(Letter.tries))) == 1, "no letter is charged with it"


def test_a_server_that_allows_one_connection_is_sent_to_over_that_one(
    sessions: sessionmaker[Session], clock: Any, settings: Settings, post_office: Any,
    serve: Callable[..., int], listener: Callable[[], Any], session: Session, now: datetime,
) -> None:  # fmt: skip
    class Full(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            transport.write(b"421 4.7.0 Too many connections\r\n")
            transport.close()

    port = serve(lambda: Full() if post_office.talking else listener())
    for number in range(30):
        address = f"a{number}@d{number}.example"
        store.write(session, "manage_subscriptions", address, now=now, values=LINK)
    session.commit()
    mailers = [SmtpMailer(f"smtp://127.0.0.1:{port}") for _ in range(4)]
    report = outbox.send_due(sessions, mailers, clock, settings=settings)
    assert report == outbox.Report(sent=30)
    assert len({recipient for _, recipient in post_office.envelopes}) == 30


def test_a_server_that_breaks_off_is_asked_again_and_the_others_wait_as_they_are(
    work: Callable[[], outbox.Report], closed_office: Any, clock: Any, session: Session,
    now: datetime,
) -> None:  # fmt: skip
    office, opened = closed_office
    for name in ("alice", "bob", "charlie"):
        store.write(session, "manage_subscriptions", f"{name}@{name}.example", now=now, values=LINK)
    session.commit()
    office.answers["DATA"] = lambda _: "421 4.3.2 Shutting down"
    with opened():
        report = work()
        assert (report.sent, report.postponed) == (0, 1)
        assert "421" in report.stopped
    clock.now += timedelta(seconds=5)
    assert work().stopped, "nobody listens"
    office.answers.clear()
    clock.now += store.SHORTEST_REST
    with opened():
        assert work().sent == 3
    recipients = sorted(recipient for _, recipient in office.envelopes)
    assert recipients == ["alice@alice.example", "bob@bob.example", "charlie@charlie.example"]
