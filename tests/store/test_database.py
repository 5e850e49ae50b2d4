"""The database opens, migrates, and refuses what it must, in sentences."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.state import InstanceState

from aggregator.errors import DatabaseError
from aggregator.store import database
from aggregator.store.tables import Base, Entry, Rate, Source


def test_migrations_build_exactly_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_is_upgrading_once(engine: Engine) -> None:
    database.upgrade(engine)
    assert database.current_version(engine) == database.latest_version()


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer Fil commun"):
        database.upgrade(engine)
    assert database.current_version(engine) == "9999"


def test_parts_open_only_over_a_database_of_this_version(engine: Engine) -> None:
    database.require_current(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseError, match=r"at version 0001.*filcommun db upgrade"):
        database.require_current(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(DatabaseError, match=r"no database of Fil commun.*filcommun run"):
        database.require_current(engine)


def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="Check that the folder exists"):
        database.open_database(f"sqlite:///{tmp_path}/missing/filcommun.db")


def test_an_instant_comes_back_in_utc(session: Session, a_source: Callable[..., Source]) -> None:
    paris = timezone(timedelta(hours=1))
    source = a_source(next_crawl_at=datetime(2026, 11, 24, 10, 0, tzinfo=paris))
    session.commit()
    session.expire_all()
    assert source.next_crawl_at.isoformat() == "2026-11-24T09:00:00+00:00"


def test_one_source_holds_a_uid_once_and_two_sources_each_their_own(
    session: Session, a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    lilas, pantin = a_source("lilas"), a_source("pantin")
    an_entry(lilas, "tag:1")
    an_entry(pantin, "tag:1")
    assert len(session.scalars(select(Entry)).all()) == 2
    with pytest.raises(IntegrityError):
        an_entry(lilas, "tag:1")


def test_a_brief_transaction_gives_up_where_another_writes_and_leaves_no_haste_behind(
    sessions: sessionmaker[Session], now: datetime
) -> None:
    with sessions.begin() as session:
        session.add(Rate(hash="a", count=1, ends_at=now))
    more = update(Rate).values(count=Rate.count + 1)
    with sessions.begin() as other:
        other.execute(more)
        with pytest.raises(OperationalError), database.briefly(sessions) as brief:
            brief.execute(more)
    with database.briefly(sessions) as brief:
        brief.execute(more)
    with sessions() as session:
        assert session.scalars(select(Rate.count)).all() == [3]
        if session.get_bind().dialect.name == "sqlite":
            assert session.scalar(text("PRAGMA busy_timeout")) == 30_000


def test_who_reads_in_a_savepoint_may_write_there_whoever_else_wants_to(
    tmp_path: Path, now: datetime
) -> None:
    # A view that another's commit has made old may write nothing, however patient: SQLite's way.
    engine = database.open_database(f"sqlite:///{tmp_path}/fil.db")
    database.upgrade(engine)
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        session.add(Rate(hash="a", count=1, ends_at=now))
    more = update(Rate).values(count=Rate.count + 1)
    with sessions.begin() as alice, alice.begin_nested():
        assert alice.scalars(select(Rate.count)).all() == [1]
        with pytest.raises(OperationalError), database.briefly(sessions) as bob:
            bob.execute(more)
        alice.execute(more)
    with database.briefly(sessions) as bob:
        bob.execute(more)
        assert bob.scalars(select(Rate.count)).all() == [3]
    engine.dispose()


def test_what_is_in_a_savepoint_is_not_stored_before_the_commit(
    sessions: sessionmaker[Session], now: datetime
) -> None:
    with sessions() as session:
        with session.begin_nested():
            session.add(Rate(hash="a", count=1, ends_at=now))
        session.rollback()
        assert session.scalars(select(Rate)).all() == []


def test_no_row_is_collected_while_a_session_lets_go_of_it(
    sessions: sessionmaker[Session],
    session: Session,
    a_source: Callable[..., Source],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_source()
    session.commit()
    reading = sessions()
    row = reading.scalars(select(Source)).one()
    row.in_a_circle = row  # as rows and what they relate to are
    gone = weakref.ref(row)
    del row
    seen = []
    let_go = InstanceState._detach_states

    def collect_first(*arguments: object) -> None:
        gc.collect()
        seen.append(gone() is not None)
        let_go(*arguments)

    monkeypatch.setattr(InstanceState, "_detach_states", collect_first)
    reading.close()
    assert seen == [True]
    monkeypatch.undo()
    gc.collect()
    assert gone() is None
