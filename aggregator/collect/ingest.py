"""A parsed feed into rows: new entries, versions of edited ones, tombstones, tags.

Pure database work inside the caller's transaction; twice is once. Knows no exchange.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from aggregator.collect import learning, renaming, series
from aggregator.collect.understanding import Understood, evidence_of, profile_of, understand
from aggregator.parse import clean
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.store.tables import Entry, EntryTag, EntryVersion, Reading, Source
from aggregator.understand.tags import Profile, Rules

MAX_ENTRIES = 1000
"""Of one feed in one visit, in document order; a feed with more is a dump."""
MAX_VERSIONS = 50
"""Earlier forms kept of one entry; a counter in its text must not fill the disk."""
LONGEST_TEXT = 100_000
"""Characters of one entry for the index and for tags."""
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one feed changed."""

    new: tuple[int, ...] = ()
    """Ids of entries seen for the first time, in document order."""
    updated: tuple[int, ...] = ()
    """Ids of entries that their source edited, or brought back."""
    unchanged: int = 0


def ingest(
    session: Session,
    source: Source,
    feed: ParsedFeed,
    *,
    now: datetime,
    tagged: bool = True,
) -> Ingested:
    """Store what `feed` brings for `source`; the caller commits.

    An entry is the source's own by (source, uid): nothing another source brought is touched.
    Entries that are no longer in the feed stay. Without `tagged` entries only inherit their
    group's tags (for the bench, which weighs both).
    """
    parsed = _once(feed.entries[:MAX_ENTRIES])
    uids = {entry.uid for entry in parsed}
    known = _known(session, source.id, list(uids))
    unknown = [entry for entry in parsed if entry.uid not in known]
    known |= _known(session, source.id, renaming.rename(session, source.id, unknown, uids))
    profile = profile_of(source)
    fresh: list[ParsedEntry] = []
    edited: list[tuple[_Known, ParsedEntry]] = []
    same: list[int] = []
    for entry in parsed:
        row = known.get(entry.uid)
        if row is None:
            fresh.append(entry)
        elif row.content_hash != content_hash(entry) or row.deleted:
            edited.append((row, entry))
        else:
            same.append(row.id)
    rules = learning.rules(session, now) if tagged and (fresh or edited) else None
    new = _add(session, source, fresh, profile, now, rules)
    bury(session, source, set(feed.deleted) - uids, now=now)
    for row, entry in edited:
        _edit(session, source, row, entry, profile, now, rules)
    _seen_again(session, same, now)
    return Ingested(new=tuple(new), updated=tuple(row.id for row, _ in edited), unchanged=len(same))


def bury(session: Session, source: Source, uids: Iterable[str], *, now: datetime) -> int:
    """Turn entries that the source says are gone into tombstones; how many.

    Their texts go, the title and address stay for the page that says so.
    """
    buried = 0
    wanted = list(uids)
    for start in range(0, len(wanted), _CHUNK):
        ids = session.scalars(
            select(Entry.id).where(
                Entry.source_id == source.id,
                Entry.uid.in_(wanted[start : start + _CHUNK]),
                Entry.deleted_at.is_(None),
            )
        ).all()
        gone = {"deleted_at": now, "indexed_at": None, "summary": "", "content": "", "text": ""}
        session.execute(
            update(Entry)
            .where(Entry.id.in_(ids))
            .values(**gone, image=None, enclosures=[], content_hash="")
            .execution_options(synchronize_session=False)
        )
        session.execute(delete(EntryVersion).where(EntryVersion.entry_id.in_(ids)))
        buried += len(ids)
    return buried


