"""Dates as feeds and pages write them, to UTC. Knows no clock: nothing is clamped to today.

RFC 822 and ISO 8601 take the quick way; month names of a dozen languages, numbers day first,
`04:42 PM`, `GMT+9` and `à 18h30` the slow one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PARIS: Final = ZoneInfo("Europe/Paris")
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2037
"""A year outside is a mistake of the source: the entry then has no date. 2038 is where clocks of
32 bits end, and what software writes for "never"."""

# English, French, Spanish, Italian, Portuguese, German, Dutch, Polish, Czech, Romanian, Catalan,
# Scandinavian, Finnish, Turkish, Russian; without accents. "mar" may also be a Tuesday.
_MONTH_NAMES: Final = (
    """jan january janv janvier ene enero gen gennaio janeiro januar januari jaen styczen
    stycznia sty leden ledna ianuarie gener tammikuu tammikuuta ocak января янв январь""",
    """feb february fev fevr fevrier febrero febbraio fevereiro februar februari luty lutego lut
    unor unora februarie febrer helmikuu helmikuuta subat февраля фев февраль""",
    """mar march mars marzo marco marz mrz maart mrt maerz marzec marca brezen brezna martie marc
    marts maaliskuu maaliskuuta mart марта мар март""",
    """apr april avr avril abr abril aprile kwiecien kwietnia kwi duben dubna aprilie huhtikuu
    huhtikuuta nisan апреля апр апрель""",
    """may mai mayo mag maggio maio mei maj maja kveten kvetna maig toukokuu toukokuuta mayis мая
    маи""",
    """jun june juin junio giu giugno junho juni czerwiec czerwca cze cerven cervna iunie juny
    kesakuu kesakuuta haziran июня июн июнь""",
    """jul july juil juillet julio lug luglio julho juli lipiec lipca lip cervenec cervence iulie
    juliol heinakuu heinakuuta temmuz июля июл июль""",
    """aug august aou aout ago agosto augustus augusti sierpien sierpnia sie srpen srpna agost
    elokuu elokuuta agustos августа авг август""",
    """sep sept september septembre set setembro settembre septiembre wrzesien wrzesnia wrz zari
    septembrie setembre syyskuu syyskuuta eylul сентября сен сент сентябрь""",
    """oct october octobre octubre ott ottobre out outubro okt oktober pazdziernik pazdziernika
    paz rijen rijna octombrie lokakuu lokakuuta ekim октября окт октябрь""",
    """nov november novembre noviembre novembro listopad listopada lis listopadu noiembrie
    marraskuu marraskuuta kasim ноября ноя ноябрь""",
    """dec december decembre dic diciembre dicembre dez dezembro dezember des desember desembre
    grudzien grudnia gru prosinec prosince decembrie joulukuu joulukuuta aralik декабря дек
    декабрь""",
)
_MONTHS: Final = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_FRENCH_WORDS: Final = """
janv janvier fevr fevrier avr avril mai juin juil juillet aout septembre octobre novembre decembre
lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim
"""
_FRENCH: Final = frozenset(_FRENCH_WORDS.split())
_ZONES: Final = {
    "utc": 0, "gmt": 0, "ut": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "ist": 5.5, "cet": 1,
    "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "eest": 3, "msk": 3,
    "est": -5, "edt": -4,
    "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8,
    "hst": -10, "ast": -4, "adt": -3, "nst": -3.5, "brt": -3, "jst": 9, "kst": 9, "aest": 10,
    "aedt": 11, "nzst": 12, "nzdt": 13, "sgt": 8, "hkt": 8,
}  # fmt: skip
_RFC822: Final = re.compile(
    r"\s*(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3,9})\s+(\d{4})\s+"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*((?![AaPp][Mm]\b)[A-Za-z]{1,4}|[+-]\d{4})\s*\Z"
)
_ISO: Final = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d*)?)?)?"
    r"\s*([Zz]|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*\Z"
)
_ISO_SHORT: Final = re.compile(
    r"\s*(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?(?:[Tt](\d{2}):?(\d{2})(?::?(\d{2}))?)?([Zz])?\s*\Z"
)
_ISO_ODD: Final = re.compile(r"\s*(\d{4})-(?:W(\d{2})(?:-?(\d))?|(\d{3}))\s*\Z")
_TIME: Final = re.compile(
    r"(?<!\d)(\d{1,2})\s*[:h時시]\s*(\d{1,2})?(?::(\d{1,2}))?(?:[.,]\d+)?(?:\s*([ap])\.?\s*m\b\.?)?",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,4})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{2,4})(?!\d)")
_OFFSET: Final = re.compile(
    r"(?:\b(?:gmt|utc)\s*)?([+-])\s*(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE
)
_WORD: Final = re.compile(r"[a-zа-я]+")
_ACCENTED_FRENCH: Final = re.compile(r"\b(?:fév|déc|août)", re.IGNORECASE)
_PLACE: Final = re.compile(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+\b")
_EPOCH: Final = re.compile(r"\s*(\d{9,10})(\d{3})?\s*\Z")
_DAY: Final = re.compile(r"(?<![\d:])(\d{1,2})(?:er|st|nd|rd|th|o)?(?![\d:])")
_YEAR: Final = re.compile(r"(?<!\d)(\d{4})(?!\d)|['’](\d{2})(?!\d)")
_ASIAN: Final = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_IN_PATH: Final = re.compile(r"/((?:19|20)\d\d)[/-](\d\d)[/-](\d\d)(?:[/-]|\Z)")
_ELEMENT: Final = re.compile(r"""<time[^>]{0,200}\bdatetime\s*=\s*["']?([^"'>]{1,60})""", re.I)


def _instant(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    zone: timezone | ZoneInfo,
    *,
    seconds: int = 0,
) -> datetime | None:
    """UTC; None for the 30th of February, for an offset of 99 hours, for the year 1."""
    try:
        # 24:00 is tomorrow, 23:59:60 the next minute.
        start = datetime(year, month, day, tzinfo=zone)
        if not (0 <= hour <= 24 and 0 <= minute < 60 and 0 <= second <= 60):
            return None
        wall = start.replace(tzinfo=None) + timedelta(
            hours=hour, minutes=minute, seconds=second + seconds
        )
        found = wall.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # The first second of 1970 is a date that was never set.
    sane = FIRST_YEAR <= found.year <= LAST_YEAR and found.timestamp() > 0
    return found if sane else None


def _fixed(sign: str, hours: str, minutes: str | None) -> timezone:
    """An offset; UTC when it is no offset anybody lives in."""
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > timedelta(hours=14, minutes=45):
        return UTC
    return timezone(-offset if sign == "-" else offset)


def _named(name: str) -> timezone | None:
    hours = _ZONES.get(name.lower())
    return None if hours is None else timezone(timedelta(hours=hours))


def _zone(text: str | None, naive: timezone | ZoneInfo) -> timezone | ZoneInfo:
    if not text:
        return naive
    if text[0] in "+-":
        return _fixed(text[0], text[1:3], text[3:].lstrip(":") or None)
    return _named(text) or naive


def _quick(text: str, naive: timezone | ZoneInfo) -> datetime | None:
    found = _RFC822.match(text)
    if found:
        day, name, year, hour, minute, second, zone = found.groups()
        month = _MONTHS.get(name.lower())
        if month:
            return _instant(
                int(year), month, int(day), int(hour), int(minute), int(second or 0),
                _zone(zone, naive),
            )  # fmt: skip
    found = _ISO.match(text) or _ISO_SHORT.match(text)
    if found:
        year, *rest = found.groups()[:6]
        month, day, hour, minute, second = (int(part) if part else None for part in rest)
        if month != 0 and day != 0:
            return _instant(
                int(year), month or 1, day or 1, hour or 0, minute or 0, second or 0,
                _zone(found.group(7), naive),
            )  # fmt: skip
    return None


def _plain(text: str) -> str:
    """Lower case without accents: `août` is `aout`."""
    letters = unicodedata.normalize("NFD", text.lower().replace("ı", "i"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _take(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    """The first find, and the text without it."""
    found = pattern.search(text)
    return found, (text[: found.start()] + " " + text[found.end() :] if found else text)


def _clock(found: re.Match[str] | None) -> tuple[int, int, int]:
    if not found:
        return 0, 0, 0
    hour, minute, second, half = found.groups()
    clock = int(hour)
    if half:
        clock = clock % 12 + (12 if half.lower() == "p" else 0)
    return clock, int(minute or 0), int(second or 0)


def _century(year: int) -> int:
    """The year of two digits, as RFC 2822 reads it."""
    return year + (2000 if year < 50 else 1900)


def _by_numbers(found: re.Match[str], *, month_first: bool) -> tuple[int, int, int] | None:
    first, second, third = (int(part) for part in found.groups())
    if len(found.group(1)) == 4:
        return first, second, third
    if len(found.group(1)) == 3:
        return None
    year = third if third > 99 else _century(third)
    # 05/03/2019 is read as in French unless it cannot be or the weekday before it is English.
    if second > 12 or (month_first and first <= 12):
        return year, first, second
    return year, second, first


def _by_words(text: str, words: list[str]) -> tuple[int, int, int] | None:
    months = [word for word in words if word in _MONTHS]
    if len(months) > 1 and months[0] == "mar":
        # "mar., 14 nov. 2023": Tuesday in French, Italian and Spanish.
        months = months[1:]
    if not months:
        return None
    month = _MONTHS[months[0]]
    found, rest = _take(_YEAR, text)
    day = _DAY.search(rest)
    if found is None:
        # "16 Nov 22": two numbers, the last is the year.
        days = _DAY.findall(rest)
        if len(days) < 2:
            return None
        return _century(int(days[1])), month, int(days[0])
    year = int(found.group(1)) if found.group(1) else _century(int(found.group(2)))
    return year, month, int(day.group(1)) if day else 1


def _without_zone(text: str, words: list[str], naive: timezone | ZoneInfo) -> timezone | ZoneInfo:
    """The zone of a date that gives no offset: the one it names, Paris for French words."""
    place = _PLACE.search(text)
    if place:
        try:
            return ZoneInfo(place.group())
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return naive
    named = next((zone for word in words if (zone := _named(word))), None)
    is_french = _FRENCH.intersection(words) or _ACCENTED_FRENCH.search(text)
    return named or (PARIS if naive is UTC and is_french else naive)


def _slow(written: str, naive: timezone | ZoneInfo) -> datetime | None:
    text = _plain(written)
    words = _WORD.findall(text)
    clock = _TIME.search(text)
    before, after = (text[: clock.start()], text[clock.end() :]) if clock else (text, "")
    rest = unicodedata.normalize("NFC", f"{before} {after}")
    asian, rest = _take(_ASIAN, rest)
    numbers, rest = (None, rest) if asian else _take(_NUMBERS, rest)
    # An offset follows the time: in "14-Nov-23 18:30" nothing is one.
    offset = _OFFSET.search(after) if clock else None
    if offset:
        rest = f"{before} {after[: offset.start()]} {after[offset.end() :]}"
    day: tuple[int, int, int] | None
    if asian:
        day = int(asian.group(1)), int(asian.group(2)), int(asian.group(3))
    elif numbers:
        english = any(word in {"mon", "tue", "wed", "thu", "fri", "sun"} for word in words)
        day = _by_numbers(numbers, month_first=english)
    else:
        day = _by_words(rest, words)
    if day is None:
        return None
    zone = _fixed(*offset.groups()) if offset else _without_zone(written, words, naive)
    return _instant(*day, *_clock(clock), zone)


def date_in_path(url: str) -> datetime | None:
    """The day in an address like `/2023/11/14/title`, at midnight UTC; None where there is none.

    >>> date_in_path("https://group.example/2023/11/14/reunion").isoformat()
    '2023-11-14T00:00:00+00:00'
    """
    found = _IN_PATH.search(url)
    return found and _instant(int(found[1]), int(found[2]), int(found[3]), 0, 0, 0, UTC)


@lru_cache(maxsize=16384)
def parse_date(text: str, *, french: bool = False) -> datetime | None:
    """The instant a source means, in UTC; None when it is none, or outside 1970–2037.

    Without a zone it is read as UTC, as Paris time when `french` or when its words are French.
    Nothing is guessed from today.

    >>> parse_date("mar., 14 nov. 2023 18:30:00 +0100").isoformat()
    '2023-11-14T17:30:00+00:00'
    >>> parse_date("hier soir") is None
    True
    """
    text = text.strip()
    naive: timezone | ZoneInfo = PARIS if french else UTC
    if len(text) > 400:
        return None
    if "&" in text:
        text = html.unescape(text).strip()
    if "<" in text:
        element = _ELEMENT.search(text)
        text = element.group(1) if element else re.sub(r"<[^<>]*>", " ", text)
    found = _quick(text, naive)
    epoch = None if found else _EPOCH.match(text)
    if epoch:
        # Seconds, or milliseconds, since 1970.
        found = _instant(1970, 1, 1, 0, 0, 0, UTC, seconds=int(epoch.group(1)))
    elif found is None:
        odd = _ISO_ODD.match(text)
        if odd:
            return _week_or_ordinal(odd, naive)
        # RFC 822 with a date that no calendar has must not be read some other way.
        found = None if _RFC822.match(text) and _known_month(text) else _slow(text, naive)
    return found


def _known_month(text: str) -> bool:
    return any(word in _MONTHS for word in _WORD.findall(text.lower()))


def _week_or_ordinal(found: re.Match[str], naive: timezone | ZoneInfo) -> datetime | None:
    year, week, weekday, ordinal = found.groups()
    try:
        if week:
            day = datetime.fromisocalendar(int(year), int(week), int(weekday or 1))
        else:
            day = datetime(int(year), 1, 1, tzinfo=UTC) + timedelta(days=int(ordinal) - 1)
    except (ValueError, OverflowError):
        return None
    return _instant(day.year, day.month, day.day, 0, 0, 0, naive)
