"""Bytes to a feed: the one entry point for RSS, RDF, Atom, CDF and JSON Feed.

Well-formed and mendable XML is read from a tree, the rest by feedparser. Raises only ParseError.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lxml import etree

from aggregator.errors import ParseError
from aggregator.parse import atom, charset, jsonfeed, markup, rss, tolerant
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.names import short

_NOT_FEEDS = {
    "html": "The answer is a web page, not a feed.",
    "urlset": "The answer is a sitemap, not a feed.",
    "sitemapindex": "The answer is a list of sitemaps, not a feed.",
    "opml": "The answer is a list of feeds (OPML), not a feed.",
}


_ANY_TAG = re.compile(r"<[a-zA-Z?!]")


def _from_tree(root: etree._Element, url: str) -> ParsedFeed | None:
    """The feed of a tree whose root we know; None for a root that only feedparser may know."""
    name = short(root)
    local = name.rpartition(":")[2]
    if local in _NOT_FEEDS:
        raise ParseError(_NOT_FEEDS[local])
    if local in {"feed", "entry"}:
        return atom.read(root, url)
    if local in {"rss", "rdf"} or (local == "channel" and not root.tag.isupper()):
        return rss.read(root, url)
    return None


def _looks_like_html(text: str) -> bool:
    start = text[:1000].lower()
    return start.startswith(("<!doctype html", "<html")) or "<html" in start.partition("<body")[0]


def _saved(text: str, url: str) -> ParsedFeed:
    """What feedparser saves of a damaged feed, else what libxml2 does."""
    try:
        feed = tolerant.read(text, url)
    except ParseError as error:
        reason, feed = error, None
    if feed is None or not feed.entries:
        root = markup.recovered(text)
        again = None if root is None else _from_tree(root, url)
        if again is not None and again.entries:
            return again
    if feed is None:
        raise reason
    return feed


def parse(body: bytes, url: str, content_type: str | None = None) -> ParsedFeed:
    """The feed in `body`, which came from `url`; entries in document order, at most 1,000.

    `content_type` is the header as sent; only its charset is heeded, and only when the document
    does not know better. A feed without entries is a feed. Raises ParseError with a sentence for
    its owner when there is none: a web page, a picture, an empty answer.
    """
    text = charset.decode(body, content_type)
    if text[0] in "{[":
        return jsonfeed.read(text, url)
    if not _ANY_TAG.search(text, 0, 65536):
        raise ParseError("The answer is neither XML nor JSON.")
    root, text, problems = markup.tree(text)
    feed = None if root is None else _from_tree(root, url)
    if feed is None:
        if _looks_like_html(text):
            raise ParseError(_NOT_FEEDS["html"])
        feed = _saved(text, url)
    return replace(feed, problems=problems)
