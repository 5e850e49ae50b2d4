"""Dates as people write them in a search: 2026-01, 15/01/2026, hier, 7j.

Pure: the clock is given.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.search.analysis import fold

PARIS: Final = ZoneInfo("Europe/Paris")
"""A day begins and ends where the news are made."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv january jan",
            "fevrier fevr february feb",
            "mars march mar",
            "avril avr april apr",
            "mai may",
            "juin june jun",
            "juillet juil july jul",
            "aout august aug",
            "septembre sept september sep",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        1,
    )
    for name in names.split()
}
_DAYS: Final = {
    "aujourd'hui": 0,
    "aujourdhui": 0,
    "today": 0,
    "hier": 1,
    "yesterday": 1,
    "avant-hier": 2,
    "avanthier": 2,
}
_AGO: Final = re.compile(
    r"^(\d{1,4})(j|jour|jours|d|day|days|sem|semaine|semaines|w|week|weeks|m|mois|month|months"
    r"|a|an|ans|y|year|years)$"
)
_UNITS: Final = {"j": 1, "d": 1, "s": 7, "w": 7, "m": 30, "a": 365, "y": 365}
_WRITTEN: Final = re.compile(r"^(?:(\d{1,2})(?:er)?[-_/. ]?)?([a-z]+)[-_/. ]?(\d{4})?$")


def period(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The first instant of the period that the text names and the first one after it, in UTC.

    None when the text names none. `7j` is the last seven days, up to now.

    >>> start, end = period("2026-01", datetime(2026, 11, 24, tzinfo=UTC))
    >>> start.isoformat(), end.isoformat()
    ('2025-12-31T23:00:00+00:00', '2026-01-31T23:00:00+00:00')
    """
    word = fold(text.strip())[:40]
    ago = _AGO.match(word)
    if ago:
        days = int(ago.group(1)) * _UNITS[ago.group(2)[0]]
        return now - timedelta(days=min(days, 36_500)), now
    try:
        days_meant = _days(word, now.astimezone(PARIS).date())
        return None if days_meant is None else (_midnight(days_meant[0]), _midnight(days_meant[1]))
    except (ValueError, OverflowError):
        # The 31st of February, the year 0.
        return None


def bounds(name: str, text: str, now: datetime) -> tuple[datetime | None, datetime | None] | None:
    """What a field of dates leaves: the first instant and the first one after; None where open.

    `name` is `since` or `until`, which include the period named, `after` or `before`, which do
    not, or `on`. An age is the instant so long ago: `3mois` ends what is `until` it. None when the
    text names no period.

    >>> then = datetime(2026, 11, 24, tzinfo=UTC)
    >>> bounds("until", "7j", then) == bounds("before", "7j", then) == (None, then.replace(day=17))
    True
    """
    found = period(text, now)
    if found is None:
        return None
    first, end = found
    ago = first if _AGO.match(fold(text.strip())) else None
    return {
        "since": (first, None),
        "after": (ago or end, None),
        "until": (None, ago or end),
        "before": (None, first),
    }.get(name, found)


def _days(word: str, today: date) -> tuple[date, date] | None:
    if word in _DAYS:
        day = today - timedelta(days=_DAYS[word])
        return day, day + timedelta(days=1)
    numbers = [int(number) for number in re.findall(r"\d+", word)]
    if re.fullmatch(r"\d{4}", word):
        return date(numbers[0], 1, 1), date(numbers[0] + 1, 1, 1)
    if re.fullmatch(r"\d{4}[-/.]\d{1,2}", word):
        return _month(numbers[0], numbers[1])
    if re.fullmatch(r"\d{1,2}[-/.]\d{4}", word):
        return _month(numbers[1], numbers[0])
    if re.fullmatch(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(t[\d:z.+-]*)?", word):
        return _day(date(*numbers[:3]))
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", word):
        return _day(date(numbers[2], numbers[1], numbers[0]))
    return _written(word, today)


def _written(word: str, today: date) -> tuple[date, date] | None:
    """`janvier` is the last January that has begun; `15 janvier 2026` is a day."""
    written = _WRITTEN.match(word)
    if written is None or written.group(2) not in _MONTHS:
        return None
    month = _MONTHS[written.group(2)]
    year = int(written.group(3) or (today.year if month <= today.month else today.year - 1))
    return (
        _day(date(year, month, int(written.group(1)))) if written.group(1) else _month(year, month)
    )


def _day(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)
