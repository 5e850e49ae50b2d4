"""How far a group's word goes, and how soon an amendment should be looked at. Explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.store.tables import Amendment, Entry, Group, Keeper, Ownership, Source

LOOKED_BACK: Final = timedelta(days=180)
SETTLED: Final = timedelta(days=30)
GOOD_CHANGES: Final = 3
GOOD_ENTRIES: Final = 20
"""Published here without anything against them; either earns trust, with a proof and 30 days."""

_BASE: Final = {
    "new_group": 80,
    "appeal": 70,
    "hold": 65,
    "source": 60,
    "report": 55,
    "missing_group": 50,
    "duplicate": 45,
    "profile": 40,
    "lexicon": 40,
    "rule": 40,
    "dead_link": 20,
    "tag": 15,
}
_URGENT: Final = {"hate": 35, "personal_data": 35, "false": 10, "rights": 15}
"""What the reason of a report adds."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a group has come, and why."""

    level: int
    """0 unknown, 1 registered with a confirmed address, 2 site proved, 3 trusted."""
    proved: bool
    days: int
    """Since its first keeper was confirmed."""
    accepted: int
    """Its own amendments accepted in the last 180 days."""
    against: int
    """Its amendments refused, and reports of its entries accepted, in the last 180 days."""


def trust(session: Session, group: Group, now: datetime) -> Trust:
    """The group's level now; it falls as soon as something speaks against it."""
    first = session.scalar(select(func.min(Keeper.added_at)).where(Keeper.group_id == group.id))
    proofs = select(func.count(Ownership.id)).where(
        Ownership.group_id == group.id, Ownership.state == "proved"
    )
    proved = bool(session.scalar(proofs))
    accepted, against = _decided(session, group, now)
    settled = first is not None and now - first >= SETTLED
    earned = accepted >= GOOD_CHANGES or (settled and _entries(session, group) >= GOOD_ENTRIES)
    level = 0 if first is None else 1
    if proved:
        level = 3 if settled and earned and not against else 2
    if against >= 3:
        level = min(level, 1)
    return Trust(level, proved, (now - first).days if first else 0, accepted, against)


def risk(amendment: Amendment, trust: Trust | None) -> int:
    """0 to 100; pure. The group is the one that proposes, None for a visitor's proposal."""
    points = _BASE[amendment.kind]
    points += _URGENT.get(str(amendment.change.get("reason", "")), 0)
    if amendment.author == "visitor" and not amendment.author_email:
        points += 5
    if amendment.author in {"moderator", "workshop"}:
        points -= 20
    if trust is not None:
        points += 5 * min(trust.against, 3) - 15 * trust.level
    return max(0, min(100, points))


def passes(amendment: Amendment, trust: Trust) -> str | None:
    """Why a group's own amendment needs nobody, None when it does; pure.

    A proved group speaks for itself, except where it could become another: its name, its home
    page and its sources' addresses need trust, or the proof at the new address.
    """
    if amendment.author != "group" or trust.level < 2:
        return None
    grave = {"name", "home", "url"} & amendment.change.keys()
    if amendment.kind == "new_group":
        return "proved"
    if amendment.kind not in {"profile", "source"} or grave & {"home", "url"}:
        return None
    if "name" in grave and trust.level < 3:
        return None
    return "trusted" if trust.level == 3 else "proved"


def _entries(session: Session, group: Group) -> int:
    shown = (
        select(func.count(Entry.id))
        .join(Source, Source.id == Entry.source_id)
        .where(Source.group_id == group.id, Entry.hidden_at.is_(None))
    )
    return session.scalar(shown) or 0


def _decided(session: Session, group: Group, now: datetime) -> tuple[int, int]:
    since = now - LOOKED_BACK
    own = (
        select(Amendment.state, func.count())
        .where(
            Amendment.group_id == group.id,
            Amendment.author == "group",
            Amendment.decided_at > since,
            Amendment.decided_by_id.is_not(None),
        )
        .group_by(Amendment.state)
    )
    counts = {row.state: row[1] for row in session.execute(own)}
    reports = (
        select(func.count(Amendment.id))
        .join(Entry, Entry.id == Amendment.entry_id)
        .join(Source, Source.id == Entry.source_id)
        .where(
            Source.group_id == group.id,
            Amendment.kind == "report",
            Amendment.state == "accepted",
            Amendment.decided_at > since,
        )
    )
    return counts.get("accepted", 0), counts.get("refused", 0) + (session.scalar(reports) or 0)
