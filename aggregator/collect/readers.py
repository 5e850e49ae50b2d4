"""The bytes of one answer as a feed, whatever kind of place they come from.

Knows no source and no database; raises only ParseError.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.errors import ParseError
from aggregator.parse import charset, feeds, values
from aggregator.parse.connecting import all_connectors
from aggregator.parse.entries import ParsedFeed


def read_feed(
    body: bytes, url: str, content_type: str | None = None, *, now: datetime
) -> ParsedFeed:
    """The feed in `body`: RSS, Atom, JSON Feed, or what a platform's API answers.

    Recurring events are told from `now` on. Raises ParseError when it is none of these.
    """
    start = body[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] not in {b"{", b"["}:
        return feeds.parse(body, url, content_type)
    try:
        return feeds.parse(body, url, content_type)
    except ParseError:
        value = values.load(charset.decode(body, content_type))
        for connector in all_connectors():
            feed = connector.read(value, url, now) if connector.read else None
            if feed is not None:
                return feed
        raise
