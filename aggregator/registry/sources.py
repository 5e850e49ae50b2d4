"""A group's sources: made, and pointed elsewhere. Fetches nothing."""

from __future__ import annotations

from datetime import datetime

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
