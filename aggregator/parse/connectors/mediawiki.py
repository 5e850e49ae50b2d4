"""MediaWiki: new pages and recent changes as feeds, and the same from its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import Connector, Endpoint
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, text_of
from aggregator.parse.webpage import WebPage

_API = re.compile(r"""href=["']([^"'<>]{1,300}?)api\.php\?action=rsd""")
_ARTICLES = 0
"""The namespace of pages that are neither talk nor files."""


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("mediawiki")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    api = _API.search(page.text)
    folder = urljoin(page.url, api.group(1) if api else "/")
    yield Endpoint(f"{folder}index.php?title=Special:NewPages&feed=atom")
    yield Endpoint(
        f"{folder}api.php?action=feedrecentchanges&feedformat=atom&days=7&limit=50",
        is_comments=True,
    )


def _change(change: JsonObject, url: str) -> ParsedEntry:
    title = text_of(change.get("title"))
    page = urljoin(url, "index.php?title=" + quote(title.replace(" ", "_")))
    revision = text_of(change.get("revid"))
    return entry(
        Found(
            url,
            ids=[f"{page}&oldid={revision}" if revision not in {"", "0"} else page],
            links=[page],
            titles=[escaped(title)],
            summaries=[
                text_of(change.get("parsedcomment")) or escaped(text_of(change.get("comment")))
            ],
            authors=[text_of(change.get("user"))],
            published=[text_of(change.get("timestamp"))],
            type="page",
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    changes = below(value, "query", "recentchanges")
    if not isinstance(changes, list):
        return None
    shown = (change for change in each(changes) if change.get("ns", _ARTICLES) == _ARTICLES)
    return ParsedFeed(distinct(_change(change, url) for change in shown), format="mediawiki")


CONNECTOR = Connector("mediawiki", recognises, endpoints, read)
