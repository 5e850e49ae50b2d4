"""Letters waiting to be sent: written with the fact that causes them, claimed to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from aggregator.store.tables import Issue, Letter, MailDomain

LEASE = timedelta(minutes=10)
"""How long a claim holds when the process that made it is gone."""

WINDOW = timedelta(minutes=1)
"""What `per_domain` counts in."""

SERVER = "*"
"""Stands for the mail server itself among the domains."""

SHORTEST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(minutes=5)
"""How long a mail server that cannot be reached is left alone: at first, and at last."""

WEBHOOK = "webhook"
"""The kind of letters that leave by HTTP instead of mail."""


# Built once: it runs for every mail.
_HANDED_OVER = (
    update(Letter.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
    .where(
        Letter.__table__.c.id == bindparam("letter_id"),
        Letter.__table__.c.claimed_until == bindparam("claim"),
        Letter.__table__.c.handed_at.is_(None),
        Letter.__table__.c.sent_at.is_(None),
    )
    .values(handed_at=bindparam("now"), tries=Letter.__table__.c.tries + 1)
)


def write(
    session: Session,
    kind: str,
    address: str,
    *,
    now: datetime,
    language: str = "fr",
    values: dict[str, Any] | None = None,
    priority: int = 0,
    subscription_id: int | None = None,
) -> Letter:
    """Put one letter in the outbox; it leaves after the caller's commit."""
    letter = Letter(
        kind=kind,
        address=address,
        domain=address.rpartition("@")[2].lower(),
        priority=priority,
        language=language,
        values=values or {},
        subscription_id=subscription_id,
        created_at=now,
        next_try_at=now,
    )
    session.add(letter)
    return letter


@dataclass(frozen=True, slots=True)
class Issued:
    """A letter that carries an issue to one subscriber."""

    address: str
    language: str
    issue_id: int
    subscription_id: int


def write_all(
    session: Session, kind: str, letters: Sequence[Issued], *, now: datetime, priority: int
) -> None:
    """Put many letters of one kind in the outbox at once."""
    rows = [
        {
            "kind": kind,
            "address": letter.address,
            "domain": letter.address.rpartition("@")[2].lower(),
            "priority": priority,
            "language": letter.language,
            "values": {},
            "issue_id": letter.issue_id,
            "subscription_id": letter.subscription_id,
            "created_at": now,
            "next_try_at": now,
        }
        for letter in letters
    ]
    if rows:
        session.execute(insert(Letter), rows)


def settle(session: Session, *, now: datetime) -> int:
    """Count as sent what a killed process had handed over; returns how many.

    The server had everything but the last line, and that was on its way: to send again would
    most likely send twice.
    """
    settled = session.execute(
        update(Letter)
        .where(
            _waiting(),
            Letter.handed_at.is_not(None),
            or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
        )
        .values(
            sent_at=Letter.handed_at,
            claimed_until=None,
            last_error="Handed over; the answer was lost with the process.",
        )
        .returning(Letter.id),
        execution_options={"synchronize_session": False},
    )
    return len(settled.all())


