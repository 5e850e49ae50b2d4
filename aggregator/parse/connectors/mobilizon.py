"""Mobilizon: Atom and iCalendar per group, and the events of its GraphQL answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import CALENDAR, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, text_of
from aggregator.parse.webpage import WebPage

_GROUP = re.compile(r"https?://[^/]+/(@[\w.-]+)")
_EVENT = re.compile(r"https?://[^/]+/events/([0-9a-f-]{36})")


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("mobilizon") or (
        "mobilizon" in page.head and 'id="app"' in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    group, event = _GROUP.match(page.url), _EVENT.match(page.url)
    if group:
        yield Endpoint(urljoin(page.url, f"/{group.group(1)}/feed/ics"), CALENDAR)
        yield Endpoint(urljoin(page.url, f"/{group.group(1)}/feed/atom"))
    elif event:
        yield Endpoint(urljoin(page.url, f"/events/{event.group(1)}/export/ics"), CALENDAR)
    else:
        calendar, feed = at_root(page, "/feed/instance/ics", "/feed/instance/atom")
        yield Endpoint(calendar, CALENDAR)
        yield Endpoint(feed)


def _place(address: object) -> str:
    parts = [text_of(below(address, name)) for name in ("description", "street", "locality")]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _event(event: JsonObject, url: str) -> ParsedEntry:
    return entry(
        Found(
            url,
            ids=[text_of(event.get("url")), text_of(event.get("uuid"))],
            links=[text_of(event.get("url"))],
            titles=[text_of(event.get("title"))],
            contents=[text_of(event.get("description"))],
            authors=[
                text_of(below(event, "attributedTo", "name")),
                text_of(below(event, "organizerActor", "name")),
            ],
            published=[text_of(event.get("publishAt")), text_of(event.get("insertedAt"))],
            updated=[text_of(event.get("updatedAt"))],
            language=text_of(event.get("language")) or None,
            categories=[text_of(tag.get("title")) for tag in each(event.get("tags"))],
            images=[text_of(below(event, "picture", "url"))],
            starts=[text_of(event.get("beginsOn"))],
            ends=[text_of(event.get("endsOn"))],
            places=[_place(event.get("physicalAddress"))],
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    group = below(value, "data", "group")
    events = below(group, "organizedEvents", "elements")
    if events is None:
        events = below(value, "data", "events", "elements")
    if not isinstance(events, list):
        return None
    return ParsedFeed(
        distinct(_event(event, url) for event in each(events)),
        title=text_of(below(group, "name")),
        format="mobilizon",
    )


CONNECTOR = Connector("mobilizon", recognises, endpoints, read, is_agenda=True)
