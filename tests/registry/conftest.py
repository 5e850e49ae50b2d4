"""The cast of this room: Alice administers, Bob moderates, Carole keeps a group."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import moderators
from aggregator.settings import Settings, read_settings
from aggregator.store.tables import Group, Keeper, Letter, Moderator, Ownership


@pytest.fixture
def alice(session: Session, now: datetime) -> Moderator:
    """Administers."""
    return moderators.appoint(
        session, "alice@example.org", name="Alice", role="administrator", now=now
    )


@pytest.fixture
def bob(session: Session, now: datetime) -> Moderator:
    """Moderates."""
    return moderators.appoint(session, "bob@example.org", name="Bob", now=now)


@pytest.fixture
def carole(session: Session, now: datetime) -> Callable[..., str]:
    """`carole(group)` makes Carole a keeper of a group, `proved=True` proves its site too."""

    def keep(group: Group, *, proved: bool = False, since: datetime = now) -> str:
        session.add(Keeper(group=group, email="carole@example.org", added_at=since))
        if proved:
            session.add(
                Ownership(
                    group=group,
                    method="well_known",
                    address=group.home or "",
                    code="filcommun-1",
                    state="proved",
                    asked_at=since,
                    proved_at=since,
                )
            )
        session.flush()
        return "carole@example.org"

    return keep


@pytest.fixture
def letters(session: Session) -> Callable[..., list[Letter]]:
    """`letters("desk_link")`: the letters of a kind in the outbox, oldest first."""

    def written(kind: str) -> list[Letter]:
        session.flush()
        found = select(Letter).where(Letter.kind == kind).order_by(Letter.id)
        return list(session.scalars(found))

    return written


@pytest.fixture
def secret_of() -> Callable[[Letter], str]:
    """The secret in a letter's link."""

    def last_part(letter: Letter) -> str:
        return str(letter.values["path"]).rsplit("/", 1)[-1]

    return last_part


@dataclass
class Site:
    """Somebody's web site on an address of its own; what is not in `pages` is 404."""

    url: str
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """From now on it says this there; the address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, named, body.encode())
        return self.url + path


@pytest.fixture
def a_site() -> Iterator[Callable[[], Site]]:
    """`a_site()` serves a new site on loopback."""
    servers: list[ThreadingHTTPServer] = []

    def serve() -> Site:
        site = Site("")

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.pages.get(self.path, (404, {}, b"no"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        server = ThreadingHTTPServer((f"127.7.0.{next(_HOSTS)}", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        host, port = server.server_address[:2]
        site.url = f"http://{host!s}:{port}"
        return site

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


_HOSTS = itertools.count(1)


@pytest.fixture
def here() -> Settings:
    """Settings that let the fetcher reach the sites of the tests."""
    return read_settings(allow_private_networks=True, base_url="https://fil.example")
