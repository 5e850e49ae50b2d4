"""French typography and dates in words. Pure: the moment and the language come as arguments."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta

PARIS = ZoneInfo("Europe/Paris")
"""The clock on the wall of everyone who reads."""

_BEFORE = re.compile(r"[ \u00a0](?=[;!?»]|%(?!\())")
_BEFORE_COLON = re.compile(r" (?=:(?!\S))")
_AFTER = re.compile(r"(?<=«)[ \u00a0]")


@lru_cache(maxsize=4096)
def spaced(text: str) -> str:
    """The same French text with its spaces made unbreakable where a line must not end.

    Only spaces that are there change; none is added, so quotations stay as they were written.

    >>> spaced("Où vivre ? « Ici » : déjà !").replace(chr(0x202f), "_").replace(chr(0xa0), "~")
    'Où vivre_? «_Ici_»~: déjà_!'
    """
    text = _BEFORE.sub("\u202f", text)
    text = _AFTER.sub("\u202f", text)
    return _BEFORE_COLON.sub("\u00a0", text)


# Code is copied as it is; nh3 writes every attribute between double quotes.
_PIECE = re.compile(r"<(pre|code)\b.*?</\1>|<(?:[^>\"]|\"[^\"]*\")*>|[^<]+", re.DOTALL)


def spaced_html(html: str) -> str:
    """The same for the words of safe HTML; what stands between `<` and `>`, and code, stays.

    >>> spaced_html('<p title="a ;"><em>Où</em> ?</p><pre>a ;</pre>').replace(chr(0x202f), "_")
    '<p title="a ;"><em>Où</em>_?</p><pre>a ;</pre>'
    """
    return _PIECE.sub(lambda piece: piece[0] if piece[0][0] == "<" else spaced(piece[0]), html)


def local(moment: datetime) -> datetime:
    """The same instant on the clock of Paris."""
    return moment.astimezone(PARIS)


def day_of(moment: datetime) -> date:
    """The day in Paris."""
    return local(moment).date()


def day(value: date, language: str, *, today: date | None = None) -> str:
    """A day in words; with the year unless `today` lies in the same one.

    >>> day(date(2026, 11, 24), "fr")
    'mardi 24 novembre 2026'
    >>> day(date(2026, 11, 1), "fr", today=date(2026, 12, 3))
    'dimanche 1er novembre'
    """
    if language == "fr":
        pattern = "EEEE d MMMM" if today and value.year == today.year else "EEEE d MMMM y"
        words = format_date(value, pattern, locale="fr")
        return words.replace(" 1 ", " 1er ") if value.day == 1 else words
    pattern = "EEEE d MMMM" if today and value.year == today.year else "EEEE d MMMM y"
    return format_date(value, pattern, locale=language)


def short_day(value: date, language: str) -> str:
    """A day in few words: `mar. 24 nov.`."""
    return format_date(value, "EEE d MMM", locale=language)


def month(value: date, language: str) -> str:
    """A month in words: `novembre 2026`."""
    return format_date(value, "MMMM y", locale=language)


def hour(moment: datetime, language: str) -> str:
    """The time of day as it is spoken: `14 h 30`, `9 h`; elsewhere `14:30`."""
    there = local(moment)
    if language != "fr":
        return format_time(there, "HH:mm", locale=language)
    minutes = f"\u202f{there.minute:02}" if there.minute else ""
    return f"{there.hour}\u202fh{minutes}"


def exact(moment: datetime, language: str) -> str:
    """Day and time in full, for those who need to know exactly."""
    link = " à " if language == "fr" else ", "
    return f"{day(day_of(moment), language)}{link}{hour(moment, language)}"


def ago(moment: datetime, language: str, *, now: datetime) -> str:
    """How long since, in words, up to a day; then the day.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 11, 24, 6, tzinfo=UTC), "fr", now=datetime(2026, 11, 24, 9, tzinfo=UTC))
    'il y a 3 heures'
    """
    since = now - moment
    if timedelta(0) <= since < timedelta(minutes=1):
        return "à l’instant" if language == "fr" else "just now"
    if timedelta(0) <= since < timedelta(hours=22):
        return format_timedelta(-since, locale=language, add_direction=True, threshold=0.95)
    return day(day_of(moment), language, today=day_of(now))


def duration(seconds: float, language: str) -> str:
    """A span of time in words: `3 minutes`, `2 heures`."""
    return format_timedelta(timedelta(seconds=seconds), locale=language, threshold=1.2)


RIGHT_TO_LEFT = frozenset({"ar", "arc", "dv", "fa", "ha", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
"""Languages written from right to left (CLDR), by their first subtag."""


def direction(language: str) -> str:
    """`rtl` or `ltr`, by a language tag; a script subtag decides where there is one.

    >>> direction("ar-MA"), direction("fr"), direction("ar-Latn")
    ('rtl', 'ltr', 'ltr')
    """
    first, *rest = language.lower().split("-")
    scripts = [part for part in rest if len(part) == 4]
    if scripts:
        return "rtl" if scripts[0] in {"arab", "hebr", "syrc", "thaa"} else "ltr"
    return "rtl" if first in RIGHT_TO_LEFT else "ltr"
