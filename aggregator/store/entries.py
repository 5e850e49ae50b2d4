"""Questions that pages, feeds and mails ask about entries. Never shows what may not be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from aggregator.store.tables import Entry, Group, Picture, Source

_GONE = ("declined", "withdrawn")


def visible() -> ColumnElement[bool]:
    """True of an entry that lists may name; join Source and Group for it."""
    return and_(Entry.deleted_at.is_(None), Entry.hidden_at.is_(None), Group.status.not_in(_GONE))


@dataclass(frozen=True, slots=True)
class Outline:
    """What tells which of a story's entries stands for it."""

    id: int
    source_id: int
    group_id: int
    starts_at: datetime | None


def outlines(session: Session, ids: Sequence[int]) -> dict[int, Outline]:
    """The visible ones of these entries by id, cheap enough for a story of hundreds."""
    query = (
        select(Entry.id, Entry.source_id, Source.group_id, Entry.starts_at)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.id.in_(ids), visible())
    )
    found = session.execute(query) if ids else ()
    return {row.id: Outline(*row) for row in found}


def in_order(session: Session, ids: Sequence[int]) -> list[Entry]:
    """The visible ones of these entries, in this order, with source, group and tags."""
    query = (
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.id.in_(ids), visible())
        .options(
            contains_eager(Entry.source).contains_eager(Source.group), selectinload(Entry.tags)
        )
    )
    found = {entry.id: entry for entry in session.scalars(query)}
    return [found[id] for id in ids if id in found]


def every(session: Session, *, at_once: int = 500) -> Iterator[Entry]:
    """All visible entries, the oldest stored first, a few in memory at a time."""
    query = (
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(visible())
        .options(
            contains_eager(Entry.source).contains_eager(Source.group), selectinload(Entry.tags)
        )
        .order_by(Entry.id)
        .limit(at_once)
    )
    last = 0
    while batch := session.scalars(query.where(Entry.id > last)).all():
        yield from batch
        last = batch[-1].id
        session.expunge_all()


def one(session: Session, id: int) -> Entry | None:
    """One entry with all its page shows, deleted and hidden ones too; None when there is none."""
    return session.get(
        Entry,
        id,
        options=(
            joinedload(Entry.source).joinedload(Source.group).selectinload(Group.tags),
            selectinload(Entry.tags),
            selectinload(Entry.versions),
        ),
    )


def of_story(session: Session, story: int) -> list[Entry]:
    """The visible entries of a story, the first to tell it first."""
    query = (
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.story_id == story, visible())
        .options(
            contains_eager(Entry.source).contains_eager(Source.group), selectinload(Entry.tags)
        )
        .order_by(Entry.published, Entry.id)
    )
    return list(session.scalars(query))


def taking_place(session: Session, since: datetime, until: datetime | None) -> list[Entry]:
    """Visible entries that happen from `since` on and begin before `until`, by their beginning.

    One that began earlier counts while it lasts; without an end only its beginning counts.
    """
    lasting = or_(Entry.starts_at >= since, Entry.ends_at > since)
    query = (
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.starts_at.is_not(None), lasting, visible())
        .options(
            contains_eager(Entry.source).contains_eager(Source.group), selectinload(Entry.tags)
        )
        .order_by(Entry.starts_at, Entry.id)
    )
    if until is not None:
        query = query.where(Entry.starts_at < until)
    return list(session.scalars(query))


def counts_by_group(session: Session, *, since: datetime | None = None) -> dict[int, int]:
    """How many visible entries each group has, by the group's id; groups without any are absent."""
    query = (
        select(Source.group_id, func.count())
        .join(Entry, Entry.source_id == Source.id)
        .join(Source.group)
        .where(visible())
        .group_by(Source.group_id)
    )
    if since is not None:
        query = query.where(Entry.published >= since)
    return {row[0]: row[1] for row in session.execute(query)}


def delays(session: Session, since: datetime, *, limit: int = 2000) -> list[float]:
    """Seconds between publication and our first sight of recent entries, the newest first.

    Only entries whose source told a time that lies before; at most `limit` of them.
    """
    query = (
        select(Entry.published, Entry.first_seen_at)
        .where(Entry.first_seen_at >= since, Entry.published >= since)
        # What a source had published before we knew it waited for us, not we for it.
        .join(Entry.source)
        .where(Entry.published < Entry.first_seen_at, Entry.published >= Source.created_at)
        .order_by(Entry.first_seen_at.desc())
        .limit(limit)
    )
    return [(seen - published).total_seconds() for published, seen in session.execute(query)]


def total(session: Session) -> int:
    """How many entries are kept, hidden and deleted ones too."""
    return session.scalar(select(func.count()).select_from(Entry)) or 0


def of_group(session: Session, group_id: int, *, limit: int = 20) -> list[Entry]:
    """A group's newest entries for its own desk, hidden ones too, deleted ones not."""
    query = (
        select(Entry)
        .join(Entry.source)
        .where(Source.group_id == group_id, Entry.deleted_at.is_(None))
        .options(contains_eager(Entry.source))
        .order_by(Entry.published.desc(), Entry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def pictures(session: Session, ids: Sequence[int]) -> dict[int, Picture]:
    """Entry's id → its lead picture as we made it; entries without one are absent."""
    query = select(Picture).where(Picture.entry_id.in_(ids), Picture.file.is_not(None))
    return {picture.entry_id: picture for picture in session.scalars(query)}


def state(session: Session) -> tuple[object, ...]:
    """Equal as long as no entry was stored, changed, hidden or indexed, and no group changed."""
    waiting = select(func.count()).select_from(Entry).where(Entry.indexed_at.is_(None))
    return tuple(
        session.execute(
            select(
                select(func.max(Entry.indexed_at)).scalar_subquery(),
                waiting.scalar_subquery(),
                select(func.max(Group.updated_at)).scalar_subquery(),
                select(func.count()).select_from(Group).scalar_subquery(),
            )
        ).one()
    )
