"""What comes back ends what cannot be delivered, and nobody can fake it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aggregator.mail import bounces, outbox
from aggregator.settings import Settings
from aggregator.store import outbox as store
from aggregator.store.tables import Subscription

REPORT = """\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry to have to inform you.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; alice@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} User unknown

--b--
"""


@pytest.fixture
def came_back(
    session: Session, settings: Settings, now: datetime, subscribed: Callable[..., Subscription]
) -> Callable[..., bounces.Bounce | None]:
    """A letter to Alice comes back."""
    subscribed()
    letter = store.write(session, "manage_subscriptions", "alice@example.org", now=now)
    session.commit()
    address = outbox.bounce_address(settings, letter.id)

    def make(template: str = REPORT, **values: str) -> bounces.Bounce | None:
        values = {"to": address, "action": "failed", "status": "5.1.1"} | values
        body = template.format(**values).encode()
        return bounces.take(session, body, settings=settings, now=now)

    return make


def test_the_address_letters_come_back_to_is_short_enough(settings: Settings) -> None:
    local, _, domain = outbox.bounce_address(settings, 10**12).partition("@")
    assert len(local) <= 64
    assert domain == "fil.example"


def test_a_mailbox_that_does_not_exist_is_suspended(
    came_back: Callable[..., bounces.Bounce | None], session: Session
) -> None:
    bounce = came_back()
    assert bounce is not None
    assert (bounce.address, bounce.status, bounce.outcome) == (
        "alice@example.org", "5.1.1", "suspended",
    )  # fmt: skip
    session.expire_all()
    assert session.query(Subscription).one().subscriber.suspended_at is not None


def test_a_report_about_an_address_in_unicode_is_read(
    came_back: Callable[..., bounces.Bounce | None],
) -> None:
    """As Postfix writes it when the next server cannot write to it (RFC 6533)."""
    bounce = came_back(
        REPORT.replace("message/delivery-status", "message/global-delivery-status")
        .replace("rfc822; alice@example.org", "utf-8; élodie@example.org")
        .replace("User unknown", "élodie is unknown")
    )
    assert bounce is not None
    assert (bounce.status, bounce.outcome) == ("5.1.1", "suspended")
    assert bounce.detail == "failed 5.1.1 smtp; 550 5.1.1 élodie is unknown"


def test_a_full_mailbox_is_suspended_after_the_fifth_time(
    came_back: Callable[..., bounces.Bounce | None],
) -> None:
    outcomes = [bounce.outcome for _ in range(5) if (bounce := came_back(status="5.2.2"))]
    assert outcomes == ["counted"] * 4 + ["suspended"]


def test_a_delay_and_a_holiday_notice_change_nothing(
    came_back: Callable[..., bounces.Bounce | None],
) -> None:
    delay = came_back(action="delayed", status="4.4.1")
    assert delay is not None
    assert delay.outcome == "ignored"
    notice = came_back("To: {to}\nAuto-Submitted: auto-replied\n\nI am away, 5.1.1 or so.\n")
    assert notice is not None
    assert notice.outcome == "ignored"


def test_a_bounce_without_a_report_is_read_as_text(
    came_back: Callable[..., bounces.Bounce | None],
) -> None:
    bounce = came_back("To: {to}\n\nSorry: 550 5.1.1 <alice@example.org> unknown\n")
    assert bounce is not None
    assert bounce.outcome == "suspended"


def test_a_forged_bounce_suspends_nobody(
    came_back: Callable[..., bounces.Bounce | None],
) -> None:
    assert came_back(to="retours+1-0123456789abcdef@fil.example") is None
    assert came_back(to="retours@fil.example") is None


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary())
def test_any_bytes_are_read(
    session: Session, settings: Settings, now: datetime, body: bytes
) -> None:
    assert bounces.take(session, body, settings=settings, now=now) is None


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(), st.sampled_from(["delivery-status", "global-delivery-status", "rfc822"]))
def test_any_report_is_read(
    session: Session, settings: Settings, now: datetime, body: bytes, kind: str
) -> None:
    letter = store.write(session, "manage_subscriptions", "alice@example.org", now=now)
    session.flush()
    to = outbox.bounce_address(settings, letter.id)
    head = f"To: {to}\nMIME-Version: 1.0\nContent-Type: message/{kind}\n\n".encode()
    assert bounces.take(session, head + body, settings=settings, now=now) is not None
    session.flush()
