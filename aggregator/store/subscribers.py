"""Queries about subscribers: who they are, what is due for them, what it may tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Select, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from aggregator.store import outbox
from aggregator.store.tables import (
    Entry,
    Group,
    Letter,
    Match,
    Source,
    Story,
    Subscriber,
    Subscription,
)

# Built once: it runs once per digest.
_TABLE = Subscription.__table__
_ADVANCE = (
    update(_TABLE)  # type: ignore[arg-type]  # a mapped class's table is a Table
    .where(
        _TABLE.c.id == bindparam("subscription_id"),
        _TABLE.c.next_digest_at == bindparam("due"),
        _TABLE.c.paused_at.is_(None),
    )
    .values(next_digest_at=bindparam("next_at"), covered_until=bindparam("covered"))
)


def by_address(session: Session, address_key: str) -> Subscriber | None:
    """The subscriber of one mailbox, with its subscriptions."""
    return session.scalar(
        select(Subscriber)
        .where(Subscriber.address_key == address_key)
        .options(selectinload(Subscriber.subscriptions))
    )


def asked_from(session: Session, place_hash: str, *, since: datetime) -> int:
    """How many subscriptions were asked for from one place since an instant."""
    counted = select(func.count(Subscription.id)).where(
        Subscription.place_hash == place_hash, Subscription.created_at > since
    )
    return session.scalar(counted) or 0


def of_letters(session: Session, letters: Iterable[Letter]) -> dict[int, Subscription]:
    """The subscriptions that letters belong to, by id, with their subscribers."""
    ids = {letter.subscription_id for letter in letters if letter.subscription_id is not None}
    if not ids:
        return {}
    rows = session.scalars(
        select(Subscription)
        .where(Subscription.id.in_(ids))
        .options(joinedload(Subscription.subscriber))
    )
    return {row.id: row for row in rows}


def suspend(session: Session, address: str, *, now: datetime, reason: str) -> bool:
    """Send nothing more to a mailbox that does not exist; False when nobody has it."""
    done = session.execute(
        update(Subscriber)
        .where(Subscriber.address_key == address.casefold(), Subscriber.suspended_at.is_(None))
        .values(suspended_at=now, suspended_reason=reason[:500])
    )
    assert isinstance(done, CursorResult)
    return bool(done.rowcount)


def count_bounce(session: Session, address: str) -> int:
    """Count one temporary bounce; returns how many there are, 0 when nobody has the address."""
    counted = session.scalar(
        update(Subscriber)
        .where(Subscriber.address_key == address.casefold())
        .values(bounces=Subscriber.bounces + 1)
        .returning(Subscriber.bounces),
        execution_options={"synchronize_session": False},
    )
    return counted or 0


def due(session: Session, *, now: datetime, limit: int, offset: int = 0) -> Sequence[Subscription]:
    """Subscriptions whose digest is due, the same views together; with their subscribers."""
    return session.scalars(
        _due(now)
        .options(joinedload(Subscription.subscriber))
        .order_by(Subscription.next_digest_at, Subscription.view, Subscription.id)
        .limit(limit)
        .offset(offset)
    ).all()


def count_due(session: Session, *, now: datetime) -> int:
    """How many digests are due and not written yet."""
    return session.scalar(select(func.count()).select_from(_due(now).subquery())) or 0


def _due(now: datetime) -> Select[Subscription]:
    return (
        select(Subscription)
        .join(Subscription.subscriber)
        .where(
            Subscription.next_digest_at <= now,
            Subscription.confirmed_at.is_not(None),
            Subscription.paused_at.is_(None),
            Subscriber.suspended_at.is_(None),
        )
    )


def advance(
    session: Session, subscription: Subscription, *, next_at: datetime, covered: datetime
) -> bool:
    """Claim a due digest by moving it on; False when another process did so first.

    The letter is written in the same transaction, so that both happen or none.
    """
    values = {
        "subscription_id": subscription.id,
        "due": subscription.next_digest_at,
        "next_at": next_at,
        "covered": covered,
    }
    return session.connection().execute(_ADVANCE, values).rowcount == 1


def alerts(session: Session) -> Sequence[Subscription]:
    """All active alerts, with their subscribers."""
    return session.scalars(
        select(Subscription)
        .join(Subscription.subscriber)
        .where(
            Subscription.rhythm == "alert",
            Subscription.confirmed_at.is_not(None),
            Subscription.paused_at.is_(None),
            Subscriber.suspended_at.is_(None),
        )
        .options(joinedload(Subscription.subscriber))
        .order_by(Subscription.id)
    ).all()


def is_unread(session: Session, *, before: datetime) -> bool:
    """Whether something seen before an instant still waits for the index."""
    waiting = exists().where(Entry.indexed_at.is_(None), Entry.first_seen_at < before)
    return bool(session.scalar(select(waiting)))


def news(
    session: Session, *, since: datetime, until: datetime, not_older: timedelta
) -> dict[int, int | None]:
    """What was first seen from `since` on and before `until`: id → story, the newest first.

    What was published more than `not_older` before `since` is no news: a source brings its old
    entries along when it is first read.
    """
    rows = session.execute(
        select(Entry.id, Entry.story_id)
        .where(
            Entry.first_seen_at >= since,
            Entry.first_seen_at < until,
            Entry.published >= since - not_older,
            Entry.hidden_at.is_(None),
            Entry.deleted_at.is_(None),
        )
        .order_by(Entry.published.desc(), Entry.id.desc())
    )
    return {row.id: row.story_id for row in rows}


def coming(session: Session, *, since: datetime, until: datetime) -> dict[int, int | None]:
    """The events that begin in a time: id → story, the first first."""
    rows = session.execute(
        select(Entry.id, Entry.story_id)
        .where(
            Entry.starts_at >= since,
            Entry.starts_at < until,
            Entry.hidden_at.is_(None),
            Entry.deleted_at.is_(None),
        )
        .order_by(Entry.starts_at, Entry.id)
    )
    return {row.id: row.story_id for row in rows}


def entries(session: Session, ids: Sequence[int]) -> list[Entry]:
    """The public entries of these ids, in their order, with all that a mail tells of them."""
    rows = session.scalars(
        select(Entry)
        .join(Entry.source)
        .join(Source.group)
        .where(Entry.id.in_(ids), Group.status.not_in(("declined", "withdrawn")))
        .options(
            joinedload(Entry.source).joinedload(Source.group),
            selectinload(Entry.tags),
            joinedload(Entry.story)
            .selectinload(Story.entries)
            .joinedload(Entry.source)
            .joinedload(Source.group),
        )
    ).unique()
    found = {entry.id: entry for entry in rows}
    return [found[id_] for id_ in ids if id_ in found]


def unmatched(session: Session, *, limit: int) -> Sequence[int]:
    """Ids of indexed entries that no alert was tried on yet, the first indexed first."""
    return session.scalars(
        select(Entry.id)
        .where(Entry.matched_at.is_(None), Entry.indexed_at.is_not(None))
        .order_by(Entry.indexed_at, Entry.id)
        .limit(limit)
    ).all()


def moments(
    session: Session, ids: Sequence[int], *, since: datetime
) -> dict[int, tuple[datetime, datetime]]:
    """When entries were published and first seen, of those first seen since an instant."""
    rows = session.execute(
        select(Entry.id, Entry.published, Entry.first_seen_at).where(
            Entry.id.in_(ids), Entry.first_seen_at >= since
        )
    )
    return {row.id: (row.published, row.first_seen_at) for row in rows}


def claim_unmatched(session: Session, ids: Sequence[int], *, now: datetime) -> Sequence[int]:
    """Note that the alerts are tried on these entries; returns those nobody had tried before."""
    return session.scalars(
        update(Entry)
        .where(Entry.id.in_(ids), Entry.matched_at.is_(None))
        .values(matched_at=now)
        .returning(Entry.id),
        execution_options={"synchronize_session": False},
    ).all()


def waiting_matches(session: Session) -> dict[int, list[int]]:
    """Alert → entries it found and was not told of yet, the oldest match first."""
    rows = session.execute(
        select(Match.subscription_id, Match.entry_id)
        .where(Match.told_at.is_(None))
        .order_by(Match.subscription_id, Match.at, Match.entry_id)
    )
    found: dict[int, list[int]] = {}
    for subscription_id, entry_id in rows:
        found.setdefault(subscription_id, []).append(entry_id)
    return found


def told(
    session: Session, subscription_id: int, ids: Sequence[int], *, now: datetime
) -> Sequence[int]:
    """Claim matches as told; returns the entries that are this process's to tell."""
    return session.scalars(
        update(Match)
        .where(
            Match.subscription_id == subscription_id,
            Match.entry_id.in_(ids),
            Match.told_at.is_(None),
        )
        .values(told_at=now)
        .returning(Match.entry_id),
        execution_options={"synchronize_session": False},
    ).all()


