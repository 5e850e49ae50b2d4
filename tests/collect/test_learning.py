"""What people correct stays corrected, and teaches the tagger until it is taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from aggregator.collect import learning
from aggregator.collect.ingest import ingest
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.registry import amendments, lexicon, moderation, moderators
from aggregator.store import database
from aggregator.store.tables import Entry, Lesson, Moderator, Source
from aggregator.understand.corrections import is_met
from aggregator.understand.tags import default_rules

TEXT = "Atelier de réparation de vélos et débat sur les pistes cyclables du quartier."


def brought(session: Session, source: Source, now: datetime, text: str = TEXT) -> Entry:
    """Ingest one entry and give its row."""
    parsed = ParsedEntry(uid="1", url=None, title="Samedi, tous à vélo", summary=text)
    ingest(session, source, ParsedFeed(entries=(parsed,)), now=now)
    session.commit()
    session.expire_all()
    return session.scalars(select(Entry)).one()


def topics(entry: Entry) -> set[str]:
    return {tag.slug for tag in entry.tags if tag.dimension == "topic"}


def corrected(session: Session, entry: Entry, now: datetime, **change: list[str]) -> None:
    """A visitor corrects a topic and a moderator accepts it."""
    bob = session.scalar(select(Moderator)) or moderators.appoint(
        session, "bob@example.org", name="Bob", now=now
    )
    proposal = amendments.propose(
        session, "tag", entry=entry, change={"dimension": "topic", **change}, now=now
    )
    moderation.decide(session, proposal, "accept", bob, now=now)
    session.commit()


def test_a_tag_that_was_taken_away_stays_away_when_the_source_edits_its_entry(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    source = a_source()
    entry = brought(session, source, now)
    assert "transports" in topics(entry)
    corrected(session, entry, now, remove=["transports"], add=["culture"])
    entry = brought(session, source, now, TEXT + " Venez nombreux.")
    assert "transports" not in topics(entry)
    assert "culture" in topics(entry)
    corrected(session, entry, now, add=["transports"])
    entry = brought(session, source, now, TEXT + " Venez.")
    assert "transports" in topics(entry)


def test_lessons_move_the_rules_once_and_are_unlearned_with_their_amendment(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    source = a_source()
    assert learning.rules(session, now) is default_rules()
    entry = brought(session, source, now)
    corrected(session, entry, now, add=["culture"])
    later = now + learning.NOTICED_AFTER
    taught = learning.rules(session, later)
    assert taught is not default_rules()
    assert learning.rules(session, later + learning.NOTICED_AFTER) is taught
    session.execute(delete(Lesson))
    session.commit()
    unlearned = learning.rules(session, later + 3 * learning.NOTICED_AFTER)
    assert unlearned.weights == default_rules().weights


def test_a_database_made_anew_at_the_same_address_knows_nothing_of_the_one_before(
    tmp_path: Path, migrated: Path, now: datetime
) -> None:
    address = tmp_path / "filcommun.db"

    def opened() -> Engine:
        shutil.copyfile(migrated, address)
        return database.open_database(f"sqlite:///{address}")

    before = opened()
    with database.sessions(before)() as session:
        bob = moderators.appoint(session, "bob@example.org", name="Bob", now=now)
        edit = {"dimension": "topic", "slug": "culture", "phrase": "zinzoline", "weight": 5.0}
        lexicon.save(session, edit, why="", moderator=bob, now=now)
        session.commit()
        assert learning.rules(session, now, at_once=True) is not default_rules()
    before.dispose()
    address.unlink()
    after = opened()
    with database.sessions(after)() as session:
        assert learning.rules(session, now) is default_rules()
    after.dispose()


def test_enough_lessons_of_one_kind_are_met_and_new_ones_are_added_to_the_old(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    source = a_source()
    entry = brought(session, source, now)
    corrected(session, entry, now, add=["culture"])
    [(_, example)] = learning.corrections(session)
    assert not is_met(example, default_rules())
    learning.rules(session, now + learning.NOTICED_AFTER)
    for _ in range(19):
        corrected(session, entry, now, remove=["culture"])
        corrected(session, entry, now, add=["culture"])
    session.execute(delete(Lesson).where(~Lesson.belongs))
    session.commit()
    assert is_met(example, learning.rules(session, now + 3 * learning.NOTICED_AFTER))
