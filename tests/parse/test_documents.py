"""One call for any body; sitemaps; and what a source reserves."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse import documents, reservations, sitemaps
from aggregator.parse.reservations import Reservations
from aggregator.parse.webpage import read_page

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
URL = "https://voisins.example/x"
RSS = (
    b'<?xml version="1.0"?><rss version="2.0"><channel>'
    b"<item><title>Un</title></item></channel></rss>"
)
ICS = (
    b"BEGIN:VCALENDAR\r\nPRODID:x\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Un\r\n"
    b"DTSTART:20261205T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "Un"}]}'
NEWS = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
 <loc>https://voisins.example/1</loc>
 <news:news><news:publication><news:name>V</news:name><news:language>fr</news:language>
 </news:publication><news:publication_date>2026-11-20T10:00:00+01:00</news:publication_date>
 <news:title>Un</news:title></news:news></url></urlset>"""
PAGE = (
    "<!doctype html><html lang='fr'><head><title>Un</title></head><body><article><h1>Un</h1><p>"
    + "Le conseil de quartier se réunit jeudi à la maison du peuple. " * 8
    + "</p></article></body></html>"
).encode()


@pytest.mark.parametrize(
    "content_type", [None, "text/html; charset=utf-8", "application/octet-stream"]
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [(RSS, "feed"), (ICS, "calendar"), (JSON_FEED, "json"), (NEWS, "sitemap"), (PAGE, "page")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_body_is_known_by_what_it_holds(body: bytes, kind: str, content_type: str | None) -> None:
    assert documents.kind_of(body, content_type) == kind
    assert documents.kind_of(gzip.compress(body), content_type) == kind
    feed = documents.parse(body, URL, content_type, now=NOW)
    assert [entry.title for entry in feed.entries] == ["Un"]


def test_sitemap_without_titles_must_be_read_page_by_page() -> None:
    body = b"<urlset><url><loc>https://voisins.example/1</loc></url></urlset>"
    with pytest.raises(ParseError, match="one by one"):
        documents.parse(body, URL, now=NOW)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60)
    | st.builds(
        lambda head, tail: head + tail,
        st.sampled_from(
            [RSS[:90], ICS[:70], JSON_FEED[:40], NEWS[:300], PAGE[:200], b"[", b"<html>"]
        ),
        st.binary(max_size=40),
    ),
    st.sampled_from([None, "text/html", "text/calendar", "application/json; charset=utf-16"]),
)
def test_any_body_is_a_feed_or_a_parse_error(body: bytes, content_type: str | None) -> None:
    try:
        feed = documents.parse(body, URL, content_type, now=NOW)
    except ParseError as error:
        told = str(error)
    else:
        told = "".join(entry.uid for entry in feed.entries) or "no entries"
    assert told


def sitemap(*urls: str, root: str = "urlset", item: str = "url") -> bytes:
    inside = "".join(f"<{item}>{url}</{item}>" for url in urls)
    return f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</{root}>'.encode()


def test_pages_of_a_sitemap_come_last_changed_first() -> None:
    read = sitemaps.read(
        sitemap(
            "<loc>https://voisins.example/vieux</loc><lastmod>2020-01-01</lastmod>",
            "<loc>https://voisins.example/sans-date</loc>",
            "<loc> https://voisins.example/neuf?a=1&amp;b=2 </loc>"
            "<lastmod>2026-11-20T10:00Z</lastmod>",
            "<loc>javascript:alert(1)</loc>",
        ),
        URL,
    )
    assert [page.url for page in read.pages] == [
        "https://voisins.example/neuf?a=1&b=2",
        "https://voisins.example/vieux",
        "https://voisins.example/sans-date",
    ]
    assert not read.is_cut


def test_index_of_sitemaps_is_told_from_a_sitemap() -> None:
    body = sitemap(
        "<loc>https://voisins.example/s1.xml.gz</loc>", root="sitemapindex", item="sitemap"
    )
    read = sitemaps.read(gzip.compress(body), URL)
    assert [one.url for one in read.sitemaps] == ["https://voisins.example/s1.xml.gz"]
    assert read.pages == ()


@pytest.mark.timeout(120)
def test_sitemap_of_ten_million_lines_is_cut() -> None:
    line = b"<url><loc>https://voisins.example/%d</loc></url>\n"
    body = b"<urlset>" + b"".join(line % number for number in range(600_000))
    read = sitemaps.read(body, URL)
    assert len(read.pages) == sitemaps.MOST_PAGES
    assert read.is_cut


