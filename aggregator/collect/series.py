"""Occurrences of one recurring event: one story, and news only once.

A weekly open house brings fifty entries on the day its calendar is first read, and one more each
week, a year ahead. Lists fold them like any story; letters and alerts tell of the first only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aggregator.parse.calendar import series_of
from aggregator.store.tables import Entry, Story


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a series already."""

    ids: tuple[int, ...]
    story: int | None
    first: Mapping[str, Any]
    """`published`, `published_claimed` and `first_seen_at` of the one that came first."""


def known(session: Session, source_id: int, uids: Sequence[str]) -> dict[str, Known]:
    """The stored occurrences of each series that one of these uids belongs to, by series."""
    found = {}
    for series in {series for uid in uids if (series := series_of(uid)) is not None}:
        rows = session.execute(
            select(
                *(Entry.id, Entry.story_id, Entry.published, Entry.published_claimed),
                *(Entry.first_seen_at, Entry.uid),
            )
            .where(
                Entry.source_id == source_id, Entry.uid.startswith(f"{series}#", autoescape=True)
            )
            .order_by(Entry.first_seen_at, Entry.id)
        ).all()
        rows = [row for row in rows if series_of(row.uid) == series]
        if rows:
            stories = (row.story_id for row in rows if row.story_id is not None)
            first = {
                "published": rows[0].published,
                "published_claimed": rows[0].published_claimed,
                "first_seen_at": rows[0].first_seen_at,
            }
            found[series] = Known(tuple(row.id for row in rows), next(stories, None), first)
    return found


def as_known(row: dict[str, Any], before: Mapping[str, Known], now: datetime) -> dict[str, Any]:
    """A row to insert, dated like its series and told to nobody again when that is known."""
    series = series_of(row["uid"])
    stored = before.get(series) if series else None
    return {**row, **stored.first, "matched_at": now} if stored else row


def link(
    session: Session, new: Mapping[str, int], before: Mapping[str, Known], *, now: datetime
) -> None:
    """Put new entries (id by uid) into one story with the others of their series."""
    fresh: dict[str, list[int]] = {}
    for uid, id_ in new.items():
        series = series_of(uid)
        if series is not None:
            fresh.setdefault(series, []).append(id_)
    for series, ids in fresh.items():
        stored = before.get(series)
        if stored is None and len(ids) == 1:
            continue
        story_id = stored.story if stored else None
        if story_id is None:
            story = Story(created_at=now)
            session.add(story)
            session.flush()
            story_id = story.id
            ids = [*ids, *(stored.ids if stored else ())]
        session.execute(
            update(Entry)
            .where(Entry.id.in_(ids))
            .values(story_id=story_id, indexed_at=None)
            .execution_options(synchronize_session=False)
        )
