"""Days and hours in words, in French and English, in the reader's own time zone. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date

PARIS = ZoneInfo("Europe/Paris")


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; Paris for one that does not exist.

    >>> zone("Mars/Olympus").key
    'Europe/Paris'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return PARIS


def day(when: date, language: str, *, year: bool = False) -> str:
    """A day in words.

    >>> day(date(2026, 12, 1), "fr"), day(date(2026, 12, 1), "en", year=True)
    ('mardi 1er décembre', 'Tuesday 1 December 2026')
    """
    english = language.startswith("en")
    pattern = "EEEE d MMMM y" if year else "EEEE d MMMM"
    text = format_date(when, pattern, locale="en_GB" if english else "fr_FR")
    return text if english or when.day != 1 else text.replace(" 1 ", " 1er ", 1)


def hour(when: datetime, language: str) -> str:
    """The time of day of a local instant.

    >>> hour(datetime.fromisoformat("2026-01-01T14:05"), "fr")
    '14 h 05'
    """
    if language.startswith("en"):
        return f"{when:%H:%M}"
    return f"{when.hour} h {when.minute:02}" if when.minute else f"{when.hour} h"
