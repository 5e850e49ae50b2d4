"""Several workers on one PostgreSQL, killed at random: nothing twice, nothing lost."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from aggregator.store import database
from aggregator.store.tables import Crawl, Entry, Source

WORKERS = 4


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_four_workers_killed_at_random_store_every_entry_once_and_hurt_no_host(
    farm: Any,
    database_url: str,
    engine: Engine,
    start_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    now = datetime.now(UTC)
    with database.sessions(engine).begin() as session:
        session.add_all(farm.groups(now))
    chance = random.Random(7)
    workers = [start_worker(database_url) for _ in range(WORKERS)]
    for _ in range(10):
        time.sleep(2)
        victim = chance.randrange(WORKERS)
        workers[victim].send_signal(signal.SIGKILL)
        workers[victim].wait()
        workers[victim] = start_worker(database_url)
    _stop(workers)
    # Claims of killed workers run out; here the test lets them run out at once.
    with database.sessions(engine).begin() as session:
        session.execute(update(Source).values(claimed_until=None, next_crawl_at=now))
    workers = [start_worker(database_url) for _ in range(WORKERS)]
    _wait_for(engine, farm.entries)
    statuses = _stop(workers)
    with Session(engine) as session:
        stored = session.scalar(select(func.count()).select_from(Entry))
        crawled = session.scalar(select(func.count(func.distinct(Crawl.source_id))))
        sources = session.scalar(select(func.count()).select_from(Source))
    assert (stored, crawled) == (farm.entries, sources)
    assert max(farm.most_at_once.values()) == 1
    # One that was only just starting has no handler yet; none ends in a failure.
    assert statuses <= {0, -signal.SIGTERM}


def _stop(workers: Sequence[subprocess.Popen[bytes]]) -> set[int]:
    for worker in workers:
        worker.terminate()
    return {worker.wait(timeout=60) for worker in workers}


def _wait_for(engine: Engine, entries: int) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with Session(engine) as session:
            if session.scalar(select(func.count()).select_from(Entry)) == entries:
                return
        time.sleep(0.5)
