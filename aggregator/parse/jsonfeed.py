"""JSON Feed 1.0 and 1.1 (jsonfeed.org), whatever types its author confused."""

from __future__ import annotations

from typing import Any

from aggregator.errors import ParseError
from aggregator.parse.assemble import (
    MOST_ENTRIES,
    Found,
    distinct,
    entry,
    first_url,
    language_tag,
)
from aggregator.parse.clean import plain_text
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, each, load, text_of, words


def _item(item: JsonObject, base: str, language: str | None) -> ParsedEntry:
    plain = text_of(item.get("content_text"))
    paragraphs = "".join(f"<p>{escaped(part)}</p>" for part in plain.split("\n\n") if part.strip())
    people = [*each(item.get("authors")), *each(item.get("author"))]
    found = Found(
        base,
        ids=[text_of(item.get("id")), text_of(item.get("guid"))],
        links=[text_of(item.get("url")), text_of(item.get("external_url"))],
        titles=[escaped(text_of(item.get("title")))],
        summaries=[escaped(text_of(item.get("summary"))), escaped(plain)],
        contents=[text_of(item.get("content_html")), paragraphs],
        authors=[text_of(person.get("name")) for person in people],
        published=[text_of(item.get("date_published"))],
        updated=[text_of(item.get("date_modified"))],
        language=text_of(item.get("language")) or None,
        categories=words(item.get("tags")),
        images=[text_of(item.get("image")), text_of(item.get("banner_image"))],
        enclosures=[
            (text_of(file.get("url")), text_of(file.get("mime_type")),
             text_of(file.get("size_in_bytes")))
            for file in each(item.get("attachments"))
        ],
    )  # fmt: skip
    if not any(found.links) and found.ids[0].startswith(("http://", "https://")):
        found.links.append(found.ids[0])
    return entry(found, language=language)


def read(text: str, url: str) -> ParsedFeed:
    """The feed of a JSON text; raises ParseError where it is no JSON Feed."""
    return read_value(load(text), url)


def read_value(feed: Any, url: str) -> ParsedFeed:
    """The feed of a JSON value; raises ParseError where it is no JSON Feed."""
    if isinstance(feed, list):
        feed = {"items": feed}
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ParseError("This JSON is no feed: it has no list of items.")
    items = [item for item in feed["items"] if isinstance(item, dict)]
    language = language_tag(text_of(feed.get("language")))
    base = first_url([text_of(feed.get("feed_url"))], url) or url
    home = first_url([text_of(feed.get("home_page_url"))], base)
    hubs = [hub for hub in each(feed.get("hubs")) if text_of(hub.get("type")).lower() == "websub"]
    version = text_of(feed.get("version"))
    return ParsedFeed(
        entries=distinct(_item(item, home or base, language) for item in items[:MOST_ENTRIES]),
        title=plain_text(text_of(feed.get("title")), 300),
        description=plain_text(text_of(feed.get("description")), 1000),
        home=home,
        language=language,
        format="json10" if version.rstrip("/").endswith("/1") else "json11",
        image=first_url([text_of(feed.get("icon")), text_of(feed.get("favicon"))], base),
        hub=first_url([text_of(hub.get("url")) for hub in hubs], base),
        self_url=first_url([text_of(feed.get("feed_url"))], url),
    )
