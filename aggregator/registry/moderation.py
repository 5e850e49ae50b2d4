"""Deciding: one queue by risk, one call per decision, undo, appeal, a public log, and its speed.

Knows what a decision is, not what it does (`applying`) nor who may take it (`governance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import Refused
from aggregator.registry import amendments, applying, governance, keepers
from aggregator.registry.comparing import Difference, conflicts
from aggregator.registry.wording import REFUSAL_REASONS, SETTLED
from aggregator.store import outbox
from aggregator.store.tables import (
    Amendment,
    Approval,
    Entry,
    Group,
    Moderator,
    Source,
    Workshop,
)

VERDICTS: Final = {"accept": "accepted", "refuse": "refused", "postpone": "postponed"}
LONGEST: Final = 600.0
"""Seconds; a page left open longer than that was not being decided."""


def queue(
    session: Session,
    *,
    kinds: Sequence[str] = (),
    state: str = "open",
    workshop_id: int | None = None,
    limit: int = 50,
) -> Sequence[Amendment]:
    """What waits, the riskiest first, then the oldest; a workshop's own only when it is given.

    What a closed workshop postponed, or what was undone since, is everybody's again.
    """
    closed = select(Workshop.id).where(Workshop.closed_at.is_not(None))
    general = Amendment.workshop_id.is_(None) | Amendment.workshop_id.in_(closed)
    query = (
        select(Amendment)
        .where(
            Amendment.state == state,
            general if workshop_id is None else Amendment.workshop_id == workshop_id,
        )
        .options(
            selectinload(Amendment.group),
            selectinload(Amendment.entry).selectinload(Entry.source).selectinload(Source.group),
        )
        .order_by(Amendment.risk.desc(), Amendment.created_at, Amendment.id)
        .limit(limit)
    )
    if kinds:
        query = query.where(Amendment.kind.in_(kinds))
    return session.scalars(query).all()


def decide(
    session: Session,
    amendment: Amendment,
    verdict: str,
    moderator: Moderator,
    *,
    now: datetime,
    reason: str = "",
    note: str = "",
    seconds: float | None = None,
    despite_conflict: bool = False,
) -> Amendment:
    """Accept, refuse or postpone; whoever proposed it is told by mail if they left an address.

    A refusal needs a reason of REFUSAL_REASONS or, in a workshop, SETTLED. Where several must
    agree, accepting adds a voice and the amendment stays open until enough have. Raises Refused:
    decided already, not allowed, subject gone, or changed meanwhile (`despite_conflict` decides
    nevertheless).
    """
    if verdict not in VERDICTS:
        raise Refused("unknown_value", field="verdict", value=verdict[:50])
    if verdict == "refuse" and reason not in (*REFUSAL_REASONS, *SETTLED):
        raise Refused("reason_needed")
    governance.require(session, amendment, moderator)
    _not_ones_own_judge(session, amendment, moderator)
    if verdict == "accept" and not _agreed(session, amendment, moderator, now):
        return amendment
    _claim(session, amendment, VERDICTS[verdict])
    if verdict == "accept":
        if not despite_conflict:
            _refuse_conflicts(conflicts(session, amendment))
        _accept(session, amendment, moderator, now)
    elif verdict == "refuse":
        amendment.undo = applying.refuse(session, amendment, now)
    amendment.decided_at, amendment.decided_by = now, moderator
    amendment.reason = reason or ("checked" if verdict == "accept" else "")
    amendment.note = note.strip()[:2000]
    amendment.seconds = None if seconds is None else max(0.0, min(seconds, LONGEST))
    session.flush()
    if verdict != "postpone":
        _tell(session, amendment, now)
    return amendment


@dataclass(frozen=True, slots=True)
class Many:
    """The outcome of one decision on many amendments."""

    done: tuple[int, ...]
    failed: dict[int, Refused]


def decide_many(
    session: Session,
    ids: Sequence[int],
    verdict: str,
    moderator: Moderator,
    *,
    now: datetime,
    reason: str = "",
    note: str = "",
    seconds: float | None = None,
) -> Many:
    """Decide alike on each; one that cannot be done leaves the others done. Seconds are shared."""
    done, failed = [], {}
    each = seconds / len(ids) if seconds is not None and ids else None
    for id_ in dict.fromkeys(ids):
        try:
            with session.begin_nested():
                amendment = session.get(Amendment, id_)
                if amendment is None:
                    raise Refused("gone", subject=str(id_))
                decide(
                    session,
                    amendment,
                    verdict,
                    moderator,
                    now=now,
                    reason=reason,
                    note=note,
                    seconds=each,
                )
            done.append(id_)
        except Refused as error:
            failed[id_] = error
    return Many(tuple(done), failed)


def undo(
    session: Session,
    amendment: Amendment,
    moderator: Moderator,
    *,
    now: datetime,
    again: bool = True,
) -> Amendment | None:
    """Take a decision back: all is as before, the log keeps it as undone, and the same proposal
    waits again (returned) unless `again` is false; a postponed one itself waits again.
    Raises Refused where that is not possible."""
    if amendment.state == "postponed":
        governance.require(session, amendment, moderator)
        amendment.state, amendment.decided_at, amendment.decided_by = "open", None, None
        return amendment
    if amendment.state not in {"accepted", "refused"} or amendment.reason == "withdrawn":
        raise Refused("cannot_undo", why=amendment.state)
    governance.require(session, amendment, moderator)
    if amendment.state == "accepted":
        _refuse_conflicts(conflicts(session, amendment, done=True))
        applying.undo(session, amendment, now)
    else:
        applying.undo_refusal(session, amendment, now)
    amendment.state = "undone"
    fresh = _again(amendment) if again else None
    if fresh is not None:
        session.add(fresh)
    session.flush()
    return fresh


def appeal(
    session: Session, amendment: Amendment, *, why: str, email: str, now: datetime
) -> Amendment:
    """A keeper of the group or the author asks to look again; one appeal per decision.

    Raises Refused: not decided, not theirs, or appealed before.
    """
    if amendment.state not in {"accepted", "refused"} or amendment.kind == "appeal":
        raise Refused("cannot_undo", why=amendment.state)
    if not _concerns(session, amendment, email):
        raise Refused("not_yours")
    earlier = select(func.count(Amendment.id)).where(Amendment.appeal_of_id == amendment.id)
    if session.scalar(earlier):
        raise Refused("already_decided")
    return amendments.propose(
        session,
        "appeal",
        now=now,
        group=amendment.group,
        entry=amendment.entry,
        why=why,
        author="group",
        author_email=email,
        appeal_of=amendment,
    )


def log(session: Session, *, before: int | None = None, limit: int = 50) -> Sequence[Amendment]:
    """What was decided, newest first; `before` is the last id of the page before.

    Public: kind, subject, state, reason, note, the moderator's name; authors' addresses never.
    """
    query = (
        select(Amendment)
        .where(Amendment.decided_at.is_not(None), Amendment.state != "postponed")
        .options(
            selectinload(Amendment.decided_by),
            selectinload(Amendment.group),
            selectinload(Amendment.entry).selectinload(Entry.source).selectinload(Source.group),
        )
        .order_by(Amendment.decided_at.desc(), Amendment.id.desc())
        .limit(limit)
    )
    last = session.get(Amendment, before) if before is not None else None
    if last is not None and last.decided_at is not None:
        query = query.where(
            (Amendment.decided_at < last.decided_at)
            | ((Amendment.decided_at == last.decided_at) & (Amendment.id < last.id))
        )
    return session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class Figures:
    """How moderation keeps up, over the last 30 days."""

    waiting: int
    oldest: datetime | None
    """Of what waits; None when nothing does."""
    decided: int
    """By people."""
    by_itself: int
    undone: int
    median_delay: timedelta | None
    """From proposal to decision; None when nothing was decided."""
    median_seconds: float | None
    """Of human time per decision."""


def figures(session: Session, now: datetime) -> Figures:
    """What `/sante` shows."""
    since = now - timedelta(days=30)
    waiting, oldest = session.execute(
        select(func.count(Amendment.id), func.min(Amendment.created_at)).where(
            Amendment.state == "open"
        )
    ).one()
    rows = session.execute(
        select(
            Amendment.created_at,
            Amendment.decided_at,
            Amendment.seconds,
            Amendment.decided_by_id,
            Amendment.state,
        ).where(
            Amendment.decided_at > since, Amendment.state.in_(("accepted", "refused", "undone"))
        )
    ).all()
    by_people = [row for row in rows if row.decided_by_id is not None]
    delays = [row.decided_at - row.created_at for row in by_people]
    seconds = [row.seconds for row in by_people if row.seconds is not None]
    return Figures(
        waiting=waiting,
        oldest=oldest,
        decided=len(by_people),
        by_itself=len(rows) - len(by_people),
        undone=sum(row.state == "undone" for row in rows),
        median_delay=median(delays) if delays else None,
        median_seconds=median(seconds) if seconds else None,
    )


def _claim(session: Session, amendment: Amendment, state: str) -> None:
    """Of two moderators at once, one decides."""
    claimed = session.execute(
        update(Amendment)
        .where(Amendment.id == amendment.id, Amendment.state.in_(("open", "postponed")))
        .values(state=state)
    )
    assert isinstance(claimed, CursorResult)
    if claimed.rowcount == 0:
        raise Refused("already_decided")
    session.refresh(amendment)


def _agreed(session: Session, amendment: Amendment, moderator: Moderator, now: datetime) -> bool:
    """Add this voice; whether it was the last one needed."""
    if amendment.state not in {"open", "postponed"}:
        raise Refused("already_decided")
    if all(approval.moderator_id != moderator.id for approval in amendment.approvals):
        amendment.approvals.append(Approval(moderator_id=moderator.id, at=now))
        session.flush()
    return governance.voices_missing(session, amendment) <= 0


def _accept(session: Session, amendment: Amendment, moderator: Moderator, now: datetime) -> None:
    amendment.undo = applying.apply(session, amendment, now)
    if amendment.kind == "appeal" and amendment.appeal_of_id is not None:
        original = session.get(Amendment, amendment.appeal_of_id)
        if original is None:
            raise Refused("gone", subject=amendment.subject)
        undo(session, original, moderator, now=now, again=False)


def _refuse_conflicts(found: Sequence[Difference]) -> None:
    if found:
        raise Refused("changed_meanwhile", field=found[0].field, now=found[0].now)


def _not_ones_own_judge(session: Session, amendment: Amendment, moderator: Moderator) -> None:
    """An appeal goes to another moderator, unless there is none."""
    if amendment.appeal_of_id is None:
        return
    original = session.get(Amendment, amendment.appeal_of_id)
    others = select(func.count(Moderator.id)).where(
        Moderator.left_at.is_(None), Moderator.id != moderator.id
    )
    if original is not None and original.decided_by_id == moderator.id and session.scalar(others):
        raise Refused("own_decision")


def _again(amendment: Amendment) -> Amendment:
    kept = (
        *("kind", "group_id", "source_id", "entry_id", "appeal_of_id", "workshop_id"),
        *("workshop_table", "subject", "change", "why", "author", "author_name", "author_email"),
        *("language", "risk", "created_at"),
    )
    fresh = Amendment(**{name: getattr(amendment, name) for name in kept}, state="open")
    if amendment.kind == "missing_group":
        fresh.group_id = None
    return fresh


def _concerns(session: Session, amendment: Amendment, email: str) -> bool:
    if amendment.author_email and amendment.author_email.casefold() == email.casefold():
        return True
    group_id = amendment.group_id
    if group_id is None and amendment.entry is not None:
        group_id = amendment.entry.source.group_id
    group = session.get(Group, group_id) if group_id is not None else None
    keeper = keepers.keeper(session, group, email) if group is not None else None
    return keeper is not None and keepers.is_full(keeper)


def _tell(session: Session, amendment: Amendment, now: datetime) -> None:
    if amendment.author_email is None:
        return
    values = {
        "subject": amendment.subject,
        "kind": amendment.kind,
        "state": amendment.state,
        "reason": amendment.reason,
        "note": amendment.note,
        "path": f"/journal/{amendment.id}",
    }
    outbox.write(
        session,
        "amendment_decided",
        amendment.author_email,
        now=now,
        language=amendment.language,
        values=values,
    )
