"""WordPress: RSS and Atom, and the posts of its REST API (`/wp-json/wp/v2/posts`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, text_of
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return (
        "api.w.org" in page.headers.get("link", "")
        or page.generator.startswith("wordpress")
        or "/wp-content/" in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    feed, comments, api = at_root(
        page, "/feed/", "/comments/feed/", "/wp-json/wp/v2/posts?_embed=1&per_page=50"
    )
    start = page.url.partition("?")[0].partition("#")[0]
    if any(part in start for part in ("/category/", "/tag/", "/author/")):
        yield Endpoint(urljoin(start.rstrip("/") + "/", "feed/"))
    yield Endpoint(feed)
    yield Endpoint(api, API)
    yield Endpoint(comments, is_comments=True)


def _utc(post: JsonObject, name: str) -> str:
    date = text_of(post.get(f"{name}_gmt"))
    return date + "Z" if date else text_of(post.get(name))


def _post(post: JsonObject, url: str) -> ParsedEntry:
    embedded = post.get("_embedded")
    terms = below(embedded, "wp:term")
    groups = terms if isinstance(terms, list) else []
    return entry(
        Found(
            url,
            # The same as in its RSS, so that changing from one to the other doubles nothing.
            ids=[text_of(below(post, "guid", "rendered"))],
            links=[text_of(post.get("link"))],
            titles=[text_of(below(post, "title", "rendered"))],
            summaries=[text_of(below(post, "excerpt", "rendered"))],
            contents=[text_of(below(post, "content", "rendered"))],
            authors=[text_of(author.get("name")) for author in each(below(embedded, "author"))],
            published=[_utc(post, "date")],
            updated=[_utc(post, "modified")],
            categories=[text_of(term.get("name")) for group in groups for term in each(group)],
            images=[
                text_of(media.get("source_url"))
                for media in each(below(embedded, "wp:featuredmedia"))
            ],
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    if not isinstance(value, list) or not value:
        return None
    posts = [post for post in each(value) if isinstance(post.get("title"), dict) and "link" in post]
    if len(posts) != len(value):
        return None
    shown = (post for post in posts if post.get("status", "publish") == "publish")
    return ParsedFeed(distinct(_post(post, url) for post in shown), format="wordpress")


CONNECTOR = Connector("wordpress", recognises, endpoints, read)
