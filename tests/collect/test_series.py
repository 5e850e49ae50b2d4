"""A recurring event is one story, and news once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from aggregator.collect.ingest import ingest
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.store.tables import Entry

UID = "100%_permanence#2@lilas.example"


def weekly(now, weeks, uid=UID, title="Permanence logement"):
    """Occurrences so many weeks from now, as the calendar's reader names them."""
    starts = [now + timedelta(weeks=week) for week in weeks]
    return ParsedFeed(
        tuple(
            ParsedEntry(
                uid=f"{uid}#{start:%Y%m%dT%H%M%SZ}",
                url=None,
                title=title,
                starts_at=start,
                type="event",
            )
            for start in starts
        )
    )


def stored(session, source):
    session.expire_all()
    return session.scalars(
        select(Entry).where(Entry.source_id == source.id).order_by(Entry.starts_at)
    ).all()


def test_its_dates_are_one_story_and_the_next_to_come_is_the_newest(session, a_source, now):
    source = a_source()
    done = ingest(session, source, weekly(now, (-2, -1, 1, 2, 3)), now=now)
    rows = stored(session, source)
    assert len({row.story_id for row in rows} - {None}) == 1
    assert {row.published for row in rows} == {now}
    assert max(row.id for row in rows) == rows[2].id
    assert done.new == tuple(row.id for row in rows)


def test_a_date_that_comes_into_sight_later_is_no_news(session, a_source, now):
    source = a_source()
    ingest(session, source, weekly(now, (1, 2)), now=now)
    later = now + timedelta(weeks=1)
    ingest(session, source, weekly(now, (1, 2, 3)), now=later)
    first, _, third = stored(session, source)
    assert (third.published, third.first_seen_at) == (first.published, now)
    assert third.matched_at == later
    assert third.story_id == first.story_id
    assert third.indexed_at is None


def test_another_series_another_source_and_a_single_date_stay_apart(session, a_source, now):
    one, other = a_source("un"), a_source("autre")
    ingest(session, one, weekly(now, (1, 2)), now=now)
    health = weekly(now, (1, 2), uid="100x_permanence", title="Permanence santé")
    ingest(session, one, health, now=now)
    ingest(session, one, weekly(now, (5,), uid="fête"), now=now)
    ingest(session, other, weekly(now, (1, 2)), now=now)
    stories = {}
    for source in (one, other):
        for row in stored(session, source):
            stories.setdefault((source.slug, row.uid.rpartition("#")[0]), set()).add(row.story_id)
    assert stories.pop(("un", "fête")) == {None}
    assert all(len(ids) == 1 for ids in stories.values())
    assert len(set.union(*stories.values())) == 3


def test_a_second_date_makes_a_story_of_what_was_single(session, a_source, now):
    source = a_source()
    ingest(session, source, weekly(now, (1,)), now=now)
    ingest(session, source, weekly(now, (1, 2)), now=now + timedelta(1))
    assert len({row.story_id for row in stored(session, source)} - {None}) == 1
