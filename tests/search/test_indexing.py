"""The index follows the database, and can be thrown away."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import BrokenIndex
from aggregator.search import indexing
from aggregator.search.engine import Engine
from aggregator.search.engines import open_engine
from aggregator.search.query import EVERYTHING, Tag, Word
from aggregator.store.tables import Entry, EntryTag, Source

embedded = pytest.mark.parametrize("index_url", ["whoosh", "tantivy"], indirect=True)


@pytest.fixture
def news(
    session: Session, a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> list[Entry]:
    """Three pending entries of one source."""
    source = a_source()
    entries = [an_entry(source, str(n), title=f"Vélorution {n}", text="eau") for n in range(3)]
    session.commit()
    return entries


def quiet(done: int, total: int) -> None:
    assert done <= total


def test_pending_entries_are_found_and_no_longer_pending(
    session: Session, index: Engine, news: list[Entry]
) -> None:
    assert indexing.index_pending(session, index) == 3
    assert index.search(Word(("velorution",))).total == 3
    assert all(entry.indexed_at for entry in news)
    assert indexing.index_pending(session, index) == 0


def test_limit_takes_the_first_ones_only(
    session: Session, index: Engine, news: list[Entry]
) -> None:
    assert indexing.index_pending(session, index, limit=2) == 2
    assert index.count() == 2
    assert indexing.index_pending(session, index, limit=2) == 1


@pytest.mark.parametrize("column", ["hidden_at", "deleted_at"])
def test_hidden_and_deleted_entries_leave_the_index(
    session: Session, index: Engine, news: list[Entry], now: datetime, column: str
) -> None:
    indexing.index_pending(session, index)
    setattr(news[0], column, now)
    news[0].indexed_at = None
    session.commit()
    assert indexing.index_pending(session, index) == 1
    assert news[0].id not in index.search(EVERYTHING).ids


def test_entries_of_a_group_that_withdrew_are_not_indexed(
    session: Session, index: Engine, news: list[Entry]
) -> None:
    news[0].source.group.status = "withdrawn"
    session.commit()
    indexing.index_pending(session, index)
    assert index.count() == 0


def test_area_is_found_from_all_that_contain_it(
    session: Session, index: Engine, news: list[Entry]
) -> None:
    news[1].tags.append(EntryTag(dimension="area", slug="montreuil", origin="text"))
    news[1].tags.append(EntryTag(dimension="topic", slug="logement", origin="text"))
    session.commit()
    indexing.index_pending(session, index)
    for area in ("montreuil", "est-ensemble", "seine-saint-denis", "ile-de-france"):
        assert index.search(Tag("area", (area,))).ids == (news[1].id,)
    assert index.search(Tag("topic", ("logement",))).ids == (news[1].id,)


def test_dying_before_the_database_knows_costs_nothing(
    session: Session, index: Engine, news: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "commit", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        indexing.index_pending(session, index)
    session.rollback()
    monkeypatch.undo()
    assert indexing.index_pending(session, index) == 3
    assert index.count() == 3


def test_index_is_rebuilt_while_the_old_one_serves(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
    an_entry: Callable[..., Entry],
) -> None:
    indexing.index_pending(session, index)
    seen: list[int] = []

    def watch(done: int, total: int) -> None:
        seen.append(index.search(EVERYTHING).total)

    assert indexing.reindex(sessions, index_url, watch) == 3
    assert set(seen) == {3}
    index.refresh()
    assert index.search(EVERYTHING).total == 3
    an_entry(news[0].source, "new", title="Après")
    session.commit()
    indexing.index_pending(session, index)
    assert open_engine(index_url).search(Word(("apre", "apres"))).total == 1


def test_entry_that_arrives_during_the_rebuild_is_not_lost(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
    an_entry: Callable[..., Entry],
) -> None:
    indexing.index_pending(session, index)

    came = []

    def interfere(done: int, total: int) -> None:
        if done == total and not came:
            came.append(done)
            an_entry(news[0].source, "late", title="Tardive")
            session.commit()
            indexing.index_pending(session, index)

    indexing.reindex(sessions, index_url, interfere)
    index.refresh()
    assert index.search(Word(("tardive", "tardif"))).total == 1


def test_failed_rebuild_leaves_the_old_index_alone(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
) -> None:
    indexing.index_pending(session, index)

    def fail(done: int, total: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        indexing.reindex(sessions, index_url, fail)
    index.refresh()
    assert index.count() == 3
    assert open_engine(index_url).count() == 3


@embedded
def test_deleted_index_comes_back_by_itself(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
) -> None:
    indexing.index_pending(session, index)
    index.close()
    shutil.rmtree(index_url.partition(":")[2])
    assert indexing.open_or_rebuild(sessions, index_url, quiet).count() == 3


@embedded
def test_index_deleted_under_a_running_portal_goes_on_serving_and_comes_back(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
) -> None:
    indexing.index_pending(session, index)
    worker = open_engine(index_url)
    shutil.rmtree(index_url.partition(":")[2])
    assert index.search(EVERYTHING).total == 3
    assert indexing.keep_up(sessions, worker, index_url, quiet) == 3
    index.refresh()
    assert index.search(EVERYTHING).total == 3
    worker.close()


def test_index_that_holds_nothing_because_all_is_hidden_is_not_built_again_and_again(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
    now: datetime,
) -> None:
    for entry in news:
        entry.hidden_at = now
    session.commit()
    assert indexing.keep_up(sessions, index, index_url, quiet) == 3
    assert indexing.keep_up(sessions, index, index_url, quiet) == 0


@embedded
def test_index_of_another_version_is_rebuilt(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
) -> None:
    indexing.index_pending(session, index)
    index.close()
    current = Path(index_url.partition(":")[2]) / "CURRENT"
    current.write_text("whoosh-0-0001")
    with pytest.raises(BrokenIndex, match="another engine or version"):
        open_engine(index_url)
    assert indexing.open_or_rebuild(sessions, index_url, quiet).count() == 3


@embedded
def test_engine_can_be_changed_and_changed_back(
    sessions: sessionmaker[Session],
    session: Session,
    index: Engine,
    index_url: str,
    news: list[Entry],
) -> None:
    indexing.index_pending(session, index)
    scheme, _, folder = index_url.partition(":")
    other = {"whoosh": "tantivy", "tantivy": "whoosh"}[scheme]
    for url in (f"{other}:{folder}", index_url):
        assert indexing.open_or_rebuild(sessions, url, quiet).count() == 3
