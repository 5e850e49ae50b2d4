"""The parts every process holds, as one small frozen value. Knows no verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.orm import Session, sessionmaker

from aggregator.search.engine import Engine
from aggregator.search.engines import open_patiently
from aggregator.search.indexing import open_to_read
from aggregator.settings import Settings
from aggregator.store import database


@dataclass(frozen=True)
class Parts:
    """Settings, sessions on the database, the search engine, and the clock."""

    settings: Settings
    sessions: sessionmaker[Session]
    engine: Engine
    clock: Callable[[], datetime]
    """Aware UTC."""

    def close(self) -> None:
        """Let go of index and database, for a process that goes on."""
        self.engine.close()
        self.sessions.kw["bind"].dispose()


def utc_now() -> datetime:
    """The clock outside of tests."""
    return datetime.now(UTC)


def open_parts(settings: Settings) -> Parts:
    """All parts of this process, over a database that is up to date.

    An index that cannot be opened yet does not keep a process from starting. Raises DatabaseError
    or SettingsError in a sentence.
    """
    sessions = database.sessions(database.open_current(settings.database_url))
    return Parts(
        settings=settings,
        sessions=sessions,
        engine=open_patiently(partial(open_to_read, sessions, settings.index_url)),
        clock=utc_now,
    )
