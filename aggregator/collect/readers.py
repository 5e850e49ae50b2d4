"""The bytes of one answer as a feed, whatever kind of place they come from.

Knows no source and no database; raises only ParseError.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.collect.wire import Response
from aggregator.errors import ParseError
from aggregator.parse import documents
from aggregator.parse.entries import ParsedFeed


def read_feed(answer: Response, *, now: datetime) -> ParsedFeed:
    """The feed in an answer: RSS, Atom, JSON Feed, a calendar, a news sitemap, a platform's JSON.

    Recurring events are told from `now` on. Raises ParseError when it is none of these; an
    ordinary web page is none, though it may announce an event.
    """
    if documents.kind_of(answer.body, answer.content_type) == documents.PAGE:
        raise ParseError("The answer is a web page, not a feed.")
    return documents.parse(
        answer.body, answer.url, answer.content_type, now=now, headers=answer.headers
    )
