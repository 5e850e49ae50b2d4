"""The village's WebSub hub, with a real subscriber that it calls back."""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.demo.hub import Hub
from aggregator.demo.village import Village
from aggregator.demo.wire import Asked

Ask = Callable[..., Any]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = "un secret de polichinelle"


class Subscriber(ThreadingHTTPServer):
    """Confirms what it is asked when `agrees`, and keeps what is delivered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.agrees = True
        self.verified: queue.Queue[dict[str, list[str]]] = queue.Queue()
        self.delivered: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/rappel?id=7"


class _Handler(BaseHTTPRequestHandler):
    server: Subscriber

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        body = query["hub.challenge"][0].encode() if self.server.agrees else b"non"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.verified.put(query)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.server.delivered.put((body, dict(self.headers.items())))

    def log_message(self, *_words: object) -> None:
        """Silence."""


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with Subscriber() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def subscription(demo: Village, **more: str) -> bytes:
    usual = {
        "mode": "subscribe",
        "topic": demo.address("nez-en-l-air") + "/feed.xml",
        "callback": "http://127.0.0.1:9/rappel",
        "secret": SECRET,
    }
    return urlencode({f"hub.{key}": value for key, value in (usual | more).items()}).encode()


def test_the_feed_names_its_hub(demo: Village, ask: Ask) -> None:
    feed = ask(demo.address("nez-en-l-air") + "/feed.xml").text
    assert f'href="{demo.address("hub")}" rel="hub"' in feed


def test_a_subscriber_is_asked_first_and_then_gets_each_change_signed(
    demo: Village, clock: Any, ask: Ask, subscriber: Subscriber
) -> None:
    wish = subscription(demo, callback=subscriber.address, lease_seconds="86400")
    assert ask(demo.address("hub"), method="POST", body=wish).status == 202
    asked = subscriber.verified.get(timeout=10)
    assert asked["hub.mode"] == ["subscribe"]
    assert asked["hub.lease_seconds"] == ["86400"]
    assert asked["id"] == ["7"]
    # The confirmation is read by the hub before its next round begins.
    clock.turn(600)
    body, headers = subscriber.delivered.get(timeout=10)
    assert body == ask(demo.address("nez-en-l-air") + "/feed.xml").body
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={signature}"
    assert 'rel="hub"' in headers["Link"]
    assert 'rel="self"' in headers["Link"]
    # Leaving is asked for and confirmed in the same way.
    leave = subscription(demo, callback=subscriber.address, mode="unsubscribe")
    assert ask(demo.address("hub"), method="POST", body=leave).status == 202
    assert subscriber.verified.get(timeout=10)["hub.mode"] == ["unsubscribe"]
    clock.turn(600)
    with pytest.raises(queue.Empty):
        subscriber.delivered.get(timeout=1)


def test_nothing_is_sent_to_someone_who_did_not_mean_it(
    demo: Village, clock: Any, ask: Ask, subscriber: Subscriber
) -> None:
    subscriber.agrees = False
    ask(demo.address("hub"), method="POST", body=subscription(demo, callback=subscriber.address))
    subscriber.verified.get(timeout=10)
    clock.turn(600)
    with pytest.raises(queue.Empty):
        subscriber.delivered.get(timeout=1)


@pytest.mark.parametrize(
    "change",
    [
        {"callback": "http://192.0.2.1/rappel"},
        {"callback": "file:///etc/passwd"},
        {"callback": "http://["},
        {"topic": "http://192.0.2.1/feed"},
        {"mode": "denied"},
        {"lease_seconds": "longtemps"},
        {"secret": "x" * 200},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    demo: Village, ask: Ask, change: dict[str, str]
) -> None:
    wish = subscription(demo, **change)
    answer = ask(demo.address("hub"), method="POST", body=wish)
    assert answer.status == 400
    assert answer.text


@given(st.binary(max_size=2000))
def test_no_request_breaks_the_hub(body: bytes) -> None:
    hub = Hub("http://127.77.0.250:1/", dict, lambda: NOW)
    answer = hub.respond(Asked("/", "http://127.77.0.250:1", NOW, method="POST", body=body))
    assert answer.status == 400
