"""Agenda du Libre: events as iCalendar and RSS."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import CALENDAR, Connector, Endpoint, at_root, is_host
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "agendadulibre.org")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    calendar, feed = at_root(page, "/events.ics", "/events.rss")
    yield Endpoint(calendar, CALENDAR)
    yield Endpoint(feed)


CONNECTOR = Connector("agendadulibre", recognises, endpoints, is_agenda=True)
