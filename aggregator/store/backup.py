"""One file that holds everything: written while the program runs, proved good before it is needed.

A gzip'd tar of `manifest.json` (versions, a SHA-256 of each member), the database (`database.db`
from SQLite's online backup, or `database.dump` from pg_dump), and the folders, files and texts
given. Knows no search engine.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import URL, Engine, func, inspect, make_url, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import DatabaseError
from aggregator.settings import Settings
from aggregator.store import database
from aggregator.store.tables import Entry, Group, Source

FORM = 1
"""Of the backup file itself."""
_OTHER_KIND = (
    "The backup is of {}, and FILCOMMUN_DATABASE_URL names the other kind; set it to the same kind."
)
_PREFIX = ".filcommun-writing-"
"""Of what is not complete yet; a killed process leaves it, the next night takes it away."""

Look = Callable[[sessionmaker[Session]], None]
"""Looks at an open, migrated database; raises FilcommunError when it does not serve."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds, as counted by opening it."""

    created_at: str
    version: str
    groups: int
    sources: int
    entries: int
    files: int
    """Pictures and others beside the database."""


def places(settings: Settings, *, with_secrets: bool = False) -> dict[str, Path]:
    """What a backup holds beside the database: its name there → where it lies here."""
    named = {"media": settings.media_folder, "sources.yaml": settings.sources_file}
    return named | ({"secret-key": settings.secret_file} if with_secrets else {})


def as_environment(settings: Settings, *, with_secrets: bool = False) -> str:
    """The settings that differ from the defaults, as lines of an environment file.

    Without secrets, the key is left out and passwords in addresses are replaced by `***`.
    """
    lines = []
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value() if with_secrets else None
        elif name in {"database_url", "smtp_url", "index_url"} and value and not with_secrets:
            value = re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", value)
        if value is not None:
            lines.append(f"FILCOMMUN_{name.upper()}={value}\n")
    return "".join(lines)


def write(
    engine: Engine,
    file: Path,
    *,
    extra: Mapping[str, Path],
    now: datetime,
    environment: str = "",
) -> None:
    """Back up the database, the `extra` files and folders (name in the backup → where), and the
    settings as `settings.env`.

    What is missing among them is left out. The file appears under its name only when complete.
    Raises DatabaseError when the disk is full or a tool is missing.
    """
    partial = file.with_name(f"{_PREFIX}{file.name}-{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=_PREFIX) as folder:
            members = {name: path for name, path in extra.items() if path.exists()}
            dump = _dump(engine, Path(folder))
            members[dump.name] = dump
            members["settings.env"] = Path(folder) / "settings.env"
            members["settings.env"].write_text(environment)
            manifest = Path(folder) / "manifest.json"
            manifest.write_text(json.dumps(_manifest(engine, members, now), indent=1))
            with tarfile.open(partial, "w:gz", compresslevel=6) as tar:
                tar.add(manifest, "manifest.json")
                for name, path in members.items():
                    tar.add(path, name)
        partial.chmod(0o600)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):  # of a folder that is read-only
            partial.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else error
        raise DatabaseError(f"The backup {file} could not be written: {why}.") from error


def restore(file: Path, url: str, *, extra: Mapping[str, Path]) -> Contents:
    """Put a backup's database at `url` and its files where `extra` says.

    Raises DatabaseError, and changes nothing, when the backup is damaged, of a newer version, of
    the other kind of database, or when there is something at `url` or in `extra` already.
    """
    for place in extra.values():
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise DatabaseError(f"{place} exists already; move it away first, then restore.")
    with _opened(file) as folder:
        if (folder / "database.db").exists():
            contents = _check(folder, url, None)
            _load(folder, url)
        else:
            _load(folder, url)
            engine = database.open_database(url)
            contents = _counted(folder, engine)
            engine.dispose()
        for name, place in extra.items():
            if (folder / name).exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / name, place)
        return contents


def check(file: Path, url: str, look: Look | None = None) -> Contents:
    """Prove a backup good: checksums, integrity, migration to this version, counts, and `look`.

    A backup of PostgreSQL is restored into a new database on the server of `url` and dropped
    again. Raises DatabaseError with the first thing that is wrong.
    """
    with _opened(file) as folder:
        return _check(folder, url, look)


