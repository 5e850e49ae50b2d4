"""Secret links do what they say, once, and say nothing to those who guess."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.store import tokens
from aggregator.store.tables import Token

DAY = timedelta(days=1)


def test_a_secret_can_be_looked_at_often_and_redeemed_once(session: Session, now: datetime) -> None:
    secret = tokens.issue(session, "sign_in", "alice@example.org", now=now, lifetime=DAY)
    for _ in range(3):
        assert tokens.subject_of(session, "sign_in", secret, now=now) == "alice@example.org"
    assert tokens.redeem(session, "sign_in", secret, now=now) == "alice@example.org"
    assert tokens.redeem(session, "sign_in", secret, now=now) is None


def test_a_secret_ends_with_its_lifetime_and_serves_one_purpose(
    session: Session, now: datetime
) -> None:
    secret = tokens.issue(session, "sign_in", "alice@example.org", now=now, lifetime=DAY)
    assert tokens.redeem(session, "sign_in", secret, now=now + DAY) is None
    assert tokens.redeem(session, "confirm_group", secret, now=now) is None


def test_revoking_ends_all_secrets_of_a_subject(session: Session, now: datetime) -> None:
    secret = tokens.issue(session, "desk", "7", now=now, lifetime=None)
    tokens.revoke(session, "desk", "7")
    assert tokens.subject_of(session, "desk", secret, now=now) is None


def test_the_database_never_holds_the_secret_itself(session: Session, now: datetime) -> None:
    secret = tokens.issue(session, "desk", "7", now=now, lifetime=None)
    assert secret not in str(session.scalars(select(Token.hash)).all())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.text())
def test_a_forged_secret_is_nobody(session: Session, now: datetime, forged: str) -> None:
    assert tokens.redeem(session, "sign_in", forged, now=now) is None


def test_dead_links_and_whom_they_were_about_are_forgotten(session: Session, now: datetime) -> None:
    hour = timedelta(hours=1)
    used = tokens.issue(session, "link", "used@m.example", now=now, lifetime=hour)
    tokens.issue(session, "link", "over@m.example", now=now, lifetime=hour)
    good = tokens.issue(session, "link", "good@m.example", now=now, lifetime=3 * hour)
    tokens.issue(session, "link", "lasting@m.example", now=now, lifetime=None)
    tokens.redeem(session, "link", used, now=now)
    assert tokens.forget(session, now + 2 * hour) == 2
    assert tokens.subject_of(session, "link", good, now=now + 2 * hour) == "good@m.example"
    left = set(session.scalars(select(Token.subject)))
    assert left == {"good@m.example", "lasting@m.example"}
