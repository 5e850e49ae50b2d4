"""iCalendar (RFC 5545) to events: recurring ones expanded for twelve months, however they repeat.

Pure: the window starts at the `now` that is given. Private events are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
import recurring_ical_events

from aggregator.errors import ParseError
from aggregator.parse import charset
from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.calendar_lines import mended
from aggregator.parse.clean import plain_text
from aggregator.parse.dates import PARIS
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.structured import CANCELLED_PREFIX
from aggregator.parse.timing import duration_minutes
from aggregator.parse.trees import escaped

AHEAD: Final = timedelta(days=366)
BEHIND: Final = timedelta(days=31)
"""How long a past event still counts as news."""
MOST_EVENTS: Final = 1000
MOST_OCCURRENCES: Final = 366
"""Of one series in the window; a daily one needs so many."""
_ALL_OCCURRENCES: Final = 4000
"""Of all series together, shared out evenly: time stays bounded with thousands of series."""
_FEWEST: Final = 2
_MOST_SERIES: Final = 1500
_MOST_COMPONENTS: Final = 10_000
_FIRST_YEAR: Final = 1970
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']{4,500}")
_PRIVATE: Final = frozenset({"PRIVATE", "CONFIDENTIAL"})
_USUAL_PARTS: Final = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _calendars(text: str) -> list[icalendar.Calendar]:
    try:
        found = icalendar.Calendar.from_ical(mended(text), multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise ParseError(f"The calendar is broken: {str(error)[:120]}.") from error
    if not found:
        raise ParseError("The answer holds no calendar.")
    return found


def _zone(calendar: icalendar.Calendar) -> tzinfo:
    """For times without one: what the calendar says, else Paris."""
    try:
        return ZoneInfo(str(calendar.get("X-WR-TIMEZONE") or "Europe/Paris"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return PARIS


def _value(component: icalendar.Component, name: str) -> Any:
    """A property's Python value; None when it is absent or broken."""
    try:
        held = component.get(name)
        if isinstance(held, list):
            held = held[0]
        return getattr(held, "dt", held)
    except (ValueError, AttributeError, TypeError, IndexError):
        return None


def _utc(value: Any, zone: tzinfo, *, is_end: bool = False) -> datetime | None:
    """UTC; a day without a time starts at midnight and ends with its last second."""
    try:
        if isinstance(value, datetime):
            local = value if value.tzinfo else value.replace(tzinfo=zone)
            return local.astimezone(UTC)
        if isinstance(value, date):
            midnight = datetime.combine(value, time(), zone)
            return (midnight - timedelta(seconds=1 if is_end else 0)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _end(component: icalendar.Component, starts: Any, zone: tzinfo) -> datetime | None:
    ends = _value(component, "DTEND")
    if ends is not None:
        found = _utc(ends, zone, is_end=True)
        begun = _utc(starts, zone)
        return found if found and begun and found > begun else None
    lasts = _value(component, "DURATION")
    if isinstance(lasts, timedelta):
        try:
            return _utc(starts + lasts, zone, is_end=True)
        except (OverflowError, TypeError):
            return None
    is_day = isinstance(starts, date) and not isinstance(starts, datetime)
    return _utc(starts + timedelta(days=1), zone, is_end=True) if is_day else None


def _text(component: icalendar.Component, name: str) -> str:
    value = component.get(name)
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value or "").strip()


def _categories(component: icalendar.Component) -> list[str]:
    held = component.get("CATEGORIES") or []
    lists = held if isinstance(held, list) else [held]
    return [str(word) for one in lists for word in getattr(one, "cats", [one])]


def _description(component: icalendar.Component) -> tuple[str, str]:
    """Plain words and markup; calendars put HTML in either property."""
    plain, rich = _text(component, "DESCRIPTION"), _text(component, "X-ALT-DESC")
    if re.search(r"<(?:p|br|div|a|ul|b|strong)\b", plain):
        plain, rich = "", rich or plain
    paragraphs = [part.strip() for part in plain.split("\n") if part.strip()]
    return plain, rich or "".join(f"<p>{escaped(part)}</p>" for part in paragraphs)


def _image(component: icalendar.Component) -> str:
    for name in ("IMAGE", "ATTACH"):
        held = component.get(name) or []
        for one in held if isinstance(held, list) else [held]:
            kind = str(getattr(one, "params", {}).get("FMTTYPE", ""))
            if name == "IMAGE" or kind.startswith("image/"):
                return str(one)
    return ""


