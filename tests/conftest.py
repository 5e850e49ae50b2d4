"""The cast that most tests need: a database, a still clock, and a few rows in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from aggregator.store import database
from aggregator.store.tables import Entry, Group, GroupTag, Source

# How long one example takes says more of the machine's other work than of the code.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The clock stands still."""
    return NOW


@pytest.fixture(scope="session")
def shared() -> Path:
    """The corpora and labelled sets that lie beside the checkout; CI must have them."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "corpora").is_dir():
        if "REQUIRE_SHARED" in os.environ:
            pytest.fail(f"the corpora are not in {folder}")
        pytest.skip(f"the corpora are not in {folder}")
    return folder


@dataclass(frozen=True)
class Server:
    """A real PostgreSQL in a folder of its own; who stops it starts it again."""

    url: str
    control: list[str]
    options: str
    folder: Path

    def start(self) -> None:
        self._run("start", "-l", str(self.folder / "log"), "-o", self.options)

    def stop(self) -> None:
        self._run("stop", "-m", "immediate")

    def _run(self, *verb: str) -> None:
        subprocess.run(
            [*self.control, *verb], check=True, stdout=subprocess.DEVNULL, cwd=self.folder
        )


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Server) -> str:
    """The address of a real PostgreSQL."""
    return postgresql_server.url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """Started for this run."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="filcommun-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    control = [*as_user, str(programs[-1] / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    subprocess.run(
        [*control, "initdb", "-o", "-A trust -E UTF8 --no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    name = "postgres" if as_user else os.environ.get("USER", "postgres")
    server = Server(f"postgresql://{name}@127.0.0.1:{port}/postgres", control, options, folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that we promise."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/filcommun.db"
    url: str = request.getfixturevalue("postgresql").replace(
        "postgresql://", "postgresql+psycopg://"
    )
    engine = database.open_database(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all migrations, to be copied: migrating anew takes each test longer
    than most tests themselves."""
    path = tmp_path_factory.mktemp("migrated") / "filcommun.db"
    engine = database.open_database(f"sqlite:///{path}")
    database.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(database_url: str, migrated: Path) -> Iterator[Engine]:
    """A migrated database, once on SQLite and (marked slow) once on PostgreSQL."""
    if database_url.startswith("sqlite:///"):
        shutil.copyfile(migrated, database_url.removeprefix("sqlite:///"))
    engine = database.open_database(database_url)
    if engine.dialect.name != "sqlite":
        database.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """The session factory the parts hold."""
    return database.sessions(engine)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One open session."""
    with sessions() as session:
        yield session


@pytest.fixture
def a_group(session: Session) -> Callable[..., Group]:
    """Makes a group: `a_group("les-lilas-a-velo", topic=["transports"])`."""

    def make(slug: str = "lilas-a-velo", **options: object) -> Group:
        dimensions = ("topic", "objective", "skill", "kind", "area")
        tags = [
            GroupTag(dimension=dimension, slug=term, origin="inventory")
            for dimension in dimensions
            for term in options.pop(dimension, [])  # type: ignore[attr-defined]
        ]
        values = {
            "name": slug.replace("-", " ").capitalize(),
            "home": f"https://{slug}.example/",
            "created_at": NOW,
            "updated_at": NOW,
        }
        group = Group(slug=slug, tags=tags, **(values | options))
        session.add(group)
        session.flush()
        return group

    return make


@pytest.fixture
def a_source(session: Session, a_group: Callable[..., Group]) -> Callable[..., Source]:
    """Makes a source, with a group of its own unless one is given."""

    def make(slug: str = "lilas-a-velo", group: Group | None = None, **options: object) -> Source:
        values = {
            "url": f"https://{slug}.example/feed",
            "created_at": NOW,
            "next_crawl_at": NOW,
        }
        source = Source(slug=slug, group=group or a_group(slug), **(values | options))
        session.add(source)
        session.flush()
        return source

    return make


@pytest.fixture
def an_entry(session: Session) -> Callable[..., Entry]:
    """Makes an entry of a source: `an_entry(source, "1", title="Vélorution samedi")`."""

    def make(source: Source, uid: str = "1", **options: object) -> Entry:
        values = {
            "url": f"https://{source.slug}.example/{uid}",
            "title": f"Entrée {uid}",
            "published": NOW,
            "content_hash": uid,
            "first_seen_at": NOW,
            "last_seen_at": NOW,
        }
        entry = Entry(source=source, uid=uid, **(values | options))
        session.add(entry)
        session.flush()
        return entry

    return make
