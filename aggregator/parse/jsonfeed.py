"""JSON Feed 1.0 and 1.1 (jsonfeed.org), whatever types its author confused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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


def load(text: str) -> Any:
    """The value of a JSON text; raises ParseError where it is none or nests too deep."""
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise ParseError("The JSON nests too deep to be read.") from error
    except ValueError as error:
        raise ParseError(f"The JSON is broken: {error}.") from error


def text_of(value: object) -> str:
    """A string or a number as text; empty for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _each(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of a list, or the one object that stands in its place."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [text_of(part) for part in value]
    return text_of(value).split(",")


def _item(item: Mapping[str, object], base: str, language: str | None) -> ParsedEntry:
    words = text_of(item.get("content_text"))
    paragraphs = "".join(f"<p>{escaped(part)}</p>" for part in words.split("\n\n") if part.strip())
    people = [*_each(item.get("authors")), *_each(item.get("author"))]
    found = Found(
        base,
        ids=[text_of(item.get("id")), text_of(item.get("guid"))],
        links=[text_of(item.get("url")), text_of(item.get("external_url"))],
        titles=[escaped(text_of(item.get("title")))],
        summaries=[escaped(text_of(item.get("summary"))), escaped(words)],
        contents=[text_of(item.get("content_html")), paragraphs],
        authors=[text_of(person.get("name")) for person in people],
        published=[text_of(item.get("date_published"))],
        updated=[text_of(item.get("date_modified"))],
        language=text_of(item.get("language")) or None,
        categories=_words(item.get("tags")),
        images=[text_of(item.get("image")), text_of(item.get("banner_image"))],
        enclosures=[
            (text_of(file.get("url")), text_of(file.get("mime_type")),
             text_of(file.get("size_in_bytes")))
            for file in _each(item.get("attachments"))
        ],
    )  # fmt: skip
    if not any(found.links) and found.ids[0].startswith(("http://", "https://")):
        found.links.append(found.ids[0])
    return entry(found, language=language)


def read(text: str, url: str) -> ParsedFeed:
    """The feed of a JSON text; raises ParseError where it is no JSON Feed."""
    feed = load(text)
    if isinstance(feed, list):
        feed = {"items": feed}
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ParseError("This JSON is no feed: it has no list of items.")
    items = [item for item in feed["items"] if isinstance(item, dict)]
    language = language_tag(text_of(feed.get("language")))
    base = first_url([text_of(feed.get("feed_url"))], url) or url
    home = first_url([text_of(feed.get("home_page_url"))], base)
    hubs = [hub for hub in _each(feed.get("hubs")) if text_of(hub.get("type")).lower() == "websub"]
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
