"""What people's corrections taught: rules moved by them, and which tags an entry must not bear.

Lessons are rows; the rules made of them are derived and kept in this process until there are
others. Knows nothing of who corrected and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from aggregator.collect.understanding import profile_of
from aggregator.store.tables import Entry, Lesson, Source
from aggregator.understand.corrections import Correction, learn_all
from aggregator.understand.tags import NO_PROFILE, Rules, default_rules
from aggregator.understand.tags import Profile as Declared

NOTICED_AFTER: Final = timedelta(seconds=10)
"""How long a new lesson may go unnoticed; spares a question per source."""


@dataclass(frozen=True)
class _Known:
    checked_at: datetime
    ids: tuple[int, ...]
    rules: Rules


_known: dict[str, _Known] = {}
"""By database, so that two in one process never share lessons."""


def rules(session: Session, now: datetime) -> Rules:
    """The rules that tag entries now: those that come with the program, moved by each lesson."""
    database = str(session.get_bind().engine.url)
    before = _known.get(database)
    if before is not None and before.checked_at <= now < before.checked_at + NOTICED_AFTER:
        return before.rules
    count, last = session.execute(select(func.count(Lesson.id), func.max(Lesson.id))).one()
    ids = before.ids if before is not None else ()
    if before is None or (len(ids), ids[-1] if ids else None) != (count, last):
        before = _learned(session, before, now)
    _known[database] = _Known(now, before.ids, before.rules)
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


def _learned(session: Session, before: _Known | None, now: datetime) -> _Known:
    """Learn what is new; all anew when a lesson was taken back."""
    known = before.ids if before is not None else ()
    still = tuple(session.scalars(select(Lesson.id).order_by(Lesson.id)))
    if before is None or still[: len(known)] != known:
        known, start = (), default_rules()
    else:
        start = before.rules
    fresh = corrections(session, after=known[-1] if known else 0)
    return _Known(now, still, learn_all(start, (correction for _, correction in fresh)))


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
