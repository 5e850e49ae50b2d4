"""Editing the tagger's lexicon: tried on the last entries, saved as a decision, undone.

Each edit is an amendment, so that who, why and undoing it are in the public log. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session, joinedload

from aggregator.collect import ingest, learning
from aggregator.collect.understanding import profile_of
from aggregator.registry import amendments, moderation, phrases
from aggregator.store.tables import Amendment, Entry, Group, Lesson, LexiconEdit, Moderator, Source
from aggregator.understand import corrections, editing
from aggregator.understand.corrections import Correction, Sample
from aggregator.understand.editing import Edit

TRIED: Final = 500
"""Entries an edit is tried on, and tagged again by once it is saved; and as many corrections."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an edit would change on one entry."""

    entry: Entry
    gained: tuple[tuple[str, str], ...]
    """(dimension, slug)."""
    lost: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    """What stands there of the phrase, as the entry writes it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an edit would do; nothing is changed."""

    edit: Edit
    before: float | None
    """What the phrase weighs now; None when it is not in the lexicon."""
    tried: int
    """Entries looked at."""
    found: int
    """How many of them have the phrase."""
    effects: tuple[Effect, ...]
    """Newest first."""
    broken: tuple[Correction, ...]
    """Corrections by people that are met now and would not be any more."""


def try_edit(session: Session, change: Mapping[str, Any], *, now: datetime) -> Trial:
    """Try an edit on the last 500 entries and corrections; up to some seconds for a common word.

    `change` as `amendments.propose` takes it for `lexicon`; raises Refused as that does. Tags that
    people set or took away on an entry stay and are not counted.
    """
    checked = phrases.checked(session, change, now)
    edit = phrases.edit_of(change)
    before = learning.rules(session, now)
    after = editing.with_edits(before, [edit])
    entries = _latest(session)
    found = _bearing(entries, edit)
    samples = [
        Sample(entry.id, entry.title, entry.text, profile_of(entry.source))
        for entry in entries
        if entry.id in found
    ]
    by_id = {entry.id: entry for entry in entries}
    effects = []
    for one in corrections.changes(samples, before, after):
        said = learning.said_of(session, one.id)
        gained = tuple(pair for pair in one.gained if pair not in said)
        lost = tuple(pair for pair in one.lost if pair not in said)
        if gained or lost:
            effects.append(Effect(by_id[one.id], gained, lost, found[one.id]))
    broken = corrections.regressions(_examples(session, edit), before, after)
    return Trial(
        edit=edit,
        before=checked["weight"]["from"],
        tried=len(entries),
        found=len(found),
        effects=tuple(effects),
        broken=tuple(broken),
    )


def save(
    session: Session, change: Mapping[str, Any], *, why: str, moderator: Moderator, now: datetime
) -> Amendment:
    """Decide an edit; it counts for what arrives from now on, and the last entries are due.

    Where the rules ask for several voices it waits in the queue, `open`, for the others. Raises
    Refused as `try_edit` does, and when this moderator may not.
    """
    proposal = amendments.propose(
        session, "lexicon", change=change, why=why, author="moderator", now=now
    )
    return moderation.decide(session, proposal, "accept", moderator, now=now)


def undo(session: Session, edit: LexiconEdit, moderator: Moderator, *, now: datetime) -> None:
    """Take an edit back; raises Refused when it was already, or this moderator may not."""
    moderation.undo(session, edit.amendment, moderator, now=now, again=False)


def listed(session: Session, *, limit: int = 100) -> Sequence[LexiconEdit]:
    """The edits in force, the newest first."""
    return session.scalars(
        select(LexiconEdit)
        .where(LexiconEdit.undone_at.is_(None))
        .options(joinedload(LexiconEdit.amendment).joinedload(Amendment.decided_by))
        .order_by(LexiconEdit.id.desc())
        .limit(limit)
    ).all()


def retag(session: Session, now: datetime) -> int:
    """Tag those of the last 500 entries again that have a phrase edited since; how many.

    A job of the worker. Two at once do it once; killed, it is due again.
    """
    # Once every process knows of the edit, nothing arrives that would be left out.
    changed_at = func.coalesce(LexiconEdit.undone_at, LexiconEdit.made_at)
    due = session.scalars(
        select(LexiconEdit).where(
            LexiconEdit.retagged_at.is_(None), changed_at <= now - learning.NOTICED_AFTER
        )
    ).all()
    mine = [edit for edit in due if _claim(session, edit, now)]
    if not mine:
        return 0
    learning.rules(session, now, at_once=True)
    entries = _latest(session)
    bearing = set[int]()
    for edit in mine:
        wanted = Edit(edit.dimension, edit.slug, edit.phrase, edit.weight)
        bearing |= _bearing(entries, wanted).keys()
    for entry in entries:
        if entry.id in bearing:
            ingest.retag(session, entry, now=now)
    session.flush()
    return len(bearing)


def _claim(session: Session, edit: LexiconEdit, now: datetime) -> bool:
    claimed = session.execute(
        update(LexiconEdit)
        .where(LexiconEdit.id == edit.id, LexiconEdit.retagged_at.is_(None))
        .values(retagged_at=now)
    )
    assert isinstance(claimed, CursorResult)
    return claimed.rowcount == 1


def _latest(session: Session) -> Sequence[Entry]:
    """The last entries that are shown, newest first, with what they inherit."""
    inherited = joinedload(Entry.source).joinedload(Source.group).selectinload(Group.tags)
    return session.scalars(
        select(Entry)
        .where(Entry.hidden_at.is_(None), Entry.deleted_at.is_(None))
        .options(inherited)
        .order_by(Entry.id.desc())
        .limit(TRIED)
    ).all()


def _bearing(entries: Sequence[Entry], edit: Edit) -> dict[int, tuple[str, ...]]:
    """Entries that have the phrase, by id, with the words: an edit leaves all others alone."""
    phrase = editing.alone(edit)
    found = {
        entry.id: editing.words_found(phrase, edit.dimension, entry.title, entry.text)
        for entry in entries
    }
    return {id: words for id, words in found.items() if words}


def _examples(session: Session, edit: Edit) -> list[Correction]:
    """The latest corrections of texts that have the phrase."""
    newest = session.scalar(select(func.max(Lesson.id))) or 0
    phrase = editing.alone(edit)
    return [
        example
        for _, example in learning.corrections(session, after=newest - TRIED)
        if editing.words_found(phrase, edit.dimension, example.title, example.text)
    ]
