"""Calendars as text (RFC 5545): events with their zone, recurrence and folded lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from aggregator.demo.sites.site import Site
from aggregator.demo.timeline import PARIS, Event, Post
from aggregator.demo.wire import to_text

_ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE""".splitlines()


def calendar(site: Site, producer: str, events: Iterable[list[str]], *, zone: bool = True) -> str:
    """A whole calendar; each event is its lines, not yet folded."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{producer}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(site.group.name)}",
        *(_ZONE if zone else ()),
        *(line for event in events for line in event),
        "END:VCALENDAR",
    ]
    return "".join(folded(line) + "\r\n" for line in lines)


def event_lines(post: Post, event: Event, *, uid: str, url: str, utc: bool = False) -> list[str]:
    """One VEVENT; times in Paris time, or in UTC as servers write that know no zone."""
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_utc(post.updated)}",
        f"CREATED:{_utc(post.published)}",
        f"LAST-MODIFIED:{_utc(post.updated)}",
        f"SUMMARY:{escaped(post.title)}",
        f"DESCRIPTION:{escaped(to_text(post.body))}",
        f"LOCATION:{escaped(event.place)}",
        f"URL:{url}",
    ]
    if utc:
        lines += [f"DTSTART:{_utc(event.starts)}", f"DTEND:{_utc(event.ends)}"]
    else:
        lines += [
            f"DTSTART;TZID=Europe/Paris:{_local(event.starts)}",
            f"DTEND;TZID=Europe/Paris:{_local(event.ends)}",
        ]
    if event.repeats:
        lines.append(f"RRULE:{event.repeats}")
    if post.tags:
        lines.append("CATEGORIES:" + ",".join(escaped(tag) for tag in post.tags))
    return [*lines, "STATUS:CONFIRMED", "END:VEVENT"]


def escaped(text: str) -> str:
    r"""Text as RFC 5545 §3.3.11 wants it.

    >>> print(escaped("salle A ; 1, rue"))
    salle A \; 1\, rue
    """
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\n", "\\n")


def folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never inside a character (RFC 5545 §3.1)."""
    pieces: list[bytes] = []
    piece = b""
    for sign in line:
        octets = sign.encode()
        if len(piece) + len(octets) > (75 if not pieces else 74):
            pieces.append(piece)
            piece = b""
        piece += octets
    return "\r\n ".join(part.decode() for part in (*pieces, piece))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(PARIS):%Y%m%dT%H%M%S}"