def nightly(
    engine: Engine,
    folder: Path,
    *,
    extra: Mapping[str, Path],
    now: datetime,
    environment: str = "",
) -> None:
    """Write today's backup unless it is there, then let go of those `kept` does not name.

    Several workers may ask at once: one writes, the others go on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    today = folder / f"filcommun-{now:%Y-%m-%d}.tar.gz"
    with _alone(folder) as is_alone:
        if not is_alone or today.exists():
            return
        for left in folder.glob(f"{_PREFIX}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        write(engine, today, extra=extra, now=now, environment=environment)
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


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process writes here; a killed one holds nothing."""
    with (folder / ".filcommun-lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


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
    _postgresql_tool(engine.url, "pg_dump", "--format=custom", f"--file={target}")
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
                for member in tar:
                    _unpack(tar, member, folder)
            manifest = json.loads((folder / "manifest.json").read_text())
        except (OSError, tarfile.TarError, EOFError, ValueError) as error:
            raise DatabaseError(f"{file} is not a backup of Fil commun: {error}.") from error
        if manifest["form"] > FORM:
            raise DatabaseError(f"{file} was written by a newer Fil commun; install that first.")
        for member, digest in manifest["sha256"].items():
            if not (folder / member).is_file() or _digest(folder / member) != digest:
                raise DatabaseError(f"{file} is damaged: {member} is not as it was written.")
        yield folder


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One file or folder, inside `folder` alone; Debian 12's Python has no filter for this."""
    place = (folder / member.name).resolve()
    if not place.is_relative_to(folder.resolve()) or not (member.isfile() or member.isdir()):
        raise tarfile.TarError(f"{member.name!r} does not belong in a backup")
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None
    with content, place.open("wb") as written:
        shutil.copyfileobj(content, written)


def _check(folder: Path, url: str, look: Look | None) -> Contents:
    with _scratch(folder, make_url(url)) as engine:
        contents = _counted(folder, engine)
        if look is not None:
            look(database.sessions(engine))
    return contents


def _counted(folder: Path, engine: Engine) -> Contents:
    """What an open database and the folder hold, once they are of this version."""
    database.upgrade(engine)
    manifest = json.loads((folder / "manifest.json").read_text())
    with database.sessions(engine)() as session:
        groups, sources, entries = (
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Group, Source, Entry)
        )
    return Contents(
        created_at=manifest["created_at"],
        version=manifest["version"],
        groups=groups,
        sources=sources,
        entries=entries,
        files=len(manifest["sha256"]) - 1,
    )


@contextmanager
def _scratch(folder: Path, address: URL) -> Iterator[Engine]:
    """The backup's database as it would be restored, somewhere it may be changed."""
    if (folder / "database.db").exists():
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "database.db"
            shutil.copy(folder / "database.db", copy)
            with sqlite3.connect(copy) as connection:
                (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            connection.close()
            if verdict != "ok":
                raise DatabaseError(f"The database in the backup is damaged: {verdict}.")
            engine = database.open_database(f"sqlite:///{copy}")
            yield engine
            engine.dispose()
        return
    if address.get_backend_name() == "sqlite":
        raise DatabaseError(_OTHER_KIND.format("PostgreSQL"))
    server = database.open_database(address.render_as_string(hide_password=False))
    target = address.set(database=f"filcommun_check_{secrets.token_hex(6)}")
    try:
        _at_server(server, f"CREATE DATABASE {target.database}")
        try:
            _postgresql_restore(folder, target)
            engine = database.open_database(target.render_as_string(hide_password=False))
            yield engine
            engine.dispose()
        finally:
            _at_server(server, f"DROP DATABASE {target.database} WITH (FORCE)")
    except ProgrammingError as error:
        raise DatabaseError(
            f"The backup cannot be tried on this server: {error.orig}. Let the database's user "
            f"make databases: `ALTER ROLE {address.username} CREATEDB`."
        ) from error
    finally:
        server.dispose()


def _at_server(server: Engine, statement: str) -> None:
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def _load(folder: Path, url: str) -> None:
    address = make_url(url)
    is_sqlite = (folder / "database.db").exists()
    if is_sqlite != (address.get_backend_name() == "sqlite"):
        raise DatabaseError(_OTHER_KIND.format("SQLite" if is_sqlite else "PostgreSQL"))
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
    _postgresql_restore(folder, address)


def _postgresql_restore(folder: Path, address: URL) -> None:
    dump = str(folder / "database.dump")
    _postgresql_tool(address, "pg_restore", "--no-owner", "--single-transaction", dump)


def _postgresql_tool(address: URL, tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes where `ps` does not show it."""
    place = address.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(address.password)} if address.password else {})
    command = [tool, f"--dbname={place}", *arguments]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603
    except FileNotFoundError as error:
        raise DatabaseError(
            f"{tool} is not installed; install Debian's package postgresql-client."
        ) from error
    except subprocess.CalledProcessError as error:
        raise DatabaseError(f"{tool} failed: {error.stderr.strip()[-300:]}") from error


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
