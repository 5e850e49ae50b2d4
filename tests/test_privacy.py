"""What is kept of people is written down, column by column."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from aggregator import jobs
from aggregator.mail import subscribing
from aggregator.mail.wishes import Wish
from aggregator.parts import Parts
from aggregator.registry import rates
from aggregator.search.engine import Engine
from aggregator.settings import Settings, read_settings
from aggregator.store import outbox, tokens
from aggregator.store.tables import Amendment, Base, HelpRequest, Letter, Registration

PERSONAL = re.compile(r"mail|^address|author_name|place_hash|participants|nonce|keeper_id")
NOT_OF_PEOPLE = {"registrations.address", "ownerships.address", "mirrors.address"}
"""Addresses of web sites."""


def test_every_column_that_can_reach_a_person_is_in_the_privacy_table() -> None:
    told = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text()
    kept = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if PERSONAL.search(column.name)
    }
    assert [name for name in sorted(kept - NOT_OF_PEOPLE) if f"`{name}`" not in told] == []


def test_the_privacy_table_names_no_column_that_is_gone() -> None:
    told = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text()
    named = set(re.findall(r"`(\w+\.\w+)`", told)) - {"tests/test_privacy.py"}
    there = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
    }
    assert sorted(name for name in named - there if not name.endswith(".py")) == []


def leave_traces(session: Session, settings: Settings, now: datetime) -> None:
    """Everything that may hold a person's address for a time, about `…@person.example`."""
    subscribing.subscribe(
        session, "reader@person.example", Wish(), settings=settings, now=now, place="192.0.2.0/24"
    )
    tokens.issue(
        session, "desk_link", "keeper@person.example", now=now, lifetime=timedelta(hours=1)
    )
    rates.require(session, "letter", "asker@person.example", now=now, settings=settings)
    session.add_all(
        [
            Registration(
                key="k", address="https://group.example/", email="group@person.example",
                state="confirming", created_at=now,
            ),
            HelpRequest(
                title="Une rampe ?", text="Comment ?", skill="participation-large",
                area="les-lilas", name="Zoé", email="zoe@person.example", state="closed",
                created_at=now, closed_at=now,
            ),
            Amendment(
                kind="dead_link", state="refused", author_email="author@person.example",
                created_at=now, decided_at=now,
            ),
        ]
    )  # fmt: skip
    outbox.write(session, "desk_link", "letter@person.example", now=now, language="fr", values={})


def kept(session: Session) -> str:
    """All rows of all tables."""
    return "\n".join(
        f"{table.name} {row}"
        for table in Base.metadata.sorted_tables
        for row in session.execute(select(table))
    )


def test_the_workers_job_forgets_everybody_whose_time_is_over(
    sessions: sessionmaker[Session], now: datetime
) -> None:
    settings = read_settings()
    moment = now
    parts = Parts(settings, sessions, cast(Engine, None), lambda: moment)
    with sessions.begin() as session:
        leave_traces(session, settings, now)
        assert len(set(re.findall(r"\w+@person", kept(session)))) == 6
    for days in (0.1, 2.1, 4.2, 8, 31, 62, 91):
        moment = now + timedelta(days=days)
        with sessions.begin() as session:  # what waits leaves meanwhile
            for letter in session.scalars(select(Letter).where(Letter.sent_at.is_(None))):
                letter.sent_at = moment
        jobs.forget(parts)
    with sessions() as session:
        assert re.findall(r".*person\.example.*", kept(session)) == []
        assert "192.0.2" not in kept(session)
