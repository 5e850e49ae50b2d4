"""A damaged, foreign or half-written index: one sentence, or as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from whoosh.index import TOC

from aggregator.errors import BrokenIndex, SettingsError, UnwritableIndex
from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.engines import beside, is_made, open_engine, open_patiently
from aggregator.search.query import EVERYTHING, Word

Make = Callable[..., IndexedEntry]
Wait = Callable[[Callable[[], bool]], None]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

PROCESSES = multiprocessing.get_context("forkserver")
"""Forks of a process without threads: one of the tests' own may hang on a lock that a thread of
Tantivy's held in the moment of the fork."""
PROCESSES.set_forkserver_preload([__name__])

embedded = pytest.mark.parametrize("index_url", ["whoosh", "tantivy"], indirect=True)


@pytest.mark.parametrize(
    "url", ["whoosh:", "sphinx:index", "whoosh", "opensearch:index", "", "/somewhere"]
)
def test_address_of_no_engine_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(SettingsError, match="write it as"):
        open_engine(url)


@embedded
def test_folder_with_other_things_in_it_is_left_alone(index_url: str) -> None:
    folder = Path(index_url.partition(":")[2])
    folder.mkdir()
    (folder / "thesis.odt").write_text("precious")
    for opening in (open_engine, is_made, beside):
        with pytest.raises(SettingsError, match=r"thesis\.odt"):
            opening(index_url)
    assert [path.name for path in folder.iterdir()] == ["thesis.odt"]
    assert (folder / "thesis.odt").read_text() == "precious"


@embedded
def test_first_index_leaves_one_that_is_being_built_alone(index_url: str, make: Make) -> None:
    building = beside(index_url)
    building.engine.add([make(1, "eau")])
    with closing(open_engine(index_url)) as first:
        assert first.count() == 0
        building.engine.commit()
        building.switch()
        first.refresh()
        assert first.count() == 1


@embedded
def test_index_that_cannot_be_opened_yet_is_served_once_it_can(
    index: Engine, index_url: str, make: Make, wait_for: Wait
) -> None:
    index.add([make(1, "eau")])
    index.commit()
    index.close()
    current = Path(index_url.partition(":")[2]) / "CURRENT"
    name = current.read_text()
    current.write_text("whoosh-0-0001")
    with closing(open_patiently(partial(open_engine, index_url))) as patient:
        with pytest.raises(BrokenIndex, match="another engine or version"):
            patient.count()
        current.write_text(name)
        wait_for(lambda: patient.search(Word(("eau",))).ids == (1,))


