"""iCalendar (RFC 5545, with the names of RFC 7986) of a publication's events. Knows no request."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from aggregator.publish import publication as of
from aggregator.publish.text import line

if TYPE_CHECKING:
    from aggregator.publish.publication import Publication
    from aggregator.publish.rights import Shown
    from aggregator.store.tables import Entry

MEDIA_TYPE = "text/calendar; charset=utf-8"

_HERE = ZoneInfo("Europe/Paris")
_DAY = timedelta(days=1)


def write(publication: Publication) -> bytes:
    """The calendar in UTF-8: one VEVENT per entry that has a start; others are left out."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{of.NAME}//Agenda//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    title = line(publication.title)
    calendar.add("name", title)
    calendar.add("x-wr-calname", title)
    calendar.add("x-wr-timezone", "Europe/Paris")
    if publication.subtitle:
        calendar.add("description", line(publication.subtitle))
    calendar.add("url", publication.page_url)
    calendar.add("source", publication.self_url, parameters={"VALUE": "URI"})
    calendar.add("refresh-interval", timedelta(hours=4), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    for entry, shown in publication.shown():
        if entry.starts_at is not None:
            calendar.add_component(_event(entry, shown, entry.starts_at, publication))
    text: bytes = calendar.to_ical()
    return text


def days(starts_at: datetime, ends_at: datetime | None) -> tuple[date, date] | None:
    """First day and the day after the last of an event told in whole days, else None.

    Whole days are those that begin and end at midnight in Paris; an event without an end that
    begins at midnight lasts that day.
    """
    start = starts_at.astimezone(_HERE)
    end = (
        ends_at.astimezone(_HERE)
        if ends_at
        else datetime.combine(start.date() + _DAY, time(), _HERE)
    )
    if start.time() != time() or end.time() != time() or end <= start:
        return None
    return start.date(), end.date()


def _event(entry: Entry, shown: Shown, starts_at: datetime, publication: Publication) -> Event:
    event = Event()
    event.add("uid", of.identity(entry))
    event.add("dtstamp", entry.first_seen_at.astimezone(UTC))
    event.add("last-modified", of.changed(entry).astimezone(UTC))
    event.add("summary", shown.title)
    _when(event, starts_at, entry.ends_at)
    if place := line(entry.place or ""):
        event.add("location", place)
    source = f"{line(entry.source.group.name)} — {of.link(entry, publication.base_url)}"
    event.add("description", f"{shown.excerpt}\n\n{source}".strip())
    event.add("url", of.link(entry, publication.base_url))
    labels = [tag.label for tag in of.categories(entry, publication.base_url) if tag.scheme]
    if labels:
        event.add("categories", [vText(label) for label in labels])
    return event


def _when(event: Event, starts_at: datetime, ends_at: datetime | None) -> None:
    whole = days(starts_at, ends_at)
    if whole is not None:
        event.add("dtstart", whole[0])
        event.add("dtend", whole[1])
        return
    event.add("dtstart", starts_at.astimezone(UTC))
    if ends_at is not None and ends_at > starts_at:
        event.add("dtend", ends_at.astimezone(UTC))
