"""How the bytes of one source become a feed: by what the source is. Knows no database query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aggregator.collect.wire import Response
from aggregator.parse import feeds
from aggregator.parse.entries import ParsedFeed
from aggregator.store.tables import Source


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed, and what a watched page looked like when it was read."""

    feed: ParsedFeed
    sample: dict[str, Any] = field(default_factory=dict)


def read(source: Source, answer: Response) -> Reading:
    """The feed in an answer; raises ParseError when there is none."""
    return Reading(feeds.parse(answer.body, answer.url, answer.content_type))
