"""What a machine does to a program in the course of years, done to it in a minute."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from aggregator.doctor.examination import examine
from aggregator.search.engines import open_engine
from aggregator.settings import Settings, read_settings
from aggregator.store import database
from aggregator.store.tables import Entry, JobRun, Source

Start = Callable[..., int]
Ask = Callable[[str, str], tuple[int | None, str]]
WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture
def url(tmp_path: Path, farm: Any, migrated: Path) -> str:
    """A SQLite database that follows the farm."""
    shutil.copyfile(migrated, tmp_path / "filcommun.db")
    url = f"sqlite:///{tmp_path}/filcommun.db"
    engine = database.open_database(url)
    with database.sessions(engine).begin() as session:
        session.add_all(farm.groups(datetime.now(UTC)))
    engine.dispose()
    return url


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return read_settings(
        database_url=url,
        index_url=f"whoosh:{tmp_path}/index",
        secret_key="-" * 32,
        _env_file=None,
    )


@pytest.fixture
def disk(tmp_path: Path) -> Any:
    """A small disk of its own: a function that mounts one of so many bytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = []

    def mount(size: str) -> Path:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
        ).returncode:
            pytest.skip("mounting needs root")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


def stored(url: str) -> int:
    engine = database.open_database(url)
    with Session(engine) as session:
        count = session.scalar(select(func.count()).select_from(Entry)) or 0
    engine.dispose()
    return count


def do(url: str, statement: str) -> None:
    """What another program, or another year, does to the SQLite file."""
    with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60) as connection:
        connection.execute(statement)
    connection.close()


def logged(folder: Path) -> str:
    log = folder / "processes.log"
    return log.read_text() if log.exists() else ""


@pytest.mark.slow
def test_a_database_that_another_program_locks_is_waited_for(
    url: str, farm: Any, mother: Any, start: Start, wait_until: WaitUntil, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "filcommun.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    worker = start("work", url)
    # It waits for half a minute, says so, and waits again.
    wait_until(lambda: "database is locked" in logged(tmp_path))
    assert mother.is_alive(worker)
    assert stored(url) == 0
    other.execute("ROLLBACK")
    other.close()
    wait_until(lambda: stored(url) == farm.entries)
    assert mother.stop(worker) == 0


@pytest.mark.slow
def test_a_full_disk_stops_nothing_for_good(
    url: str, farm: Any, mother: Any, start: Start, wait_until: WaitUntil, tmp_path: Path, disk: Any
) -> None:
    place = disk("24m")
    shutil.copy(tmp_path / "filcommun.db", place / "filcommun.db")
    ballast = place / "ballast"
    ballast.write_bytes(b"." * (shutil.disk_usage(place).free - 40_000))
    small = f"sqlite:///{place}/filcommun.db"
    worker = start("work", small)
    wait_until(lambda: "database or disk is full" in logged(tmp_path))
    assert mother.is_alive(worker)
    assert stored(small) < farm.entries
    ballast.unlink()
    do(small, "UPDATE sources SET claimed_until = NULL")  # it would end by itself in ten minutes
    wait_until(lambda: stored(small) == farm.entries)
    assert mother.stop(worker) == 0


@pytest.mark.slow
def test_a_command_on_a_full_disk_ends_in_a_sentence(tmp_path: Path, disk: Any) -> None:
    place = disk("1m")
    (place / "ballast").write_bytes(b"." * (shutil.disk_usage(place).free - 60_000))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "aggregator.cli", "sources", "sync", root / "sources.yaml"],
        env=os.environ
        | {"FILCOMMUN_DATABASE_URL": f"sqlite:///{place}/f.db", "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("filcommun: The database")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_that_goes_away_for_a_while_is_waited_for_and_said(
    database_url: str, engine: Engine, postgresql_server: Any, farm: Any, mother: Any,
    start: Start, ask: Ask, free_port: Any, wait_until: WaitUntil, tmp_path: Path,
) -> None:  # fmt: skip
    port, sessions = free_port(), database.sessions(engine)
    portal = start("serve", database_url, FILCOMMUN_PORT=port)
    wait_until(lambda: ask(port, "/readyz")[0] == 200)
    with sessions.begin() as session:
        session.add_all(farm.groups(datetime.now(UTC)))
    postgresql_server.stop()
    try:
        # A feed passes the copies, a page does not; neither is a bare error.
        for path in ("/fil.atom", "/groupes"):
            status, body = ask(port, path)
            assert (status, "Le fil est coupé" in body) == (503, True)
        assert ask(port, "/readyz") == (503, '{"ready":false,"faults":["database"]}\n')
        assert ask(port, "/healthz")[0] == 200
    finally:
        postgresql_server.start()
    wait_until(lambda: ask(port, "/groupes")[0] == 200)
    worker = start("work", database_url)
    wait_until(lambda: stored(database_url) > 0)
    postgresql_server.stop()
    try:
        wait_until(lambda: "database does not answer" in logged(tmp_path))
        assert mother.is_alive(worker)
    finally:
        postgresql_server.start()
    with sessions.begin() as session:
        session.execute(update(Source).values(claimed_until=None))
    wait_until(lambda: stored(database_url) == farm.entries)
    assert (mother.stop(worker), mother.stop(portal)) == (0, 0)


