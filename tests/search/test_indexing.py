"""The index follows the database, and can be thrown away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import BrokenIndex, UnwritableIndex
from aggregator.search import indexing
from aggregator.search.engine import Engine
from aggregator.search.engines import open_engine, open_patiently
from aggregator.search.query import EVERYTHING, Tag, Word
from aggregator.store.tables import Entry, EntryTag, Source

Open = Callable[..., Engine]
Rebuild = Callable[[indexing.Progress], int]
Publish = Callable[[str], None]
Wait = Callable[[Callable[[], bool]], None]

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


@pytest.fixture
def indexed(session: Session, index: Engine, news: list[Entry]) -> list[Entry]:
    """The same, brought into the index."""
    indexing.index_pending(session, index)
    return news


@pytest.fixture
def publish(
    session: Session, index: Engine, news: list[Entry], an_entry: Callable[..., Entry]
) -> Publish:
    """Adds one entry with this title to the source, and indexes it."""

    def published(title: str) -> None:
        an_entry(news[0].source, title, title=title)
        session.commit()
        indexing.index_pending(session, index)

    return published


@pytest.fixture
def folder(index_url: str) -> Path:
    """Where an embedded index lies."""
    return Path(index_url.partition(":")[2])


@pytest.fixture
def reopen(sessions: sessionmaker[Session], index_url: str) -> Iterator[Open]:
    """Opens an index, by default the same, as a worker that starts does."""
    opened: list[Engine] = []

    def open_again(url: str = index_url) -> Engine:
        opened.append(indexing.open_or_rebuild(sessions, url, quiet))
        return opened[-1]

    yield open_again
    for engine in opened:
        engine.close()


@pytest.fixture
def rebuild(sessions: sessionmaker[Session], index_url: str) -> Rebuild:
    """Builds the index anew beside the old one."""
    return lambda progress: indexing.reindex(sessions, index_url, progress)


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
    session: Session, index: Engine, indexed: list[Entry], now: datetime, column: str
) -> None:
    setattr(indexed[0], column, now)
    indexed[0].indexed_at = None
    session.commit()
    assert indexing.index_pending(session, index) == 1
    assert indexed[0].id not in index.search(EVERYTHING).ids


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
    index: Engine, index_url: str, indexed: list[Entry], rebuild: Rebuild, publish: Publish
) -> None:
    seen: list[int] = []

    def watch(done: int, total: int) -> None:
        seen.append(index.search(EVERYTHING).total)

    assert rebuild(watch) == 3
    assert set(seen) == {3}
    index.refresh()
    assert index.search(EVERYTHING).total == 3
    publish("Après")
    assert open_engine(index_url).search(Word(("apre", "apres"))).total == 1


def test_entry_that_arrives_during_the_rebuild_is_not_lost(
    index: Engine, indexed: list[Entry], rebuild: Rebuild, publish: Publish
) -> None:
    came = []

    def interfere(done: int, total: int) -> None:
        if done == total and not came:
            came.append(done)
            publish("Tardive")

    rebuild(interfere)
    index.refresh()
    assert index.search(Word(("tardive", "tardif"))).total == 1


def fail(done: int, total: int) -> None:
    raise UnwritableIndex("The disk is full.")


def test_failed_rebuild_leaves_the_old_index_alone(
    index: Engine, index_url: str, indexed: list[Entry], rebuild: Rebuild
) -> None:
    with pytest.raises(UnwritableIndex):
        rebuild(fail)
    index.refresh()
    assert index.count() == 3
    assert open_engine(index_url).count() == 3


@embedded
def test_failed_rebuild_leaves_nothing_behind(
    indexed: list[Entry], rebuild: Rebuild, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(UnwritableIndex):
        rebuild(fail)
    assert sorted(folder.iterdir()) == before


@embedded
def test_deleted_index_comes_back_by_itself(
    index: Engine, indexed: list[Entry], folder: Path, reopen: Open
) -> None:
    index.close()
    shutil.rmtree(folder)
    assert reopen().count() == 3


@embedded
def test_index_deleted_under_a_running_portal_goes_on_serving_and_comes_back(
    sessions: sessionmaker[Session],
    index: Engine,
    index_url: str,
    indexed: list[Entry],
    folder: Path,
    reopen: Open,
) -> None:
    worker = reopen()
    shutil.rmtree(folder)
    # Longer than a reader waits before it looks for a new commit.
    time.sleep(0.6)
    assert index.search(EVERYTHING).total == 3
    assert indexing.keep_up(sessions, worker, index_url, quiet) == 3
    index.refresh()
    assert index.search(EVERYTHING).total == 3


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
    index: Engine, index_url: str, indexed: list[Entry], folder: Path, reopen: Open
) -> None:
    index.close()
    (folder / "CURRENT").write_text("whoosh-0-0001")
    with pytest.raises(BrokenIndex, match="another engine or version"):
        open_engine(index_url)
    assert reopen().count() == 3


@embedded
def test_worker_that_starts_beside_an_index_of_another_version_builds_it_anew(
    sessions: sessionmaker[Session],
    index: Engine,
    index_url: str,
    indexed: list[Entry],
    folder: Path,
) -> None:
    index.close()
    (folder / "CURRENT").write_text("tantivy-0-0001")
    worker = open_patiently(partial(indexing.open_to_read, sessions, index_url))
    assert indexing.keep_up(sessions, worker, index_url, quiet) == 3
    worker.close()
    assert open_engine(index_url).count() == 3


@embedded
def test_reader_takes_no_deleted_index_for_an_empty_one_and_makes_none(
    sessions: sessionmaker[Session],
    index: Engine,
    index_url: str,
    indexed: list[Entry],
    folder: Path,
    wait_for: Wait,
) -> None:
    shutil.rmtree(folder)
    with closing(open_patiently(partial(indexing.open_to_read, sessions, index_url))) as portal:
        with pytest.raises(BrokenIndex, match="was deleted"):
            portal.count()
        assert not folder.exists()
        # One that was open before goes on with what it has.
        assert index.search(EVERYTHING).total == 3
        indexing.reindex(sessions, index_url, quiet)
        wait_for(lambda: portal.count() == 3)
        wait_for(lambda: index.count() == 3)


def test_reader_makes_the_first_index_where_nothing_was_indexed_yet(
    sessions: sessionmaker[Session], index_url: str
) -> None:
    with closing(indexing.open_to_read(sessions, index_url)) as engine:
        assert engine.count() == 0


@embedded
def test_engine_can_be_changed_and_changed_back(
    index_url: str, indexed: list[Entry], folder: Path, reopen: Open
) -> None:
    other = "tantivy" if index_url.startswith("whoosh") else "whoosh"
    for url in (f"{other}:{folder}", index_url):
        assert reopen(url).count() == 3
