"""The village under a clock that the test turns, and a plain way to ask it things."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from aggregator.demo import village
from aggregator.demo.village import Village

RHYTHM = 10.0


@dataclass
class Clock:
    """Stands still until it is turned."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Reply:
    """What came over the wire, redirects not followed."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def asked(url: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
    """One real exchange; underscores in header names stand for hyphens."""
    parts = urlsplit(url)
    assert parts.hostname
    wire = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        wire.request(
            method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, named
        )
        answer = wire.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        wire.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock: Clock) -> Iterator[Village]:
    """The whole village, served."""
    with village.start(rhythm=RHYTHM, clock=clock) as running:
        yield running


@pytest.fixture
def ask() -> Callable[..., Reply]:
    return asked
