"""A backup holds everything, proves itself good, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from aggregator.errors import DatabaseError
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


def test_checking_a_backup_counts_what_is_in_it(saved: Path, engine: Engine) -> None:
    contents = backup.check(saved)
    assert contents.version == database.latest_version()
    if engine.dialect.name == "sqlite":
        assert (contents.groups, contents.sources, contents.entries) == (1, 1, 1)


def test_a_damaged_backup_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatabaseError, match="is not a backup"):
        backup.check(saved)


def test_a_restore_never_overwrites(saved: Path, database_url: str) -> None:
    with pytest.raises(DatabaseError, match=r"exists already|not empty"):
        backup.restore(saved, database_url, extra={})


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(
    engine: Engine, tmp_path: Path, now: datetime
) -> None:
    with pytest.raises(DatabaseError, match="could not be written"):
        backup.write(engine, tmp_path / "no" / "folder" / "b.tar.gz", extra={}, now=now)
    assert not (tmp_path / "no").exists()


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
    days = sorted(date.fromisoformat(file.name[10:20]) for file in folder.iterdir())
    today = (now + timedelta(days=19)).date()
    assert set(days) == backup.kept(days, today)
    assert today in days
    assert len(days) < 12