@pytest.mark.slow
def test_an_index_that_is_deleted_is_built_anew_while_the_portal_answers(
    url: str, farm: Any, mother: Any, start: Start, ask: Ask, free_port: Any,
    wait_until: WaitUntil, tmp_path: Path,
) -> None:  # fmt: skip
    port = free_port()
    start("serve", url, FILCOMMUN_PORT=port)
    worker = start("work", url)
    wait_until(lambda: stored(url) == farm.entries)
    wait_until(lambda: indexed(tmp_path) == farm.entries)
    wait_until(lambda: ask(port, "/readyz")[0] == 200)
    shutil.rmtree(tmp_path / "index")
    assert ask(port, "/groupes")[0] == 200
    # New entries are what makes the worker look at its index again.
    do(url, "UPDATE entries SET indexed_at = NULL WHERE id = 1")
    wait_until(lambda: indexed(tmp_path) == farm.entries)
    wait_until(lambda: "Nouvelle" in ask(port, "/recherche?q=nouvelle")[1])
    assert mother.stop(worker) == 0


def indexed(folder: Path) -> int:
    if not (folder / "index" / "CURRENT").exists():
        return 0
    engine = open_engine(f"whoosh:{folder}/index")
    count = engine.count()
    engine.close()
    return count


@pytest.mark.slow
@pytest.mark.parametrize(
    "left",
    [
        # By a worker whose clock was years ahead: put off until then, claimed until then.
        "next_crawl_at = '2099-01-01 00:00:00.000000'",
        "claimed_until = '2099-01-01 00:00:00.000000'",
        # By a worker whose clock was years behind.
        "next_crawl_at = '2001-01-01 00:00:00.000000', claimed_until = next_crawl_at",
    ],
)
def test_a_clock_that_jumped_ahead_or_back_puts_no_source_off_for_good(
    url: str, farm: Any, mother: Any, start: Start, wait_until: WaitUntil, left: str
) -> None:
    do(url, f"UPDATE sources SET {left}")
    worker = start("work", url)
    wait_until(lambda: stored(url) == farm.entries)
    assert mother.stop(worker) == 0


@pytest.mark.slow
def test_dead_name_servers_are_the_reason_that_each_source_names(
    url: str, farm: Any, mother: Any, start: Start, wait_until: WaitUntil
) -> None:
    do(url, "UPDATE sources SET url = 'http://perdu-' || id || '.invalid/feed'")
    worker = start("work", url)
    reasons = select(Source.last_reason).distinct()
    engine = database.open_database(url)

    def all_say_dns() -> bool:
        with Session(engine) as session:
            return list(session.scalars(reasons)) == ["dns"]

    wait_until(all_say_dns)
    engine.dispose()
    assert mother.stop(worker) == 0


