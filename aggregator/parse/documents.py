"""Any body to a feed: the one call for collect, whatever kind of place the body came from.

Recognises feeds, calendars, a platform's JSON, sitemaps and pages by what they hold, not by what
they are called. Raises only ParseError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aggregator.errors import ParseError
from aggregator.parse import calendar, charset, feeds, jsonfeed, pages, sitemaps
from aggregator.parse.connecting import all_connectors
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.values import below, load, text_of

FEED: Final = "feed"
CALENDAR: Final = "calendar"
JSON: Final = "json"
SITEMAP: Final = "sitemap"
PAGE: Final = "page"

_HEAD: Final = 4096
_HTML: Final = re.compile(
    r"\A(?:\s|<!--(?:(?!-->).)*-->|<\?xml[^>]*>)*(?:<!doctype\s+html|<html)\b", re.I | re.S
)
_SITEMAP: Final = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)\b", re.IGNORECASE)
_HTML_TYPES: Final = ("text/html", "application/xhtml+xml")
_FEED_ROOT: Final = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)


def kind_of(body: bytes, content_type: str | None = None) -> str:
    """What a body is: `feed`, `calendar`, `json`, `sitemap` or `page`.

    The content type only decides where the body does not: a feed sent as `text/html` is a feed.
    Raises ParseError when the body is empty or too large.
    """
    head = charset.decode(charset.inflate(body)[:_HEAD], content_type)
    if calendar.is_calendar(head):
        return CALENDAR
    if head[0] in "{[":
        return JSON
    if _HTML.match(head):
        return PAGE
    if _SITEMAP.search(head):
        return SITEMAP
    is_html = (content_type or "").lower().startswith(_HTML_TYPES)
    return PAGE if is_html and not _FEED_ROOT.search(head) else FEED


def _is_json_feed(value: Any) -> bool:
    return "jsonfeed.org" in text_of(below(value, "version")) or (
        isinstance(below(value, "items"), list) and below(value, "home_page_url") is not None
    )


def read_json(text: str, url: str, *, now: datetime) -> ParsedFeed:
    """The feed of a JSON text: JSON Feed, or the answer of a platform that a connector knows.

    Raises ParseError when no connector knows it.
    """
    value = load(text)
    if not _is_json_feed(value):
        for connector in all_connectors():
            feed = connector.read(value, url, now) if connector.read else None
            if feed is not None:
                return feed
    return jsonfeed.read_value(value, url)


def parse(
    body: bytes,
    url: str,
    content_type: str | None = None,
    *,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> ParsedFeed:
    """The entries of a body, whatever it is, which came from `url`.

    `now` (aware) bounds the expansion of recurring events. A web page gives its events or its one
    article: a page that only lists articles is for `lists.article_links`. Raises ParseError.
    """
    kind = kind_of(body, content_type)
    if kind == CALENDAR:
        return calendar.read(body, url, content_type, now=now)
    if kind == JSON:
        return read_json(charset.decode(body, content_type), url, now=now)
    if kind == PAGE:
        known = dict(headers or {})
        return pages.read(body, url, {"content-type": content_type or "", **known})
    if kind == SITEMAP:
        feed = sitemaps.as_feed(sitemaps.read(body, url, content_type), url)
        if not feed.entries:
            raise ParseError("The sitemap tells no titles: its pages must be read one by one.")
        return feed
    return feeds.parse(body, url, content_type)
