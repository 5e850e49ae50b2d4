"""A feed that nobody changed costs nothing the second time; one that changed is made anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from web.copies import Copies


class Feed:
    """A feed that counts how often it is made."""

    def __init__(self) -> None:
        self.made = 0
        self.state = 0
        self.time = 0.0
        self.headers = {"Cache-Control": "public, max-age=300"}
        self.media_type = "application/atom+xml"

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.made += 1
        response = Response(f"feed {self.made}", mimetype=self.media_type, headers=self.headers)
        response.set_etag(str(self.made), weak=True)
        return response(environ, start)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def client(feed: Feed) -> Client:
    kept = Copies(feed, lambda: feed.state, clock=lambda: feed.time)
    return Client(kept, use_cookies=False)


def test_the_second_reader_gets_a_copy(feed: Feed, client: Client) -> None:
    first, second = client.get("/fil.atom"), client.get("/fil.atom")
    assert (first.text, second.text, feed.made) == ("feed 1", "feed 1", 1)
    assert second.headers["ETag"] == first.headers["ETag"]


def test_who_has_it_already_gets_304_without_a_body(feed: Feed, client: Client) -> None:
    etag = client.get("/fil.atom").headers["ETag"]
    again = client.get("/fil.atom", headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert feed.made == 1


def test_a_change_of_the_data_makes_it_anew(feed: Feed, client: Client) -> None:
    etag = client.get("/fil.atom").headers["ETag"]
    feed.state = 1
    again = client.get("/fil.atom", headers={"If-None-Match": etag})
    assert (again.status_code, again.text) == (200, "feed 2")


def test_no_copy_is_older_than_a_minute(feed: Feed, client: Client) -> None:
    client.get("/fil.atom")
    feed.time = 61
    assert client.get("/fil.atom").text == "feed 2"


def test_a_form_makes_all_copies_go(feed: Feed, client: Client) -> None:
    client.get("/fil.atom")
    client.post("/corriger")
    assert client.get("/fil.atom").text == "feed 3"


def test_languages_addresses_and_encodings_have_copies_of_their_own(
    feed: Feed, client: Client
) -> None:
    client.get("/fil.atom")
    client.get("/fil.atom?theme=logement")
    client.get("/fil.atom", headers={"Accept-Language": "en"})
    client.get("/fil.atom", headers={"Accept-Encoding": "gzip"})
    assert feed.made == 4


@pytest.mark.parametrize(
    ("media_type", "headers", "asked"),
    [
        ("text/html", {"Cache-Control": "public"}, {}),
        ("application/atom+xml", {"Cache-Control": "private, no-store"}, {}),
        ("application/atom+xml", {"Cache-Control": "public", "Set-Cookie": "a=b"}, {}),
        ("application/atom+xml", {"Cache-Control": "public"}, {"Cookie": "session=alice"}),
    ],
    ids=["page", "private", "sets a cookie", "has a session"],
)
def test_what_is_somebodys_own_is_never_kept(
    feed: Feed,
    client: Client,
    media_type: str,
    headers: dict[str, str],
    asked: dict[str, str],
) -> None:
    feed.media_type, feed.headers = media_type, headers
    client.get("/fil.atom", headers=asked)
    client.get("/fil.atom", headers=asked)
    assert feed.made == 2