def test_cut_sitemap_gives_its_good_part_and_text_is_one_too() -> None:
    body = sitemap("<loc>https://voisins.example/1</loc>", "<loc>https://voisins.example/2</loc>")
    assert len(sitemaps.read(body[:-40], URL).pages) >= 1
    assert (
        len(sitemaps.read(b"https://voisins.example/1\nhttps://voisins.example/2\n", URL).pages)
        == 2
    )
    with pytest.raises(ParseError):
        sitemaps.read(b"<rss/>", URL)
    with pytest.raises(ParseError):
        sitemaps.read(b"Bonjour", URL)


@pytest.mark.corpora
def test_real_sitemap_of_wordpress_is_read(shared: Path) -> None:
    body = (shared / "corpora/platforms/wp_sitemap.xml").read_bytes()
    assert sitemaps.read(body, URL).sitemaps


def test_headers_and_metas_are_read_together_and_the_stricter_holds() -> None:
    body = b'<html><head><meta name="robots" content="noarchive, max-snippet:0"></head></html>'
    headers = {"TDM-Reservation": "1", "tdm-policy": "https://x/p", "X-Robots-Tag": "noindex"}
    found = reservations.from_page(read_page(body, URL, headers))
    assert found == Reservations(
        tdm=True, tdm_policy="https://x/p", no_index=True, no_archive=True, no_snippet=True
    )


def test_meta_reserves_mining() -> None:
    body = b'<html><head><meta name="tdm-reservation" content="1"></head></html>'
    assert reservations.from_page(read_page(body, URL)).tdm is True
    assert reservations.from_page(read_page(b"<html></html>", URL)).tdm is None


def test_feed_reserves_in_its_head_and_not_in_its_entries() -> None:
    head = b'<rss><channel><xhtml:meta content="1" name="tdm-reservation" /><title>x</title>'
    assert reservations.from_feed(head + b"<item/>", {}).tdm is True
    assert reservations.from_feed(b"<rss><item>" + head, {}).tdm is None
    noindex = b'<feed><meta name="robots" content="noindex"/><entry/></feed>'
    assert reservations.from_feed(noindex, {"TDM-Reservation": "0"}) == Reservations(
        tdm=False, no_index=True
    )


@pytest.mark.parametrize(
    ("value", "is_hidden"),
    [
        ("noindex", True), ("none", True), ("all", False), ("googlebot: noindex", False),
        ("filcommun: noindex", True), ("otherbot: noindex, nofollow", False),
        ("unavailable_after: 25 Jun 2030 15:00 PST, noindex", True), ("NOINDEX , nofollow", True),
    ],
)  # fmt: skip
def test_only_directives_for_us_or_for_all_count(value: str, is_hidden: bool) -> None:
    assert reservations.from_headers({"x-robots-tag": value}).no_index is is_hidden


RULES = [
    {"location": "/agenda/*", "tdm-reservation": 0},
    {"location": "*.pdf$", "tdm-reservation": 1, "tdm-policy": "https://x.example/licence"},
    {"location": "/", "tdm-reservation": 1},
    {"location": "/y", "tdm-reservation": "peut-être"},
    "bruit",
]


@pytest.mark.parametrize(
    ("path", "reserved", "policy"),
    [
        ("/agenda/soupe", False, None), ("/doc/a.pdf", True, "https://x.example/licence"),
        ("/doc/a.pdf?x=1", True, None), ("", True, None),
    ],
)  # fmt: skip
def test_first_rule_of_tdmrep_that_fits_counts(
    path: str, reserved: bool, policy: str | None
) -> None:
    rules = reservations.tdm_rules(json.dumps(RULES).encode())
    found = reservations.for_address(rules, "https://voisins.example" + path)
    assert (found.tdm, found.tdm_policy) == (reserved, policy)


def test_address_without_a_rule_has_nothing_reserved() -> None:
    rules = reservations.tdm_rules(b'[{"location": "/a$", "tdm-reservation": 1}]')
    assert reservations.for_address(rules, "https://voisins.example/ab").tdm is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1"])
def test_broken_tdmrep_is_said_and_not_taken_for_silence(body: bytes) -> None:
    with pytest.raises(ParseError):
        reservations.tdm_rules(body)


@pytest.mark.timeout(60)
def test_pattern_of_stars_is_tried_once_along_the_address() -> None:
    rules = (reservations.TdmRule("*a" * 240 + "$", True),)
    found = reservations.for_address(rules, "https://voisins.example/" + "a" * 5000 + "b")
    assert found.tdm is None
