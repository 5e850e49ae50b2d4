"""Who may act for a group, and how far: kept addresses, private, one group at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import signing_in
from aggregator.store.tables import Group, Keeper


def keeper(session: Session, group: Group, email: str) -> Keeper | None:
    """The keeper of that address; None when it keeps nothing of this group."""
    return session.scalar(
        select(Keeper).where(
            Keeper.group_id == group.id, func.lower(Keeper.email) == email.strip().lower()
        )
    )


def keepers(session: Session, group: Group) -> Sequence[Keeper]:
    """All keepers, the first first."""
    return session.scalars(
        select(Keeper).where(Keeper.group_id == group.id).order_by(Keeper.added_at, Keeper.id)
    ).all()


def add(
    session: Session,
    group: Group,
    email: str,
    *,
    now: datetime,
    language: str = "fr",
    registered: bool = False,
    proved: bool = False,
) -> Keeper:
    """Make an address a keeper; one that is already stays, and gains what is new."""
    found = keeper(session, group, email)
    if found is None:
        found = Keeper(group=group, email=email, language=language, added_at=now)
        session.add(found)
    found.registered = bool(found.registered) or registered
    if proved and found.proved_at is None:
        found.proved_at = now
    session.flush()
    return found


def is_full(keeper: Keeper) -> bool:
    """Whether this keeper's word is the group's: they proved the site, or brought the group here
    and nobody has proved it since."""
    if keeper.proved_at is not None:
        return True
    return keeper.registered and keeper.group.provisional


def full(session: Session, group: Group) -> list[Keeper]:
    """The keepers whose word is the group's."""
    return [keeper for keeper in keepers(session, group) if is_full(keeper)]


def groups_of(session: Session, email: str) -> Sequence[Group]:
    """The groups an address keeps, by name; empty for strangers."""
    return session.scalars(
        select(Group)
        .join(Keeper, Keeper.group_id == Group.id)
        .where(func.lower(Keeper.email) == email.strip().lower())
        .order_by(Group.name)
    ).all()


def require(session: Session, group: Group, email: str, *, full: bool) -> Keeper:
    """The keeper; raises Refused: `not_yours`, or `needs_proof` where a full keeper is needed."""
    found = keeper(session, group, email)
    if found is None:
        raise Refused("not_yours")
    if full and not is_full(found):
        raise Refused("needs_proof")
    return found


def only_proved(session: Session, group: Group, now: datetime) -> None:
    """After a proof, keepers without one are keepers no more, their sessions end."""
    for other in keepers(session, group):
        if other.proved_at is None:
            signing_in.close_all(session, "desk", other.email.lower())
            session.delete(other)
    group.updated_at = now
    session.flush()
