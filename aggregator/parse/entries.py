"""The two shapes that leave this room: an entry and a feed, as the wire gave them.

Pure values: they know no source, no database and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that comes with an entry (RSS 2.0 `enclosure`, Atom `link rel=enclosure`)."""

    url: str
    """Absolute, http or https."""
    type: str | None = None
    """Media type as declared, lower case."""
    length: int | None = None
    """Bytes as declared; None when absent or absurd."""


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One news item as its source wrote it, made safe and regular."""

    uid: str
    """Identity within the source: `atom:id`, `guid`, else the canonical URL; never empty, never
    twice in one feed."""
    url: str | None
    """The page to read, absolute http(s), without tracking parameters; the recording
    of an episode that has no page; None when there is neither."""
    title: str
    """Plain text on one line; the first words of the text when the source gives no title."""
    summary: str = ""
    """Plain text, the source's own summary; empty when there is none."""
    content: str = ""
    """Safe HTML (through `clean.safe_html`); empty when there is none."""
    author: str | None = None
    published: datetime | None = None
    """UTC; None when the source gives none. May lie in the future: ingest clamps it."""
    updated: datetime | None = None
    language: str | None = None
    """BCP 47 as declared on the entry or the feed."""
    categories: tuple[str, ...] = ()
    """In the source's own words and order."""
    image: str | None = None
    """Absolute http(s) URL of the lead picture, if the entry names one."""
    enclosures: tuple[Enclosure, ...] = ()
    starts_at: datetime | None = None
    """UTC; set when the entry is an event."""
    ends_at: datetime | None = None
    place: str | None = None
    """Where an event is held, in the source's words."""
    type: str = "article"
    """`article`, `event`, `discussion`, `video`, `audio`, `dataset` or `page`."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed: what it says of itself, and its entries in document order."""

    entries: tuple[ParsedEntry, ...]
    title: str = ""
    description: str = ""
    home: str | None = None
    """The web page the feed belongs to, absolute."""
    language: str | None = None
    format: str = ""
    """`rss20`, `atom10`, `json11`, `ical`, …"""
    image: str | None = None
    hub: str | None = None
    """WebSub hub (`rel=hub`), absolute."""
    self_url: str | None = None
    """WebSub topic (`rel=self`), absolute."""
    ttl: int | None = None
    """Minutes between visits the source asks for (RSS `ttl`, `sy:updatePeriod`)."""
    skip_hours: frozenset[int] = frozenset()
    """Hours of the day (UTC, 0–23) not to visit (RSS `skipHours`)."""
    skip_days: frozenset[int] = frozenset()
    """Days not to visit (Monday 0; RSS `skipDays`)."""
    moved_to: str | None = None
    """The new address the feed itself announces (`itunes:new-feed-url`, `newLocation`)."""
    deleted: tuple[str, ...] = ()
    """Uids of entries that the source says are gone (RFC 6721 `at:deleted-entry`)."""
    problems: tuple[str, ...] = ()
    """What had to be repaired, as sentences for the source's owner."""
