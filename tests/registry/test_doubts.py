"""Entries off topic and sources that changed hands come before a person, who has the last word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.collect.ingest import ingest
from aggregator.errors import Refused
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.registry import doubts, moderation
from aggregator.store.tables import Entry, Lesson, Moderator, Source

HOUR = timedelta(hours=1)


def test_doubtful_entries_are_shown_to_moderators_the_most_doubtful_first(
    session: Session, now: datetime, a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    source = a_source()
    an_entry(source, "sure", relevance=0.9)
    less = an_entry(source, "less", relevance=0.4)
    most = an_entry(source, "most", relevance=0.1)
    an_entry(source, "hidden", relevance=0.1, hidden_at=now)
    an_entry(source, "old", relevance=0.1, published=now - timedelta(days=40))
    assert list(doubts.doubtful(session, now=now)) == [most, less]


def test_an_entry_judged_off_topic_is_hidden_learned_and_undone(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    entry = an_entry(a_source(), relevance=0.3, indexed_at=now)
    judged = doubts.judge(session, entry, bob, on_topic=False, now=now, seconds=2)
    assert (entry.hidden_reason, entry.relevance, entry.indexed_at) == ("off_topic", 0.0, None)
    assert (judged.state, judged.reason, judged.seconds) == ("accepted", "off_topic", 2)
    lesson = session.scalars(select(Lesson)).one()
    assert (lesson.dimension, lesson.slug, lesson.belongs) == ("relevance", "on-topic", False)
    moderation.undo(session, judged, bob, now=now, again=False)
    assert (entry.hidden_at, entry.relevance) == (None, 0.3)
    assert doubts.doubtful(session, now=now) == [entry]


def test_an_entry_judged_on_topic_leaves_the_queue_and_stays_so_when_edited(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    source = a_source()
    parsed = ParsedEntry(uid="1", url=None, title="Promotion sur les montres")
    ingest(session, source, ParsedFeed(entries=(parsed,)), now=now)
    entry = session.scalars(select(Entry)).one()
    assert entry.relevance < 1
    doubts.judge(session, entry, bob, on_topic=True, now=now)
    with pytest.raises(Refused, match="nothing_to_change"):
        doubts.judge(session, entry, bob, on_topic=True, now=now)
    session.commit()
    edited = ParsedEntry(uid="1", url=None, title="Promotion sur les montres de luxe")
    ingest(session, source, ParsedFeed(entries=(edited,)), now=now + HOUR)
    session.commit()
    session.refresh(entry)
    assert (entry.title, entry.relevance) == ("Promotion sur les montres de luxe", 1.0)
    assert doubts.doubtful(session, now=now) == []


def test_a_source_whose_entries_turned_off_topic_is_put_before_a_moderator_once(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    bought, odd = a_source("bought"), a_source("odd")
    for number in range(20):
        late = number >= 12
        at = now - timedelta(days=20 - number)
        an_entry(bought, str(number), relevance=0.1 if late else 0.9, published=at)
        an_entry(odd, str(number), relevance=0.1, published=at)
    assert doubts.changed_hands(session, now) == 1
    (waiting,) = moderation.queue(session)
    assert (waiting.kind, waiting.source_id, waiting.risk) == ("source", bought.id, 85)
    assert bought.paused_at is None
    moderation.decide(session, waiting, "accept", bob, now=now)
    assert bought.paused_at == now
    moderation.undo(session, waiting, bob, now=now, again=False)
    assert doubts.changed_hands(session, now + HOUR) == 0


def test_another_feed_that_the_crawl_found_is_adopted_with_one_decision_and_undone(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    new = {"url": "https://lilas.example/nouveau", "title": "Les Lilas", "why": "declared"}
    ended = a_source("lilas", state="replaced", failures=2, proposals=[new], etag='"1"')
    a_source("well")
    assert doubts.replaced(session, now) == 1
    assert doubts.replaced(session, now) == 0
    (waiting,) = moderation.queue(session)
    assert (waiting.kind, waiting.source_id) == ("source", ended.id)
    assert "Les Lilas" in waiting.why
    before = ended.url
    moderation.decide(session, waiting, "accept", bob, now=now)
    assert (ended.url, ended.etag, ended.next_crawl_at) == (new["url"], None, now)
    moderation.undo(session, waiting, bob, now=now, again=False)
    assert ended.url == before
