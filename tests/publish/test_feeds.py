"""The feeds say what the entries say, to any reader, as far as rights go."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish import atom, jsonfeed, publication, rss
from aggregator.publish.publication import Publication
from aggregator.store.tables import Entry, EntryTag, Source

BASE = "https://fil.example"
ATOM = "{http://www.w3.org/2005/Atom}"
WRITERS = [atom.write, rss.write]


@pytest.fixture
def entry(a_source: Callable[..., Source], an_entry: Callable[..., Entry]) -> Entry:
    """A rich entry of a source with excerpt rights."""
    source = a_source(title="Les Lilas à vélo — actus")
    return an_entry(
        source,
        title="Réunion & <balade>",
        summary="Venez ; <b>gras</b> & maigre.",
        content="<p>Tout</p>",
        author="Alice",
        language="fr",
        categories=["Vélo"],
        tags=[
            EntryTag(dimension="topic", slug="transports", origin="text"),
            EntryTag(dimension="area", slug="les-lilas", origin="source"),
            EntryTag(dimension="topic", slug="gone-from-taxonomy", origin="text"),
        ],
    )


@pytest.mark.parametrize("write", WRITERS)
def test_a_reader_gets_title_date_link_author_and_tags(
    write: Callable[[Publication], bytes],
    entry: Entry,
    a_publication: Callable[..., Publication],
) -> None:
    feed = feedparser.parse(write(a_publication([entry])), sanitize_html=False)
    assert not feed.bozo
    assert feed.feed.title == "Transports à Saint-Denis"
    (item,) = feed.entries
    assert item.title == "Réunion & <balade>"
    assert item.link == entry.url
    assert item.id == publication.identity(entry)
    assert item.author == "Alice"
    assert datetime(*item.published_parsed[:6], tzinfo=UTC) == entry.published
    schemes = {(tag.scheme, tag.label or tag.term) for tag in item.tags}
    assert (f"{BASE}/themes/", "Transports et mobilités") in schemes
    assert (f"{BASE}/territoires/", "Les Lilas") in schemes
    assert (None, "Vélo") in schemes
    assert len(schemes) == 3
    assert item.source.title == "Les Lilas à vélo — actus"


def test_atom_has_what_rfc_4287_requires(
    entry: Entry, a_publication: Callable[..., Publication]
) -> None:
    root = etree.fromstring(
        atom.write(a_publication([entry], hub="https://hub.example/", next_url=f"{BASE}/x"))
    )
    for parent in (root, root.find(f"{ATOM}entry")):
        assert parent is not None
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
    assert {link.get("rel") for link in root.findall(f"{ATOM}link")} == {
        "self", "alternate", "next", "hub",
    }  # fmt: skip
    source = root.find(f"{ATOM}entry/{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == entry.source.address
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "Venez ; <b>gras</b> & maigre."


def test_json_feed_can_be_read_back(
    entry: Entry, a_publication: Callable[..., Publication]
) -> None:
    feed = json.loads(jsonfeed.write(a_publication([entry], hub="https://hub.example/")))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    (item,) = feed["items"]
    assert item["id"] == publication.identity(entry)
    assert item["content_text"] == "Venez ; <b>gras</b> & maigre."
    assert "content_html" not in item
    assert item["_filcommun"]["tags"]["topic"] == ["gone-from-taxonomy", "transports"]
    assert item["_filcommun"]["page"] == f"{BASE}/entrees/{entry.id}"


@pytest.mark.parametrize("write", [*WRITERS, jsonfeed.write])
def test_the_whole_text_leaves_with_full_rights_only(
    write: Callable[[Publication], bytes],
    entry: Entry,
    a_publication: Callable[..., Publication],
) -> None:
    entry.content = "<p>Secretissime</p>"
    entry.summary = "Resumissime"
    for rights, text, summary in (
        ("link", False, False), ("excerpt", False, True), ("full", True, True),
    ):  # fmt: skip
        entry.source.rights = rights
        body = write(a_publication([entry]))
        assert (b"Secretissime" in body) is text
        assert (b"Resumissime" in body) is summary


@pytest.mark.parametrize("write", [*WRITERS, jsonfeed.write])
def test_hidden_deleted_and_departed_entries_are_in_no_feed(
    write: Callable[[Publication], bytes],
    entry: Entry,
    a_publication: Callable[..., Publication],
    now: datetime,
) -> None:
    entry.title = "Introuvable"
    for change in ({"hidden_at": now}, {"deleted_at": now}):
        for name, value in change.items():
            setattr(entry, name, value)
        assert b"Introuvable" not in write(a_publication([entry]))
        entry.hidden_at = entry.deleted_at = None
    entry.source.group.status = "withdrawn"
    assert b"Introuvable" not in write(a_publication([entry]))


@pytest.mark.parametrize("write", WRITERS)
def test_an_empty_list_is_a_valid_feed(
    write: Callable[[Publication], bytes], a_publication: Callable[..., Publication]
) -> None:
    feed = feedparser.parse(write(a_publication()))
    assert not feed.bozo
    assert feed.entries == []


def test_two_sources_with_the_same_uid_have_two_identities(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    one, two = an_entry(a_source("un"), "7"), an_entry(a_source("deux"), "7")
    assert publication.identity(one) != publication.identity(two)
    assert publication.identity(one) == "urn:uuid:" + publication.identity(one)[9:]


def test_an_entry_without_a_page_leads_to_ours(entry: Entry) -> None:
    entry.url = "javascript:alert(1)"
    assert publication.link(entry, BASE) == f"{BASE}/entrees/{entry.id}"


def test_an_entry_updated_before_it_was_published_is_as_old_as_its_publication(
    entry: Entry, now: datetime
) -> None:
    entry.updated = now - timedelta(days=3)
    assert publication.changed(entry) == now


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(words=st.lists(st.text(), min_size=8, max_size=8), url=st.text())
def test_any_words_make_well_formed_feeds(
    words: list[str],
    url: str,
    entry: Entry,
    a_publication: Callable[..., Publication],
    session: object,
) -> None:
    entry.title, entry.summary, entry.content, entry.author, entry.language, *more = words
    entry.categories, entry.source.title = [more[0]], more[1]
    entry.enclosures = [{"url": url, "type": more[2], "length": -1}]
    entry.source.rights, entry.url, entry.source.url = "full", f"https://x.example/{url}", url
    value = a_publication([entry], title=more[2], subtitle=more[0])
    for write in WRITERS:
        root = etree.fromstring(write(value))
        assert len(list(root.iter("{*}entry", "item"))) == 1
    assert len(json.loads(jsonfeed.write(value))["items"]) == 1