def claim(
    session: Session,
    *,
    now: datetime,
    limit: int,
    per_domain: int | None = None,
    webhooks: bool = False,
) -> Sequence[Letter]:
    """Up to `limit` due letters that are this process's for LEASE; the caller commits.

    The most urgent first, then the longest waiting. Of one domain at most `per_domain` are
    claimed in WINDOW, by all processes together; what is too many waits for the next window.
    """
    kind = Letter.kind == WEBHOOK if webhooks else Letter.kind != WEBHOOK
    due = (
        select(Letter.id)
        .where(
            _waiting(),
            kind,
            Letter.next_try_at <= now,
            Letter.handed_at.is_(None),
            or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
        )
        .order_by(Letter.priority, Letter.next_try_at, Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # One statement, and the first of its transaction: nobody can come between on SQLite either.
    claiming = (
        update(Letter)
        .where(Letter.id.in_(due), _waiting())
        .values(claimed_until=now + LEASE)
        .returning(Letter)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    later: Counter[str] = Counter()
    while True:
        claimed = session.scalars(claiming, execution_options=options).all()
        letters = sorted(claimed, key=lambda one: (one.priority, one.next_try_at, one.id))
        if per_domain is None or not letters:
            return letters
        # A whole batch for a domain that has had enough must not hide the others behind it.
        if kept := _within_pace(session, letters, now, per_domain, later):
            return kept


def handed_over(connection: Connection, letter_id: int, *, claim: datetime, now: datetime) -> bool:
    """Note that all but the last line was given to the server; the caller commits.

    False when it is no longer held by `claim` (its `claimed_until`): another process may have
    taken up and sent what was kept longer than LEASE.
    """
    values = {"letter_id": letter_id, "claim": claim, "now": now}
    return connection.execute(_HANDED_OVER, values).rowcount == 1


def sent(session: Session, letter_ids: Collection[int], *, now: datetime) -> None:
    """Note that the server took them."""
    if letter_ids:
        session.execute(
            update(Letter)
            .where(Letter.id.in_(letter_ids))
            # What was sent may carry secret links: they are not kept here in the clear.
            .values(sent_at=now, claimed_until=None, last_error="", values={})
        )


def postponed(session: Session, letter_id: int, *, until: datetime, error: str, tries: int) -> None:
    """Note that it was not taken, and when to try again."""
    session.execute(
        update(Letter)
        .where(Letter.id == letter_id)
        .values(
            next_try_at=until, claimed_until=None, handed_at=None, last_error=error, tries=tries
        )
    )


def failed(session: Session, letter_id: int, *, now: datetime, error: str) -> None:
    """Note that it will never leave; what it would have said is not kept."""
    session.execute(
        update(Letter)
        .where(Letter.id == letter_id)
        .values(failed_at=now, claimed_until=None, handed_at=None, last_error=error, values={})
    )


def released(session: Session, letter_ids: Collection[int], *, error: str) -> None:
    """Give claimed letters back untried, with what they wait for."""
    if letter_ids:
        session.execute(
            update(Letter)
            .where(Letter.id.in_(letter_ids))
            .values(claimed_until=None, last_error=error)
        )


def quieten(session: Session, domain: str, *, now: datetime, until: datetime) -> None:
    """Send nothing to a domain before `until`: it has said that it is too much."""
    row = session.get(MailDomain, domain) or MailDomain(name=domain, window_started_at=now, sent=0)
    row.quiet_until = until
    session.add(row)


def away(session: Session, *, now: datetime) -> None:
    """Leave the mail server alone for a while: it cannot be reached. Longer each time."""
    row = session.get(MailDomain, SERVER)
    if row is None or row.quiet_until is None or row.quiet_until + LONGEST_REST < now:
        since = now
    else:
        since = row.window_started_at
    rest = min(max((now - since) / 2, SHORTEST_REST), LONGEST_REST)
    values = {"window_started_at": since, "quiet_until": now + rest}
    session.execute(
        _domain_insert(session)
        .values(name=SERVER, sent=0, **values)
        .on_conflict_do_update(index_elements=[MailDomain.name], set_=values)
    )


def is_away(session: Session, *, now: datetime) -> bool:
    """Whether the mail server is left alone just now."""
    row = session.get(MailDomain, SERVER)
    return row is not None and row.quiet_until is not None and now < row.quiet_until


def newest(session: Session, *, limit: int, failed: bool = False) -> Sequence[Letter]:
    """The letters written last, or those that could not be sent, the newest first."""
    query = select(Letter).order_by(Letter.id.desc()).limit(limit)
    return session.scalars(query.where(Letter.failed_at.is_not(None)) if failed else query).all()


def counts(session: Session) -> dict[str, int]:
    """How many letters wait, were sent and have failed, of those that are still kept."""
    states = {
        "letters waiting": _waiting(),
        "letters sent": Letter.sent_at.is_not(None),
        "letters failed": Letter.failed_at.is_not(None),
    }
    return {
        name: session.scalar(select(func.count(Letter.id)).where(state)) or 0
        for name, state in states.items()
    }


def purge(session: Session, *, before: datetime) -> int:
    """Forget letters done before an instant, and digests that no letter carries any more."""
    gone = session.execute(
        delete(Letter)
        .where(or_(Letter.sent_at < before, Letter.failed_at < before))
        .returning(Letter.id),
        execution_options={"synchronize_session": False},
    )
    count = len(gone.all())
    carried = select(Letter.issue_id).where(Letter.issue_id.is_not(None))
    session.execute(
        delete(Issue).where(Issue.created_at < before, Issue.id.not_in(carried)),
        execution_options={"synchronize_session": False},
    )
    return count


def _waiting() -> ColumnElement[bool]:
    return Letter.sent_at.is_(None) & Letter.failed_at.is_(None)


def _within_pace(
    session: Session,
    letters: Sequence[Letter],
    now: datetime,
    per_domain: int,
    later: Counter[str],
) -> Sequence[Letter]:
    """Those that may leave now; the others are given back with a later time.

    `later` counts those by domain, so that they are spread over the coming windows.
    """
    domains = _domains(session, {letter.domain for letter in letters}, now)
    kept: list[Letter] = []
    for letter in letters:
        domain = domains[letter.domain]
        if (domain.quiet_until is None or domain.quiet_until <= now) and domain.sent < per_domain:
            domain.sent += 1
            kept.append(letter)
            continue
        windows = 1 + later[letter.domain] // per_domain
        later[letter.domain] += 1
        next_window = domain.window_started_at + windows * WINDOW
        letter.next_try_at = max(next_window, domain.quiet_until or next_window)
        letter.claimed_until = None
    session.flush()
    return kept


def _domains(session: Session, names: Collection[str], now: datetime) -> dict[str, MailDomain]:
    known = (
        select(MailDomain)
        .where(MailDomain.name.in_(names))
        .order_by(MailDomain.name)
        .with_for_update()
    )
    domains = {row.name: row for row in session.scalars(known)}
    missing = sorted(set(names) - set(domains))
    if missing:
        # Another worker may meet a domain for the first time too.
        session.execute(
            _domain_insert(session).on_conflict_do_nothing(),
            [{"name": name, "window_started_at": now, "sent": 0} for name in missing],
        )
        domains = {row.name: row for row in session.scalars(known)}
    for row in domains.values():
        if row.window_started_at + WINDOW <= now:
            row.window_started_at, row.sent = now, 0
    return domains


def _domain_insert(session: Session) -> postgresql.Insert | sqlite.Insert:
    table = MailDomain.metadata.tables[MailDomain.__tablename__]
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)