def _organiser(component: icalendar.Component) -> str:
    held = component.get("ORGANIZER")
    return str(getattr(held, "params", {}).get("CN", "")).strip('"')


def _event(component: icalendar.Component, uid: str, url: str, zone: tzinfo) -> ParsedEntry | None:
    starts = _value(component, "DTSTART")
    starts_at = _utc(starts, zone)
    if starts_at is None:
        return None
    ends_at = _end(component, starts, zone)
    plain, rich = _description(component)
    link = _ADDRESS.search(plain) or _ADDRESS.search(rich)
    title = _text(component, "SUMMARY")
    cancelled = _text(component, "STATUS").upper() == "CANCELLED" and title
    created, changed = _value(component, "CREATED"), _value(component, "LAST-MODIFIED")
    published = _utc(created, zone) or _utc(changed, zone)
    updated = _utc(changed, zone)
    return entry(
        Found(
            url,
            ids=[uid],
            links=[_text(component, "URL"), link.group() if link else ""],
            titles=[escaped((CANCELLED_PREFIX if cancelled else "") + title)],
            summaries=[escaped(plain)],
            contents=[rich],
            authors=[_organiser(component)],
            published=[published.isoformat() if published else ""],
            updated=[updated.isoformat() if updated else ""],
            categories=_categories(component),
            images=[_image(component)],
            starts=[starts_at.isoformat()],
            ends=[ends_at.isoformat() if ends_at else ""],
            places=[escaped(_text(component, "LOCATION"))],
            type="event",
        )
    )


def _fits_a_day(rule: Any, start: date) -> bool:
    """Whether any day of the coming year passes the rule's filters; 30 February never does."""
    months = {int(value) for value in rule.get("BYMONTH", [])}
    month_days = {int(value) for value in rule.get("BYMONTHDAY", [])}
    weekdays = {_DAYS.index(str(value)[-2:].upper()) for value in rule.get("BYDAY", [])}
    for number in range(AHEAD.days + 35):
        day = start + timedelta(days=number)
        left = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - day
        in_month = not month_days or bool({day.day, -left.days} & month_days)
        in_months = not months or day.month in months
        if in_month and in_months and (not weekdays or day.weekday() in weekdays):
            return True
    return False


def _comes_true(rule: Any, start: date) -> bool:
    """Whether a rule is of the kinds people use, which all come true within some years.

    Of any other (by the second, the 40th Monday of a month) dateutil may look for the next
    occurrence until the year 9999.
    """
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"} or not set(rule) <= _USUAL_PARTS:
        return False
    if not all(1 <= int(value) <= 1000 for value in rule.get("INTERVAL", [1])):
        return False
    numbered = [str(value)[:-2] for value in rule.get("BYDAY", []) if str(value)[:-2]]
    if any(frequency in {"DAILY", "WEEKLY"} or not 1 <= abs(int(n)) <= 5 for n in numbered):
        return False
    positions = [abs(int(value)) for value in rule.get("BYSETPOS", [])]
    if positions and (frequency in {"DAILY", "WEEKLY"} or numbered or "BYDAY" not in rule):
        return False
    return all(1 <= position <= 5 for position in positions) and _fits_a_day(rule, start)


def _can_expand(component: icalendar.Component, start: date) -> bool:
    """Whether expanding a series takes bounded time."""
    begins = _value(component, "DTSTART")
    if not isinstance(begins, date) or begins.year < _FIRST_YEAR:
        return False
    held = component.get("RRULE") or []
    try:
        rules = held if isinstance(held, list) else [held]
        return all(_comes_true(rule, start) for rule in rules)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return False


def _occurrences(
    series: Sequence[icalendar.Component], window: tuple[datetime, datetime], most: int
) -> Iterator[icalendar.Component]:
    """The first occurrences of one series in the window; its main event when it cannot be."""
    if most == 0 or not _can_expand(series[0], window[0].date()):
        yield series[0]
        return
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Fil commun//FR")
    calendar.add("VERSION", "2.0")
    for component in series:
        calendar.add_component(component)
    try:
        query = recurring_ical_events.of(calendar, keep_recurrence_attributes=True)
        if most >= MOST_OCCURRENCES:
            yield from islice(query.between(*window), most)
            return
        for component in islice(query.after(window[0]), most):
            begins = _utc(_value(component, "DTSTART"), UTC)
            if begins is None or begins > window[1]:
                return
            yield component
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, IndexError):
        # A series the library cannot expand is still shown once.
        yield series[0]


