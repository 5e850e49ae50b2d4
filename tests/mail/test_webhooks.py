"""A webhook hears what its alert found, signed, and is left alone when it is gone."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import alerts, webhooks
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store.tables import Entry, Subscription


@pytest.fixture
def hook() -> Iterator[Any]:
    """A receiver on loopback; `.status` is what it answers."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.calls.append((dict(self.headers), body))  # type: ignore[attr-defined]
            self.send_response(server.status)  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.calls, server.status = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry], hook: Any,
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings,
) -> Subscription:  # fmt: skip
    """An alert with a webhook that has just found something."""
    alert = subscribed(rhythm="alert", webhook=f"http://127.0.0.1:{hook.server_port}/fil")
    published("1", title="Vélorution", rights="link", summary="Secret")
    alerts.write_due(sessions, index, clock, settings=settings)
    return alert


@pytest.fixture
def send(
    sessions: sessionmaker[Session], clock: Any, settings: Settings
) -> Callable[..., webhooks.Report]:
    """One round, with leave to reach loopback unless said otherwise."""

    def make(private: bool = True) -> webhooks.Report:
        chosen = settings.model_copy(update={"allow_private_networks": private})
        return webhooks.send_due(sessions, clock, settings=chosen)

    return make


def test_a_call_is_signed_and_says_what_rights_allow(
    told: Subscription, hook: Any, send: Callable[..., webhooks.Report]
) -> None:
    assert send() == webhooks.Report(told=1)
    assert send() == webhooks.Report()
    ((headers, body),) = hook.calls
    feed = json.loads(body)
    assert feed["feed_url"] == "https://fil.example/fil.json"
    assert [item["title"] for item in feed["items"]] == ["Vélorution"]
    assert b"Secret" not in body
    at, _, signature = headers["Fil-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(
        str(told.webhook_secret).encode(), f"{at}.".encode() + body, hashlib.sha256
    ).hexdigest()
    assert signature == expected


def test_a_receiver_in_trouble_is_called_again_and_one_that_refuses_is_not(
    told: Subscription, hook: Any, send: Callable[..., webhooks.Report], clock: Any
) -> None:
    hook.status = 503
    assert send().postponed == 1
    clock.now += timedelta(minutes=1)
    hook.status = 410
    assert send().failed == 1
    clock.now += timedelta(days=1)
    assert send() == webhooks.Report()
    assert len(hook.calls) == 2


def test_a_webhook_cannot_reach_our_own_network(
    told: Subscription, hook: Any, send: Callable[..., webhooks.Report]
) -> None:
    assert send(private=False).failed == 1
    assert hook.calls == []


def test_who_ended_the_alert_is_not_called(
    told: Subscription, hook: Any, send: Callable[..., webhooks.Report],
    sessions: sessionmaker[Session],
) -> None:  # fmt: skip
    with sessions.begin() as session:
        session.delete(session.get_one(Subscription, told.id))
    assert send().failed == 1
    assert hook.calls == []
