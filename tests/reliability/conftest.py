"""A farm of small sites on loopback, and workers as real processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aggregator.store.tables import Group, Source

HOSTS = 20
SOURCES_PER_HOST = 2
ENTRIES = 6

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
                # Before the answer: who has it may rightly let another ask at once.
                with farm.lock:
                    farm.at_once[host] -= 1
                self._answer(str(host))

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

    def groups(self, now: datetime) -> list[Group]:
        """A group for each site, with its sources, due now."""
        return [
            Group(
                slug=f"g-{host}",
                name=str(host),
                created_at=now,
                updated_at=now,
                sources=[
                    Source(
                        slug=f"s-{host}-{n}",
                        url=f"http://{host}:{port}/{n}",
                        created_at=now,
                        next_crawl_at=now,
                    )
                    for n in range(SOURCES_PER_HOST)
                ],
            )
            for host, port in (server.server_address[:2] for server in self.servers)
        ]

    @property
    def entries(self) -> int:
        """How many there are to be had."""
        return HOSTS * SOURCES_PER_HOST * ENTRIES

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
def start_worker(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `filcommun work` on a database; those still running at the end are killed."""
    started = []

    def start(url: str, **options: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "FILCOMMUN_DATABASE_URL": url,
            "FILCOMMUN_INDEX_URL": f"whoosh:{tmp_path}/index",
            "FILCOMMUN_SECRET_KEY": "-" * 32,
            "FILCOMMUN_ALLOW_PRIVATE_NETWORKS": "true",
            "FILCOMMUN_SHORTEST_INTERVAL": "1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **options,
        }
        with (tmp_path / "workers.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "aggregator.cli", "work"],
                env=environment,
                cwd=tmp_path,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()
