"""Lists of other tools into amendments: first shown as a difference, then proposed, all or none.

Nothing is written into the inventory here but through amendments: a moderator or a workshop
decides, or the rule of a mirror that a moderator agreed to. Groups that left, were declined or
were refused come back by no import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import amendments, governance, keepers
from aggregator.registry.planning import Planned, values_of
from aggregator.registry.similar import mixes_alphabets
from aggregator.store.tables import Amendment, Group, Record

BY_RULE: Final = "mirrored"
"""The reason of what passes because the list it comes from is followed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a list is taken."""

    origin: str
    """Whose list it is; amendments and records name it."""
    mirror: bool = False
    """Take its word over everything, its departures too."""
    by_itself: bool = False
    """What concerns only groups that this list brought passes without a person."""
    workshop_id: int | None = None
    licence: str = ""
    """Of records that name none; a list's own word counts where nothing is said here."""
    charter_version: str = ""
    """Of our charter, which those who keep the list accepted; empty: they did not."""
    charter_accepted_at: datetime | None = None


def propose(
    session: Session, planned: Sequence[Planned], terms: Terms, *, now: datetime
) -> list[Amendment]:
    """Put a plan in the queue: one amendment per group; all or none.

    Groups of this origin that the list no longer has are remembered as vanished; as a mirror,
    taking them away is proposed too.
    """
    rules = {kind: governance.rule(session, kind) for kind in ("missing_group", "profile")}
    # All is checked before anything is written: until then nobody else's writing waits.
    with session.no_autoflush:
        drafts = [(one, _draft(session, one, terms, now)) for one in planned]
    with session.begin_nested():
        for one, amendment in drafts:
            if amendment is not None:
                session.add(amendment)
            _remember(session, one, amendment, terms, now)
        session.flush()
        for one, amendment in drafts:
            # One that waited before is a person's to decide.
            if amendment is not None and terms.by_itself and amendment.created_at == now:
                _pass(session, one, amendment, rules[amendment.kind], now)
        session.flush()
    return [amendment for _one, amendment in drafts if amendment is not None]


def records_of(session: Session, groups: Sequence[Group]) -> dict[int, list[Record]]:
    """Group id → where else it is listed, oldest first; groups that are nowhere else are absent."""
    found: dict[int, list[Record]] = {}
    ids = {group.id for group in groups}
    query = select(Record).where(Record.group_id.is_not(None)).order_by(Record.id)
    if len(ids) < 500:
        query = query.where(Record.group_id.in_(ids))
    for record in session.scalars(query):
        if record.group_id in ids:
            found.setdefault(record.group_id or 0, []).append(record)
    return found


def brought(records: Mapping[int, Sequence[Record]]) -> dict[int, Record]:
    """Of `records_of`: group id → the record of the list that brought the group here."""
    found = {
        group_id: next((one for one in several if one.brought), None)
        for group_id, several in records.items()
    }
    return {group_id: one for group_id, one in found.items() if one is not None}


def _draft(session: Session, one: Planned, terms: Terms, now: datetime) -> Amendment | None:
    if one.change is None:
        return None
    return amendments.propose(
        session,
        "missing_group" if one.outcome == "new" else "profile",
        now=now,
        group=one.group,
        change=one.change,
        why=terms.origin,
        author="import",
        workshop_id=terms.workshop_id,
        is_written=False,
    )


def _pass(
    session: Session, one: Planned, made: Amendment, rule: governance.RuleNow, now: datetime
) -> None:
    """Accept what only concerns the list's own groups, where one moderator would be enough."""
    if made.state != "open" or rule.threshold > 1 or rule.who != "moderator":
        return
    change = one.change or {}
    if mixes_alphabets(str(change.get("url") or change.get("home") or "")):
        return
    if one.outcome == "new":
        if one.is_unsure:
            return
    elif not (one.known and one.known.brought and one.group) or _speaks(session, one.group):
        return
    amendments.pass_by_itself(session, made, BY_RULE, now)


def _speaks(session: Session, group: Group) -> bool:
    """Whether somebody here speaks for the group: then no list does."""
    return group.status == "participating" or bool(keepers.keepers(session, group))


def _remember(
    session: Session, one: Planned, made: Amendment | None, terms: Terms, now: datetime
) -> None:
    """Note how the list has the group now, or that it no longer has it."""
    listed, record = one.record, one.known
    if one.outcome == "gone":
        assert record is not None
        record.vanished_at = now
    if one.outcome not in {"new", "changed", "same", "kept"}:
        return
    if record is None:
        record = Record(origin=terms.origin[:300], external_id=listed.external_id)
        session.add(record)
    record.group = one.group if one.group is not None else record.group
    if made is not None and one.outcome == "new":
        record.amendment = made
    record.tool, record.kept, record.said = listed.tool, listed.kept, values_of(listed)
    record.source_key, record.page = listed.source_key, listed.page
    record.licence = listed.licence or terms.licence
    record.charter_version = terms.charter_version
    record.charter_accepted_at = terms.charter_accepted_at
    record.seen_at, record.vanished_at = now, None
