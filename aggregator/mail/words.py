"""Rhythms and periods in words, French and English. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_day_names

from aggregator.mail import dates
from aggregator.mail.schedule import Rhythm


def rhythm(every: Rhythm, language: str) -> str:
    """When a digest leaves.

    >>> rhythm(Rhythm("weekly", dates.PARIS, 7, weekday=4), "fr")
    'chaque vendredi à 7 h'
    >>> rhythm(Rhythm("monthly", dates.PARIS, 18, day=1), "en")
    'on day 1 of each month at 18:00'
    """
    english = language.startswith("en")
    hour = f"{every.hour:02}:00" if english else f"{every.hour} h"
    if every.name == "weekly":
        names = get_day_names("wide", locale="en_GB" if english else "fr_FR")
        day = names[every.weekday]
        return f"every {day} at {hour}" if english else f"chaque {day} à {hour}"
    if every.name == "monthly":
        first = "1er" if every.day == 1 else str(every.day)
        return (
            f"on day {every.day} of each month at {hour}"
            if english
            else f"le {first} de chaque mois à {hour}"
        )
    return f"every day at {hour}" if english else f"chaque jour à {hour}"


def what_is_sent(every: Rhythm | None, language: str) -> str:
    """What a subscription brings, as a confirmation asks it; None means an alert.

    >>> what_is_sent(None, "fr")
    'une alerte dès qu’une nouvelle paraît'
    """
    english = language.startswith("en")
    if every is None:
        return (
            "an alert as soon as something is published"
            if english
            else "une alerte dès qu’une nouvelle paraît"
        )
    return f"{'a letter' if english else 'une lettre'} {rhythm(every, language)}"


def period(since: datetime, until: datetime, zone: ZoneInfo, language: str) -> str:
    """The time that a digest looks back on, as a sentence."""
    first = dates.day(since.astimezone(zone), language)
    last = dates.day(until.astimezone(zone), language)
    if language.startswith("en"):
        return f"What the groups published from {first} to {last}."
    return f"Ce que les groupes ont publié du {first} au {last}."
