"""People are forgotten when what they asked for is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import amendments, help_requests, moderators
from aggregator.store.tables import Amendment, HelpRequest, Letter, Moderator


def test_who_asked_for_help_is_forgotten_a_month_after_the_end(
    session: Session, now: datetime
) -> None:
    request = HelpRequest(
        title="Une rampe ?",
        text="Comment obtenir une rampe devant la bibliothèque ?",
        skill="participation-large",
        area="les-lilas",
        name="Alice",
        email="alice@lilas.example",
        state="closed",
        created_at=now - timedelta(days=60),
        closed_at=now,
    )
    session.add(request)
    session.flush()
    assert help_requests.forget(session, now + timedelta(days=29)) == 0
    assert help_requests.forget(session, now + timedelta(days=31)) == 1
    session.refresh(request)
    assert (request.email, request.name) == ("", "")


def test_who_proposed_is_forgotten_ninety_days_after_the_decision(
    session: Session, now: datetime
) -> None:
    amendment = Amendment(
        kind="dead_link", state="refused", author_email="bob@lilas.example",
        created_at=now, decided_at=now,
    )  # fmt: skip
    session.add(amendment)
    session.flush()
    assert amendments.forget_authors(session, now + timedelta(days=89)) == 0
    assert amendments.forget_authors(session, now + timedelta(days=91)) == 1
    assert session.scalars(select(Amendment.author_email)).all() == [None]


def test_a_dismissed_moderators_address_is_forgotten_and_the_name_stays(
    session: Session, now: datetime, alice: Moderator, bob: Moderator
) -> None:
    moderators.dismiss(session, bob, now=now)
    session.flush()
    told = session.scalars(select(Letter).where(Letter.kind == "moderator_dismissed")).one()
    assert told.address == "bob@example.org"
    assert bob.name == "Bob"
    assert set(session.scalars(select(Moderator.email))) == {
        "alice@example.org",
        f"{bob.id}@dismissed.invalid",
    }
    back = moderators.appoint(session, "bob@example.org", name="Bob", now=now)
    assert back.id != bob.id
    assert list(moderators.listed(session)) == [alice, back]