@pytest.mark.parametrize("index_url", ["whoosh"], indirect=True)
def test_index_is_opened_although_a_commit_replaces_what_was_about_to_be_read(
    index: Engine, index_url: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add([make(1, "eau")])
    index.commit()
    newest = TOC._latest_generation
    seen: list[int] = []

    def listed(storage: object, name: str) -> int:
        seen.append(newest(storage, name) - (not seen))  # at first the one before, gone by now
        return seen[-1]

    monkeypatch.setattr(TOC, "_latest_generation", listed)
    with closing(open_engine(index_url)) as opened:
        assert opened.count() == 1
    assert len(seen) > 1


@embedded
def test_path_that_is_a_file_ends_in_a_sentence(index_url: str) -> None:
    Path(index_url.partition(":")[2]).write_text("not a folder")
    with pytest.raises(BrokenIndex, match="cannot be read"):
        open_engine(index_url)


@embedded
def test_missing_folder_of_the_current_index_ends_in_a_sentence(
    index: Engine, index_url: str
) -> None:
    root = Path(index_url.partition(":")[2])
    current = root / (root / "CURRENT").read_text()
    current.rename(root / ".away")
    with pytest.raises(BrokenIndex, match="reindex"):
        open_engine(index_url)


@embedded
@pytest.mark.parametrize("damage", [b"", b"\x00" * 64, b"garbage, not an index at all" * 40])
def test_overwritten_files_end_in_a_sentence_or_do_not_matter(
    index: Engine, index_url: str, make: Make, damage: bytes
) -> None:
    index.add([make(n, f"eau {n}", "texte " * 50) for n in range(1, 50)])
    index.commit()
    index.close()
    root = Path(index_url.partition(":")[2])
    for file in sorted((root / (root / "CURRENT").read_text()).iterdir()):
        if not file.is_file() or file.name.startswith("."):
            continue
        kept = file.read_bytes()
        file.unlink()  # a new file: what readers have mapped stays as it is
        file.write_bytes(damage)
        assert found_or_told(index_url) in (49, "told"), file.name
        file.unlink()
        file.write_bytes(kept)


def found_or_told(index_url: str) -> int | str:
    """How many entries are found, or that a sentence was told instead."""
    try:
        with closing(open_engine(index_url)) as opened:
            return opened.search(Word(("eau",)), limit=99, facets=["month"]).total
    except BrokenIndex as error:
        return "told" if "reindex" in str(error) else str(error)


@embedded
def test_byte_that_changed_on_disk_is_noticed(index: Engine, index_url: str, make: Make) -> None:
    index.add([make(n, f"eau {n}", "texte " * 50) for n in range(1, 50)])
    index.commit()
    index.close()
    if index_url.startswith("tantivy"):
        pytest.skip("Tantivy checks its files when it is asked to, not when it opens them")
    root = Path(index_url.partition(":")[2])
    (file,) = (root / (root / "CURRENT").read_text()).glob("*.seg")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    file.write_bytes(content)
    with pytest.raises(BrokenIndex, match="reindex"):
        open_engine(index_url)


def _commit_without_room(url: str, answers: object) -> None:
    """In a process of its own: no file may grow beyond 20 kB until the end."""
    engine = open_engine(url)
    engine.add([IndexedEntry(id=1, title="eau", text="", published=NOW)])
    engine.commit()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    texts = {n: " ".join(f"w{n}x{k}" for k in range(400)) for n in range(2, 200)}
    engine.add(IndexedEntry(id=n, title="", text=t, published=NOW) for n, t in texts.items())
    try:
        engine.commit()
    except UnwritableIndex as error:
        answers.put(str(error))
    else:
        answers.put("no error")
    answers.put(engine.search(EVERYTHING).ids)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    engine.commit()
    answers.put(engine.count())


@embedded
def test_full_disk_ends_in_a_sentence_and_the_next_commit_goes_through(index_url: str) -> None:
    answers = PROCESSES.Queue()
    process = PROCESSES.Process(target=_commit_without_room, args=(index_url, answers))
    process.start()
    assert "make room" in answers.get(timeout=60)
    assert answers.get(timeout=60) == (1,)
    assert answers.get(timeout=60) == 199
    process.join()


def _commit_forever(url: str, ready: object, committed: object) -> None:
    """Adds ten entries per commit, all or nothing: their number says which commit."""
    engine = open_engine(url)
    start = engine.count()
    ready.set()
    while True:
        ids = range(start + 1, start + 11)
        engine.add(
            IndexedEntry(id=n, title=f"lot {start}", text="eau " * 200, published=NOW) for n in ids
        )
        engine.commit()
        committed.set()
        start += 10


@embedded
@pytest.mark.slow
def test_killed_thirty_times_while_committing_it_opens_and_is_never_half(index_url: str) -> None:
    last = 0
    for attempt in range(30):
        ready, committed = PROCESSES.Event(), PROCESSES.Event()
        process = PROCESSES.Process(target=_commit_forever, args=(index_url, ready, committed))
        process.start()
        # Half of them during their first commit, half somewhere in a later one.
        assert (committed if attempt % 2 else ready).wait(60)
        time.sleep(0.03 + 0.017 * attempt)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        engine = open_engine(index_url)
        count = engine.count()
        assert count % 10 == 0
        assert count >= last
        assert engine.search(Word(("eau",)), limit=0).total == count
        found = engine.search(EVERYTHING, limit=count + 1).ids
        assert sorted(found) == list(range(1, count + 1))
        last = count
        engine.close()
    assert last >= 10 * 15


def _read_until(url: str, wanted: int, answers: object) -> None:
    engine = open_engine(url)
    seen = -1
    end = time.monotonic() + 60
    while time.monotonic() < end:
        results = engine.search(Word(("eau",)), limit=1000, facets=["topic"])
        assert results.total == len(results.ids) == results.facets["topic"].get("climat", 0)
        assert results.total >= seen
        seen = results.total
        if seen >= wanted:
            break
        time.sleep(0.02)
    answers.put(seen)


@embedded
def test_reading_processes_see_every_commit_by_themselves(index_url: str, make: Make) -> None:
    writer = open_engine(index_url)
    answers = PROCESSES.Queue()
    readers = [
        PROCESSES.Process(target=_read_until, args=(index_url, 12, answers)) for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    for number in range(1, 13):
        writer.add([make(number, "eau", topics=("climat",))])
        writer.commit()
    # How soon is for bench/search.py to say: here they wait until they do.
    assert [answers.get(timeout=120) for _ in readers] == [12, 12]
    for reader in readers:
        reader.join()
