"""Sources: which are due, claiming them, and keeping a claim while they are worked on.

Knows no exchange. A claim is a lease in the row itself: a killed worker's ends by itself, and
two workers never hold the same source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from aggregator.store.tables import Crawl, Entry, Group, Host, HostDay, Source

FARTHEST = timedelta(days=8)
"""No schedule and no lease reaches farther (Retry-After and errors: 7 days, and jitter)."""


def _crawlable() -> ColumnElement[bool]:
    """Sources that somebody wants crawled: listed, not paused, their group still with us."""
    with_us = select(Group.id).where(Group.status.not_in(("declined", "withdrawn")))
    wanted = Source.paused_at.is_(None) & Source.left_inventory_at.is_(None)
    return wanted & Source.group_id.in_(with_us)


_CLAIMING = 0x666C  # any number that no other lock of this database has


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(Source.claimed_until.is_(None), _over(Source.claimed_until, now))


def _over(moment: InstrumentedAttribute[Any], now: datetime) -> ColumnElement[bool]:
    """Whether a moment lies behind us, or so far ahead that a clock must have been wrong."""
    return or_(moment <= now, moment > now + FARTHEST)


def due_ids(
    session: Session,
    now: datetime,
    *,
    limit: int | None = None,
    only: str | None = None,
    all_: bool = False,
) -> Sequence[int]:
    """Ids of sources to crawl now, the longest due first; claimed ones are left out.

    `only`: that slug, due or not, even paused; `all_`: every source, due or not.
    """
    query: Select[int] = select(Source.id).where(_free(now))
    if only is not None:
        query = query.where(Source.slug == only)
    else:
        query = query.where(_crawlable())
        if not all_:
            query = query.where(_over(Source.next_crawl_at, now))
    return session.scalars(query.order_by(Source.next_crawl_at, Source.id).limit(limit)).all()


def claim(
    session: Session, ids: Sequence[int], now: datetime, *, lease: timedelta
) -> Sequence[Source]:
    """Those of `ids` that were free, now held until `now + lease`; commit to keep them.

    Rows come with their group, in the order of `ids`. One conditional update, so that of two
    workers only one gets a source.
    """
    wanted = select(Source.id).where(Source.id.in_(ids), _free(now))
    if session.get_bind().dialect.name == "postgresql":
        # One claim at a time, as on SQLite: each then sees which hosts the others are at.
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))
        wanted = wanted.with_for_update(skip_locked=True)
    statement = (
        update(Source)
        .where(Source.id.in_(wanted))
        .values(claimed_until=now + lease)
        .returning(Source.id)
        .execution_options(synchronize_session=False)
    )
    claimed = set(session.scalars(statement))
    rows = session.scalars(
        select(Source)
        .where(Source.id.in_(claimed))
        .options(joinedload(Source.group))
        .execution_options(populate_existing=True)
    )
    by_id = {source.id: source for source in rows}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def claimed_addresses(session: Session, now: datetime, *, besides: Collection[int]) -> list[str]:
    """What other workers are at: the addresses of claimed sources that are not in `besides`."""
    rows = session.execute(
        select(Source.id, Source.url, Source.found_url).where(Source.claimed_until > now)
    )
    return [found_url or url for id_, url, found_url in rows if id_ not in besides]


# Made once: a visit to an unchanged source costs little more than its statements.
_HOLD = (
    update(Source)
    .where(Source.id == bindparam("held_id"), Source.claimed_until == bindparam("held_until"))
    .values(claimed_until=bindparam("held_until"))
    .returning(Source)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def hold(session: Session, source_id: int, claimed_until: datetime) -> Source | None:
    """The row, locked, if our claim until `claimed_until` still stands; None when it was lost.

    The first statement of a source's transaction: it writes, so that on SQLite nobody else
    writes until the commit.
    """
    return session.scalar(_HOLD, {"held_id": source_id, "held_until": claimed_until})


def lock(session: Session, source_id: int) -> Source:
    """The row, held until the commit, whoever has claimed it: for what comes beside the crawl."""
    return session.scalars(
        update(Source)
        .where(Source.id == source_id)
        .values(slug=Source.slug)
        .returning(Source)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one()


def renew(session: Session, ids: Collection[int], held: datetime, until: datetime) -> Sequence[int]:
    """Lengthen claims that end at `held`; the ids that are still ours."""
    statement = (
        update(Source)
        .where(Source.id.in_(ids), Source.claimed_until == held)
        .values(claimed_until=until)
        .returning(Source.id)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(statement))


def release(session: Session, ids: Collection[int], held: datetime) -> None:
    """Give back unworked claims that end at `held`; those lost meanwhile are left alone."""
    session.execute(
        update(Source)
        .where(Source.id.in_(ids), Source.claimed_until == held)
        .values(claimed_until=None)
        .execution_options(synchronize_session=False)
    )


def published(session: Session, source_id: int, limit: int) -> Sequence[datetime]:
    """When its newest entries were published, newest first."""
    return session.scalars(
        select(Entry.published)
        .where(Entry.source_id == source_id)
        .order_by(Entry.published.desc())
        .limit(limit)
    ).all()


def count_published(session: Session, source_id: int, since: datetime, until: datetime) -> int:
    """How many of its entries were published after `since`, up to `until`."""
    query = select(func.count()).where(
        Entry.source_id == source_id, Entry.published > since, Entry.published <= until
    )
    return session.scalar(query) or 0


def known_uids(session: Session, source_id: int, uids: Sequence[str]) -> Collection[str]:
    """Which of these uids the source has entries of; a few hundred at once."""
    query = select(Entry.uid).where(Entry.source_id == source_id, Entry.uid.in_(uids))
    return set(session.scalars(query))


def hosts(session: Session, names: Collection[str]) -> dict[str, Host]:
    """What is known of these hosts, by name; unknown ones are left out."""
    found = session.scalars(
        select(Host).where(Host.name.in_(names)).execution_options(populate_existing=True)
    )
    return {host.name: host for host in found}


def _counting(
    insert: postgresql.Insert | sqlite.Insert,
) -> postgresql.Insert | sqlite.Insert:
    return insert.on_conflict_do_update(
        index_elements=["name", "day"],
        set_={
            "requests": HostDay.requests + insert.excluded.requests,
            "bytes": HostDay.bytes + insert.excluded.bytes,
        },
    )


_HOST_DAYS = HostDay.metadata.tables["host_days"]
_COUNT = {
    "postgresql": _counting(postgresql.insert(_HOST_DAYS)),
    "sqlite": _counting(sqlite.insert(_HOST_DAYS)),
}


def count_requests(session: Session, name: str, day: date, *, requests: int, size: int) -> None:
    """Add what one host was asked on one day; safe beside other workers."""
    session.execute(
        _COUNT[session.get_bind().dialect.name],
        {"name": name, "day": day, "requests": requests, "bytes": size},
    )


def forget_visits(session: Session, before: datetime) -> int:
    """Delete the records of crawls, and of days of hosts, older than `before`; how many crawls."""
    gone = session.scalars(
        delete(Crawl)
        .where(Crawl.at < before)
        .returning(Crawl.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        delete(HostDay)
        .where(HostDay.day < before.date())
        .execution_options(synchronize_session=False)
    )
    return len(gone)


def keep_host(session: Session, name: str, **values: object) -> None:
    """Write what is now known of a host, new or not; other columns keep their values."""
    insert = (
        postgresql.insert(Host)
        if session.get_bind().dialect.name == "postgresql"
        else sqlite.insert(Host)
    )
    defaults = {"tdm_reserved": False}
    session.execute(
        insert.values({"name": name} | defaults | values).on_conflict_do_update(
            index_elements=[Host.name], set_=values
        )
    )


def all_sources(session: Session) -> Sequence[Source]:
    """Every source with its group, by slug."""
    return session.scalars(
        select(Source).options(joinedload(Source.group)).order_by(Source.slug)
    ).all()


def visited(session: Session) -> tuple[int, int, int]:
    """How many sources have been visited at least once, how many there are, and the entries."""
    total = select(func.count()).select_from(Source).where(_crawlable())
    return (
        session.scalar(total.where(Source.last_crawled_at.is_not(None))) or 0,
        session.scalar(total) or 0,
        session.scalar(select(func.count()).select_from(Entry)) or 0,
    )
