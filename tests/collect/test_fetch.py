"""The fetcher for single exchanges: sizes, times, codings, robots, and what it says of failures."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import bodies, reasons, robots
from aggregator.collect.crawl import Manners
from aggregator.collect.fetch import Response, fetch
from aggregator.errors import FetchError
from aggregator.settings import Settings, read_settings

NASTY = Path(__file__).parents[3] / "shared" / "corpora" / "nasty.py"


def got(settings: Settings, url: str, **options: object) -> Response:
    return asyncio.run(fetch(url, settings=settings, **options))  # type: ignore[arg-type]


def refused(settings: Settings, url: str, **options: object) -> str:
    with pytest.raises(FetchError) as caught:
        got(settings, url, **options)
    assert caught.value.reason in reasons.REASONS
    assert len(str(caught.value)) < 500
    return caught.value.reason


def test_we_say_who_we_are_and_how_to_reach_us(a_site, settings):
    site = a_site()
    got(settings, site.says("/", "bonjour"))
    agent = site.asked[0].headers["User-Agent"]
    assert agent.startswith("FilCommun/")
    assert settings.contact in agent
    assert f"+{settings.base_url}" in agent


def test_redirects_are_followed_and_told(a_site, settings):
    site = a_site()
    site.says("/c", "fin")
    site.says("/b", status=302, Location="c#reste")
    answer = got(settings, site.says("/a", status=301, Location="/b"))
    assert answer.body == b"fin"
    assert answer.url == site.url("/c")
    assert answer.redirects == ((301, site.url("/b")), (302, site.url("/c")))


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/actualités".encode().decode("latin-1"), "/actualit%C3%A9s"),
        ("/actualités", "/actualit%E9s"),
        ("/un flux?a=b c", "/un%20flux?a=b%20c"),
    ],
    ids=["utf-8", "latin-1", "spaces"],
)
def test_a_redirect_that_is_not_encoded_is_followed_as_browsers_do(
    a_site, settings, location, asked
):
    site = a_site()
    site.says(asked, "fin")
    assert got(settings, site.says("/a", status=302, Location=location)).body == b"fin"
    assert site.paths()[-1] == asked


def test_a_post_is_not_redirected(a_site, settings):
    site = a_site()
    site.says("/fin", "fin")
    url = site.says("/a", status=302, Location="/fin")
    assert got(settings, url, method="POST", body=b"x").status == 302
    assert site.asked[0].body == b"x"


def test_a_secret_for_one_host_is_not_told_to_another(a_site, settings):
    site, other = a_site(), a_site()
    url = site.says("/a", status=302, Location=other.says("/b", "fin"))
    got(settings, url, headers={"Authorization": "Bearer secret"})
    assert site.asked[0].headers["Authorization"] == "Bearer secret"
    assert "Authorization" not in other.asked[0].headers


def test_the_whole_of_all_hops_has_one_deadline(a_site, settings):
    site = a_site()
    site.says("/b", "fin", seconds=0.4)
    url = site.says("/a", status=302, Location="/b", seconds=0.4)
    assert refused(settings, url, timeout=0.6) == "timeout"


def test_a_body_over_the_limit_is_not_read_to_its_end(a_site, settings):
    site = a_site()
    assert refused(settings, site.says("/", b"x" * 2000), max_bytes=1000) == "too_large"


def test_robots_are_obeyed_where_asked(a_site, settings):
    site = a_site()
    site.says("/robots.txt", "User-agent: *\nDisallow: /prive")
    url = site.says("/prive", "secret")
    assert refused(settings, url, obey_robots=True) == "robots"
    assert got(settings, url).body == b"secret"


@pytest.mark.parametrize("depth", [1, 2])
def test_a_bomb_is_stopped_before_it_is_unpacked(depth: int) -> None:
    packed = b"x" * (bodies.MAX_UNPACKED + 1)
    for _ in range(depth):
        packed = gzip.compress(packed)
    with pytest.raises(FetchError) as caught:
        bodies.unpack(packed, ", ".join(["gzip"] * depth))
    assert caught.value.reason == "too_large_unpacked"


def test_bodies_packed_many_times_are_refused() -> None:
    with pytest.raises(FetchError, match="packed 3 times"):
        bodies.unpack(b"", "gzip, gzip, gzip")


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "x-gzip", "zstd", ","]))
def test_any_bytes_unpack_or_say_why_not(body: bytes, coding: str) -> None:
    with contextlib.suppress(FetchError):
        bodies.unpack(body, coding)


@given(st.binary(max_size=2000))
def test_what_is_packed_is_unpacked(body: bytes) -> None:
    raw = zlib.compressobj(wbits=-15)
    for packed, coding in (
        (gzip.compress(body), "gzip"),
        (zlib.compress(body), "deflate"),
        (raw.compress(body) + raw.flush(), "deflate"),
    ):
        if body:
            assert bodies.unpack(packed, coding) == body


@given(st.text(max_size=300))
def test_any_robots_file_is_read(text: str) -> None:
    robots.of_text(text).allows("https://a.example/flux")


@pytest.fixture(scope="module")
def nasty() -> Iterator[str]:
    if not NASTY.exists():
        pytest.skip("../shared/corpora is not there")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, str(NASTY), "--serve", str(port)], stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    server.stdout.readline()
    # It says so a moment before it listens.
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.kill()
    server.wait()
    server.stdout.close()


@pytest.mark.corpora
@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/boucle", "redirect_loop"),
        ("/boucle2", "redirect_loop"),
        ("/chaine?n=30", "redirect_loop"),
        ("/vers-fichier", "forbidden_address"),
        ("/vers-interne", "forbidden_address"),
        ("/301", 200),
        ("/410", 410),
        ("/429", 429),
        ("/503", 503),
        ("/long", "short_body"),
        ("/goutte", "timeout"),
        ("/entete-lente", "timeout"),
        ("/infini", "too_large"),
        ("/200mo", "too_large"),
        ("/bombe", "too_large_unpacked"),
        ("/gzip-faux", 200),
        ("/br-faux", 200),
        ("/chunk-casse", "bad_http"),
        ("/vide", 200),
        ("/304", 304),
        ("/octets", 200),
        ("/sans-type", 200),
        ("/cookies", 200),
        ("/entetes", "bad_http"),
        ("/206", 206),
        ("/html", 200),
        ("/meta-refresh", 200),
        ("/ok", 200),
    ],
)
def test_hostile_servers_end_in_a_reason_or_a_body(
    nasty: str, path: str, outcome: int | str
) -> None:
    settings = read_settings(_env_file=None, allow_private_networks=True)
    timeout = 3 if outcome == "timeout" else 20
    if isinstance(outcome, str):
        assert refused(settings, nasty + path, timeout=timeout) == outcome
    else:
        assert got(settings, nasty + path).status == outcome


@pytest.mark.corpora
@pytest.mark.slow
def test_a_round_over_hostile_servers_tells_what_each_one_does(nasty, session, a_source, crawled):
    told = {
        **dict.fromkeys(("/ok", "/301", "/octets", "/sans-type", "/cookies", "/gzip-faux"), None),
        **dict.fromkeys(("/br-faux", "/etag"), None),
        **dict.fromkeys(("/boucle", "/boucle2", "/chaine?n=30"), "redirect_loop"),
        "/vers-fichier": "bad_redirect",
        "/vers-interne": "forbidden_address",
        "/410": "gone",
        "/503": "unavailable",
        "/long": "short_body",
        "/goutte": "timeout",
        "/entete-lente": "timeout",
        "/infini": "too_large",
        "/200mo": "too_large",
        "/chunk-casse": "bad_http",
        "/vide": "empty",
        "/206": "partial",
        "/html": "html",
        "/meta-refresh": "html",
        "/prive": "robots",
        "/entetes": "bad_http",
    }
    sources = {path: a_source(f"s{number}", url=nasty + path) for number, path in enumerate(told)}
    done = crawled(manners=Manners(delay=0.02, timeout=4.0, look=0.05))
    assert done.sources == len(told)
    assert {path: source.last_reason for path, source in sources.items()} == told
    # Half a body: what follows it on the wire may have been seen already, or not.
    half = a_source("court", url=nasty + "/court")
    crawled(only="court")
    assert half.last_reason in {"bad_http", "not_a_feed"}
    assert done.entries_new == 2 * list(told.values()).count(None)
