"""Words that hold an entry back until a moderator has seen it, tried on the past before saved.

A worker's job applies them to what has arrived; trusted groups are not held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from aggregator.errors import Refused
from aggregator.registry import amendments, entries, profile
from aggregator.registry.trust import trust
from aggregator.store.tables import Entry, Hold, Moderator, Source
from aggregator.understand.words import words_of

TRIED: Final = 500
AT_ONCE: Final = 500
"""Entries looked at in one run of the job."""

Pattern = tuple[tuple[str, ...], ...]
"""Phrases as stems; all must occur."""


def pattern(words: str) -> Pattern:
    """Words, and phrases in quotes, as they are looked for; raises Refused when none is left.

    >>> pattern('casinos "machines à sous"')
    (('casino',), ('machin', 'a', 'sous'))
    """
    parts = re.findall(r'["«“]([^"»”]+)["»”]|([^\s"«»“”]+)', words)
    phrases = (tuple(word.stem for word in words_of(quoted or bare)) for quoted, bare in parts)
    found = tuple(phrase for phrase in phrases if phrase)
    if not found:
        raise Refused("missing", field="words")
    return found


def matches(pattern: Pattern, title: str, text: str) -> bool:
    """Whether every phrase occurs in the title or in the text; pure."""
    stems = [[word.stem for word in words_of(part)] for part in (title, text)]
    return all(any(_occurs(phrase, part) for part in stems) for phrase in pattern)


def caught(session: Session, words: str, *, last: int = TRIED) -> list[Entry]:
    """Which of the last entries these words would have held, newest first; changes nothing."""
    wanted = pattern(words)
    latest = session.scalars(
        select(Entry)
        .where(Entry.hidden_at.is_(None), Entry.deleted_at.is_(None))
        .options(joinedload(Entry.source).joinedload(Source.group))
        .order_by(Entry.id.desc())
        .limit(last)
    )
    return [entry for entry in latest if matches(wanted, entry.title, entry.text)]


def save(session: Session, words: str, *, why: str, moderator: Moderator, now: datetime) -> Hold:
    """Hold what arrives from now on and has these words; what is there stays shown."""
    words = profile.plain(words, "words", 500)
    pattern(words)
    hold = Hold(
        words=words,
        why=profile.plain(why, "why", 500),
        created_at=now,
        created_by_id=moderator.id,
        checked_entry_id=session.scalar(select(func.max(Entry.id))) or 0,
    )
    session.add(hold)
    session.flush()
    return hold


def end(hold: Hold, *, now: datetime) -> None:
    """Hold nothing more by it; what it held stays in the queue."""
    hold.ended_at = hold.ended_at or now


def listed(session: Session) -> Sequence[Hold]:
    """Those in force, the newest first."""
    return session.scalars(
        select(Hold).where(Hold.ended_at.is_(None)).order_by(Hold.id.desc())
    ).all()


def apply(session: Session, now: datetime) -> int:
    """Hold new entries back and put them in the queue; how many. A job of the worker."""
    held = 0
    for hold in listed(session):
        arrived = session.scalars(
            select(Entry)
            .where(Entry.id > hold.checked_entry_id)
            .options(joinedload(Entry.source).joinedload(Source.group))
            .order_by(Entry.id)
            .limit(AT_ONCE)
        ).all()
        if not arrived:
            continue
        hold.checked_entry_id = arrived[-1].id
        held += _hold(session, hold, arrived, now)
    session.flush()
    return held


def _hold(session: Session, hold: Hold, arrived: Iterable[Entry], now: datetime) -> int:
    wanted, held, trusted = pattern(hold.words), 0, dict[int, bool]()
    for entry in arrived:
        if entry.hidden_at is not None or not matches(wanted, entry.title, entry.text):
            continue
        group = entry.source.group
        if group.id not in trusted:
            trusted[group.id] = trust(session, group, now).level == 3
        if trusted[group.id]:
            continue
        entries.hide(entry, "hold", now)
        change = {"hold": hold.id, "words": hold.words, "reason": "held"}
        amendments.propose(
            session, "hold", now=now, entry=entry, change=change, why=hold.why, author="program"
        )
        held += 1
    return held


def _occurs(phrase: tuple[str, ...], stems: list[str]) -> bool:
    length = len(phrase)
    return any(
        tuple(stems[start : start + length]) == phrase for start in range(len(stems) - length + 1)
    )
