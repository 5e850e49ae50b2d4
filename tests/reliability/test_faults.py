"""What a machine does to a program in the course of years, done to it in a minute."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.doctor.examination import examine
from aggregator.search.engines import open_engine
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.store.tables import Entry

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def url(tmp_path: Path, farm: Any) -> str:
    """A SQLite database that follows the farm."""
    url = f"sqlite:///{tmp_path}/filcommun.db"
    engine = database.open_database(url)
    database.upgrade(engine)
    with database.sessions(engine).begin() as session:
        session.add_all(farm.groups(datetime.now(UTC)))
    engine.dispose()
    return url


def _stored(url: str) -> int:
    engine = database.open_database(url)
    with Session(engine) as session:
        count = session.scalar(select(func.count()).select_from(Entry)) or 0
    engine.dispose()
    return count


def _comes_to(value: Callable[[], int], wanted: int, *, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value() == wanted:
            return True
        time.sleep(0.5)
    return False


@pytest.mark.slow
def test_a_database_that_another_program_locks_is_waited_for(
    url: str, farm: Any, start_worker: Start, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "filcommun.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    worker = start_worker(url)
    time.sleep(40)
    assert worker.poll() is None
    assert _stored(url) == 0
    other.execute("ROLLBACK")
    other.close()
    # What was claimed before the lock ended is claimed again when its lease has run out.
    assert _comes_to(lambda: _stored(url) > 0, True)
    worker.terminate()
    assert worker.wait(timeout=60) == 0


@pytest.mark.slow
def test_a_full_disk_stops_nothing_for_good(
    url: str, farm: Any, start_worker: Start, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]).returncode:
        pytest.skip("mounting needs root")
    try:
        shutil.copy(tmp_path / "filcommun.db", disk / "filcommun.db")
        ballast = disk / "ballast"
        ballast.write_bytes(b"." * (shutil.disk_usage(disk).free - 40_000))
        small = f"sqlite:///{disk}/filcommun.db"
        worker = start_worker(small)
        time.sleep(15)
        assert worker.poll() is None
        assert _stored(small) < farm.entries
        ballast.unlink()
        with sqlite3.connect(disk / "filcommun.db", timeout=30) as connection:
            # The lease would end by itself after ten minutes.
            connection.execute("UPDATE sources SET claimed_until = NULL")
        connection.close()
        assert _comes_to(lambda: _stored(small), farm.entries)
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    finally:
        worker.kill()
        worker.wait()
        subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_a_command_on_a_full_disk_ends_in_a_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]).returncode:
        pytest.skip("mounting needs root")
    try:
        (disk / "ballast").write_bytes(b"." * (shutil.disk_usage(disk).free - 60_000))
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-m", "aggregator.cli", "sources", "sync", root / "sources.yaml"],
            env=os.environ
            | {"FILCOMMUN_DATABASE_URL": f"sqlite:///{disk}/f.db", "PYTHONPATH": str(root)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["umount", disk], check=True)
    assert done.returncode == 1
    assert done.stderr.startswith("filcommun: The database")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_index_that_is_deleted_is_built_anew(
    url: str, farm: Any, start_worker: Start, tmp_path: Path
) -> None:
    worker = start_worker(url)
    assert _comes_to(lambda: _stored(url), farm.entries)
    assert _comes_to(lambda: _indexed(tmp_path), farm.entries)
    shutil.rmtree(tmp_path / "index")
    # New entries are what makes the worker look at its index again.
    with sqlite3.connect(tmp_path / "filcommun.db", timeout=30) as connection:
        connection.execute("UPDATE entries SET indexed_at = NULL WHERE id = 1")
    connection.close()
    assert _comes_to(lambda: _indexed(tmp_path), farm.entries)
    worker.terminate()
    assert worker.wait(timeout=60) == 0


def _indexed(folder: Path) -> int:
    if not (folder / "index").exists():
        return 0
    engine = open_engine(f"whoosh:{folder}/index")
    count = engine.count()
    engine.close()
    return count


@pytest.mark.slow
def test_a_clock_that_jumps_a_year_ahead_and_back_loses_nothing(
    url: str, farm: Any, start_worker: Start, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "filcommun.db") as connection:
        # What a worker whose clock was a year ahead would have left behind.
        connection.execute("UPDATE sources SET next_crawl_at = '2099-01-01 00:00:00.000000'")
    connection.close()
    worker = start_worker(url)
    assert _comes_to(lambda: _stored(url), farm.entries)
    worker.terminate()
    assert worker.wait(timeout=60) == 0


def test_a_damaged_database_is_told_by_the_doctor_with_its_remedy(url: str, tmp_path: Path) -> None:
    file = tmp_path / "filcommun.db"
    with file.open("r+b") as opened:
        opened.seek(os.path.getsize(file) // 2)
        opened.write(os.urandom(8192))
    settings = read_settings(
        database_url=url, index_url=f"whoosh:{tmp_path}/index", secret_key="-" * 32
    )
    findings = [one for one in examine(settings) if one.subject == "database"]
    assert [one.level for one in findings] == ["fault"]
    assert "restore" in findings[0].remedy
