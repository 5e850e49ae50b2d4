"""A post office: a real SMTP server on loopback, settings that lead to it, and an outbox."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from aggregator.mail import subscribing
from aggregator.mail.mailer import Step, Talk
from aggregator.mail.message import Outgoing
from aggregator.mail.wishes import Wish
from aggregator.search.engine import Engine
from aggregator.search.engines import open_engine
from aggregator.search.indexing import index_pending
from aggregator.search.view import View
from aggregator.settings import Settings, read_settings
from aggregator.store import tokens
from aggregator.store.tables import Entry, EntryTag, Letter, Source, Subscription


@dataclass
class PostOffice:
    """A real SMTP server that keeps what it takes, and answers as a test wants."""

    received: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Callable[[str], str | None]] = field(default_factory=dict)
    """Command (`MAIL`, `RCPT`, `DATA`) → answer for an address, None to go on."""
    port: int = 0
    talking: int = 0
    """Connections whose last word was not read yet."""

    async def handle_MAIL(
        self,
        server: SMTP,
        session: SmtpSession,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if answer := self._answer("MAIL", address):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self,
        server: SMTP,
        session: SmtpSession,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if answer := self._answer("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        if answer := self._answer("DATA", envelope.rcpt_tos[0]):
            return answer
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos[0]))
        return "250 OK taken"

    def _answer(self, command: str, address: str) -> str | None:
        choose = self.answers.get(command)
        return choose(address) if choose else None


class Patient(SMTP):
    """Keeps a mail whose last line has arrived, as mail servers do, even if its sender is gone.

    aiosmtpd would drop what lies in its buffer when the connection ends.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.talking += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.loop.call_later(0.3, self._lost, error)

    def _lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.talking -= 1


@pytest.fixture
def listener(post_office: PostOffice) -> Callable[[], asyncio.BaseProtocol]:
    """Makes one more connection of the post office, for a server of the test's own."""
    return lambda: Patient(post_office, hostname="post.example")


@pytest.fixture
def closed_office() -> Iterator[tuple[PostOffice, Callable[[], AbstractContextManager[int]]]]:
    """A post office where nobody listens yet, and what opens it on its port for a block."""
    office = PostOffice()

    def opened() -> AbstractContextManager[int]:
        return serving(lambda: Patient(office, hostname="post.example"), port=office.port)

    # Bound but not listening: nobody else gets the port while the office is closed.
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        office.port = held.getsockname()[1]
        yield office, opened


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """The server, listening on a free port of 127.0.0.1 in a thread of its own."""
    office = PostOffice()
    with serving(lambda: Patient(office, hostname="post.example", enable_SMTPUTF8=True)) as port:
        office.port = port
        yield office


class serving:
    """Serve an asyncio protocol until the block ends, on a free port unless one is named."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._protocol, self._tls, self._port = protocol, tls, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: list[asyncio.BaseProtocol] = []

    def __enter__(self) -> int:
        self._thread.start()
        future = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        return future.result(10)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> int:
        self._server = await self._loop.create_server(
            self._made, "127.0.0.1", self._port, ssl=self._tls, reuse_port=bool(self._port)
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _made(self) -> asyncio.BaseProtocol:
        self._connections.append(self._protocol())
        return self._connections[-1]

    async def _stop(self) -> None:
        self._server.close()
        for connection in self._connections:
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


@dataclass
class Outbox:
    """The Mailer of tests: keeps what it is given; `refuse` raises instead."""

    sent: list[Outgoing] = field(default_factory=list)
    refuse: Callable[[Outgoing], None] | None = None

    def connect(self) -> None:
        pass

    def talk(self, mail: Outgoing) -> Talk:
        if self.refuse is not None:
            self.refuse(mail)
        yield Step.HANDING_OVER
        self.sent.append(mail)
        return "250 kept"

    def close(self) -> None:
        pass

    def messages(self) -> list[EmailMessage]:
        """What was sent, read back."""
        read = [message_from_bytes(mail.body, policy=policy.default) for mail in self.sent]
        return [message for message in read if isinstance(message, EmailMessage)]


@pytest.fixture
def mailer() -> Outbox:
    """The tests' own outbox."""
    return Outbox()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a portal that writes mails."""
    return mail_settings()


def mail_settings(**options: Any) -> Settings:
    """The same outside of fixtures."""
    values: dict[str, Any] = {
        "base_url": "https://fil.example",
        "secret_key": "k" * 32,
        "mail_from": "Le fil <fil@fil.example>",
        "mail_bounces": "retours@fil.example",
        "_env_file": None,
    }
    return read_settings(**(values | options))


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    """The clock, standing still until moved."""
    return Clock(now)


@pytest.fixture
def text_of() -> Callable[[EmailMessage], str]:
    """The plain part of a message."""
    return lambda message: _part(message, "plain")


@pytest.fixture
def html_of() -> Callable[[EmailMessage], str]:
    """The HTML part of a message."""
    return lambda message: _part(message, "html")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Serves a protocol, over TLS where a context is given, and returns its port."""
    with ExitStack() as stack:
        yield lambda protocol, tls=None: stack.enter_context(serving(protocol, tls))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Engine]:
    """An empty index of the default engine."""
    engine = open_engine(f"whoosh:{tmp_path / 'index'}")
    yield engine
    engine.close()


@pytest.fixture
def subscribed(session: Session, settings: Settings, now: datetime) -> Callable[..., Subscription]:
    """Makes a confirmed subscription: `subscribed("bob@example.org", view="theme=transports")`."""

    def make(address: str = "alice@example.org", **options: Any) -> Subscription:
        at = options.pop("at", now - timedelta(days=7))
        view = View.from_args(parse_qs(options.pop("view", "")))
        wish = Wish(view=view, **({"rhythm": "daily"} | options))
        before = set(session.scalars(select(Subscription.id)))
        subscribing.subscribe(session, address, wish, settings=settings, now=at, place=address)
        subscription = session.scalars(
            select(Subscription).where(Subscription.id.not_in(before))
        ).one()
        secret = tokens.issue(
            session, "confirm_subscription", str(subscription.id), now=at, lifetime=None
        )
        assert subscribing.confirm(session, secret, now=at) is subscription
        session.execute(delete(Letter))
        session.commit()
        return subscription

    return make


@pytest.fixture
def published(
    session: Session, index: Engine, a_source: Callable[..., Source],
    an_entry: Callable[..., Entry], now: datetime,
) -> Callable[..., Entry]:  # fmt: skip
    """Makes an indexed entry: `published("1", group="lilas", topic=["transports"])`."""
    sources: dict[str, Source] = {}

    def make(uid: str = "1", **options: Any) -> Entry:
        name = options.pop("group", "lilas-a-velo")
        rights = options.pop("rights", "excerpt")
        at = options.pop("at", now - timedelta(hours=1))
        source = sources.setdefault(name, sources.get(name) or a_source(name, rights=rights))
        tags = [
            EntryTag(
                dimension=dimension, slug=slug, origin="text",
                evidence=[{"words": "vélorution", "field": "title", "start": 0, "end": 1}],
            )
            for dimension in ("topic", "area")
            for slug in options.pop(dimension, [])
        ]  # fmt: skip
        values = {"published": at, "first_seen_at": at, "last_seen_at": at}
        entry = an_entry(source, uid, tags=tags, **(values | options))
        session.commit()
        index_pending(session, index)
        return entry

    return make
