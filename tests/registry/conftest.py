"""The cast of this room: Alice administers, Bob moderates, Carole keeps a group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import moderators
from aggregator.store.tables import Group, Keeper, Letter, Moderator, Ownership


@pytest.fixture
def alice(session: Session, now: datetime) -> Moderator:
    """Administers."""
    return moderators.appoint(
        session, "alice@example.org", name="Alice", role="administrator", now=now
    )


@pytest.fixture
def bob(session: Session, now: datetime) -> Moderator:
    """Moderates."""
    return moderators.appoint(session, "bob@example.org", name="Bob", now=now)


@pytest.fixture
def carole(session: Session, now: datetime) -> Callable[..., str]:
    """`carole(group)` makes Carole a keeper of a group, `proved=True` proves its site too."""

    def keep(group: Group, *, proved: bool = False, since: datetime = now) -> str:
        session.add(Keeper(group=group, email="carole@example.org", added_at=since))
        if proved:
            session.add(
                Ownership(
                    group=group,
                    method="well_known",
                    address=group.home or "",
                    code="filcommun-1",
                    state="proved",
                    asked_at=since,
                    proved_at=since,
                )
            )
        session.flush()
        return "carole@example.org"

    return keep


@pytest.fixture
def letters(session: Session) -> Callable[..., list[Letter]]:
    """`letters("desk_link")`: the letters of a kind in the outbox, oldest first."""

    def written(kind: str) -> list[Letter]:
        session.flush()
        found = select(Letter).where(Letter.kind == kind).order_by(Letter.id)
        return list(session.scalars(found))

    return written


@pytest.fixture
def secret_of() -> Callable[[Letter], str]:
    """The secret in a letter's link."""

    def last_part(letter: Letter) -> str:
        return str(letter.values["path"]).rsplit("/", 1)[-1]

    return last_part
