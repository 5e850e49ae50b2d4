"""Entries whose own page or lead picture is still to be fetched, and what came of it.

A claim is the row itself, written before the fetch; one that a killed worker left is taken up
again after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Delete, Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from aggregator.store.tables import Entry, Group, Picture, Reading, Source

CLAIMED = "claimed"
"""Stands for the reason while a worker is at it."""
_LEFT = timedelta(hours=1)


def _news(now: datetime, since: timedelta, rights: tuple[str, ...]) -> Select[Entry]:
    """Entries of late that their source lets us do more with than link to, the newest first."""
    return (
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(
            Entry.first_seen_at > now - since,
            Entry.deleted_at.is_(None),
            Entry.hidden_at.is_(None),
            Source.rights.in_(rights),
            Group.status.not_in(("declined", "withdrawn")),
        )
        .options(joinedload(Entry.source).joinedload(Source.group))
        .order_by(Entry.first_seen_at.desc(), Entry.id.desc())
    )


def unread(session: Session, now: datetime, *, shortest: int, limit: int) -> Sequence[Entry]:
    """Entries of the last week whose text is shorter than `shortest` and whose page is unread."""
    left = or_(
        Reading.entry_id.is_(None),
        (Reading.reason == CLAIMED) & (Reading.at < now - _LEFT),
    )
    query = (
        _news(now, timedelta(days=7), ("excerpt", "full"))
        .outerjoin(Reading, Reading.entry_id == Entry.id)
        .where(
            left,
            Entry.url.is_not(None),
            Entry.type.in_(("article", "page")),
            Source.format != "page",
            func.length(Entry.text) < shortest,
        )
    )
    return session.scalars(query.limit(limit)).all()


def unpictured(session: Session, now: datetime, *, limit: int) -> Sequence[Entry]:
    """Entries of the last month with a lead picture that may be shown and is not here yet."""
    left = or_(
        Picture.entry_id.is_(None),
        (Picture.reason == CLAIMED) & (Picture.tried_at < now - _LEFT),
    )
    query = (
        _news(now, timedelta(days=30), ("full",))
        .outerjoin(Picture, Picture.entry_id == Entry.id)
        .where(left, Entry.image.is_not(None))
    )
    return session.scalars(query.limit(limit)).all()


def claim_reading(session: Session, entry_id: int, now: datetime) -> bool:
    """Take an entry's page; False when another worker has it. Commits."""
    left = delete(Reading).where(Reading.entry_id == entry_id, Reading.reason == CLAIMED)
    row = Reading(entry_id=entry_id, at=now, reason=CLAIMED)
    return _claimed(session, row, left.where(Reading.at < now - _LEFT))


def note_reading(session: Session, entry_id: int, reason: str | None, now: datetime) -> bool:
    """Keep how a reading ended; False when its claim is gone."""
    note = update(Reading).where(Reading.entry_id == entry_id).values(at=now, reason=reason)
    result = session.execute(note)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def claim_picture(session: Session, entry_id: int, url: str, now: datetime) -> bool:
    """Take an entry's picture; False when another worker has it. Commits."""
    left = delete(Picture).where(Picture.entry_id == entry_id, Picture.reason == CLAIMED)
    row = Picture(entry_id=entry_id, url=url, tried_at=now, reason=CLAIMED)
    return _claimed(session, row, left.where(Picture.tried_at < now - _LEFT))


def _claimed(session: Session, row: Reading | Picture, left: Delete) -> bool:
    # Looked at and deleted in one statement: another worker's new claim stays.
    session.execute(left)
    session.add(row)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return False
    return True
