"""What people's corrections and edits of the lexicon make of the rules; what they said of entries.

Lessons and edits are rows; the rules made of them are derived and kept in this process until
there are others. Knows nothing of who corrected and why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session, selectinload

from aggregator.collect.understanding import profile_of
from aggregator.store.tables import Entry, Lesson, LexiconEdit, Source
from aggregator.understand.corrections import Correction, learn_all
from aggregator.understand.editing import Edit, with_edits
from aggregator.understand.tags import NO_PROFILE, Rules, default_rules
from aggregator.understand.tags import Profile as Declared

NOTICED_AFTER: Final = timedelta(seconds=10)
"""How long a new lesson may go unnoticed; spares a question per source."""


@dataclass(frozen=True)
class _Known:
    checked_at: datetime
    edits: tuple[int, ...]
    """Ids of the edits of the lexicon in force."""
    ids: tuple[int, ...]
    """Ids of the lessons learned."""
    rules: Rules


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()
"""By engine and not by address: a database emptied and made anew counts its rows from 1 again."""


def rules(session: Session, now: datetime, *, at_once: bool = False) -> Rules:
    """The rules that tag entries now: the program's lexicon as edited, weights moved by lessons.

    May miss what is newer than NOTICED_AFTER, unless asked to look `at_once`.
    """
    database = session.get_bind().engine
    before = _known.get(database)
    is_fresh = before is not None and before.checked_at <= now < before.checked_at + NOTICED_AFTER
    if before is not None and is_fresh and not at_once:
        return before.rules
    edits = tuple(session.scalars(_in_force(LexiconEdit.id)))
    if before is None or before.edits != edits:
        # Lessons are learned on what the lexicon finds in their texts: all anew.
        before = _Known(now, edits, (), _edited(session))
    count, last = session.execute(select(func.count(Lesson.id), func.max(Lesson.id))).one()
    if (len(before.ids), before.ids[-1] if before.ids else None) != (count, last):
        before = _learned(session, before)
    _known[database] = replace(before, checked_at=now)
    return before.rules


def corrections(session: Session, *, after: int = 0) -> list[tuple[int, Correction]]:
    """Every lesson with its id, in order; also the examples that a change of rules must meet."""
    lessons = session.scalars(select(Lesson).where(Lesson.id > after).order_by(Lesson.id)).all()
    profiles = _profiles(session, [lesson.entry_id for lesson in lessons if lesson.entry_id])
    return [
        (
            lesson.id,
            Correction(
                title=lesson.title,
                text=lesson.text,
                dimension=lesson.dimension,
                slug=lesson.slug,
                applies=lesson.belongs,
                profile=profiles.get(lesson.entry_id or 0, NO_PROFILE),
            ),
        )
        for lesson in lessons
    ]


def said_of(session: Session, entry_id: int) -> dict[tuple[str, str], bool]:
    """What people said last of an entry: (dimension, slug) → whether it belongs; seldom any."""
    lessons = (
        select(Lesson.dimension, Lesson.slug, Lesson.belongs)
        .where(Lesson.entry_id == entry_id)
        .order_by(Lesson.id)
    )
    return {(dimension, slug): belongs for dimension, slug, belongs in session.execute(lessons)}


def _in_force(*columns: Any) -> Select[Any]:
    return select(*columns).where(LexiconEdit.undone_at.is_(None)).order_by(LexiconEdit.id)


def _edited(session: Session) -> Rules:
    """The rules that come with the program, with the edits in force."""
    edits = [
        Edit(edit.dimension, edit.slug, edit.phrase, edit.weight)
        for edit in session.scalars(_in_force(LexiconEdit))
    ]
    return with_edits(default_rules(), edits) if edits else default_rules()


def _learned(session: Session, before: _Known) -> _Known:
    """Learn what is new; all anew when a lesson was taken back."""
    still = tuple(session.scalars(select(Lesson.id).order_by(Lesson.id)))
    known, start = before.ids, before.rules
    if still[: len(known)] != known:
        known, start = (), _edited(session)
    fresh = corrections(session, after=known[-1] if known else 0)
    taught = learn_all(start, (correction for _, correction in fresh))
    return replace(before, ids=still, rules=taught)


def _profiles(session: Session, entry_ids: list[int]) -> dict[int, Declared]:
    found: dict[int, Declared] = {}
    for start in range(0, len(entry_ids), 400):
        entries = session.scalars(
            select(Entry)
            .where(Entry.id.in_(entry_ids[start : start + 400]))
            .options(selectinload(Entry.source).selectinload(Source.group))
        )
        found |= {entry.id: profile_of(entry.source) for entry in entries}
    return found
