"""One index per engine, and entries to put into it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import BrokenIndex
from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.engines import open_engine, opensearch_engine
from aggregator.search.parser import parse

ENGINES = ("whoosh", "tantivy", pytest.param("opensearch", marks=pytest.mark.slow))

Make = Callable[..., IndexedEntry]
Ask = Callable[..., tuple[int, ...]]


@pytest.fixture(params=ENGINES)
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an index of each engine that does not exist yet.

    OpenSearch's is on the server that FILCOMMUN_TEST_OPENSEARCH names (`http://127.0.0.1:9200`);
    `tests/search/opensearch` starts one.
    """
    if request.param != "opensearch":
        yield f"{request.param}:{tmp_path / 'index'}"
        return
    server = os.environ.get("FILCOMMUN_TEST_OPENSEARCH")
    if not server:
        pytest.skip("not run against OpenSearch: FILCOMMUN_TEST_OPENSEARCH names no server")
    alias = f"test-{uuid.uuid4().hex[:12]}"
    yield f"opensearch+{server}/{alias}"
    opensearch_engine.erase(f"opensearch+{server}/{alias}")


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


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Asks until the index can be opened and the answer is yes; gives up after a minute."""

    def wait(answer: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while True:
            with suppress(BrokenIndex):
                if answer():
                    return
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait
