"""The village's web server, over real HTTP."""

from __future__ import annotations

import contextlib
import gzip
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.demo import village
from aggregator.demo.village import Village

Ask = Callable[..., Any]


def test_each_group_has_an_address_of_its_own_at_one_port(demo: Village) -> None:
    places = [urlsplit(demo.address(group.slug)) for group in demo.groups]
    assert len({place.hostname for place in places}) == len(demo.groups)
    assert len({place.port for place in places}) == 1
    assert all((place.hostname or "").startswith("127.77.0.") for place in places)


def test_an_unchanged_feed_answers_304_to_its_etag_and_to_its_date(demo: Village, ask: Ask) -> None:
    feed = demo.address("toits-pour-toutes") + "/feed/"
    first = ask(feed)
    assert first.status == 200
    by_tag = ask(feed, If_None_Match=first.headers["ETag"])
    by_date = ask(feed, If_Modified_Since=first.headers["Last-Modified"])
    assert (by_tag.status, by_date.status) == (304, 304)
    assert (by_tag.body, by_date.body) == (b"", b"")
    assert by_tag.headers["ETag"] == first.headers["ETag"]


def test_a_changed_feed_answers_200_to_the_old_validators(
    demo: Village, clock: Any, ask: Ask
) -> None:
    feed = demo.address("nez-en-l-air") + "/feed.xml"
    first = ask(feed)
    clock.turn(3600)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    assert ask(feed, If_None_Match=tag).status == 200
    assert ask(feed, If_Modified_Since=date).status == 200


@pytest.mark.parametrize("date", ["hier", "", "Tue, 99 Nov 2026 09:00:00 GMT"])
def test_a_date_that_nobody_can_read_asks_for_nothing(demo: Village, ask: Ask, date: str) -> None:
    assert ask(demo.address("toits-pour-toutes") + "/feed/", If_Modified_Since=date).status == 200


def test_some_servers_send_no_validators(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("semeurs-du-93") + "/?BazaR/rss&id=2")
    assert answer.status == 200
    assert "ETag" not in answer.headers
    assert "Last-Modified" not in answer.headers


def test_feeds_are_compressed_for_those_who_ask(demo: Village, ask: Ask) -> None:
    feed = demo.address("plaine-a-vivre") + "/spip.php?page=backend"
    plain, packed = ask(feed), ask(feed, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_head_sends_the_headers_only(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("velos-de-l-est") + "/feed.xml", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 1000


def test_an_unknown_page_is_a_404_in_a_sentence(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("velos-de-l-est") + "/nulle-part")
    assert answer.status == 404
    assert "n’existe pas" in answer.text


def test_a_body_that_is_too_long_is_refused(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("hub"), method="POST", body=b"x" * 70_000)
    assert answer.status == 413


def test_the_dead_server_refuses_the_connection(demo: Village, ask: Ask) -> None:
    with pytest.raises(ConnectionRefusedError):
        ask(demo.address("cantine-de-la-dhuys") + "/feed/")


@pytest.mark.slow
def test_the_slow_server_drips_its_feed_and_hurts_no_other(demo: Village, ask: Ask) -> None:
    place = urlsplit(demo.address("aines-connectes"))
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        wire.sendall(b"GET /rss.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        body = wire.recv(100)
        assert ask(demo.address("velos-de-l-est")).status == 200
        wire.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            body += wire.recv(65536)
        assert b"</rss>" not in body  # the other was answered in between
        wire.settimeout(60)
        while piece := wire.recv(65536):
            body += piece
    assert body.rstrip().endswith(b"</rss>")


def test_stopping_frees_the_port_and_twice_is_once() -> None:
    first = village.start()
    port = urlsplit(first.address("hub")).port
    assert port
    first.stop()
    first.stop()
    with village.start(port) as again:
        assert urlsplit(again.address("hub")).port == port


def test_a_taken_port_is_an_oserror(demo: Village) -> None:
    port = urlsplit(demo.address("hub")).port
    assert port
    with pytest.raises(OSError, match="in use"):
        village.start(port)
