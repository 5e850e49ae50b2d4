"""Keeps the index in step with the database: what is pending, and everything anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from aggregator.errors import BrokenIndex
from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.engines import beside, is_made, open_engine
from aggregator.store.tables import Entry, Group, Source
from aggregator.taxonomy import areas, terms

log = structlog.get_logger()

PRESENTED: Final = 500
"""Entries handed to the engine in one commit."""

_COMMITTED: Final = 20_000
"""Entries per commit of a rebuild: few large segments."""

Progress = Callable[[int, int], None]
"""Takes how many entries are done, and how many there are."""


def index_pending(session: Session, engine: Engine, *, limit: int = PRESENTED) -> int:
    """Brings up to `limit` pending entries into the index, or out of it; how many there were.

    Commits the session. `indexed_at` is set after the engine's commit: when the process ends in
    between, the entries are indexed once more, which is the same as once.
    """
    waiting = _whole().where(Entry.indexed_at.is_(None)).order_by(Entry.id).limit(limit)
    # Two workers on PostgreSQL take different entries; changes wait until these are done.
    pending = session.scalars(waiting.with_for_update(of=Entry, skip_locked=True)).all()
    if not pending:
        session.rollback()
        return 0
    seen = [(entry.id, entry.content_hash) for entry in pending]
    _present(engine, pending)
    engine.commit()
    # One statement: an entry that changed meanwhile stays pending.
    session.execute(
        update(Entry)
        .where(tuple_(Entry.id, Entry.content_hash).in_(seen))
        .values(indexed_at=datetime.now(UTC)),
        execution_options={"synchronize_session": False},
    )
    session.commit()
    for entry in pending:
        session.expire(entry, ["indexed_at"])
    return len(seen)


def open_to_read(sessions: sessionmaker[Session], index_url: str) -> Engine:
    """The engine for those who build nothing: never empty where entries were indexed.

    So a reader neither serves an empty index for a deleted one, nor puts one in its place, which
    others would follow. Raises BrokenIndex when it was deleted, too; else as `open_engine`.
    """
    if is_made(index_url) or not _was_indexed(sessions):
        engine = open_engine(index_url)
        if not _is_lost(sessions, engine):
            return engine
        engine.close()
    raise BrokenIndex(
        "The search index was deleted: `filcommun run` and `filcommun work` build it anew."
    )


def open_or_rebuild(sessions: sessionmaker[Session], index_url: str, progress: Progress) -> Engine:
    """The engine; rebuilt first when its index is unreadable, of another version, or was deleted.

    Raises BrokenIndex when it cannot be rebuilt either, SettingsError for a wrong address.
    """
    try:
        return open_to_read(sessions, index_url)
    except BrokenIndex:
        reindex(sessions, index_url, progress)
        return open_engine(index_url)


def keep_up(
    sessions: sessionmaker[Session], engine: Engine, index_url: str, progress: Progress
) -> int:
    """Brings the index up to date: all that is pending, everything when it is broken or gone.

    How many entries were brought. Raises UnwritableIndex: they stay pending.
    """
    try:
        engine.refresh()
        if _is_lost(sessions, engine):
            log.warning("index lost, built anew")
            return reindex(sessions, index_url, progress)
        with sessions() as session:
            done = 0
            while batch := index_pending(session, engine):
                done += batch
            return done
    except BrokenIndex as error:
        log.error("index broken, built anew", error=str(error))
        return reindex(sessions, index_url, progress)


def _is_lost(sessions: sessionmaker[Session], engine: Engine) -> bool:
    """Whether the index is empty although entries were indexed: somebody deleted it."""
    return engine.count() == 0 and _was_indexed(sessions)


def _was_indexed(sessions: sessionmaker[Session]) -> bool:
    with sessions() as session:
        return session.scalar(_findable().limit(1)) is not None


def count_findable(session: Session) -> int:
    """How many entries the index holds when it is in step, by what the database says."""
    return session.scalar(select(func.count()).select_from(_findable().subquery())) or 0


def _findable() -> Select[int]:
    return (
        select(Entry.id)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.indexed_at.is_not(None), Entry.deleted_at.is_(None))
        .where(Entry.hidden_at.is_(None), Group.status.not_in(("declined", "withdrawn")))
    )


def reindex(sessions: sessionmaker[Session], index_url: str, progress: Progress) -> int:
    """Builds a new index beside the one that serves, switches to it; how many entries it holds.

    Entries that arrive meanwhile are caught up with before the switch. When anything fails the
    old index goes on. Raises BrokenIndex.
    """
    started = datetime.now(UTC)
    new = beside(index_url)
    try:
        _fill(sessions, new.engine, progress)
        _catch_up(sessions, new.engine, started)
        count = new.engine.count()
    except BaseException:
        new.drop()
        raise
    new.switch()
    # What other processes brought into the old index during the last moments comes again.
    with sessions() as session:
        session.execute(update(Entry).where(Entry.indexed_at >= started).values(indexed_at=None))
        session.commit()
    return count


def _fill(sessions: sessionmaker[Session], engine: Engine, progress: Progress) -> None:
    with sessions() as session:
        total = session.scalar(select(func.count()).select_from(Entry)) or 0
        done = last = 0
        progress(done, total)
        while batch := session.scalars(
            _whole().where(Entry.id > last).order_by(Entry.id).limit(PRESENTED)
        ).all():
            last = batch[-1].id
            _present(engine, batch)
            done += len(batch)
            if done % _COMMITTED < PRESENTED:
                engine.commit()
            session.expunge_all()
            progress(done, max(done, total))
        engine.commit()


def _catch_up(sessions: sessionmaker[Session], engine: Engine, since: datetime) -> None:
    """Entries that were indexed, changed or hidden while the new index was being filled."""
    with sessions() as session:
        late = session.scalars(
            _whole().where((Entry.indexed_at >= since) | Entry.indexed_at.is_(None))
        ).all()
        _present(engine, late)
        engine.commit()


def _present(engine: Engine, entries: Sequence[Entry]) -> None:
    shown = [entry for entry in entries if is_shown(entry)]
    engine.add(indexed(entry) for entry in shown)
    engine.remove(entry.id for entry in entries if not is_shown(entry))


def _whole() -> Select[Entry]:
    return select(Entry).options(
        joinedload(Entry.source).joinedload(Source.group), selectinload(Entry.tags)
    )


def is_shown(entry: Entry) -> bool:
    """Whether it may be found: not gone, not hidden, its group not withdrawn."""
    gone = entry.deleted_at is not None or entry.hidden_at is not None
    return not gone and entry.source.group.is_public


def indexed(entry: Entry) -> IndexedEntry:
    """An entry as the engines take it; areas with all that contain them."""
    group = entry.source.group
    return IndexedEntry(
        id=entry.id,
        title=entry.title,
        text=entry.text or entry.summary,
        language=entry.language,
        published=entry.published,
        group=group.slug,
        group_name=group.name,
        source=entry.source_id,
        author=entry.author,
        type=entry.type,
        story=entry.story_id,
        topics=_slugs(entry, "topic"),
        objectives=_slugs(entry, "objective"),
        skills=_slugs(entry, "skill"),
        kinds=_slugs(entry, "kind"),
        areas=tuple(_with_ancestors(_slugs(entry, "area"))),
    )


def _slugs(entry: Entry, dimension: str) -> tuple[str, ...]:
    return tuple(tag.slug for tag in entry.tags if tag.dimension == dimension)


def _with_ancestors(slugs: Iterable[str]) -> Iterator[str]:
    found: dict[str, None] = {}
    for slug in slugs:
        found[slug] = None
        if terms.is_term("area", slug):
            found.update(dict.fromkeys(areas.ancestors(slug)))
    yield from found
