"""Each platform is recognised, its places are found, and its answers read like any feed.

Answers of the real shape lie in `answers/`, one per connector, with what must come out of them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse import discovery, documents
from aggregator.parse.connecting import all_connectors
from aggregator.parse.webpage import read_page

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ANSWERS = sorted((Path(__file__).parent / "answers").glob("*.json"))


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def test_every_connector_that_reads_json_has_an_answer_here() -> None:
    readers = {connector.name for connector in all_connectors() if connector.read}
    assert readers == {path.stem for path in ANSWERS}


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_answer_of_a_platform_becomes_entries(path: Path) -> None:
    case = json.loads(path.read_text())
    body = json.dumps(case["answer"]).encode()
    feed = documents.parse(body, case["url"], "application/json", now=NOW)
    first = {name: _told(getattr(feed.entries[0], name)) for name in case["first"]}
    assert feed.format == path.stem
    assert first == case["first"]


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_answer_belongs_to_one_connector_only(path: Path) -> None:
    case = json.loads(path.read_text())
    readers = [connector for connector in all_connectors() if connector.read]
    takers = [
        one.name for one in readers if one.read and one.read(case["answer"], case["url"], NOW)
    ]
    assert takers == [path.stem]


def test_hidden_and_draft_items_are_left_out() -> None:
    for name in ("wordpress", "yeswiki", "mediawiki"):
        case = json.loads((Path(__file__).parent / "answers" / f"{name}.json").read_text())
        body = json.dumps(case["answer"]).encode()
        assert len(documents.parse(body, case["url"], now=NOW).entries) == 1


def test_decidim_gives_processes_proposals_and_meetings() -> None:
    case = json.loads((Path(__file__).parent / "answers/decidim.json").read_text())
    feed = documents.parse(json.dumps(case["answer"]).encode(), case["url"], now=NOW)
    site = "https://jeparticipe.example/processes/budget-2027"
    assert [entry.url for entry in feed.entries] == [
        site, f"{site}/f/12/proposals/77", f"{site}/f/13/meetings/9",
    ]  # fmt: skip
    assert [entry.type for entry in feed.entries] == ["article", "article", "event"]


def test_json_that_no_platform_knows_is_refused() -> None:
    with pytest.raises(ParseError, match="no list of items"):
        documents.parse(b'{"data": [{"a": 1}]}', "https://x.example/", now=NOW)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "data", "events", "items", "entities", "results", "dataset", "@graph", "features",
                "topic_list", "topics", "query", "recentchanges", "id_fiche", "bf_titre", "title",
                "id", "link", "name", "uuid", "page", "created_at", "type", "_umap_options",
                "properties", "start_datetime", "timings", "firstTiming", "ontology", "metas",
                "dataset_id", "group", "organizedEvents", "elements", "participatoryProcesses",
                "components", "proposals", "users", "_embedded", "wp:term", "created", "@type",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(_json)
def test_any_json_is_a_feed_or_a_parse_error(value: Any) -> None:
    try:
        feed = documents.parse(json.dumps([value] if value != value else value).encode(),
                               "https://x.example/api", "application/json", now=NOW)  # fmt: skip
    except ParseError:
        return
    assert all(entry.uid for entry in feed.entries)


PLATFORMS = json.loads((Path(__file__).parent / "platforms.json").read_text())
"""Pages as each platform makes them, cut to what tells it, and a place that must be found."""


def _name(case: dict[str, Any]) -> str:
    return f"{case['name']} {case['url']}"


@pytest.mark.parametrize("case", PLATFORMS, ids=_name)
def test_platform_is_recognised_and_its_place_found(case: dict[str, Any]) -> None:
    body, url, headers = case["body"].encode(), case["url"], case["headers"]
    assert discovery.detect_platform(body, headers, url) == case["name"]
    assert case["place"] in [one.url for one in discovery.candidates(body, url, headers)]


@pytest.mark.parametrize("case", PLATFORMS, ids=_name)
def test_one_page_is_never_taken_for_two_platforms(case: dict[str, Any]) -> None:
    page = read_page(case["body"].encode(), case["url"], case["headers"])
    assert sum(connector.recognises(page) for connector in all_connectors()) == 1


def test_every_connector_is_recognised_by_some_page_here() -> None:
    assert {connector.name for connector in all_connectors()} == {one["name"] for one in PLATFORMS}


@pytest.mark.corpora
def test_real_answers_of_wordpress_and_mediawiki_are_read(shared: Path) -> None:
    folder = shared / "corpora/platforms"
    posts = documents.parse(
        (folder / "wp_posts.json").read_bytes(), "http://g.example/wp-json/", now=NOW
    )
    feed = documents.parse((folder / "wp_feed.rss.xml").read_bytes(), "http://g.example/", now=NOW)
    assert posts.format == "wordpress"
    # By RSS or by API, an entry has one identity.
    assert {entry.uid for entry in feed.entries} & {entry.uid for entry in posts.entries}
    for name in ("mw_newpages.rss.xml", "mw_rc.atom.xml", "wp_feed.rdf.xml", "wp_feed.atom.xml"):
        assert documents.parse((folder / name).read_bytes(), "http://g.example/", now=NOW).entries
    assert discovery.detect_platform(
        (folder / "mw_home.html").read_bytes(), {}, "http://g.example/"
    ) == "mediawiki"  # fmt: skip
