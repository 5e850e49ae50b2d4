"""Leaving: all that a group said is wiped in one transaction, its rows go once the index has
forgotten them, and a hash of each address keeps it from being brought back.

The hash is kept only where the site was proved (or an operator was asked): else whoever registers
somebody else's site and leaves would shut its owner out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import keepers, kumu_kept, mirrors
from aggregator.store import outbox, suppressions, tokens
from aggregator.store.tables import (
    Amendment,
    Entry,
    EntryVersion,
    Group,
    Lesson,
    Record,
    Registration,
    Snapshot,
    Source,
    Token,
)

LINK: Final = timedelta(hours=48)


def ask(session: Session, group: Group, *, now: datetime) -> int:
    """Mail each full keeper a link to leave; how many letters, 0 when the group has no keeper:
    then claiming and proving it comes first."""
    full = keepers.full(session, group)
    for keeper in full:
        secret = tokens.issue(session, "leaving_link", str(group.id), now=now, lifetime=LINK)
        values = {
            "name": group.name,
            "path": f"/quitter/{secret}",
            "hours": int(LINK.total_seconds() // 3600),
        }
        outbox.write(
            session,
            "confirm_leaving",
            keeper.email,
            now=now,
            language=keeper.language,
            values=values,
        )
    return len(full)


def look(session: Session, secret: str, *, now: datetime) -> Group | None:
    """The group a link would take away; changes nothing; None when the link is dead."""
    subject = tokens.subject_of(session, "leaving_link", secret, now=now)
    return session.get(Group, int(subject)) if subject is not None else None


def leave(session: Session, secret: str, *, now: datetime) -> str:
    """Take the group away by a mailed link; returns its name; raises Refused when it is dead."""
    subject = tokens.redeem(session, "leaving_link", secret, now=now)
    group = session.get(Group, int(subject)) if subject is not None else None
    if group is None:
        raise Refused("not_found")
    return _take_away(session, group, now)


def leave_by_desk(session: Session, group: Group, email: str, *, now: datetime) -> str:
    """Take the group away from its desk; returns its name; raises Refused for others."""
    keepers.require(session, group, email, full=True)
    return _take_away(session, group, now)


def take_away(session: Session, group: Group, *, now: datetime) -> str:
    """The same at an operator's hand, for a wish that came by letter or telephone."""
    return _take_away(session, group, now, for_good=True)


def is_for_good(group: Group) -> bool:
    """Whether leaving keeps the group out; a provisional one could be registered again."""
    return not group.provisional


def departures(session: Session) -> int:
    """How many groups left for good: the only thing told of them."""
    return suppressions.departures(session)


def forget(session: Session) -> int:
    """Delete the rows of groups that left and that the index no longer holds; how many groups.

    A job of the worker; until then their pages, feeds, exports and search show nothing.
    """
    waiting = exists().where(
        Source.group_id == Group.id, Entry.source_id == Source.id, Entry.indexed_at.is_(None)
    )
    gone = session.scalars(
        select(Group).where(Group.status == "withdrawn", Group.name == "", ~waiting)
    ).all()
    for group in gone:
        sources = select(Source.id).where(Source.group_id == group.id)
        session.execute(delete(Entry).where(Entry.source_id.in_(sources)))
        session.execute(delete(Source).where(Source.group_id == group.id))
        session.expire(group)
        session.delete(group)
    session.flush()
    return len(gone)


def _take_away(session: Session, group: Group, now: datetime, *, for_good: bool = False) -> str:
    name, slug = group.name, group.slug
    for_good = for_good or is_for_good(group)
    listed = [
        suppressions.of_record(record.origin, record.external_id)
        for record in session.scalars(select(Record).where(Record.group_id == group.id))
    ]
    if for_good:
        suppressions.suppress(session, [*_addresses(group), *listed], now=now)
    else:
        # Its owner may register it again; a list that has it must not bring it back.
        homes = [suppressions.of_import(address) for address in _addresses(group)]
        suppressions.suppress(session, [*homes, *listed], now=now, for_good=False)
    for keeper in keepers.keepers(session, group):
        values = {"name": name, "for_good": for_good}
        outbox.write(
            session,
            "group_left",
            keeper.email,
            now=now,
            language=keeper.language,
            values=values,
        )
        session.delete(keeper)
    session.execute(
        delete(Token).where(
            Token.purpose.in_(("leaving_link", "claim_link", "handover_link")),
            (Token.subject == str(group.id)) | Token.subject.startswith(f"{group.id}:"),
        ),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        delete(Registration).where(
            (Registration.group_id == group.id) | Registration.address.in_(_addresses(group))
        )
    )
    session.execute(delete(Record).where(Record.group_id == group.id))
    kumu_kept.forget(session, name, _addresses(group))
    mirrors.forget(session, name, _addresses(group))
    _wipe_entries(session, group, now)
    _wipe_amendments(session, group)
    _wipe_profile(group, now)
    for snapshot in session.scalars(select(Snapshot)):
        if slug in snapshot.groups:
            snapshot.groups = {key: kept for key, kept in snapshot.groups.items() if key != slug}
    session.flush()
    return name


def _addresses(group: Group) -> list[str]:
    """All by which the group could come back."""
    found = [group.home, group.listed.get("home") if group.listed else None]
    for source in group.sources:
        found += [source.url, source.found_url, source.moved_to, source.hint]
        found.append((source.listed or {}).get("url"))
    return [address for address in found if address]


def _wipe_profile(group: Group, now: datetime) -> None:
    group.status = "withdrawn"
    group.name = group.description = group.note = group.category = ""
    group.home = group.logo = group.contact = None
    group.tags = []
    group.listed = {}
    group.updated_at = now
    for source in group.sources:
        source.paused_at = now
        source.title = source.last_detail = ""


def _wipe_entries(session: Session, group: Group, now: datetime) -> None:
    sources = select(Source.id).where(Source.group_id == group.id)
    entries = select(Entry.id).where(Entry.source_id.in_(sources))
    session.execute(
        delete(EntryVersion).where(EntryVersion.entry_id.in_(entries)),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        delete(Lesson).where(Lesson.entry_id.in_(entries)),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Entry)
        .where(Entry.source_id.in_(sources))
        .values(
            title="",
            summary="",
            content="",
            text="",
            author=None,
            url=None,
            image=None,
            categories=[],
            enclosures=[],
            place=None,
            hidden_at=now,
            hidden_reason="left",
            indexed_at=None,
        ),
        execution_options={"synchronize_session": False},
    )


def _wipe_amendments(session: Session, group: Group) -> None:
    """The log keeps that something was decided, not about whom."""
    entries = select(Entry.id).join(Source).where(Source.group_id == group.id)
    session.execute(
        update(Amendment)
        .where((Amendment.group_id == group.id) | Amendment.entry_id.in_(entries))
        .values(subject="", change={}, undo={}, why="", author_name="", author_email=None, note=""),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Amendment)
        .where(
            (Amendment.group_id == group.id) | Amendment.entry_id.in_(entries),
            Amendment.state.in_(("open", "postponed")),
        )
        .values(state="refused", reason="withdrawn"),
        execution_options={"synchronize_session": False},
    )
