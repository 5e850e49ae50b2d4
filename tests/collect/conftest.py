"""Other people's servers, played on loopback, and a crawl that is quick about its manners."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect.crawl import Manners, Round, crawl
from aggregator.settings import Settings, read_settings

_hosts = itertools.count(1)


@dataclass
class Asked:
    """One request as a site received it."""

    path: str
    headers: dict[str, str]
    at: float
    method: str = "GET"
    body: bytes = b""


@dataclass
class Answer:
    """What a site says on one path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Site:
    """A web site of its own on 127.x.y.z; unknown paths are 404."""

    host: str
    port: int
    pages: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    fallback: Callable[[Asked], Answer] | None = None
    """What it says on paths that have no page of their own."""

    def url(self, path: str = "/") -> str:
        """The address of one of its pages."""
        return f"http://{self.host}:{self.port}{path}"

    def says(
        self,
        path: str,
        body: bytes | str = b"",
        status: int = 200,
        seconds: float = 0,
        **headers: str,
    ) -> str:
        """From now on it says this on `path`; gives the page's address."""
        raw = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(raw, status, named, seconds)
        return self.url(path)

    def paths(self) -> list[str]:
        """What it was asked for, in order."""
        return [asked.path for asked in self.asked]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.path, dict(self.headers), time.monotonic(), self.command, self.rfile.read(size)
            )
            site.asked.append(asked)
            page = site.pages.get(self.path) or site.fallback or Answer(b"non", 404)
            answer = page(asked) if callable(page) else page
            time.sleep(answer.seconds)
            validator = answer.headers.get("ETag")
            if validator and self.headers.get("If-None-Match") == validator:
                answer = Answer(b"", 304, answer.headers)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 304 and "Content-Length" not in answer.headers:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except (BrokenPipeError, ConnectionResetError):
                pass

        do_POST = do_GET

    return Handler


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that went away is part of the play."""


@pytest.fixture
def a_site() -> Iterator[Callable[[], Site]]:
    """Makes a site on an address of its own."""
    servers = []

    def make() -> Site:
        number = next(_hosts)
        site = Site(f"127.9.{number // 250}.{number % 250 + 1}", 0)
        server = _Server((site.host, 0), _handler(site))
        server.daemon_threads = True
        site.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return site

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def settings(tmp_path: object) -> Settings:
    """Settings under which loopback may be asked."""
    return read_settings(
        allow_private_networks=True, _env_file=None, media_folder=f"{tmp_path}/media"
    )


QUICK = Manners(delay=0.02, timeout=2.0, look=0.05, lease=timedelta(minutes=10), grace=0.5)


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> datetime:
        """Move on."""
        self.now += timedelta(**time)
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    """A clock to be moved by hand."""
    return Clock(now)


@pytest.fixture
def crawled(
    sessions: sessionmaker[Session], session: Session, settings: Settings, clock: Clock
) -> Callable[..., Round]:
    """Does one round over what the test's session has written."""

    def run(**options: object) -> Round:
        session.commit()
        manners = options.pop("manners", QUICK)
        result = asyncio.run(crawl(sessions, settings, clock, manners=manners, **options))
        session.expire_all()
        return result

    return run


def _rss(*items: str, channel: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Les Lilas à '
        f"vélo</title><link>https://lilas.example/</link>{channel}{''.join(items)}</channel></rss>"
    )


def _item(number: int, title: str = "", date: str = "Sun, 22 Nov 2026 10:00:00 +0100") -> str:
    title = title or f"Vélorution numéro {number}"
    return (
        f"<item><title>{title}</title><link>https://lilas.example/{number}</link>"
        f"<guid>{number}</guid><pubDate>{date}</pubDate></item>"
    )


@pytest.fixture
def rss() -> Callable[..., str]:
    """Writes a feed of items: `rss(item(1), item(2))`."""
    return _rss


@pytest.fixture
def item() -> Callable[..., str]:
    """Writes one item of a feed."""
    return _item
