"""The map back on the table: a dated workshop, its amendments from several tables, its minutes.

A workshop's amendments are those that moderation has; they wait here until the workshop decides.
What a table wrote into a sheet is read by `workshop_sheets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import Refused
from aggregator.registry import amendments, moderation, profile, snapshots, wording
from aggregator.registry.listing import slug_of
from aggregator.store.tables import Amendment, Group, Moderator, Workshop


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two tables want different things of one field."""

    group: Group
    field: str
    proposals: tuple[Amendment, ...]
    """By table, then in order."""

    @property
    def is_postponed(self) -> bool:
        """Whether the workshop has left it for later; it can still be settled."""
        return all(one.state == "postponed" for one in self.proposals)


def open_workshop(
    session: Session,
    title: str,
    held_on: date,
    *,
    now: datetime,
    place: str = "",
    participants: str = "",
) -> Workshop:
    """Open a workshop on the inventory as it is now; several may be open."""
    title = profile.plain(title, "title", 300)
    if not title:
        raise Refused("missing", field="title")
    taken = set(session.scalars(select(Workshop.slug)))
    workshop = Workshop(
        slug=slug_of(f"{held_on.isoformat()}-{title[:80]}", taken),
        title=title,
        held_on=held_on,
        place=profile.plain(place, "place", 300),
        participants=profile.paragraphs(participants, "participants", 5000),
        opened_at=now,
        before=snapshots.take(session, now),
    )
    session.add(workshop)
    session.flush()
    return workshop


def listed(session: Session) -> Sequence[Workshop]:
    """All workshops, the latest first."""
    return session.scalars(
        select(Workshop).order_by(Workshop.held_on.desc(), Workshop.id.desc())
    ).all()


def by_slug(session: Session, slug: str) -> Workshop | None:
    """One workshop; None when there is none."""
    return session.scalar(select(Workshop).where(Workshop.slug == slug))


def propose(
    session: Session,
    workshop: Workshop,
    table: str,
    kind: str,
    *,
    now: datetime,
    group: Group | None = None,
    change: Mapping[str, Any],
    why: str = "",
) -> Amendment:
    """An amendment typed in at one table; raises Refused, also when the workshop is closed."""
    require_open(workshop)
    return amendments.propose(
        session,
        kind,
        now=now,
        group=group,
        change=change,
        why=why,
        author="workshop",
        author_name=workshop.title[:100],
        workshop_id=workshop.id,
        workshop_table=table,
    )


def conflicts(session: Session, workshop: Workshop) -> list[Conflict]:
    """Fields of which tables want different things, by group; each waits for one decision."""
    waiting = session.scalars(
        select(Amendment)
        .where(
            Amendment.workshop_id == workshop.id,
            Amendment.kind == "profile",
            Amendment.state.in_(("open", "postponed")),
            Amendment.group_id.is_not(None),
        )
        .options(selectinload(Amendment.group))
        .order_by(Amendment.workshop_table, Amendment.id)
    ).all()
    by_field: dict[tuple[int, str], list[Amendment]] = {}
    for amendment in waiting:
        for field in amendment.change:
            assert amendment.group_id is not None
            by_field.setdefault((amendment.group_id, field), []).append(amendment)
    found = []
    for (_, field), proposals in sorted(by_field.items()):
        wanted = [str(one.change[field]["to"]) for one in proposals]
        group = proposals[0].group
        if len(set(wanted)) > 1 and group is not None:
            found.append(Conflict(group, field, tuple(proposals)))
    return found


def settle(
    session: Session,
    conflict: Conflict,
    chosen: Amendment | None,
    moderator: Moderator,
    *,
    now: datetime,
    note: str = "",
) -> None:
    """Accept one side of a conflict and refuse the others; None refuses all."""
    why_not = wording.SETTLED[chosen is None]
    for amendment in conflict.proposals:
        if chosen is not None and amendment.id == chosen.id:
            moderation.decide(session, amendment, "accept", moderator, now=now, note=note)
        else:
            moderation.decide(
                session, amendment, "refuse", moderator, now=now, reason=why_not, note=note
            )


def postpone(
    session: Session, conflict: Conflict, moderator: Moderator, *, now: datetime, note: str = ""
) -> None:
    """Leave a conflict for later: all its sides wait, and the workshop may close."""
    for amendment in conflict.proposals:
        moderation.decide(session, amendment, "postpone", moderator, now=now, note=note)


def undecided(session: Session, workshop: Workshop) -> int:
    """How many amendments still wait for the workshop; postponed ones do not."""
    query = select(func.count(Amendment.id)).where(
        Amendment.workshop_id == workshop.id, Amendment.state == "open"
    )
    return session.scalar(query) or 0


def close(session: Session, workshop: Workshop, minutes: str, *, now: datetime) -> None:
    """Write the minutes and close: the inventory as it is now is what the workshop made of it.

    Raises Refused while amendments are neither decided nor postponed.
    """
    require_open(workshop)
    waiting = undecided(session, workshop)
    if waiting:
        raise Refused("workshop_undecided", count=waiting)
    workshop.minutes = profile.paragraphs(minutes, "minutes", 50_000)
    workshop.after = snapshots.take(session, now)
    workshop.closed_at = now
    session.flush()


def require_open(workshop: Workshop) -> None:
    """Raise Refused (`workshop_closed`) when the workshop is closed."""
    if workshop.closed_at is not None:
        raise Refused("workshop_closed")
