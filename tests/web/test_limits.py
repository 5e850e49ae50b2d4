"""What one network, mailbox or link may ask for: counted in the database, whoever answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from aggregator.parts import Parts
from aggregator.registry import rates
from aggregator.store.tables import Letter
from web import create_app, limits

API = "/api/v1/taxonomy"
FROM = {"REMOTE_ADDR": "192.0.2.7"}


@contextmanager
def statements(parts: Parts) -> Iterator[list[str]]:
    """Everything but questions that the database is told meanwhile."""
    told: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "WITH", "PRAGMA")):
            told.append(statement.split()[0])

    engine = parts.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", hear)
    yield told
    event.remove(engine, "before_cursor_execute", hear)


def test_the_api_answers_so_often_in_a_minute_then_says_for_how_long_to_wait(
    own_parts: Parts, clock: Any
) -> None:
    client = create_app(own_parts).test_client()
    most = rates.LIMITS["api"][0]
    left = [
        int(client.get(API, environ_base=FROM).headers["X-RateLimit-Remaining"])
        for _ in range(most)
    ]
    assert left == list(range(most - 1, -1, -1))
    refused = client.get(API, environ_base=FROM)
    assert refused.status_code == 429
    assert refused.get_json()["code"] == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert client.get(API, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200
    clock.forward(int(refused.headers["Retry-After"]))
    assert client.get(API, environ_base=FROM).status_code == 200


def test_a_restart_and_a_second_process_count_on(own_parts: Parts) -> None:
    lots = rates.LIMITS["api"][0] // limits.LOT
    for _ in range(lots):  # each a process of its own, that ends after a while
        client = create_app(own_parts).test_client()
        statuses = [client.get(API, environ_base=FROM).status_code for _ in range(limits.LOT)]
        assert statuses == [200] * limits.LOT
    another = create_app(own_parts).test_client()
    assert another.get(API, environ_base=FROM).status_code == 429


def test_the_api_writes_once_in_so_many_answers_and_never_beyond_the_limit(
    own_parts: Parts,
) -> None:
    client = create_app(own_parts).test_client()
    with statements(own_parts) as told:
        for _ in range(limits.LOT - 1):
            client.get(API, environ_base=FROM)
        assert told == []
        client.get(API, environ_base=FROM)
    assert [one for one in told if one in {"INSERT", "UPDATE"}] == ["UPDATE", "INSERT"]
    for _ in range(rates.LIMITS["api"][0]):
        client.get(API, environ_base=FROM)
    with statements(own_parts) as told:
        for _ in range(50):
            assert client.get(API, environ_base=FROM).status_code == 429
    assert told == []


def test_programs_read_on_while_nothing_can_be_written(own_parts: Parts) -> None:
    client = create_app(own_parts).test_client()
    path = own_parts.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(limits.LOT + 1):
            assert client.get(API, environ_base=FROM).status_code == 200
        other.execute("ROLLBACK")
    other.close()


def readable(app: Flask) -> list[str]:
    """Every page that takes no parameter."""
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments and "/api/" not in str(rule)
    )


def test_reading_a_page_writes_nothing(own_parts: Parts) -> None:
    app = create_app(own_parts)
    client = app.test_client()
    paths = [*readable(app), "/entrees/1", "/groupes/lilas-a-velo", "/themes/logement"]
    assert len(paths) > 50
    with statements(own_parts) as told:
        for path in paths:
            client.get(path, buffered=True)
    assert told == []


def asking(visitor: Any, email: str, **environ: str) -> int:
    visitor.client.environ_base.update(environ)
    status: int = visitor.send("/moderation/entrer", email=email).status_code
    return status


ALICE = "alice@m.example"


@pytest.fixture(autouse=True)
def moderated(invited: Callable[..., str]) -> None:
    """Alice moderates."""
    invited()


def test_a_mailbox_is_not_flooded_with_links_from_anywhere(
    visitor: Any, letters: Callable[[], list[Letter]]
) -> None:
    statuses = [
        asking(visitor, email, REMOTE_ADDR=f"192.0.{number}.1")
        for number, email in enumerate([ALICE, "ALICE@m.example", f" {ALICE}", ALICE, ALICE])
    ]
    assert statuses == [200, 200, 200, 422, 422]
    assert [letter.kind for letter in letters()].count("moderator_link") == 3


def test_the_answer_to_a_flood_says_nothing_of_who_moderates(visitor: Any) -> None:
    known = [asking(visitor, ALICE, REMOTE_ADDR=f"192.0.{n}.1") for n in range(5)]
    unknown = [asking(visitor, "no@m.example", REMOTE_ADDR=f"192.0.{n}.1") for n in range(5)]
    assert known == unknown


def test_one_network_does_not_try_address_after_address(visitor: Any) -> None:
    most = rates.LIMITS["sign_in"][0]
    statuses = [asking(visitor, f"m{number}@m.example") for number in range(most + 1)]
    assert statuses == [200] * most + [422]


@pytest.mark.parametrize("path", ["/moderation/entrer/", "/espace/entrer/", "/quitter/"])
def test_whoever_tries_dead_links_is_stopped(
    own_parts: Parts, letters: Callable[[], list[Letter]], path: str
) -> None:
    client: FlaskClient = create_app(own_parts).test_client()
    most = rates.LIMITS["dead_link"][0]
    statuses = [client.get(f"{path}{n}", environ_base=FROM).status_code for n in range(most + 1)]
    assert statuses == [410] * most + [429]
    good = str(letters()[-1].values["path"])
    assert client.get(good, environ_base=FROM).status_code == 429
    assert client.get(good, environ_base={"REMOTE_ADDR": "198.51.100.1"}).status_code == 200
