"""What a platform has to work with, and what it has to say of itself.

Knows no platform in particular, no socket and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.demo.texts import Group
from aggregator.demo.timeline import Post, Timeline
from aggregator.demo.wire import Answer, Asked


@dataclass(frozen=True, slots=True)
class Site:
    """One group's site at one instant, at one address."""

    group: Group
    base: str
    now: datetime
    posts: tuple[Post, ...]
    """Newest first."""
    changed: datetime
    hub: str | None = None
    """The WebSub hub this group uses."""
    proof: str = ""
    """What the person who plays its webmaster put at the foot of the pages."""

    def at(self, path: str) -> str:
        """The absolute address of a path."""
        return self.base + path


def site_for(
    group: Group, timeline: Timeline, asked: Asked, *, hub: str | None = None, proof: str = ""
) -> Site:
    """The site of a group as it stands when asked."""
    return Site(
        group,
        asked.base,
        asked.now,
        timeline.posts(group.slug, asked.now),
        timeline.changed_at(group.slug, asked.now),
        hub,
        proof,
    )


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that a home page announces with `rel=alternate`."""

    path: str
    type: str
    title: str = "Flux des actualités"


@dataclass(frozen=True, slots=True)
class Platform:
    """One way of publishing."""

    respond: Callable[[Site, Asked], Answer | None]
    """Its own paths; None: not one of them."""
    link: Callable[[Post], str]
    """The path of a post's page, with its query."""
    sources: tuple[str, ...]
    """Paths for the inventory."""
    format: str = "auto"
    """As the inventory says it: `auto`, `discover` or `page`."""
    feeds: tuple[Feed, ...] = ()
    generator: str | None = None
    headers: Callable[[Site], Mapping[str, str]] = field(default=lambda _site: {})
    """Sent with every answer."""
    head: Callable[[Site], str] = field(default=lambda _site: "")
    """Further marks in the head of every page."""
    robots: str | None = None
    """Its robots.txt; None: it has none, and answers 404."""
    home: str = "/"
    """Where the group's page is on a platform that many groups share."""
