"""When a feed asks to be visited: `ttl`, `sy:updatePeriod`, `skipHours`, `skipDays`, durations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree

from aggregator.parse.names import short
from aggregator.parse.trees import inner

_LONGEST: Final = 7 * 24 * 60
_PERIODS: Final = {
    "hourly": 60,
    "daily": 24 * 60,
    "weekly": 7 * 24 * 60,
    "monthly": 30 * 24 * 60,
    "yearly": 365 * 24 * 60,
}
_DURATION: Final = re.compile(
    r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d+S)?)?"
)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def visit_interval(texts: Mapping[str, Sequence[str]]) -> int | None:
    """Minutes between visits, 1 to 10,080 (a week); None when the feed asks for nothing."""
    for text in texts.get("ttl", ()):
        minutes = _number(text)
        if minutes:
            return min(minutes, _LONGEST)
    for period in texts.get("sy:updateperiod", ()):
        base = _PERIODS.get(period.strip().lower())
        if base:
            often = next((_number(text) for text in texts.get("sy:updatefrequency", ())), None)
            return max(1, min(base // (often or 1), _LONGEST))
    return None


def skip_hours(channel: etree._Element) -> frozenset[int]:
    """Hours of the day in UTC; 24 is read as 0; a list of all hours is not believed."""
    hours = {
        number % 24
        for child in channel
        if short(child) == "skiphours"
        for hour in child
        if (number := _number(inner(hour))) is not None and number <= 24
    }
    return frozenset(hours) if len(hours) < 24 else frozenset()


def skip_days(channel: etree._Element) -> frozenset[int]:
    """Days of the week, Monday 0; a list of all seven is not believed."""
    days = {
        _DAYS.index(name)
        for child in channel
        if short(child) == "skipdays"
        for day in child
        if (name := inner(day).lower()) in _DAYS
    }
    return frozenset(days) if len(days) < 7 else frozenset()


def duration_minutes(text: str) -> int | None:
    """Minutes of an ISO 8601 duration (`X-PUBLISHED-TTL:PT12H`), as `visit_interval` bounds them.

    >>> duration_minutes("P1DT12H")
    2160
    """
    found = _DURATION.fullmatch(text.strip().upper())
    if not found:
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    total = ((weeks * 7 + days) * 24 + hours) * 60 + minutes
    return min(total, _LONGEST) or None
