"""Communecter: news, events and projects of an organisation, from its open API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, is_host
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, instant, text_of, words
from aggregator.parse.webpage import WebPage

_SLUG = re.compile(r"[#/]@([\w.-]+)|/costum/co/index/slug/([\w.-]+)")


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "communecter.org") or "communecter" in page.generator


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    slug = _SLUG.search(page.url)
    if slug:
        name = slug.group(1) or slug.group(2)
        yield Endpoint(urljoin(page.url, f"/api/news/get/key/{name}/format/rss"))
        yield Endpoint(urljoin(page.url, f"/api/event/get/key/{name}"), API)


def _date(value: object) -> str:
    """A date, also as MongoDB writes it (`{"sec": …}`)."""
    return instant(below(value, "sec")) if isinstance(value, dict) else instant(value)


def _entity(item: JsonObject, url: str) -> ParsedEntry:
    links = item.get("url")
    page = (
        text_of(below(links, "communecter")) or text_of(below(links, "website")) or text_of(links)
    )
    place = [text_of(below(item, "address", name)) for name in ("streetAddress", "addressLocality")]
    slug = text_of(item.get("slug"))
    return entry(
        Found(
            url,
            ids=[text_of(item.get("@id")), text_of(item.get("id")), text_of(item.get("_id"))],
            links=[page, urljoin(url, f"/#@{slug}") if slug else ""],
            titles=[escaped(text_of(item.get("name")))],
            summaries=[escaped(text_of(item.get("shortDescription")) or text_of(item.get("text")))],
            contents=[text_of(item.get("description"))],
            published=[_date(item.get("created")), _date(item.get("createdAt"))],
            updated=[_date(item.get("updated")), _date(item.get("modified"))],
            categories=words(item.get("tags") or []),
            images=[text_of(item.get("image"))],
            starts=[_date(item.get("startDate"))],
            ends=[_date(item.get("endDate"))],
            places=[", ".join(dict.fromkeys(part for part in place if part))],
        ),
        language="fr",
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    entities = below(value, "entities")
    if not isinstance(entities, (dict, list)):
        return None
    items = [item for item in each(entities) if "name" in item or "text" in item]
    return ParsedFeed(
        distinct(_entity(item, url) for item in items), language="fr", format="communecter"
    )


CONNECTOR = Connector("communecter", recognises, endpoints, read)
