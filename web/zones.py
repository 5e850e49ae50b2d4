"""Time zones as people know them: by a city, in the page's language."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location

from aggregator.understand.words import fold


@lru_cache(maxsize=4)
def zones(language: str) -> tuple[tuple[str, str], ...]:
    """Name and city of every zone where people live, in the order of the alphabet."""
    known = available_timezones() & set(get_global("zone_territories"))
    named = (
        (zone, str(get_timezone_location(zone, locale=language, return_city=True)))
        for zone in known
    )
    return tuple(sorted(named, key=lambda pair: fold(pair[1])))


def zones_with(zone: str, language: str) -> tuple[tuple[str, str], ...]:
    """The same, and one that may not be among them: a form must not lose it."""
    usual = zones(language)
    return usual if zone in dict(usual) else ((zone, zone), *usual)
