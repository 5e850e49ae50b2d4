"""Questions about stories that several groups tell."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.store.entries import visible
from aggregator.store.tables import Entry, Source


def newest(session: Session, *, before: int | None = None, limit: int = 20) -> Sequence[int]:
    """Ids of stories with visible entries of at least two groups, the newest story first.

    `before` is the last id of the page before.
    """
    query = (
        select(Entry.story_id)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.story_id.is_not(None), visible())
        .group_by(Entry.story_id)
        .having(func.count(Source.group_id.distinct()) > 1)
        .order_by(Entry.story_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Entry.story_id < before)
    return [id for id in session.scalars(query) if id is not None]
