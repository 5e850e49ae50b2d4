"""Words hold entries back until a moderator has seen them, tried on the past first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import holds, moderation
from aggregator.store.tables import Entry, Moderator, Source


@pytest.mark.parametrize(
    ("words", "title", "held"),
    [
        ("casino", "Les Casinos en ligne", True),
        ("CASINO", "Casinò du coin", True),
        ("casino bonus", "Un bonus au casino", True),
        ("casino bonus", "Un casino", False),
        ('"bonus gratuit"', "Le bonus est gratuit", False),
        ("« bonus gratuit »", "Un bonus gratuit !", True),
        ("casino", "Occasion", False),
    ],
)
def test_words_are_found_whatever_their_accents_case_and_number(
    words: str, title: str, held: bool
) -> None:
    assert holds.matches(holds.pattern(words), title, "") is held


@given(st.text(), st.text(), st.text())
def test_any_words_are_looked_for_or_refused(words: str, title: str, text: str) -> None:
    try:
        pattern = holds.pattern(words)
    except Refused:
        return
    assert holds.matches(pattern, title, text) in {True, False}


def test_a_rule_is_tried_on_the_last_entries_and_then_holds_new_ones_only(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source()
    old = an_entry(source, "1", title="Casino en ligne")
    an_entry(source, "2", title="Fête du quartier")
    assert holds.caught(session, "casino") == [old]
    assert holds.caught(session, "casino", last=1) == []
    hold = holds.save(session, "casino", why="Publicités", moderator=bob, now=now)
    new = an_entry(source, "3", title="Le casino paie", indexed_at=now)
    other = an_entry(source, "4", title="Fête des voisins")
    assert holds.apply(session, now) == 1
    assert holds.apply(session, now) == 0
    assert (old.hidden_at, other.hidden_at) == (None, None)
    assert (new.hidden_at, new.hidden_reason, new.indexed_at) == (now, "hold", None)

    (waiting,) = moderation.queue(session)
    moderation.decide(session, waiting, "refuse", bob, reason="wrong", now=now)
    assert new.hidden_at is None
    moderation.undo(session, waiting, bob, now=now)
    assert new.hidden_at is not None
    holds.end(hold, now=now)
    an_entry(source, "5", title="Casino")
    assert holds.apply(session, now) == 0


def test_what_is_found_good_to_hold_stays_hidden(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source()
    holds.save(session, "casino", why="", moderator=bob, now=now)
    entry = an_entry(source, title="Casino")
    holds.apply(session, now)
    (waiting,) = moderation.queue(session)
    moderation.decide(session, waiting, "accept", bob, now=now)
    assert entry.hidden_at is not None


def test_a_trusted_group_is_not_held(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
    carole: Callable[..., str],
) -> None:
    source = a_source()
    carole(source.group, proved=True, since=now - timedelta(days=40))
    for number in range(20):
        an_entry(source, str(number))
    holds.save(session, "casino", why="", moderator=bob, now=now)
    entry = an_entry(source, "new", title="Contre le casino")
    assert holds.apply(session, now) == 0
    assert entry.hidden_at is None