def damage(url: str) -> None:
    """Overwrite the second half of the file: no page there is one any more."""
    file = Path(url.removeprefix("sqlite:///"))
    with file.open("r+b") as opened:
        size = os.path.getsize(file)
        opened.seek(size // 2)
        opened.write(os.urandom(size - size // 2))


def test_a_damaged_database_is_told_by_the_doctor_with_its_remedy(
    url: str, settings: Settings
) -> None:
    damage(url)
    findings = [one for one in examine(settings) if one.subject == "database"]
    assert [one.level for one in findings] == ["fault"]
    # Found on opening, the sentence itself says it; found later, the remedy does.
    assert "restore" in f"{findings[0].says} {findings[0].remedy}"


@pytest.mark.slow
def test_a_database_damaged_under_a_running_portal_is_said_on_pages_and_in_the_log(
    url: str, settings: Settings, start: Start, ask: Ask, free_port: Any, wait_until: WaitUntil,
    tmp_path: Path,
) -> None:  # fmt: skip
    port = free_port()
    start("serve", url, FILCOMMUN_PORT=port, FILCOMMUN_CONTACT="zoe@fil.example")
    wait_until(lambda: ask(port, "/readyz")[0] == 200)
    do(url, "PRAGMA wal_checkpoint(TRUNCATE)")
    damage(url)
    # What a process has read already it may still show; what it reads now is damaged.
    answers = [ask(port, path) for path in ("/groupes", "/sante", "/", "/readyz")]
    assert {status for status, _ in answers} <= {200, 503}
    told = [body for status, body in answers if status == 503]
    assert any("mémoire du fil est abîmée" in body and "zoe@fil.example" in body for body in told)
    assert "database damaged: restore the last good backup" in logged(tmp_path)
    assert ask(port, "/healthz")[0] == 200
    assert [one.level for one in examine(settings) if one.subject == "database"] == ["fault"]


@pytest.mark.slow
def test_the_worker_finds_damage_by_itself_and_writes_it_down(
    url: str, mother: Any, start: Start, wait_until: WaitUntil
) -> None:
    # Of a table that nothing else looks at here.
    engine = database.open_database(url)
    with engine.connect() as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_issues_created_at'"
        page = connection.exec_driver_sql(query).scalar()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar()
    engine.dispose()
    assert page
    assert size
    with Path(url.removeprefix("sqlite:///")).open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)
    worker = start("work", url)

    def noted() -> str:
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60) as connection:
            rows = connection.execute("SELECT last_error FROM job_runs WHERE name = 'integrity'")
            found = rows.fetchone()
        connection.close()
        return str(found[0]) if found else ""

    wait_until(lambda: "`filcommun restore` the last good backup" in noted())
    assert mother.is_alive(worker)


@pytest.mark.slow
def test_when_run_is_killed_its_worker_and_portal_end_too(
    url: str, tmp_path: Path, environment: Any, ask: Ask, free_port: Any, wait_until: WaitUntil
) -> None:
    port = free_port()
    (tmp_path / "sources.yaml").write_text("version: 1\ngroups: []\n")
    settings = environment(url, tmp_path, FILCOMMUN_PORT=port)
    root = str(Path(__file__).parents[2])
    running = subprocess.Popen(
        [sys.executable, "-m", "aggregator.cli", "run"],
        env=os.environ | settings | {"PYTHONPATH": root},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: ask(port, "/readyz")[0] == 200)
        named = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        assert len(named) == 2
    finally:
        running.kill()
        running.wait()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in named))
    assert ask(port, "/healthz")[0] is None


@pytest.mark.slow
def test_a_portal_killed_thirty_times_answers_again(
    url: str, mother: Any, start: Start, ask: Ask, free_port: Any, wait_until: WaitUntil
) -> None:
    port = free_port()
    for number in range(30):
        portal = start("serve", url, FILCOMMUN_PORT=port)
        if number % 3 == 2:  # the others are killed while they start
            wait_until(lambda: ask(port, "/groupes")[0] == 200)
        mother.kill(portal)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.slow
def test_a_whole_worker_killed_thirty_times_loses_nothing(
    url: str, farm: Any, mother: Any, start: Start, wait_until: WaitUntil
) -> None:
    for number in range(30):
        worker = start("work", url)
        if number % 3 == 0:
            before = stored(url)
            wait_until(lambda: stored(url) > before or before == farm.entries)  # noqa: B023
        mother.kill(worker)
        do(url, "UPDATE sources SET claimed_until = NULL")
    worker = start("work", url)
    wait_until(lambda: stored(url) == farm.entries)
    # All may have been there already, and this one only just starting.
    assert mother.stop(worker) in {0, -signal.SIGTERM}
    with Session(database.open_database(url)) as session:
        broken = session.scalars(select(JobRun.name).where(JobRun.failures > 0)).all()
    assert broken == []