def _series(calendar: icalendar.Calendar) -> list[list[icalendar.Component]]:
    """Events by UID, those of a recurring one with its exceptions, the main one first."""
    by_uid: dict[str, list[icalendar.Component]] = {}
    for number, component in enumerate(islice(calendar.walk("VEVENT"), _MOST_COMPONENTS)):
        if _text(component, "CLASS").upper() in _PRIVATE:
            continue
        uid = _text(component, "UID")
        repeats = any(component.get(name) for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
        key = uid if uid and repeats else f"{uid}\n{number}"
        by_uid.setdefault(key, []).append(component)
    return [
        sorted(group, key=lambda one: one.get("RECURRENCE-ID") is not None)
        for group in by_uid.values()
    ]


_OCCURRENCE = re.compile(r"(.+)#\d{8}T\d{6}Z", re.DOTALL)


def series_of(uid: str) -> str | None:
    """The uid that all occurrences of a recurring event share; None for any other entry.

    >>> series_of("permanence@lilas.example#20261201T170000Z")
    'permanence@lilas.example'
    """
    occurrence = _OCCURRENCE.fullmatch(uid)
    return occurrence[1] if occurrence else None


def _stamp(value: Any, zone: tzinfo) -> str:
    moment = _utc(value, zone)
    return moment.strftime("%Y%m%dT%H%M%SZ") if moment else ""


def _repeats(component: icalendar.Component) -> bool:
    return bool(component.get("RRULE") or component.get("RDATE"))


def _events(calendar: icalendar.Calendar, url: str, now: datetime) -> Iterator[ParsedEntry]:
    zone = _zone(calendar)
    window = (now - BEHIND, now + AHEAD)
    groups = _series(calendar)
    repeating = sum(_repeats(group[0]) for group in groups)
    share = min(MOST_OCCURRENCES, max(_FEWEST, _ALL_OCCURRENCES // max(repeating, 1)))
    left = _MOST_SERIES
    for group in groups:
        first = group[0]
        uid = _text(first, "UID")
        repeats = _repeats(first)
        left -= repeats
        for component in (
            _occurrences(group, window, share if left >= 0 else 0) if repeats else group
        ):
            own = uid
            if repeats or component.get("RECURRENCE-ID"):
                # A moved occurrence keeps the instant it was meant for.
                meant = _value(component, "RECURRENCE-ID") or _value(component, "DTSTART")
                own = f"{uid}#{_stamp(meant, zone)}"  # what `series_of` takes apart
            made = _event(component, own, url, zone)
            if made and made.starts_at and (made.ends_at or made.starts_at) >= window[0]:
                yield made


def _start(event: ParsedEntry) -> datetime:
    assert event.starts_at is not None
    return event.starts_at


def is_calendar(text: str) -> bool:
    """Whether a text is an iCalendar file."""
    return text[:1000].lstrip().upper().startswith("BEGIN:VCALENDAR")


def read(body: bytes, url: str, content_type: str | None = None, *, now: datetime) -> ParsedFeed:
    """The events of a calendar from a month ago on, in order of their start; the 1,000
    nearest to `now` when there are more.

    Recurring ones are expanded until twelve months after `now` (an aware instant). Times without
    a zone are the calendar's, else Paris time. Raises ParseError when it is no calendar.
    """
    text = charset.decode(body, content_type)
    if not is_calendar(text):
        raise ParseError("The answer is no calendar.")
    calendars = _calendars(text)
    events = [event for one in calendars for event in _events(one, url, now)]
    if len(events) > MOST_EVENTS:
        events = sorted(events, key=lambda event: abs(_start(event) - now))[:MOST_EVENTS]
    events.sort(key=_start)
    main = calendars[0]
    told = [event for one in calendars for event in one.walk("VEVENT")]
    unreadable = told and all(_utc(_value(event, "DTSTART"), PARIS) is None for event in told)
    return ParsedFeed(
        distinct(events),
        title=plain_text(escaped(str(main.get("X-WR-CALNAME") or main.get("NAME") or "")), 300),
        description=plain_text(escaped(str(main.get("X-WR-CALDESC") or "")), 1000),
        format="ical",
        ttl=duration_minutes(str(main.get("X-PUBLISHED-TTL") or "")),
        problems=("No event has a start that can be read.",) if unreadable else (),
    )