def content_hash(entry: ParsedEntry) -> str:
    """Of what the source wrote, without what changes by itself (signed picture addresses)."""
    parts = (
        entry.title,
        entry.url or "",
        entry.summary,
        entry.content,
        entry.place or "",
        *(at.isoformat() if at else "" for at in (entry.starts_at, entry.ends_at)),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    content_hash: str
    deleted: bool


def _once(entries: Sequence[ParsedEntry]) -> list[ParsedEntry]:
    """Each uid once, the first in the document; what says nothing at all is left out."""
    telling = [entry for entry in reversed(entries) if says_something(entry)]
    return list({entry.uid: entry for entry in telling}.values())[::-1]


def says_something(entry: ParsedEntry) -> bool:
    """Whether there is anything to show of it: words, a page, a file or a date to come."""
    return bool(
        entry.title or entry.url or entry.summary or entry.content
        or entry.enclosures or entry.starts_at
    )  # fmt: skip


def _known(session: Session, source_id: int, uids: Sequence[str]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for start in range(0, len(uids), _CHUNK):
        rows = session.execute(
            select(Entry.uid, Entry.id, Entry.content_hash, Entry.deleted_at).where(
                Entry.source_id == source_id, Entry.uid.in_(uids[start : start + _CHUNK])
            )
        )
        for uid, id_, hash_, deleted_at in rows:
            known[uid] = _Known(id_, hash_, deleted_at is not None)
    return known


def dated(entry: ParsedEntry, first_seen: datetime) -> tuple[datetime, datetime | None]:
    """When it counts as published, and what the source claimed where that had to differ.

    A date in the future would pin the entry to the top of every page; none at all, to the end.
    """
    claimed = entry.published or entry.updated
    if claimed is None:
        return first_seen, None
    if claimed > first_seen:
        return first_seen, claimed
    return claimed, None


def _add(
    session: Session,
    source: Source,
    entries: Sequence[ParsedEntry],
    profile: Profile,
    now: datetime,
    rules: Rules | None,
) -> list[int]:
    """Insert new entries with their tags; their ids in document order."""
    if not entries:
        return []
    rows: list[dict[str, Any]] = []
    read: list[Understood] = []
    before = series.known(session, source.id, [entry.uid for entry in entries])
    # Backwards, so that of entries with the same date the first in the document is the newest;
    # of events that next to come.
    in_order = sorted(entries, key=lambda entry: (entry.ends_at or entry.starts_at or now) < now)
    for entry in reversed(in_order):
        text = text_of(entry)
        understood = understand(entry, text, profile, rules=rules)
        published, claimed = dated(entry, now)
        read.append(understood)
        row = _written(entry, text, understood) | {
            "source_id": source.id,
            "uid": entry.uid,
            "published": published,
            "published_claimed": claimed,
            "first_seen_at": now,
            "last_seen_at": now,
            "matched_at": None,
        }
        rows.append(series.as_known(row, before, now))
    ids = list(
        session.scalars(insert(Entry).returning(Entry.id, sort_by_parameter_order=True), rows)
    )
    _tag(session, zip(ids, read, strict=True))
    by_uid = {row["uid"]: id_ for row, id_ in zip(rows, ids, strict=True)}
    series.link(session, by_uid, before, now=now)
    return [by_uid[entry.uid] for entry in entries]


def _edit(
    session: Session,
    source: Source,
    row: _Known,
    entry: ParsedEntry,
    profile: Profile,
    now: datetime,
    rules: Rules | None,
) -> None:
    """Keep the earlier form and write the new one; what moderators tagged or took away stays."""
    if not row.deleted:
        _keep_version(session, row.id, now)
    text = text_of(entry)
    understood = _tag_again(session, row.id, understand(entry, text, profile, rules=rules))
    session.execute(
        update(Entry)
        .where(Entry.id == row.id)
        .values(
            **_written(entry, text, understood),
            last_seen_at=now,
            indexed_at=None,
            deleted_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    # What was read of its own page belongs to the earlier form.
    session.execute(delete(Reading).where(Reading.entry_id == row.id))


def deepen(session: Session, entry: Entry, text: str, *, now: datetime) -> None:
    """Give an entry the longer text of its own page, for the index and for tags.

    What is shown of it does not change; the caller commits.
    """
    entry.text = text[:LONGEST_TEXT]
    retag(session, entry, now=now)


def retag(session: Session, entry: Entry, *, now: datetime) -> None:
    """Tag an entry by the rules of now; what people said of it stays said. The caller commits."""
    as_parsed = ParsedEntry(
        uid=entry.uid, url=entry.url, title=entry.title, language=entry.language
    )
    understood = understand(
        as_parsed, entry.text, profile_of(entry.source), rules=learning.rules(session, now)
    )
    entry.relevance = _tag_again(session, entry.id, understood).relevance
    entry.indexed_at = None


def _tag_again(session: Session, entry_id: int, understood: Understood) -> Understood:
    """Replace an entry's tags; what people said of it stays said, also of its relevance."""
    said = learning.said_of(session, entry_id)
    on_topic = said.get(("relevance", "on-topic"))
    if on_topic is not None:
        understood = replace(understood, relevance=float(on_topic))
    by_people = select(EntryTag.dimension, EntryTag.slug).where(
        EntryTag.entry_id == entry_id, EntryTag.origin == "moderator"
    )
    kept = {(dimension, slug) for dimension, slug in session.execute(by_people)}
    session.execute(
        delete(EntryTag).where(EntryTag.entry_id == entry_id, EntryTag.origin != "moderator")
    )
    _tag(session, [(entry_id, understood)], besides=kept | said.keys())
    return understood


def _keep_version(session: Session, entry_id: int, now: datetime) -> None:
    columns = (Entry.url, Entry.title, Entry.summary, Entry.content, Entry.content_hash)
    before = session.execute(select(*columns).where(Entry.id == entry_id)).one()
    session.execute(
        insert(EntryVersion).values(entry_id=entry_id, replaced_at=now, **before._mapping)
    )
    versions = select(EntryVersion.id).where(EntryVersion.entry_id == entry_id)
    newest = versions.order_by(EntryVersion.id.desc()).limit(MAX_VERSIONS)
    oldest_kept = min(session.scalars(newest))
    session.execute(
        delete(EntryVersion).where(EntryVersion.entry_id == entry_id, EntryVersion.id < oldest_kept)
    )


def _seen_again(session: Session, ids: Sequence[int], now: datetime) -> None:
    for start in range(0, len(ids), _CHUNK):
        session.execute(
            update(Entry)
            .where(Entry.id.in_(ids[start : start + _CHUNK]))
            .values(last_seen_at=now)
            .execution_options(synchronize_session=False)
        )


def text_of(entry: ParsedEntry) -> str:
    """Plain text of everything the entry says, for the index and for tags."""
    if not entry.content:
        return entry.summary[:LONGEST_TEXT]
    text = clean.plain_text(entry.content, LONGEST_TEXT)
    return text if len(text) >= len(entry.summary) else entry.summary[:LONGEST_TEXT]


def _written(entry: ParsedEntry, text: str, understood: Understood) -> dict[str, Any]:
    """The columns that come from what the source wrote."""
    return {
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "text": text,
        "author": entry.author,
        "updated": entry.updated,
        "language": understood.language,
        "relevance": understood.relevance,
        "type": entry.type,
        "image": entry.image,
        "categories": list(entry.categories),
        "enclosures": [asdict(enclosure) for enclosure in entry.enclosures],
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "place": entry.place,
        "content_hash": content_hash(entry),
    }


def _tag(
    session: Session,
    read: Iterable[tuple[int, Understood]],
    besides: frozenset[tuple[str, str]] | set[tuple[str, str]] = frozenset(),
) -> None:
    rows = [
        {
            "entry_id": entry_id,
            "dimension": tag.dimension,
            "slug": tag.slug,
            "origin": tag.origin,
            "weight": tag.weight,
            "evidence": evidence_of(tag),
        }
        for entry_id, understood in read
        for tag in understood.tags
        if (tag.dimension, tag.slug) not in besides
    ]
    if rows:
        session.execute(insert(EntryTag), rows)
