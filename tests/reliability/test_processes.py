"""Several workers on one PostgreSQL, killed at random: nothing twice, nothing lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.store import database
from aggregator.store.tables import Crawl, Entry, Group, Source

HOSTS = 20
SOURCES_PER_HOST = 2
ENTRIES = 6
WORKERS = 4

FEED = """<rss version="2.0"><channel><title>Fil {n}</title>{items}</channel></rss>"""
ITEM = (
    "<item><guid>{n}-{i}</guid><title>Nouvelle {i}</title><link>http://{host}/{n}/{i}</link></item>"
)


class Farm:
    """Sites on addresses of their own that note how many exchanges each has at once."""

    def __init__(self) -> None:
        self.at_once: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.servers: list[ThreadingHTTPServer] = []

    def start(self) -> None:
        farm = self

        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.server.server_address[0]
                with farm.lock:
                    farm.at_once[host] += 1
                    farm.most_at_once[host] = max(farm.most_at_once[host], farm.at_once[host])
                time.sleep(0.2)
                self._answer(str(host))
                with farm.lock:
                    farm.at_once[host] -= 1

            def _answer(self, host: str) -> None:
                n = self.path.strip("/")
                found = n.isdigit()
                items = "".join(ITEM.format(n=n, i=i, host=host) for i in range(ENTRIES))
                body = FEED.format(n=n, items=items).encode() if found else b""
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # a killed worker has hung up
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        for n in range(HOSTS):
            server = ThreadingHTTPServer((f"127.31.0.{n + 1}", 0), Site)
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def farm() -> Iterator[Farm]:
    farm = Farm()
    farm.start()
    yield farm
    farm.stop()


@pytest.fixture
def database_on_postgresql(postgresql: str) -> str:
    return postgresql.replace("postgresql://", "postgresql+psycopg://")


def _worker(url: str, folder: Path, number: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "FILCOMMUN_DATABASE_URL": url,
        "FILCOMMUN_INDEX_URL": f"whoosh:{folder}/index",
        "FILCOMMUN_SECRET_KEY": "-" * 32,
        "FILCOMMUN_ALLOW_PRIVATE_NETWORKS": "true",
        "FILCOMMUN_SHORTEST_INTERVAL": "2",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    with (folder / f"worker-{number}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "aggregator.cli", "work"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.slow
def test_four_workers_killed_at_random_store_every_entry_once_and_hurt_no_host(
    farm: Farm, database_on_postgresql: str, tmp_path: Path
) -> None:
    engine = database.open_database(database_on_postgresql)
    database.upgrade(engine)
    now = datetime.now(UTC)
    with database.sessions(engine).begin() as session:
        for server in farm.servers:
            host, port = server.server_address[:2]
            group = Group(slug=f"g-{host}", name=str(host), created_at=now, updated_at=now)
            group.sources = [
                Source(
                    slug=f"s-{host}-{n}",
                    url=f"http://{host}:{port}/{n}",
                    created_at=now,
                    next_crawl_at=now,
                )
                for n in range(SOURCES_PER_HOST)
            ]
            session.add(group)
    chance = random.Random(7)
    workers = [_worker(database_on_postgresql, tmp_path, n) for n in range(WORKERS)]
    try:
        for _ in range(10):
            time.sleep(2)
            victim = chance.randrange(WORKERS)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = _worker(database_on_postgresql, tmp_path, victim)
        # Claims of killed workers run out; here the test lets them run out at once.
        with database.sessions(engine).begin() as session:
            session.execute(Source.__table__.update().values(claimed_until=None, next_crawl_at=now))
        _wait_for(engine, HOSTS * SOURCES_PER_HOST * ENTRIES)
    finally:
        for worker in workers:
            worker.terminate()
        statuses = [worker.wait(timeout=30) for worker in workers]
    with Session(engine) as session:
        stored = session.scalar(select(func.count()).select_from(Entry))
        crawled = session.scalar(select(func.count(func.distinct(Crawl.source_id))))
    engine.dispose()
    assert stored == HOSTS * SOURCES_PER_HOST * ENTRIES
    assert crawled == HOSTS * SOURCES_PER_HOST
    assert max(farm.most_at_once.values()) == 1
    # One that was only just starting has no handler yet; none ends in a failure.
    assert set(statuses) <= {0, -signal.SIGTERM}


def _wait_for(engine: object, entries: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with Session(engine) as session:  # type: ignore[arg-type]
            if session.scalar(select(func.count()).select_from(Entry)) == entries:
                return
        time.sleep(0.5)
