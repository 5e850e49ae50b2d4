"""A farm of small sites on loopback, and workers and portals as real processes."""

from __future__ import annotations

import contextlib
import os
import signal
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
ILL = 5
"""Of the hosts, the last ones: each misbehaves in its own way."""
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
                number = int(str(host).rpartition(".")[2]) - (HOSTS - ILL)
                with contextlib.suppress(OSError):  # a killed worker has hung up
                    self._misbehave(number) if number > 0 else self._answer(str(host))

            def _misbehave(self, number: int) -> None:
                if number == 1:
                    self.connection.close()
                elif number == 2:
                    self.send_error(503)
                elif number == 3:
                    self.send_response(301)
                    self.send_header("Location", self.path)
                    self.end_headers()
                else:
                    body = b"<rss><channel><item>" if number == 4 else b"\x1f\x8b" + b"\0" * 500
                    self.send_response(200)
                    self.send_header("Content-Type", "application/rss+xml")
                    if number == 5:
                        self.send_header("Content-Encoding", "gzip")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def _answer(self, host: str) -> None:
                n = self.path.strip("/")
                found = n.isdigit()
                items = "".join(ITEM.format(n=n, i=i, host=host) for i in range(ENTRIES))
                body = FEED.format(n=n, items=items).encode() if found else b""
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A killed worker has hung up."""

        for n in range(HOSTS):
            server = Server((f"127.31.0.{n + 1}", 0), Site)
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
        return (HOSTS - ILL) * SOURCES_PER_HOST * ENTRIES

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is being answered."""
        with self.lock:
            return not any(self.at_once.values())

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


def environment(url: str, folder: Path, **options: str) -> dict[str, str]:
    """Of a process over this database, its index in `folder`."""
    return os.environ | {
        "FILCOMMUN_DATABASE_URL": url,
        "FILCOMMUN_INDEX_URL": f"whoosh:{folder}/index",
        "FILCOMMUN_SECRET_KEY": "-" * 32,
        "FILCOMMUN_ALLOW_PRIVATE_NETWORKS": "true",
        "FILCOMMUN_SHORTEST_INTERVAL": "1",
        "FILCOMMUN_PORTAL_PROCESSES": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **options,
    }


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `filcommun work` on a database; those still running at the end are killed."""
    started = []

    def start(url: str, **options: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "workers.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "aggregator.cli", "work"],
                env=environment(url, tmp_path, **options),
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


NURSERY = """
import os, signal, sys
import aggregator.cli.serve, aggregator.cli.work, web.application  # once for all children
from aggregator.settings import read_settings
from gunicorn.app import wsgiapp

def work():
    aggregator.cli.work.command(args=[], standalone_mode=False)

def serve(port):
    os.environ["FILCOMMUN_PORT"] = port
    command = aggregator.cli.serve.portal_command(read_settings())
    sys.argv = command[2:]
    wsgiapp.run()

children = set()
for line in sys.stdin:
    verb, *rest = line.split()
    if verb == "wait":
        _, status = os.waitpid(int(rest[0]), 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        {"work": work, "serve": serve}[verb](*rest)
        sys.stdout.flush()
        os._exit(0)
    children.add(child)
    print(child, flush=True)
for child in children:  # the test is gone
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Nursery:
    """Starts workers and portals by forking one process that has imported everything, so that a
    start costs no seconds; each has a process group of its own."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as opened:
            self._mother = subprocess.Popen(
                [sys.executable, "-c", NURSERY],
                env=environment,
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=opened,
                text=True,
            )
        self._living: set[int] = set()

    def start(self, *what: str) -> int:
        """A new process: `work`, or `serve PORT`; its id."""
        child = int(self._asked(" ".join(what)))
        self._living.add(child)
        return child

    def kill(self, child: int) -> None:
        """SIGKILL it and all that it started."""
        os.killpg(child, signal.SIGKILL)
        self.wait(child)

    def stop(self, child: int) -> int:
        """Ask it to end; its exit status."""
        os.kill(child, signal.SIGTERM)
        return self.wait(child)

    def wait(self, child: int) -> int:
        self._living.discard(child)
        return int(self._asked(f"wait {child}"))

    def close(self) -> None:
        for child in list(self._living):
            with contextlib.suppress(ProcessLookupError):
                self.kill(child)
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.close()
        self._mother.stdout.close()
        self._mother.wait()

    def _asked(self, line: str) -> str:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(f"{line}\n")
        self._mother.stdin.flush()
        return self._mother.stdout.readline()


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Callable[..., Nursery]]:
    """Makes the mother of all workers and portals of one database."""
    made = []

    def make(url: str, **options: str) -> Nursery:
        made.append(Nursery(environment(url, tmp_path, **options), tmp_path / "processes.log"))
        return made[-1]

    yield make
    for one in made:
        one.close()
