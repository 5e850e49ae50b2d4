"""Opening the database, migrating it, and sessions on it. SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    create_engine,
    event,
    insert,
    make_url,
    text,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import DatabaseError as DamagedError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import DatabaseError
from aggregator.store.tables import Base

_PATIENT = 30
"""Seconds of waiting for another writer before "database is locked"."""
_HURRIED = 0.5


RESTORE = "Stop Fil commun, move the file away, and `filcommun restore` the last good backup."
"""What to do about a damaged database."""


def open_database(url: str) -> Engine:
    """An engine on the database at `url`, set up for several processes.

    Raises DatabaseError with a sentence when it cannot be reached or written.
    """
    try:
        address = make_url(url)
        engine = create_engine(
            address,
            # Errors go to the log, and what was to be stored may name a person.
            hide_parameters=True,
            pool_pre_ping=address.get_backend_name() != "sqlite",
            connect_args={"timeout": _PATIENT} if address.get_backend_name() == "sqlite" else {},
        )
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "savepoint", _begin_to_write)
        with engine.connect():
            pass
    except ArgumentError as error:
        raise DatabaseError(f"FILCOMMUN_DATABASE_URL is not an address: {error}.") from error
    except OperationalError as error:
        why = str(error.orig).partition("\n")[0].rstrip(".")
        raise DatabaseError(
            f"The database {_named(address)} cannot be opened: {why}. "
            "Check that the folder exists and can be written, or that the server runs."
        ) from error
    except DamagedError as error:
        raise DatabaseError(
            f"The database {_named(address)} is damaged: {error.orig}. {RESTORE}"
        ) from error
    return engine


def open_begun(url: str) -> Engine:
    """The same on a database that was begun, by this version or an older one; makes no file.

    Raises DatabaseError where there is none, and for a newer one.
    """
    if not is_there(url):
        raise _nothing_at(make_url(url))
    engine = open_database(url)
    refuse_newer(engine)
    if current_version(engine) is None:
        raise _nothing_at(engine.url)
    return engine


def open_current(url: str) -> Engine:
    """The same on a database that has just this program's version. Raises DatabaseError."""
    engine = open_begun(url)
    require_current(engine)
    return engine


def _named(address: URL) -> str:
    """An address as a sentence shows it, the password and the driver left out."""
    return address.set(drivername=address.get_backend_name()).render_as_string()


def _nothing_at(address: URL) -> DatabaseError:
    return DatabaseError(
        f"There is no database of Fil commun at {_named(address)} yet. Go to the folder that holds "
        "yours, or begin one: `filcommun run`, or `filcommun db upgrade`."
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # WAL lets readers go on while one process writes; NORMAL is safe against a killed process.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_PATIENT * 1000}")
    cursor.close()


def _begin_to_write(connection: Connection, _name: str) -> None:
    """Wait for the right to write before a savepoint, which in SQLite begins as a reader.

    A reader whose view has grown old by another's commit may not write at all, however patient:
    "database is locked" at once. And the outermost savepoint would be stored when it is released,
    whether or not its session is committed then.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class _Session(Session):
    """Keeps its rows alive while it lets go of them.

    Python 3.11 runs the garbage collector inside any allocation. When it takes a row away while
    the row's own state is being emptied, the state is emptied a second time in between, and the
    process ends by a segmentation fault (docs/decisions/0014).
    """

    def expunge_all(self) -> None:
        rows = self.identity_map.values()
        super().expunge_all()
        del rows


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose rows stay readable after the commit."""
    return sessionmaker(engine, class_=_Session, expire_on_commit=False)


@contextmanager
def briefly(open_session: sessionmaker[Session]) -> Iterator[Session]:
    """A transaction that gives up after half a second where another writer is in its way.

    For what may be left undone. Raises SQLAlchemy's OperationalError then.
    """
    with open_session() as session:
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_HURRIED:.3f}s'")
            yield session
            session.commit()
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA busy_timeout={_HURRIED * 1000:.0f}")
        try:
            yield session
            session.commit()
        finally:
            driver.execute(f"PRAGMA busy_timeout={_PATIENT * 1000}")


def is_damage(error: DBAPIError) -> bool:
    """Whether SQLite found a page of its file that is none (SQLITE_CORRUPT, SQLITE_NOTADB)."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def require_whole(engine: Engine) -> None:
    """Read every page of an SQLite file; raises DatabaseError at the first that is damaged.

    PostgreSQL looks after itself: with checksums on, it refuses a damaged page when it is read.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect() as connection:
            verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    except DamagedError as error:
        verdict = error.orig
    if verdict != "ok":
        raise DatabaseError(f"The database is damaged: {verdict}. {RESTORE}")


def put(
    session: Session,
    table: type[Base],
    key: Mapping[str, object],
    changed: Mapping[str, object],
    *,
    first: Mapping[str, object] | None = None,
) -> None:
    """Change the row of this key, or insert it, whatever other processes do at the same moment.

    `first` are the values of a new row where they differ from `changed`.
    """
    change = update(table).filter_by(**key).values(**changed)
    change = change.execution_options(synchronize_session=False)
    result = session.execute(change)
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        try:
            with session.begin_nested():
                session.execute(insert(table).values(**key, **(first or changed)))
        except IntegrityError:  # somebody inserted the first one meanwhile
            session.execute(change)


def upgrade(engine: Engine) -> None:
    """Bring the database to this program's version; twice is once.

    Raises DatabaseError when the database is of a newer version, and changes nothing then.
    """
    refuse_newer(engine)
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_newer(engine: Engine) -> None:
    """Raise DatabaseError when a newer program has migrated this database."""
    version = current_version(engine)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version is not None and version not in known:
        raise DatabaseError(
            f"The database is of version {version}, which this program does not know: it was "
            "used by a newer Fil commun. Install that version, or restore a backup made before."
        )


def require_current(engine: Engine) -> None:
    """Raise DatabaseError unless the database has just this program's version."""
    refuse_newer(engine)
    version, needed = current_version(engine), latest_version()
    if version is None:
        raise _nothing_at(engine.url)
    if version != needed:
        raise DatabaseError(
            f"The database is at version {version}, and this program needs version {needed}. Run "
            "`filcommun db upgrade` (after a backup), or `filcommun run`, which does it for you."
        )


def is_there(url: str) -> bool:
    """Whether there may be a database: false for an SQLite file that nobody has made yet."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return True
    return address.database is not None and Path(address.database).is_file()


def current_version(engine: Engine) -> str | None:
    """The migration the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def latest_version() -> str:
    """The migration this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
