"""An edit of the lexicon is tried on the past, decided in public, learned, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.collect import learning
from aggregator.collect.ingest import ingest
from aggregator.errors import Refused
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.registry import amendments, governance, lexicon, moderation
from aggregator.store.tables import Entry, LexiconEdit, Moderator, Source
from aggregator.understand.tags import default_rules

Change = dict[str, Any]
ZINZOLINE: Change = {
    "dimension": "topic",
    "slug": "culture",
    "phrase": "zinzoline",
    "weight": 5.0,
}


def brought(session: Session, source: Source, now: datetime, *titles: str) -> list[Entry]:
    """Ingest entries of these titles, as they are tagged now."""
    feed = ParsedFeed(
        entries=tuple(
            ParsedEntry(uid=title, url=None, title=title, summary=f"{title}, {title}.")
            for title in titles
        )
    )
    ingest(session, source, feed, now=now)
    session.commit()
    session.expire_all()
    wanted = select(Entry).where(Entry.uid.in_(titles)).order_by(Entry.id.desc())
    return list(session.scalars(wanted))


def topics(session: Session, entry: Entry) -> set[str]:
    session.expire_all()
    return {tag.slug for tag in entry.tags if tag.dimension == "topic"}


def test_an_edit_is_tried_on_the_last_entries_and_changes_nothing(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    [_, entry] = brought(session, a_source(), now, "Vélorution samedi", "La Zinzoline")
    trial = lexicon.try_edit(session, ZINZOLINE, now=now)
    assert (trial.before, trial.tried, trial.found) == (None, 2, 1)
    [effect] = trial.effects
    assert (effect.entry, effect.lost) == (entry, ())
    assert ("topic", "culture") in effect.gained
    assert effect.words == ("Zinzoline",)
    assert not session.new | session.dirty
    assert topics(session, entry) == set()
    assert learning.rules(session, now, at_once=True) is default_rules()


def test_a_saved_edit_tags_what_arrives_and_the_last_entries_until_it_is_undone(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    source = a_source()
    [old] = brought(session, source, now, "La zinzoline")
    decided = lexicon.save(session, ZINZOLINE, why="C’est une danse.", moderator=bob, now=now)
    session.commit()
    assert (decided.state, decided.subject) == ("accepted", "zinzoline")
    assert decided in moderation.log(session)
    assert topics(session, old) == set()
    old.indexed_at = now
    assert lexicon.retag(session, now) == 0
    later = now + learning.NOTICED_AFTER
    assert lexicon.retag(session, later) == 1
    assert lexicon.retag(session, later) == 0
    assert topics(session, old) == {"culture"}
    assert old.indexed_at is None
    [new] = brought(session, source, later, "Zinzoline encore")
    assert topics(session, new) == {"culture"}

    [edit] = lexicon.listed(session)
    lexicon.undo(session, edit, bob, now=later)
    assert lexicon.listed(session) == []
    assert lexicon.retag(session, later + learning.NOTICED_AFTER) == 2
    assert topics(session, old) == topics(session, new) == set()
    with pytest.raises(Refused, match="cannot_undo"):
        lexicon.undo(session, edit, bob, now=later)


def test_undoing_the_last_edit_of_a_phrase_brings_the_one_before_back(
    session: Session, now: datetime, bob: Moderator
) -> None:
    lexicon.save(session, ZINZOLINE, why="", moderator=bob, now=now)
    lexicon.save(session, ZINZOLINE | {"weight": None}, why="", moderator=bob, now=now)
    with pytest.raises(Refused, match="not_in_lexicon"):
        lexicon.try_edit(session, ZINZOLINE | {"weight": None}, now=now)
    lexicon.undo(session, lexicon.listed(session)[0], bob, now=now)
    with pytest.raises(Refused, match="nothing_to_change"):
        lexicon.try_edit(session, ZINZOLINE, now=now)
    assert lexicon.try_edit(session, ZINZOLINE | {"weight": 1}, now=now).before == 5.0


def test_what_people_said_of_an_entry_stays_and_is_told_when_an_edit_breaks_it(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    [entry, other] = brought(session, a_source(), now, "La zinzoline", "Zinzoline encore")
    lexicon.save(session, ZINZOLINE, why="", moderator=bob, now=now)
    lexicon.retag(session, now + learning.NOTICED_AFTER)
    without = {"dimension": "topic", "remove": ["culture"]}
    proposal = amendments.propose(session, "tag", entry=entry, change=without, now=now)
    moderation.decide(session, proposal, "accept", bob, now=now)
    lexicon.undo(session, lexicon.listed(session)[0], bob, now=now)
    lexicon.retag(session, now + learning.NOTICED_AFTER)

    trial = lexicon.try_edit(session, ZINZOLINE, now=now)
    culture = ("topic", "culture")
    assert [one.entry for one in trial.effects if culture in one.gained] == [other]
    assert [example.title for example in trial.broken] == [entry.title]
    lexicon.save(session, ZINZOLINE, why="", moderator=bob, now=now)
    lexicon.retag(session, now + learning.NOTICED_AFTER)
    assert topics(session, other) == {"culture"}
    assert topics(session, entry) == set()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"slug": "cultures"}, "unknown_value"),
        ({"dimension": "area", "slug": "pantin"}, "unknown_value"),
        ({"dimension": "skill", "slug": "quartiers-populaires"}, "unknown_value"),
        ({"phrase": "un, deux"}, "no_phrase"),
        ({"phrase": "a*"}, "no_phrase"),
        ({"phrase": ""}, "no_phrase"),
        ({"phrase": "[topic/culture]\n5: le"}, "not_in_lexicon"),
        ({"phrase": "x" * 501}, "too_long"),
        ({"weight": 9}, "unknown_value"),
        ({"weight": 0}, "unknown_value"),
        ({"weight": float("nan")}, "unknown_value"),
        ({"weight": "fort"}, "unknown_value"),
    ],
)
def test_what_the_lexicon_cannot_hold_is_refused_before_it_is_tried_or_saved(
    session: Session, now: datetime, bob: Moderator, wrong: Change, reason: str
) -> None:
    change = ZINZOLINE | ({"weight": None} if reason == "not_in_lexicon" else {}) | wrong
    with pytest.raises(Refused, match=reason):
        lexicon.try_edit(session, change, now=now)
    with pytest.raises(Refused, match=reason):
        lexicon.save(session, change, why="", moderator=bob, now=now)
    assert session.scalars(select(LexiconEdit)).all() == []


def test_where_two_must_agree_an_edit_waits_for_the_second_voice(
    session: Session, now: datetime, alice: Moderator, bob: Moderator
) -> None:
    governance.put(session, "lexicon", "moderator", 2, now)
    waiting = lexicon.save(session, ZINZOLINE, why="", moderator=bob, now=now)
    assert waiting.state == "open"
    assert lexicon.listed(session) == []
    moderation.decide(session, waiting, "accept", alice, now=now)
    assert [edit.phrase for edit in lexicon.listed(session)] == ["zinzoline"]
