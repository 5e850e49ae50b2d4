"""Gancio, a shared agenda: iCalendar, RSS and the events of its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, CALENDAR, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, instant, text_of, words
from aggregator.parse.webpage import WebPage

_PART = re.compile(r"https?://[^/]+/(tag|place|collection)/([^/?#]+)")


def recognises(page: WebPage) -> bool:
    return (
        page.generator.startswith("gancio")
        or "gancio" in page.headers.get("x-powered-by", "").lower()
        or ("gancio" in page.head and "/feed/rss" in page.head)
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    part = _PART.match(page.url)
    if part:
        suffix = f"{part.group(1)}/{part.group(2)}"
        yield Endpoint(urljoin(page.url, f"/feed/ics/{suffix}"), CALENDAR)
        yield Endpoint(urljoin(page.url, f"/feed/rss/{suffix}"))
        return
    calendar, feed, api = at_root(page, "/feed/ics", "/feed/rss", "/api/events")
    yield Endpoint(calendar, CALENDAR)
    yield Endpoint(api, API)
    yield Endpoint(feed)


def _event(event: JsonObject, url: str) -> ParsedEntry:
    place = [text_of(below(event, "place", name)) for name in ("name", "address")]
    slug = text_of(event.get("slug")) or text_of(event.get("id"))
    media = next(each(event.get("media")), {})
    picture = text_of(media.get("url"))
    return entry(
        Found(
            url,
            ids=[urljoin(url, f"/event/{slug}")],
            links=[urljoin(url, f"/event/{slug}")],
            titles=[text_of(event.get("title"))],
            contents=[text_of(event.get("description"))],
            published=[text_of(event.get("createdAt"))],
            updated=[text_of(event.get("updatedAt"))],
            categories=words(event.get("tags") or []),
            images=[urljoin(url, f"/media/{picture}")] if picture else [],
            starts=[instant(event.get("start_datetime"))],
            ends=[instant(event.get("end_datetime"))],
            places=[", ".join(dict.fromkeys(part for part in place if part))],
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    events = list(each(value)) if isinstance(value, list) else []
    if not events or not all("start_datetime" in event and "title" in event for event in events):
        return None
    shown = (event for event in events if event.get("is_visible", True))
    return ParsedFeed(distinct(_event(event, url) for event in shown), format="gancio")


CONNECTOR = Connector("gancio", recognises, endpoints, read, is_agenda=True)
