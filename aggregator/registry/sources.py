"""A group's sources: made, and pointed elsewhere. Fetches nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aggregator.store.tables import Group, Source


def new(group: Group, slug: str, url: str, now: datetime) -> Source:
    """A source of the group, due at once."""
    source = Source(
        slug=slug,
        url=url,
        created_at=now,
        next_crawl_at=now,
        listed={},
        edited_fields=[],
        areas=[],
    )
    group.sources.append(source)
    return source


def point_to(source: Source, url: str, now: datetime) -> None:
    """Read the source at another address from now on, and forget what the old one told us."""
    source.url = url
    source.found_url = source.moved_to = source.moved_since = None
    source.etag = source.last_modified = source.body_hash = None
    source.failures = 0
    source.state = "new"
    source.last_reason = None
    source.next_crawl_at = now
    source.claimed_until = None


def read_by(source: Source, selector: str, now: datetime) -> None:
    """Find a watched page's articles by this CSS from the next visit on, which is due at once.

    What the page looked like before is forgotten; an empty selector finds them by structure.
    """
    source.sample = {"selector": selector} if selector else {}
    source.etag = source.last_modified = source.body_hash = None
    source.next_crawl_at = now


def value_of(source: Source, field: str) -> Any:
    """What an amendment may change, as it is now."""
    if field == "paused":
        return source.paused_at is not None
    if field == "selector":
        return (source.sample or {}).get("selector") or ""
    return getattr(source, field)
