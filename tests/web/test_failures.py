"""When something of ours is broken: the reader is told what to do, programs get one shape."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from aggregator.errors import BrokenIndex
from aggregator.parts import Parts
from web import create_app


@pytest.fixture
def broken(own_parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A portal whose index cannot be read."""

    def search(*_questions: object, **_options: object) -> Any:
        raise BrokenIndex("The index is damaged.")

    monkeypatch.setattr(own_parts.engine, "search", search)
    monkeypatch.setattr(own_parts.engine, "count", search)
    return create_app(own_parts)


def test_broken_index_leaves_the_groups_readable(broken: Flask) -> None:
    client = broken.test_client()
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Le fil se démêle" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/groupes").status_code == 200
    assert client.get("/readyz").get_json() == {"ready": False, "faults": ["index"]}


def test_programs_are_told_in_their_own_shape(broken: Flask) -> None:
    answer = broken.test_client().get("/api/v1/entries")
    assert answer.status_code == 503
    assert answer.get_json()["code"] == 503


def test_our_own_mistake_is_said_without_a_trace(
    own_parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_arguments: object, **_options: object) -> Any:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(own_parts.engine, "search", bug)
    answer = create_app(own_parts).test_client().get("/?theme=logement")
    assert answer.status_code == 500
    html = answer.get_data(as_text=True)
    assert "Le fil s’est emmêlé" in html
    assert "secret detail" not in html
    assert 'href="/?theme=logement"' in html


def test_a_failed_page_is_logged_without_its_address(
    own_parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(*_arguments: object, **_options: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(own_parts.engine, "search", bug)
    answer = create_app(own_parts).test_client().get("/recherche?q=zoe@m.example%0AERROR")
    assert answer.status_code == 500
    assert "page failed endpoint=news.search" in caplog.text
    assert "zoe" not in caplog.text


def test_too_large_a_form_is_refused_in_words(own_parts: Parts) -> None:
    client = create_app(own_parts).test_client()
    answer = client.post("/proposer", data={"why": "a" * 3_000_000})
    assert answer.status_code == 413
    assert "deux mégaoctets" in answer.get_data(as_text=True)
