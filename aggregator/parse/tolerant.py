"""Feeds that are no XML even after mending, read by feedparser behind guards.

feedparser's own cleaning and resolving are off: `clean` and `urls` do that once. What costs it
quadratic time (thousands of attributes, deep nesting) is cut before it sees it.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, Final

import feedparser

from aggregator.errors import ParseError
from aggregator.parse.assemble import (
    MOST_ENTRIES,
    Found,
    distinct,
    entry,
    first_text,
    first_url,
    language_tag,
)
from aggregator.parse.entries import ParsedEntry, ParsedFeed

LONGEST_TEXT: Final = 4_000_000
"""Characters that feedparser gets to see: at its slowest some seconds."""
_LONGEST_TAG: Final = 8000
_DEEPEST: Final = 60
_TAG: Final = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<(/?)([A-Za-z_][\w:.-]{0,60})([^<>]*)>?",
    re.DOTALL,
)


def _guarded(text: str) -> str:
    """The text without overlong tags and without elements nested deeper than a feed ever is."""
    depth = 0
    pieces = []
    position = 0
    for match in _TAG.finditer(text[:LONGEST_TEXT]):
        closing, name, attributes = match.groups()
        if name is None:
            continue
        depth += -1 if closing else 0 if attributes.endswith("/") else 1
        too_deep = depth > _DEEPEST if not closing else depth >= _DEEPEST
        too_long = len(attributes) > _LONGEST_TAG
        if too_deep or too_long:
            pieces.append(text[position : match.start()])
            if not too_deep:
                pieces.append(f"<{name}>")
            position = match.end()
        depth = max(depth, 0)
    pieces.append(text[position:LONGEST_TEXT])
    return "".join(pieces)


def _values(holder: Any, *names: str) -> list[str]:
    return [str(value) for name in names if name in holder and (value := holder[name])]


def _links(holder: Any) -> list[str]:
    found = [
        link.get("href", "")
        for link in holder.get("links", ())
        if link.get("rel", "alternate") == "alternate"
        and not link.get("type", "").startswith(("image/", "audio/", "video/"))
    ]
    return [*found, *_values(holder, "link")]


def _entry(item: Any, base: str, language: str | None) -> ParsedEntry:
    contents = [part.get("value", "") for part in item.get("content", ())]
    found = Found(
        base,
        ids=_values(item, "id"),
        links=_links(item),
        titles=_values(item, "title"),
        summaries=_values(item, "summary", "subtitle"),
        contents=contents,
        authors=_values(item, "author"),
        published=_values(item, "published", "created"),
        updated=_values(item, "updated", "modified"),
        language=item.get("language"),
        categories=[str(tag.get("label") or tag.get("term") or "") for tag in item.get("tags", ())],
        images=[each.get("url", "") for each in item.get("media_thumbnail", ())],
        enclosures=[
            (file.get("href", ""), file.get("type"), file.get("length"))
            for file in [*item.get("enclosures", ()), *_media(item)]
        ],
    )
    if found.ids and not any(found.links) and found.ids[0].startswith(("http://", "https://")):
        found.links.append(found.ids[0])
    return entry(found, language=language)


def _media(item: Any) -> list[dict[str, Any]]:
    return [
        {"href": each.get("url", ""), "type": each.get("type"), "length": each.get("filesize")}
        for each in item.get("media_content", ())
    ]


def _parsed(text: str) -> Any:
    # Without an address of the feed it resolves nothing, ids least of all: a damaged feed must
    # give its entries the same uids as the mended one.
    headers = {"content-type": "application/xml; charset=utf-8"}
    # feedparser opens a string as a file or an address: it only ever gets a stream.
    stream = io.BytesIO(_guarded(text).encode("utf-8", "replace"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return feedparser.parse(
                stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False
            )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError,
            RecursionError, OSError) as error:  # fmt: skip
        # feedparser promises no exceptions and keeps the promise for honest feeds only.
        raise ParseError(f"The feed is too damaged to be read ({type(error).__name__}).") from error


def read(text: str, url: str) -> ParsedFeed:
    """What feedparser could save; raises ParseError when that is nothing."""
    parsed = _parsed(text)
    feed, items = parsed.get("feed", {}), parsed.get("entries", [])
    if not items and not parsed.get("version"):
        raise ParseError("There is no feed in the answer.")
    language = language_tag(feed.get("language"))
    hubs = [link.get("href", "") for link in feed.get("links", ()) if link.get("rel") == "hub"]
    selves = [link.get("href", "") for link in feed.get("links", ()) if link.get("rel") == "self"]
    return ParsedFeed(
        entries=distinct(_entry(item, url, language) for item in items[:MOST_ENTRIES]),
        title=first_text(_values(feed, "title"), 300),
        description=first_text(_values(feed, "subtitle"), 1000),
        home=first_url(_links(feed), url),
        language=language,
        format=parsed.get("version") or "rss",
        image=first_url([feed.get("image", {}).get("href", "")], url),
        hub=first_url(hubs, url),
        self_url=first_url(selves, url),
    )
