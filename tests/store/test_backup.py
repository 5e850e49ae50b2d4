"""A backup holds everything, proves itself good, and comes back as it was."""

from __future__ import annotations

import fcntl
import subprocess
import tarfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from aggregator.errors import DatabaseError
from aggregator.search import proving
from aggregator.settings import read_settings
from aggregator.store import backup, database
from aggregator.store.tables import Entry, Source


@pytest.fixture
def saved(
    engine: Engine,
    session: Session,
    tmp_path: Path,
    now: datetime,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> Path:
    """A backup of one entry and one picture."""
    an_entry(a_source(), title="Vélorution samedi")
    session.commit()
    media = tmp_path / "media"
    media.mkdir()
    (media / "velo.webp").write_bytes(b"picture")
    file = tmp_path / "backup.tar.gz"
    backup.write(engine, file, extra={"media": media, "absent": tmp_path / "absent"}, now=now)
    return file


def test_a_backup_comes_back_as_it_was(
    saved: Path, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    elsewhere = _empty_place(engine, database_url, tmp_path)
    backup.restore(saved, elsewhere, extra={"media": tmp_path / "restored" / "media"})
    restored = database.open_database(elsewhere)
    with database.sessions(restored)() as session:
        assert session.scalars(select(Entry.title)).all() == ["Vélorution samedi"]
    restored.dispose()
    assert (tmp_path / "restored" / "media" / "velo.webp").read_bytes() == b"picture"


def test_checking_a_backup_opens_migrates_counts_and_searches_it(
    saved: Path, engine: Engine, database_url: str
) -> None:
    contents = backup.check(saved, database_url, proving.search_once)
    assert contents.version == database.latest_version()
    assert (contents.groups, contents.sources, contents.entries) == (1, 1, 1)
    assert contents.files == 2
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            left = connection.execute(text("SELECT datname FROM pg_database")).scalars()
            assert not [name for name in left if name.startswith("filcommun_check")]


def test_a_damaged_backup_is_refused(saved: Path, database_url: str) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatabaseError, match="is not a backup"):
        backup.check(saved, database_url)


def test_a_backup_in_which_one_file_was_changed_is_refused(
    saved: Path, database_url: str, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    subprocess.run(["tar", "-xzf", saved, "-C", inside], check=True)
    (inside / "media" / "velo.webp").write_bytes(b"another picture")
    with tarfile.open(saved, "w:gz") as tar:
        tar.add(inside, "")
    with pytest.raises(DatabaseError, match=r"media/velo.webp is not as it was written"):
        backup.check(saved, database_url)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "link"])
def test_a_backup_that_reaches_outside_its_folder_is_refused(
    name: str, tmp_path: Path, database_url: str
) -> None:
    with tarfile.open(tmp_path / "forged.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(DatabaseError, match="does not belong in a backup"):
        backup.check(tmp_path / "forged.tar.gz", database_url)


def test_settings_are_in_the_backup_and_secrets_only_when_wished(tmp_path: Path) -> None:
    settings = read_settings(
        database_url="postgresql://fil:geheim@db.example/fil",
        smtp_url="smtps://fil:geheim@mail.example:465",
        base_url="https://fil.example",
        secret_key="k" * 32,
        _env_file=None,
    )
    plain = backup.as_environment(settings)
    assert "FILCOMMUN_BASE_URL=https://fil.example\n" in plain
    assert "geheim" not in plain
    assert "kkk" not in plain
    assert "secret-key" not in backup.places(settings)
    whole = backup.as_environment(settings, with_secrets=True)
    again = dict(line.split("=", 1) for line in whole.splitlines())
    assert again["FILCOMMUN_SMTP_URL"] == settings.smtp_url
    assert again["FILCOMMUN_SECRET_KEY"] == "k" * 32


def test_what_a_killed_backup_left_goes_the_next_night(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    (tmp_path / ".filcommun-writing-abc").mkdir()
    (tmp_path / ".filcommun-writing-abc" / "database.db").write_bytes(b"half")
    (tmp_path / ".filcommun-writing-x.tar.gz-17").write_bytes(b"half")
    backup.nightly(engine, tmp_path, extra={}, now=now)
    left = {file.name for file in tmp_path.iterdir() if "-writing-" in file.name}
    assert left == set()
    assert len(backup.nights(tmp_path)) == 1


def test_while_one_worker_writes_the_nightly_backup_another_goes_on(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    with (tmp_path / ".filcommun-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        backup.nightly(engine, tmp_path, extra={}, now=now)
        assert backup.nights(tmp_path) == {}
    backup.nightly(engine, tmp_path, extra={}, now=now)
    assert len(backup.nights(tmp_path)) == 1


def test_a_restore_never_overwrites(saved: Path, database_url: str) -> None:
    with pytest.raises(DatabaseError, match=r"exists already|not empty"):
        backup.restore(saved, database_url, extra={})


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    with pytest.raises(DatabaseError, match="could not be written"):
        backup.write(engine, tmp_path / "no" / "folder" / "b.tar.gz", extra={}, now=now)
    assert not (tmp_path / "no").exists()


def test_a_place_where_nothing_can_even_be_cleaned_up_is_said_in_a_sentence(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "no-folder").write_text("")
    with pytest.raises(DatabaseError, match="could not be written: Not a directory"):
        backup.write(engine, tmp_path / "no-folder" / "all.tar.gz", extra={}, now=now)


def _empty_place(engine: Engine, database_url: str, tmp_path: Path) -> str:
    if engine.dialect.name == "sqlite":
        return f"sqlite:///{tmp_path}/restored/filcommun.db"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS elsewhere"))
        connection.execute(text("CREATE DATABASE elsewhere"))
    return database_url.rsplit("/", 1)[0] + "/elsewhere"


def test_the_nightly_backup_is_written_once_a_day_and_old_ones_go(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    folder = tmp_path / "backups"
    for day in range(20):
        at = now + timedelta(days=day)
        backup.nightly(engine, folder, extra={}, now=at)
        backup.nightly(engine, folder, extra={}, now=at)
    days = sorted(backup.nights(folder))
    today = (now + timedelta(days=19)).date()
    assert set(days) == backup.kept(days, today)
    assert today in days
    assert len(days) < 12