def letters_since(session: Session, subscription_id: int, *, since: datetime) -> int:
    """How many letters one subscription got since an instant; calls of its webhook are none."""
    counted = select(func.count(Letter.id)).where(
        Letter.subscription_id == subscription_id,
        Letter.kind != outbox.WEBHOOK,
        Letter.created_at > since,
    )
    return session.scalar(counted) or 0


def letters_of_kind(session: Session, address: str, kind: str, *, since: datetime) -> int:
    """How many letters of one kind an address got since an instant."""
    counted = select(func.count(Letter.id)).where(
        Letter.address == address, Letter.kind == kind, Letter.created_at > since
    )
    return session.scalar(counted) or 0


def letters_to(session: Session, address: str) -> Sequence[Letter]:
    """All letters kept to one address, the oldest first."""
    return session.scalars(
        select(Letter).where(Letter.address == address).order_by(Letter.created_at, Letter.id)
    ).all()


def forget_letters(session: Session, address: str) -> None:
    """Erase all letters to one address, sent or not."""
    session.execute(delete(Letter).where(Letter.address == address))


def unconfirmed(
    session: Session, *, asked_before: datetime, reminded: bool
) -> Sequence[Subscription]:
    """Subscriptions asked for (or reminded of) before an instant and never confirmed."""
    since = Subscription.reminded_at if reminded else Subscription.created_at
    query = (
        select(Subscription)
        .where(Subscription.confirmed_at.is_(None), since < asked_before)
        .options(joinedload(Subscription.subscriber))
        .order_by(Subscription.id)
    )
    if not reminded:
        query = query.where(Subscription.reminded_at.is_(None))
    return session.scalars(query).all()


