"""Radar (radar.squat.net), a shared agenda: iCalendar, and the events of its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, is_host
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, instant, text_of
from aggregator.parse.webpage import WebPage

_API = "https://radar.squat.net/api/1.2/search/events.json?facets[{name}][]={value}"
_GROUP = re.compile(r"/node/(\d+)|\"?nid\"?\s*[:=]\s*\"?(\d+)")
_CITY = re.compile(r"/events/city/([\w%.-]+)", re.IGNORECASE)


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "radar.squat.net")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    city, group = _CITY.search(page.url), _GROUP.search(page.url) or _GROUP.search(page.text)
    if city:
        yield Endpoint(_API.format(name="city", value=city.group(1)), API)
    elif group:
        yield Endpoint(_API.format(name="group", value=group.group(1) or group.group(2)), API)


def _event(event: JsonObject, time: JsonObject, url: str) -> ParsedEntry:
    page = text_of(event.get("url"))
    starts = text_of(time.get("time_start"))
    places = [text_of(place.get("title")) for place in each(event.get("offline"))]
    return entry(
        Found(
            url,
            ids=[f"{text_of(event.get('uuid')) or page}#{starts}"],
            links=[page],
            titles=[text_of(event.get("title"))],
            contents=[text_of(below(event, "body", "value")) or text_of(event.get("body"))],
            published=[instant(_seconds(event.get("created")))],
            updated=[instant(_seconds(event.get("updated")))],
            categories=[text_of(one.get("name")) for one in each(event.get("category"))],
            starts=[starts],
            ends=[text_of(time.get("time_end"))],
            places=[next((place for place in places if place), "")],
        )
    )


def _seconds(value: object) -> object:
    """Radar writes seconds as text."""
    text = text_of(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else value


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    events = [event for event in each(below(value, "result")) if "date_time" in event]
    if not events:
        return None
    made = [_event(event, time, url) for event in events for time in each(event["date_time"])]
    return ParsedFeed(distinct(made), format="radar")


CONNECTOR = Connector("radar", recognises, endpoints, read, is_agenda=True)
