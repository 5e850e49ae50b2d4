"""Entries that come again under new ids: alike in all else, each stays the entry it was.

A site that moves to https, changes its software or makes up an id at each request brings its whole
feed anew; nobody is to read, and to be told, the same news twice. Knows no exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aggregator.parse.entries import ParsedEntry
from aggregator.store.tables import Entry

_CHUNK = 400
_Looks = tuple[str, str, datetime | str, datetime | None]


def rename(
    session: Session, source_id: int, unknown: Sequence[ParsedEntry], uids: Collection[str]
) -> list[str]:
    """Give stored entries the ids under which they come now; those ids, seldom any.

    `unknown`: entries with ids the source never used; `uids`: all ids of their feed, for what
    still stands in it under its own id was not renamed. An entry is known again by title, address
    (whatever its scheme), the date the source gives (its summary where it gives none) and, for
    an event, its start. The caller commits.
    """
    tellable = [entry for entry in unknown if entry.title and (entry.url or entry.starts_at)]
    stored = _stored(session, source_id, tellable, uids)
    taken: dict[int, str] = {}
    for entry in tellable:
        claimed = entry.published or entry.updated
        looks = _looks(entry.title, entry.url, claimed or entry.summary, entry.starts_at)
        id_ = stored.get(looks)
        if id_ is not None:
            taken.setdefault(id_, entry.uid)
    for id_, uid in taken.items():
        session.execute(
            update(Entry)
            .where(Entry.id == id_)
            .values(uid=uid)
            .execution_options(synchronize_session=False)
        )
    return list(taken.values())


def _stored(
    session: Session, source_id: int, entries: Sequence[ParsedEntry], uids: Collection[str]
) -> dict[_Looks, int]:
    """Ids of the source's entries with one of these titles, by their looks; the newest wins."""
    stored: dict[_Looks, int] = {}
    titles = list(dict.fromkeys(entry.title for entry in entries))
    for start in range(0, len(titles), _CHUNK):
        rows = session.execute(
            select(
                *(Entry.id, Entry.uid, Entry.title, Entry.url, Entry.summary),
                *(Entry.published, Entry.published_claimed, Entry.starts_at),
            )
            .where(
                Entry.source_id == source_id,
                Entry.deleted_at.is_(None),
                Entry.title.in_(titles[start : start + _CHUNK]),
            )
            .order_by(Entry.id)
        )
        for row in rows:
            if row.uid not in uids:
                claimed = row.published_claimed or row.published
                stored[_looks(row.title, row.url, claimed, row.starts_at)] = row.id
                stored[_looks(row.title, row.url, row.summary, row.starts_at)] = row.id
    return stored


def _looks(title: str, url: str | None, told: datetime | str, starts_at: datetime | None) -> _Looks:
    address = (url or "").partition("://")[2].removeprefix("www.").rstrip("/")
    return title, address, told, starts_at
