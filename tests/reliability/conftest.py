"""A farm of small sites on loopback, and workers and portals as real processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
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
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

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


@pytest.fixture(name="environment")
def environment_() -> Callable[..., dict[str, str]]:
    return environment


def environment(url: str, folder: Path, **options: str) -> dict[str, str]:
    """Of a process over this database, its index in `folder`."""
    return {
        "FILCOMMUN_DATABASE_URL": url,
        "FILCOMMUN_INDEX_URL": f"whoosh:{folder}/index",
        "FILCOMMUN_MEDIA_FOLDER": f"{folder}/media",
        "FILCOMMUN_SECRET_KEY": "-" * 32,
        "FILCOMMUN_ALLOW_PRIVATE_NETWORKS": "true",
        "FILCOMMUN_SHORTEST_INTERVAL": "1",
        "FILCOMMUN_PORTAL_PROCESSES": "1",
        **options,
    }


MOTHER = """
import json, os, signal, sys
import aggregator.cli.serve, aggregator.cli.work, web.application  # once for all children
import aggregator.collect.desk
from aggregator.settings import read_settings
from gunicorn.app import wsgiapp

aggregator.collect.desk.RECOVERY = 1.0  # seconds; half a minute outside of tests

def work():
    aggregator.cli.work.command(args=[], standalone_mode=False)

def serve():
    sys.argv = aggregator.cli.serve.portal_command(read_settings())[2:]
    wsgiapp.run()

children = set()
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        _, status = os.waitpid(asked["wait"], 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(asked["folder"])
        os.environ.update(asked["environment"])
        log = os.open("processes.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        {"work": work, "serve": serve}[asked["start"]]()
        os._exit(0)
    children.add(child)
    print(child, flush=True)
for child in children:  # the tests are over
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Nursery:
    """Starts workers and portals by forking one process that has imported everything, so that a
    start costs no seconds; each has a process group of its own."""

    def __init__(self) -> None:
        self._mother = subprocess.Popen(
            [sys.executable, "-c", MOTHER],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.living: set[int] = set()

    def start(self, what: str, url: str, folder: Path, **options: str) -> int:
        """A new process, `work` or `serve`, logging to `processes.log` in its folder; its id."""
        asked = {"environment": environment(url, folder, **options), "folder": str(folder)}
        child = self._asked({"start": what, **asked})
        self.living.add(child)
        return child

    def kill(self, child: int) -> None:
        """SIGKILL it and all that it started."""
        os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):  # it had no time to make its group
            os.killpg(child, signal.SIGKILL)
        self.wait(child)

    def stop(self, child: int) -> int:
        """Ask it to end; its exit status."""
        os.kill(child, signal.SIGTERM)
        return self.wait(child)

    def wait(self, child: int) -> int:
        """Its exit status, once it has ended."""
        self.living.discard(child)
        return self._asked({"wait": child})

    def is_alive(self, child: int) -> bool:
        """Whether it has not ended."""
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"

    def close(self) -> None:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.close()
        self._mother.wait()
        self._mother.stdout.close()

    def _asked(self, line: dict[str, object]) -> int:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(f"{json.dumps(line)}\n")
        self._mother.stdin.flush()
        return int(self._mother.stdout.readline())


@pytest.fixture(scope="session")
def mother() -> Iterator[Nursery]:
    """Of all workers and portals."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def start(mother: Nursery, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts `work` or `serve` over a database; those still running at the end are killed."""
    started: list[int] = []

    def start(what: str, url: str, **options: str) -> int:
        started.append(mother.start(what, url, tmp_path, **options))
        return started[-1]

    yield start
    for child in mother.living.intersection(started):
        mother.kill(child)


@pytest.fixture
def free_port() -> Callable[[], str]:
    """Gives ports that nobody listens on."""

    def find() -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return str(probe.getsockname()[1])

    return find


@pytest.fixture
def ask() -> Callable[[str, str], tuple[int | None, str]]:
    """Asks the portal at a port for a page: status and body; None where nobody answers."""

    def ask(port: str, path: str) -> tuple[int | None, str]:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None, ""
        finally:
            connection.close()

    return ask


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds; fails after two minutes."""

    def wait(holds: Callable[[], bool]) -> None:
        for _ in range(600):
            if holds():
                return
            time.sleep(0.2)
        pytest.fail("it did not come to it")

    return wait
