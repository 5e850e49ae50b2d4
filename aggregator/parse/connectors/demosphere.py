"""Démosphère: the agenda of a city as iCalendar."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import CALENDAR, Connector, Endpoint, at_root, is_host
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "demosphere.net", "demosphere.eu") or "demosphere" in page.generator


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url, CALENDAR) for url in at_root(page, "/events.ics"))


CONNECTOR = Connector("demosphere", recognises, endpoints, is_agenda=True)
