"""OpenAgenda: the events of an agenda (`events.v2.json`), also where a site only embeds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, CALENDAR, Connector, Endpoint, is_host
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, in_french, text_of
from aggregator.parse.webpage import WebPage

_AGENDA = re.compile(r"openagenda\.com/(?:[a-z]{2}/)?agendas/(\d{3,12})")
_NUMBER = re.compile(r'(?:data-agenda-uid="|"agenda(?:Uid|UID)":\s*"?|"agenda":\{"uid":)(\d{3,12})')
_COMING: Final = "relative[]=current&relative[]=upcoming"
_MOST_TIMES: Final = 60


def _agenda(page: WebPage) -> str | None:
    found = _AGENDA.search(page.url) or _AGENDA.search(page.text)
    if found is None and is_host(page.url, "openagenda.com"):
        found = _NUMBER.search(page.text)
    return found.group(1) if found else None


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "openagenda.com")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    number = _agenda(page)
    if number:
        start = f"https://openagenda.com/agendas/{number}/events.v2"
        yield Endpoint(f"{start}.json?{_COMING}&size=100&monolingual=fr", API)
        yield Endpoint(f"{start}.ics?{_COMING}", CALENDAR)


def embedded(page: WebPage) -> Iterator[Endpoint]:
    """The agenda that a town's or a group's own page shows in a frame."""
    if not recognises(page):
        yield from endpoints(page)


def _image(image: object) -> str:
    if isinstance(image, dict):
        base, name = text_of(image.get("base")), text_of(image.get("filename"))
        return base + name if base and name else ""
    return text_of(image)


def _link(event: JsonObject, url: str) -> str:
    agenda = _AGENDA.search(url)
    number = agenda.group(1) if agenda else text_of(below(event, "originAgenda", "uid"))
    slug = text_of(event.get("slug"))
    known = text_of(event.get("canonicalUrl"))
    return known or (f"https://openagenda.com/agendas/{number}/events/{slug}" if number else "")


def _times(event: JsonObject, now: datetime) -> list[tuple[str, str]]:
    """Beginnings and ends from yesterday on, at most 60; the last one when all are over."""
    alone = (event.get("nextTiming"), event.get("firstTiming"), event.get("lastTiming"))
    listed = event.get("timings")
    times = [
        (text_of(below(time, "begin")), text_of(below(time, "end")))
        for time in (listed if isinstance(listed, list) and listed else alone)
        if text_of(below(time, "begin"))
    ]
    if not isinstance(listed, list) or not listed:
        return times[:1]
    yesterday = (now - timedelta(days=1)).isoformat()
    return [time for time in times if (time[1] or time[0]) >= yesterday][:_MOST_TIMES] or times[-1:]


def _entry(event: JsonObject, time: tuple[str, str], number: int, url: str) -> ParsedEntry:
    uid = text_of(event.get("uid")) or text_of(event.get("slug"))
    location = event.get("location")
    place = [text_of(below(location, name)) for name in ("name", "address", "city")]
    keywords = event.get("keywords")
    words = below(keywords, "fr") if isinstance(keywords, dict) else keywords
    return entry(
        Found(
            url,
            ids=[f"openagenda:{uid}" + (f":{time[0]}" if number else "")],
            links=[_link(event, url)],
            titles=[in_french(event.get("title"))],
            summaries=[in_french(event.get("description"))],
            contents=[in_french(event.get("html")), in_french(event.get("longDescription"))],
            authors=[text_of(below(event, "originAgenda", "title"))],
            published=[text_of(event.get("createdAt"))],
            updated=[text_of(event.get("updatedAt"))],
            categories=[text_of(word) for word in words] if isinstance(words, list) else [],
            images=[_image(event.get("image"))],
            starts=[time[0]],
            ends=[time[1]],
            places=[", ".join(dict.fromkeys(part for part in place if part))],
        ),
        language="fr",
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    events = below(value, "events")
    if not isinstance(events, list) or not any(
        {"firstTiming", "timings", "nextTiming", "originAgenda"} & set(event)
        for event in each(events)
    ):
        return None
    entries = [
        _entry(event, time, number, url)
        for event in each(events)
        for number, time in enumerate(_times(event, now) or [("", "")])
    ]
    return ParsedFeed(distinct(entries), language="fr", format="openagenda")


CONNECTOR = Connector("openagenda", recognises, endpoints, read, is_agenda=True, embedded=embedded)
