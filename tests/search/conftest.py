"""One index per engine, and entries to put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.engines import open_engine
from aggregator.search.parser import parse

ENGINES = ("whoosh", "tantivy")

Make = Callable[..., IndexedEntry]
Ask = Callable[..., tuple[int, ...]]


@pytest.fixture(params=ENGINES)
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an index of each engine, in an empty folder."""
    return f"{request.param}:{tmp_path / 'index'}"


@pytest.fixture
def index(index_url: str) -> Iterator[Engine]:
    """An empty index."""
    opened = open_engine(index_url)
    yield opened
    opened.close()


@pytest.fixture
def make(now: datetime) -> Make:
    """Makes an entry; each is a day older than the one with the next lower id."""

    def made(number: int, title: str = "", text: str = "", **more: Any) -> IndexedEntry:
        more.setdefault("published", now - timedelta(days=number))
        return IndexedEntry(id=number, title=title, text=text, **more)

    return made


@pytest.fixture
def ask(index: Engine, now: datetime) -> Ask:
    """Searches as a person would; the ids found, newest first."""

    def asked(text: str, **more: Any) -> tuple[int, ...]:
        return index.search(parse(text, now=now).query, **more).ids

    return asked
