"""Which story a new entry tells: the index of the last days, kept by a crawl, and its links.

The index lives in memory and is made anew by each process; what it finds is written with the
entry. Entries that other processes stored are taken in before each look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from aggregator.store.tables import Entry, EntryTag, Story
from aggregator.understand.stories import WINDOW, StoryEntry, StoryIndex

LONGEST = 8000
"""Characters of a text that tell its story."""
_BATCH = 500


class StoryLinks:
    """The index of one process; call `link` in the transaction that stored the entries."""

    def __init__(self) -> None:
        self._index = StoryIndex()
        self._last_id = 0
        self._forgot_at: datetime | None = None

    def link(self, session: Session, *, now: datetime) -> int:
        """Give every entry since the last call its story, if one was told; how many got one.

        The first call looks at all of the last days. Ids that another process commits late may
        be passed over: they get no story, nothing else happens to them.
        """
        linked = 0
        while rows := self._news(session, now):
            areas = _areas(session, [row.id for row in rows])
            for row in rows:
                entry = StoryEntry(
                    id=row.id,
                    source=row.source_id,
                    published=row.published,
                    title=row.title,
                    text=row.text[:LONGEST],
                    areas=areas.get(row.id, frozenset()),
                )
                linked += self._match(session, entry, row.story_id, now)
                self._index.add(entry)
            self._last_id = rows[-1].id
        if self._forgot_at is None or now - self._forgot_at > WINDOW / 10:
            self._index.forget(now - WINDOW)
            self._forgot_at = now
        return linked

    def _news(
        self, session: Session, now: datetime
    ) -> Sequence[Row[int, int, datetime, str, str, int | None]]:
        columns = (
            *(Entry.id, Entry.source_id, Entry.published),
            *(Entry.title, Entry.text, Entry.story_id),
        )
        return session.execute(
            select(*columns)
            .where(Entry.id > self._last_id, Entry.published > now - WINDOW)
            .order_by(Entry.id)
            .limit(_BATCH)
        ).all()

    def _match(
        self, session: Session, entry: StoryEntry, story_id: int | None, now: datetime
    ) -> int:
        """1 where the entry tells what another one told, which is then in the same story."""
        match = self._index.match(entry) if story_id is None else None
        if match is None:
            return 0
        other = session.execute(
            select(Entry.id, Entry.story_id).where(Entry.id == match.id)
        ).one_or_none()
        if other is None:
            # A transaction that was undone left it in the index.
            self._index.remove(match.id)
            return 0
        if other.story_id is not None:
            _join(session, [entry.id], other.story_id)
            return 1
        story = Story(created_at=now)
        session.add(story)
        session.flush()
        _join(session, [entry.id, other.id], story.id)
        return 1


def _join(session: Session, entry_ids: Sequence[int], story_id: int) -> None:
    """The search index holds the story too, so that both are due for it."""
    session.execute(
        update(Entry)
        .where(Entry.id.in_(entry_ids))
        .values(story_id=story_id, indexed_at=None)
        .execution_options(synchronize_session=False)
    )


def _areas(session: Session, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The areas that the texts themselves name, by entry."""
    rows = session.execute(
        select(EntryTag.entry_id, EntryTag.slug).where(
            EntryTag.entry_id.in_(ids), EntryTag.dimension == "area", EntryTag.origin == "text"
        )
    )
    areas: dict[int, frozenset[str]] = {}
    for entry_id, slug in rows:
        areas[entry_id] = areas.get(entry_id, frozenset()) | {slug}
    return areas
