"""What `feeds.parse` promises beyond the oddities: formats, encodings, refusals, timing."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.errors import ParseError
from aggregator.parse.assemble import MOST_ENTRIES
from aggregator.parse.entries import Enclosure
from aggregator.parse.feeds import parse

URL = "https://voisins.example/flux/rss.xml"
FRENCH = "L’été à Bœng – 20 €"
ITEM = "<item><title>{}</title><link>https://voisins.example/1</link></item>"


def rss(items: str, channel: str = "<title>Fil</title>", prolog: str = "") -> str:
    return f'{prolog}<rss version="2.0"><channel>{channel}{items}</channel></rss>'


def json_feed(**changed: Any) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Fil",
        "language": "fr",
        "home_page_url": "https://voisins.example/",
        "hubs": [{"type": "WebSub", "url": "https://relais.example/"}],
        "items": [
            {
                "id": "1",
                "url": "/1",
                "title": "Réunion <publique>",
                "content_html": "<p>ok</p><script>x()</script>",
                "date_published": "2023-11-14T18:30:00+01:00",
                "tags": ["Vélo", "Vélo", ""],
                "authors": [{"name": "Zoé"}],
                "attachments": [{"url": "a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}],
            }
        ],
    }
    return json.dumps({**feed, **changed}).encode()


def test_json_feed_comes_out_like_any_other() -> None:
    feed = parse(json_feed(), URL, "application/feed+json")
    entry = feed.entries[0]
    assert (feed.format, feed.hub, feed.language) == ("json11", "https://relais.example/", "fr")
    assert entry.url == "https://voisins.example/1"
    assert entry.content == "<p>ok</p>"
    assert entry.published == datetime(2023, 11, 14, 17, 30, tzinfo=UTC)
    assert entry.categories == ("Vélo",)
    assert entry.author == "Zoé"
    assert entry.enclosures == (Enclosure("https://voisins.example/a.mp3", "audio/mpeg", 12),)


def test_json_feed_of_confused_types_is_still_read() -> None:
    items = [
        {"id": 7, "url": None, "title": None, "content_text": "un < deux", "tags": "a,b",
         "authors": {"name": "x"}, "attachments": None, "date_published": 12345},
        "chaîne", None,
    ]  # fmt: skip
    (entry,) = parse(json_feed(items=items), URL).entries
    assert (entry.uid, entry.title, entry.categories) == ("7", "un < deux", ("a", "b"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "neither XML nor JSON"),
        (b"<!DOCTYPE html><html><body><article>x</article></body></html>", "web page"),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "sitemap"),
        (b'<opml version="2.0"><body/></opml>', "OPML"),
        (b'{"error": "rate limited", "items": "none"}', "no list of items"),
        (b'{"items": [', "broken"),
        (b'{"items": ' + b"[" * 100_000, "too deep"),
        (b"\x1f\x8b broken", "gzip"),
        (gzip.compress(b" " * (25 << 20)), "24 MB"),
        (b" " * (25 << 20), "25 MB"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_reason(body: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse(body, URL, "application/rss+xml")


def test_feed_without_entries_is_a_feed() -> None:
    assert parse(rss("").encode(), URL).entries == ()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "iso-8859-1", "x-bidon-42"])
def test_unicode_is_recognised_whatever_is_declared(codec: str, declared: str) -> None:
    body = rss(ITEM.format(FRENCH), prolog=f'<?xml version="1.0" encoding="{declared}"?>')
    assert parse(body.encode(codec), URL).entries[0].title == FRENCH


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "windows-1252"])
def test_windows_1252_is_recognised_whatever_is_declared(declared: str) -> None:
    body = rss(ITEM.format(FRENCH), prolog=f'<?xml version="1.0" encoding="{declared}"?>')
    assert parse(body.encode("cp1252"), URL).entries[0].title == FRENCH


@pytest.mark.parametrize("codec", ["koi8-r", "iso-2022-jp", "shift_jis", "gb2312", "cp037"])
def test_other_alphabets_are_read_as_declared(codec: str) -> None:
    title = "Привет" if codec == "koi8-r" else "Bonjour" if codec == "cp037" else "日本"
    body = rss(ITEM.format(title), prolog=f'<?xml version="1.0" encoding="{codec}"?>')
    assert parse(body.encode(codec), URL).entries[0].title == title


def test_header_tells_the_charset_where_the_document_does_not() -> None:
    body = rss(ITEM.format("Привет")).encode("cp1251")
    assert parse(body, URL, "text/xml; charset=windows-1251").entries[0].title == "Привет"


def test_one_wrong_byte_costs_one_letter_only() -> None:
    body = rss(ITEM.format("Créteil") + ITEM.format("XX")).encode().replace(b"XX", b"caf\xe9")
    assert [entry.title for entry in parse(body, URL).entries] == ["Créteil", "café"]


def test_bytes_before_the_prolog_do_not_matter() -> None:
    warning = b"<br />\n<b>Warning</b>: headers already sent<br />\n"
    prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = warning + rss(ITEM.format("Été"), prolog=prolog).encode()
    assert parse(body, URL).entries[0].title == "Été"


def test_gzip_sent_as_a_file_is_opened() -> None:
    assert parse(gzip.compress(rss(ITEM.format("Un")).encode()), URL).entries[0].title == "Un"


def test_compressed_body_of_several_parts_or_of_zlib_is_opened() -> None:
    body = rss(ITEM.format("Un")).encode()
    parts = gzip.compress(body[:40]) + gzip.compress(body[40:])
    assert parse(parts, URL).entries[0].title == "Un"
    assert parse(zlib.compress(body), URL).entries[0].title == "Un"


@pytest.mark.parametrize("damage", ["</channel></rss>", "</item>", 'version="2.0"'])
def test_damaged_feed_gives_its_entries_the_same_uids(damage: str) -> None:
    items = "<item><title>Un</title><guid>g1</guid></item><item><guid>/g2</guid></item>"
    whole = rss(items)
    uids = [entry.uid for entry in parse(whole.encode(), URL).entries]
    broken = whole.replace(damage, "<broken" if damage == "</item>" else "", 1)
    assert uids == ["g1", "/g2"]
    assert set(uids) & {entry.uid for entry in parse(broken.encode(), URL).entries}


def test_cut_json_feed_gives_the_items_before_the_cut() -> None:
    body = json_feed(items=[{"id": str(n), "title": f"T{n}"} for n in range(5)])
    assert [entry.uid for entry in parse(body[:-22], URL).entries] == ["0", "1", "2", "3"]
    assert parse(body.replace(b"}]}", b"},]}"), URL).entries[4].title == "T4"


def test_entities_of_the_document_never_grow_nor_read_files() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "/etc/passwd">]>'
    body = rss(ITEM.format("X &a; &b; &f; Y"), prolog=bomb).encode()
    assert parse(body, URL).entries[0].title == "X lol &b; &f; Y"


def test_more_than_a_thousand_entries_are_cut_at_the_newest() -> None:
    items = "".join(f"<item><title>T{n}</title><guid>{n}</guid></item>" for n in range(1500))
    feed = parse(rss(items).encode(), URL)
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.entries[0].title == "T0"


def test_feed_says_when_to_come_back() -> None:
    channel = (
        "<ttl>-5</ttl><ttl>999999999</ttl><skipHours><hour>24</hour><hour>3</hour>"
        "<hour>99</hour></skipHours><skipDays><day>Sunday</day><day>x</day></skipDays>"
    )
    feed = parse(rss("", channel).encode(), URL)
    assert feed.ttl == 7 * 24 * 60
    assert feed.skip_hours == {0, 3}
    assert feed.skip_days == {6}


def test_feed_says_where_its_hub_is_and_where_it_moved() -> None:
    channel = (
        '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>'
        '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="/flux"/>'
        '<itunes:new-feed-url xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        "https://ailleurs.example/f</itunes:new-feed-url><link>https://voisins.example/</link>"
    )
    feed = parse(rss("", channel).encode(), URL)
    assert feed.hub == "https://hub.example/"
    assert feed.self_url == "https://voisins.example/flux"
    assert feed.moved_to == "https://ailleurs.example/f"
    assert feed.home == "https://voisins.example/"


def test_what_had_to_be_mended_is_told_to_the_owner() -> None:
    assert parse(rss(ITEM.format("A & B")).encode(), URL).problems
    assert not parse(rss(ITEM.format("A &amp; B")).encode(), URL).problems


def test_attribute_bomb_in_broken_xml_costs_little_time() -> None:
    many = " ".join(f'a{n}="1"' for n in range(20_000))
    body = f"<rss><channel><item {many}><title>Un</title><link>https://voisins.example/1</item>"
    assert parse(body.encode(), URL).entries[0].title == "Un"


@pytest.mark.parametrize(
    "unit", ["\n", " ", "<!---->", "&", "<", "<a ", "<![CDATA[", "<x:y>", ",]"]
)
@pytest.mark.parametrize(
    "frame", ["{}", "<rss><channel><item><title>Un</title>{}", '{{"items": [{}']
)
@pytest.mark.timeout(60)  # two seconds, unless each is looked at again for each other
def test_long_runs_of_one_thing_are_read_to_the_end(unit: str, frame: str) -> None:
    body = frame.format(unit * (600_000 // len(unit))).encode()
    with contextlib.suppress(ParseError):
        parse(body, URL)


def test_title_made_of_a_file_name_is_plain_text_too() -> None:
    item = '<item><enclosure url="https://radio.example/%3Cb%20onload=a()%3Eune.mp3"/></item>'
    assert parse(rss(item).encode(), URL).entries[0].title == "une.mp3"
