"""Entries that may be off topic, and sources that may have changed hands: looked at by a person.

A judgement is an amendment, accepted as it is made, so that it stands in the log, can be undone,
and teaches the tagger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, cast, exists, func, select
from sqlalchemy.orm import Session, joinedload

from aggregator.registry import amendments, moderation
from aggregator.store.suppressions import covers
from aggregator.store.tables import Amendment, Entry, Lesson, Moderator, Source
from aggregator.understand.tags import RELEVANT

RECENT: Final = timedelta(days=30)
"""Older entries are read by nobody any more; judging them helps nobody."""
LATEST: Final = 8
"""Entries that tell whether a source still is what it was."""
_BEFORE: Final = 30
_MOSTLY: Final = 0.75


def doubtful(session: Session, *, now: datetime, limit: int = 50) -> Sequence[Entry]:
    """Shown entries that are probably off topic and nobody judged, the most doubtful first."""
    judged = exists().where(Lesson.entry_id == Entry.id, Lesson.dimension == "relevance")
    return session.scalars(
        select(Entry)
        .where(
            Entry.relevance < RELEVANT,
            Entry.hidden_at.is_(None),
            Entry.deleted_at.is_(None),
            Entry.published > now - RECENT,
            ~judged,
        )
        .options(joinedload(Entry.source).joinedload(Source.group))
        .order_by(Entry.relevance, Entry.id.desc())
        .limit(limit)
    ).all()


def judge(
    session: Session,
    entry: Entry,
    moderator: Moderator,
    *,
    on_topic: bool,
    now: datetime,
    seconds: float | None = None,
) -> Amendment:
    """Say whether an entry is on topic: it stays, or is hidden; undone like any decision.

    Raises Refused when that is what was said before.
    """
    side = "add" if on_topic else "remove"
    amendment = amendments.propose(
        session,
        "tag",
        now=now,
        entry=entry,
        change={"dimension": "relevance", side: ["on-topic"]},
        author="moderator",
    )
    return moderation.decide(
        session,
        amendment,
        "accept",
        moderator,
        now=now,
        reason="checked" if on_topic else "off_topic",
        seconds=seconds,
    )


def changed_hands(session: Session, now: datetime) -> int:
    """Put sources in the queue whose latest entries are off topic while those before were not, as
    when a lapsed domain was bought; how many. A job of the worker."""
    suspects = session.scalars(
        select(Entry.source_id)
        .where(Entry.first_seen_at > now - RECENT, Entry.relevance < RELEVANT)
        .group_by(Entry.source_id)
        .having(func.count(Entry.id) >= LATEST * _MOSTLY)
    ).all()
    found = 0
    for source in session.scalars(
        select(Source).where(Source.id.in_(suspects), Source.paused_at.is_(None))
    ):
        if _asked_before(session, source, now) or not _turned(session, source):
            continue
        amendment = amendments.propose(
            session,
            "source",
            now=now,
            source=source,
            change={"paused": True},
            author="program",
            why="Les derniers articles ne ressemblent plus à ceux d’avant : le site a peut-être "
            "changé de mains.",
        )
        amendment.risk = 85
        found += 1
    return found


def replaced(session: Session, now: datetime) -> int:
    """Put sources in the queue for which the crawl found another feed; how many.

    One key adopts the best of them, and can be undone. A job of the worker.
    """
    found = 0
    with_proposals = select(Source).where(
        cast(Source.proposals, String) != "[]", Source.paused_at.is_(None)
    )
    for source in session.scalars(with_proposals):
        best = source.proposals[0]
        if _asked_before(session, source, now) or covers(session, best["url"]):
            continue
        ended = "Le flux ne répond plus, et le site en propose un autre"
        moved = "Le flux annonce lui-même une nouvelle adresse"
        title = f" : « {best['title']} »" if best.get("title") else ""
        amendment = amendments.propose(
            session,
            "source",
            now=now,
            source=source,
            change={"url": best["url"], "format": "auto"},
            author="program",
            why=f"{ended if source.failures else moved}{title}.",
        )
        amendment.risk = 60
        found += 1
    return found


def _turned(session: Session, source: Source) -> bool:
    rows = session.scalars(
        select(Entry.relevance)
        .where(Entry.source_id == source.id)
        .order_by(Entry.published.desc(), Entry.id.desc())
        .limit(LATEST + _BEFORE)
    ).all()
    latest, before = rows[:LATEST], rows[LATEST:]
    if len(latest) < LATEST or len(before) < LATEST:
        return False
    off = sum(relevance < RELEVANT for relevance in latest) / len(latest)
    was_on = sum(relevance >= RELEVANT for relevance in before) / len(before)
    return off >= _MOSTLY and was_on >= _MOSTLY


def _asked_before(session: Session, source: Source, now: datetime) -> bool:
    """A person who said no is not asked again for a month."""
    asked = select(Amendment.id).where(
        Amendment.source_id == source.id,
        Amendment.author == "program",
        Amendment.created_at > now - RECENT,
    )
    return session.scalar(asked.limit(1)) is not None
