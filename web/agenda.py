"""What takes place: the coming days, or one month as a calendar, for any filter."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from aggregator.search.engine import Results
from aggregator.search.indexing import indexed
from aggregator.store.tables import Entry
from web import cards, current, formats, narrowing, ways
from web.cards import Card
from web.languages import translate as _
from web.places import PARAMETERS, Place, here
from web.typography import PARIS, day_of

blueprint = Blueprint("agenda", __name__)

DAYS = 60
"""How far ahead the list by day looks."""
PAGE = 60
"""Events of one page, and what else its last day holds."""
_LONGEST = 62
"""Days one event may fill in the calendar; an exhibition of a year is shown where it begins."""


@dataclass(slots=True)
class Day:
    """One day of the agenda."""

    date: date
    cards: list[Card] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the agenda offers beside its days; lists of entries offer the same (`listing`)."""

    place: Place
    facets: list[narrowing.Facet] = field(default_factory=list)

    @property
    def chips(self) -> list[narrowing.Chip]:
        """The filters that hold."""
        return narrowing.chips(self.place)

    @property
    def bare_url(self) -> str:
        """The same without any filter."""
        return self.place.path

    @property
    def ways(self) -> list[ways.Way]:
        """Every way to follow the events that the filters let through."""
        return ways.ways(self._news)

    @property
    def explain_url(self) -> str:
        """The page that explains them."""
        return self._news.elsewhere(url_for("follow.index"))

    @property
    def _news(self) -> Place:
        """The list of entries that announce events."""
        events = replace(self.place.chosen, type=("event",))
        return replace(here("/recherche", "/recherche"), chosen=events)


@blueprint.get("/agenda")
def index() -> str:
    """The coming days, from the one that `apres` names."""
    place = _place()
    now = current.now()
    today = day_of(now)
    coming = once(formats.coming(place, since=now, until=now + timedelta(days=DAYS)))
    days, following = _page(by_day(coming, first=today), _first(today))
    return render_template(
        "agenda/index.html",
        agenda=Agenda(place, narrowing.facets(place, _counted(coming))),
        place=place,
        days=days,
        next_url=place.url(after=following.isoformat()) if following else None,
        total=len(coming),
        month=today,
        title=_("Agenda"),
    )


@blueprint.get("/agenda/<int(fixed_digits=4):year>-<int(fixed_digits=2):number>")
def month(year: int, number: int) -> str:
    """One month, a week in each row, Monday first; 404 for a month that does not exist."""
    if not (2000 <= year <= 2100 and 1 <= number <= 12):
        raise NotFound
    place, shown = _place(), date(year, number, 1)
    weeks = calendar.Calendar().monthdatescalendar(year, number)
    first, last = weeks[0][0], weeks[-1][-1]
    found = once(formats.coming(place, since=_midnight(first), until=_midnight(last, 1)))
    by_date = {day.date: day for day in by_day(found, first=first, last=last)}
    return render_template(
        "agenda/month.html",
        place=place,
        is_empty=not any(day.month == number for day in by_date),
        weeks=[[by_date.get(day, Day(day)) for day in week] for week in weeks],
        shown=shown,
        today=day_of(current.now()),
        before=shown - timedelta(days=1),
        after=shown + timedelta(days=31),
        agenda=Agenda(place),
    )


@blueprint.get("/agenda.ics")
def as_calendar() -> Response:
    """The coming days as a calendar to subscribe to."""
    return formats.answer(_place(), _("Agenda"), "ics")


def _first(today: date) -> date:
    """The day on which this page begins: today unless the address names a later one."""
    try:
        return max(today, date.fromisoformat(request.args.get("apres", "")))
    except ValueError:
        return today


def _page(days: list[Day], first: date) -> tuple[list[Day], date | None]:
    """The days of one page, each whole, and the first day of the next; None on the last."""
    left = [day for day in days if day.date >= first]
    count = 0
    for number, day in enumerate(left):
        if count >= PAGE:
            return left[:number], day.date
        count += len(day.cards)
    return left, None


def _place() -> Place:
    path = "/agenda" if not request.view_args else request.path.removeprefix(request.script_root)
    return here(path, "/agenda")


def once(found: Iterable[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """Each event with the other announcements of it, which several groups may have made.

    The same event: one story on one day, or the same title on the same start.
    """
    events: dict[object, list[Entry]] = {}
    for entry in found:
        assert entry.starts_at is not None
        key: object = (entry.title.casefold().strip(), entry.starts_at)
        if entry.story_id:
            key = (entry.story_id, day_of(entry.starts_at))
        events.setdefault(key, []).append(entry)
    return [(told[0], told[1:]) for told in events.values()]


def _counted(events: Iterable[tuple[Entry, list[Entry]]]) -> Results:
    """How many events have each value of each dimension; one counts for all who announce it."""
    counts: dict[str, Counter[str]] = {dimension: Counter() for dimension in PARAMETERS}
    total = 0
    for entry, others in events:
        total += 1
        columns = [indexed(told).columns() for told in (entry, *others)]
        for dimension, counter in counts.items():
            counter.update({value for told in columns for value in told[dimension]})
    facets = {name: dict(counter.most_common()) for name, counter in counts.items()}
    return Results(ids=(), total=total, facets=facets)


def by_day(
    events: Iterable[tuple[Entry, list[Entry]]], *, first: date, last: date | None = None
) -> list[Day]:
    """Events under the days they fill from `first` on, in order; no empty days.

    Without `last` each event comes once, on the first of its days that is left.
    """
    days: dict[date, Day] = {}
    for entry, others in events:
        made = cards.card(entry, cards.elsewhere(entry, others))
        left = [day for day in _filled(entry) if day >= first and (last is None or day <= last)]
        for day in left if last else left[:1]:
            days.setdefault(day, Day(day)).cards.append(made)
    return [days[day] for day in sorted(days)]


def _filled(entry: Entry) -> list[date]:
    """The days (in Paris) an event fills."""
    assert entry.starts_at is not None
    start = day_of(entry.starts_at)
    if entry.ends_at is None or entry.ends_at <= entry.starts_at:
        return [start]
    # An end at midnight is the end of the day before.
    end = day_of(entry.ends_at - timedelta(seconds=1))
    span = (end - start).days
    return [start + timedelta(days=number) for number in range(min(span, _LONGEST) + 1)]


def _midnight(day: date, later: int = 0) -> datetime:
    there = datetime.combine(day + timedelta(days=later), time(), tzinfo=PARIS)
    return there.astimezone(UTC)
