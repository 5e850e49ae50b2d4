"""One file that holds everything: written while the program runs, proved good before it is needed.

A gzip'd tar of `manifest.json` (versions, a SHA-256 of each member), the database (`database.db`
from SQLite's online backup, or `database.dump` from pg_dump), and the folders and files given.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, Engine, func, inspect, make_url, select

from aggregator.errors import DatabaseError
from aggregator.store import database
from aggregator.store.tables import Entry, Group, Source

FORM = 1
"""Of the backup file itself."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds, as counted by opening it."""

    created_at: str
    version: str
    groups: int
    sources: int
    entries: int


def write(engine: Engine, file: Path, *, extra: Mapping[str, Path], now: datetime) -> None:
    """Back up the database and the `extra` files and folders (name in the backup → where).

    What is missing among them is left out. The file appears under its name only when complete.
    Raises DatabaseError when the disk is full or a tool is missing.
    """
    partial = file.with_name(file.name + ".partial")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            members = {name: path for name, path in extra.items() if path.exists()}
            dump = _dump(engine, Path(folder))
            members[dump.name] = dump
            manifest = Path(folder) / "manifest.json"
            manifest.write_text(json.dumps(_manifest(engine, members, now), indent=1))
            with tarfile.open(partial, "w:gz", compresslevel=6) as tar:
                tar.add(manifest, "manifest.json")
                for name, path in members.items():
                    tar.add(path, name)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DatabaseError(f"The backup {file} could not be written: {error}.") from error


def restore(file: Path, url: str, *, extra: Mapping[str, Path]) -> Contents:
    """Put a backup's database at `url` and its files where `extra` says.

    Raises DatabaseError, and changes nothing, when the backup is damaged, of a newer version, of
    the other kind of database, or when there is something at `url` or in `extra` already.
    """
    for place in extra.values():
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise DatabaseError(f"{place} exists already; move it away first, then restore.")
    with _opened(file) as folder:
        contents = _check(folder)
        _load(folder, url)
        for name, place in extra.items():
            if (folder / name).exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / name, place)
        return contents


def check(file: Path) -> Contents:
    """Prove a backup good: checksums, integrity, migration to this version, counts.

    Raises DatabaseError with the first thing that is wrong.
    """
    with _opened(file) as folder:
        return _check(folder)


def nightly(engine: Engine, folder: Path, *, extra: Mapping[str, Path], now: datetime) -> None:
    """Write today's backup unless it is there, then let go of those `kept` does not name."""
    folder.mkdir(parents=True, exist_ok=True)
    today = folder / f"filcommun-{now:%Y-%m-%d}.tar.gz"
    if today.exists():
        return
    write(engine, today, extra=extra, now=now)
    files = nights(folder)
    for day in files.keys() - kept(files, now.date()):
        files[day].unlink()


def nights(folder: Path) -> dict[date, Path]:
    """The nightly backups in `folder` by their day; none where it is not there."""
    return {
        date.fromisoformat(file.name[10:20]): file
        for file in folder.glob("filcommun-????-??-??.tar.gz")
    }


def kept(days: Iterable[date], today: date) -> set[date]:
    """Which nightly backups stay: seven days, the last of each of four weeks and twelve months.

    >>> days = [date(2026, 1, 1) + timedelta(days=n) for n in range(300)]
    >>> len(kept(days, days[-1]))
    18
    """
    ordered = sorted(days, reverse=True)
    weeks: dict[tuple[int, int], date] = {}
    months: dict[tuple[int, int], date] = {}
    for day in ordered:
        weeks.setdefault(day.isocalendar()[:2], day)
        months.setdefault((day.year, day.month), day)
    recent = {day for day in ordered if today - day < timedelta(days=7)}
    return recent | set(list(weeks.values())[:4]) | set(list(months.values())[:12])


def _dump(engine: Engine, folder: Path) -> Path:
    if engine.dialect.name == "sqlite":
        target = folder / "database.db"
        with engine.connect() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            with sqlite3.connect(target) as copy:
                source.backup(copy, pages=4096)
            copy.close()
        return target
    target = folder / "database.dump"
    _postgresql_tool("pg_dump", "--format=custom", f"--file={target}", _libpq(engine.url))
    return target


def _manifest(engine: Engine, members: Mapping[str, Path], now: datetime) -> dict[str, object]:
    return {
        "form": FORM,
        "created_at": now.isoformat(),
        "version": database.current_version(engine),
        "sha256": {
            str(Path(name) / inner.relative_to(path)) if path.is_dir() else name: _digest(inner)
            for name, path in members.items()
            for inner in (sorted(path.rglob("*")) if path.is_dir() else [path])
            if inner.is_file()
        },
    }


@contextmanager
def _opened(file: Path) -> Iterator[Path]:
    """The backup's members in a folder, checked against the manifest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            with tarfile.open(file, "r:gz") as tar:
                tar.extractall(folder, filter="data")
            manifest = json.loads((folder / "manifest.json").read_text())
        except (OSError, tarfile.TarError, EOFError, ValueError) as error:
            raise DatabaseError(f"{file} is not a backup of Fil commun: {error}.") from error
        if manifest["form"] > FORM:
            raise DatabaseError(f"{file} was written by a newer Fil commun; install that first.")
        for member, digest in manifest["sha256"].items():
            if not (folder / member).is_file() or _digest(folder / member) != digest:
                raise DatabaseError(f"{file} is damaged: {member} is not as it was written.")
        yield folder


def _check(folder: Path) -> Contents:
    manifest = json.loads((folder / "manifest.json").read_text())
    if not (folder / "database.db").exists():
        _postgresql_tool("pg_restore", "--list", str(folder / "database.dump"))
        return Contents(manifest["created_at"], manifest["version"], -1, -1, -1)
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "database.db"
        shutil.copy(folder / "database.db", copy)
        with sqlite3.connect(copy) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        if verdict != "ok":
            raise DatabaseError(f"The database in the backup is damaged: {verdict}.")
        engine = database.open_database(f"sqlite:///{copy}")
        database.upgrade(engine)
        with database.sessions(engine)() as session:
            counts = [
                session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Group, Source, Entry)
            ]
        engine.dispose()
    return Contents(manifest["created_at"], manifest["version"], *counts)


def _load(folder: Path, url: str) -> None:
    address = make_url(url)
    is_sqlite = (folder / "database.db").exists()
    if is_sqlite != (address.get_backend_name() == "sqlite"):
        raise DatabaseError(
            f"The backup is of {'SQLite' if is_sqlite else 'PostgreSQL'}, and "
            "FILCOMMUN_DATABASE_URL names the other kind; set it to the same kind."
        )
    if is_sqlite:
        assert address.database is not None
        target = Path(address.database)
        if target.exists() and target.stat().st_size > 0:
            raise DatabaseError(f"{target} exists already; move it away first, then restore.")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "database.db", target)
        return
    engine = database.open_database(url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    if tables:
        raise DatabaseError("The PostgreSQL database is not empty; restore into a new one.")
    _postgresql_tool(
        "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_libpq(address)}",
        str(folder / "database.dump"),
    )  # fmt: skip


def _libpq(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)


def _postgresql_tool(*arguments: str) -> None:
    try:
        subprocess.run(arguments, check=True, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError as error:
        raise DatabaseError(
            f"{arguments[0]} is not installed; install Debian's package postgresql-client."
        ) from error
    except subprocess.CalledProcessError as error:
        raise DatabaseError(f"{arguments[0]} failed: {error.stderr.strip()[-300:]}") from error


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
