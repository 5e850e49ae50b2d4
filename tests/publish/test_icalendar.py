"""The agenda opens in calendar programs, with whole days as whole days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from aggregator.publish import icalendar
from aggregator.publish.publication import Publication
from aggregator.store.tables import Entry, EntryTag, Source


@pytest.fixture
def event(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> Callable[..., Entry]:
    """Makes an event."""
    source = a_source()

    def make(**options: object) -> Entry:
        values = {"title": "Atelier vélo", "type": "event", "starts_at": now, "place": "Mairie"}
        tag = EntryTag(dimension="topic", slug="transports", origin="text")
        return an_entry(source, "1", tags=[tag], **(values | options))

    return make


def _read(body: bytes) -> Calendar:
    return Calendar.from_ical(body)


def test_an_event_keeps_its_hours_place_link_and_topics(
    event: Callable[..., Entry], a_publication: Callable[..., Publication], now: datetime
) -> None:
    entry = event(ends_at=now + timedelta(hours=2))
    calendar = _read(icalendar.write(a_publication([entry])))
    assert calendar["version"] == "2.0"
    (read,) = calendar.walk("VEVENT")
    assert read.decoded("dtstart") == now
    assert read.decoded("dtend") == now + timedelta(hours=2)
    assert str(read["summary"]) == "Atelier vélo"
    assert str(read["location"]) == "Mairie"
    assert str(read["url"]) == entry.url
    assert [str(word) for word in read["categories"].cats] == ["Transports et mobilités"]


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        ("2026-11-27T23:00Z", None, (date(2026, 11, 28), date(2026, 11, 29))),
        ("2026-06-26T22:00Z", "2026-06-28T22:00Z", (date(2026, 6, 27), date(2026, 6, 29))),
        # The night the clocks go back is an hour longer, and yet one day.
        ("2026-10-24T22:00Z", "2026-10-25T23:00Z", (date(2026, 10, 25), date(2026, 10, 26))),
        ("2026-11-27T22:00Z", None, None),
        ("2026-11-27T23:00Z", "2026-11-28T10:00Z", None),
    ],
)  # fmt: skip
def test_midnight_to_midnight_in_paris_is_whole_days(
    starts: str, ends: str | None, days: tuple[date, date] | None
) -> None:
    end = datetime.fromisoformat(ends) if ends else None
    assert icalendar.days(datetime.fromisoformat(starts), end) == days


def test_an_end_before_the_start_is_left_out(
    event: Callable[..., Entry], a_publication: Callable[..., Publication], now: datetime
) -> None:
    (read,) = _read(icalendar.write(a_publication([event(ends_at=now - timedelta(days=1))]))).walk(
        "VEVENT"
    )
    assert "dtend" not in read


def test_entries_without_a_date_are_not_in_the_agenda(
    event: Callable[..., Entry], a_publication: Callable[..., Publication]
) -> None:
    assert _read(icalendar.write(a_publication([event(starts_at=None)]))).walk("VEVENT") == []


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(words=st.tuples(st.text(), st.text(), st.text()))
def test_no_words_can_add_a_line_to_the_calendar(
    words: tuple[str, str, str],
    a_publication: Callable[..., Publication],
    a_calendar_entry: Entry,
) -> None:
    a_calendar_entry.title, a_calendar_entry.place, a_calendar_entry.summary = (
        f"{word}\r\nBEGIN:VALARM\r\n" for word in words
    )
    calendar = _read(icalendar.write(a_publication([a_calendar_entry], title=words[0])))
    assert [component.name for component in calendar.walk()] == ["VCALENDAR", "VEVENT"]


@pytest.fixture
def a_calendar_entry(event: Callable[..., Entry]) -> Entry:
    """One event, the same for all examples."""
    return event(starts_at=datetime(2026, 11, 24, 18, tzinfo=UTC))