def forget_the_empty(session: Session) -> int:
    """Erase addresses that follow nothing any more; returns how many."""
    gone = session.execute(
        delete(Subscriber)
        .where(~exists().where(Subscription.subscriber_id == Subscriber.id))
        .returning(Subscriber.id),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all())


def forget_places(session: Session, *, before: datetime) -> None:
    """Erase where forms were sent from."""
    session.execute(
        update(Subscription)
        .where(Subscription.place_hash != "", Subscription.created_at < before)
        .values(place_hash=""),
        execution_options={"synchronize_session": False},
    )


def forget_matches(session: Session, *, before: datetime) -> None:
    """Erase what alerts found long ago."""
    session.execute(
        delete(Match).where(or_(Match.told_at < before, Match.at < before)),
        execution_options={"synchronize_session": False},
    )


def counts(session: Session) -> dict[str, int]:
    """Statistics without following anyone: active subscriptions by rhythm, suspended addresses."""
    by_rhythm = session.execute(
        select(Subscription.rhythm, func.count(Subscription.id))
        .where(Subscription.confirmed_at.is_not(None))
        .group_by(Subscription.rhythm)
    )
    suspended = select(func.count(Subscriber.id)).where(Subscriber.suspended_at.is_not(None))
    return {
        **{row.rhythm: row[1] for row in by_rhythm},
        "suspended": session.scalar(suspended) or 0,
    }
