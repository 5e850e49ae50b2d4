"""iCalendar to events: zones, repetition, exceptions, and rules that never end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse import calendar
from aggregator.parse.entries import ParsedEntry

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
URL = "https://voisins.example/agenda.ics"
WEEKLY = """UID:atelier
SUMMARY:Atelier vélo
DTSTART;TZID=Europe/Paris:20260910T183000
DTEND;TZID=Europe/Paris:20260910T203000
LOCATION:Maison du peuple\\, Pantin
RRULE:FREQ=WEEKLY"""


def ics(*events: str, head: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//\n{head}{inside}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events: str, head: str = "") -> tuple[ParsedEntry, ...]:
    return calendar.read(ics(*events, head=head), URL, now=NOW).entries


def test_one_event_comes_out_whole() -> None:
    (event,) = read(
        "UID:1\nSUMMARY:Fête & <soupe>\nDTSTART:20261205T130000Z\nDTEND:20261205T160000Z\n"
        "LOCATION:Place\nDESCRIPTION:Venez !\\nhttps://voisins.example/soupe\nCATEGORIES:repas,fête\n"
        'ORGANIZER;CN="Zoé":mailto:z@voisins.example\nCREATED:20261101T080000Z\n'
        "LAST-MODIFIED:20261102T080000Z\nATTACH;FMTTYPE=image/png:https://voisins.example/a.png"
    )
    assert (event.uid, event.title, event.type) == ("1", "Fête &", "event")
    assert event.starts_at == datetime(2026, 12, 5, 13, tzinfo=UTC)
    assert event.ends_at == datetime(2026, 12, 5, 16, tzinfo=UTC)
    assert (event.place, event.author) == ("Place", "Zoé")
    assert event.url == "https://voisins.example/soupe"
    assert event.categories == ("repas", "fête")
    assert event.published == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert event.image == "https://voisins.example/a.png"


def test_weekly_event_is_expanded_for_twelve_months_and_keeps_its_hour() -> None:
    events = read(WEEKLY)
    assert 52 <= len(events) <= 58
    assert len({event.uid for event in events}) == len(events)
    paris = {
        event.starts_at.astimezone(ZoneInfo("Europe/Paris")).hour
        for event in events
        if event.starts_at
    }
    assert paris == {18}
    assert all(event.starts_at and event.starts_at <= NOW + calendar.AHEAD for event in events)
    assert all(
        event.ends_at and event.starts_at and event.ends_at - event.starts_at == timedelta(hours=2)
        for event in events
    )


def test_dropped_and_moved_occurrences_are_heeded_and_keep_their_identity() -> None:
    moved = (
        "UID:atelier\nRECURRENCE-ID;TZID=Europe/Paris:20261203T183000\nSUMMARY:Déplacé\n"
        "DTSTART;TZID=Europe/Paris:20261204T190000\nDTEND;TZID=Europe/Paris:20261204T200000"
    )
    events = {
        event.uid: event
        for event in read(WEEKLY + "\nEXDATE;TZID=Europe/Paris:20261126T183000", moved)
    }
    assert "atelier#20261126T173000Z" not in events
    assert events["atelier#20261203T173000Z"].title == "Déplacé"
    assert events["atelier#20261203T173000Z"].starts_at == datetime(2026, 12, 4, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=1", "FREQ=HOURLY", "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=300", "FREQ=WEEKLY;BYDAY=MO;UNTIL=99991231T000000Z",
        "FREQ=DAILY;COUNT=999999999", "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4",
        "FREQ=NEVER", "FREQ=DAILY;INTERVAL=0", "FREQ=MONTHLY;BYDAY=9MO", "FREQ=WEEKLY;BYSETPOS=8",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=3", "FREQ=YEARLY;BYWEEKNO=99", "FREQ=YEARLY;INTERVAL=9999",
    ],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_rules_without_end_come_to_an_end(rule: str) -> None:
    events = read(f"UID:1\nSUMMARY:x\nDTSTART:20261125T100000Z\nRRULE:{rule}", WEEKLY)
    assert len(events) <= calendar.MOST_OCCURRENCES + 60
    assert any(event.uid.startswith("1") for event in events)


@pytest.mark.timeout(120)
def test_of_thousands_of_series_the_first_events_are_read() -> None:
    events = [
        f"UID:{n}\nSUMMARY:s\nDTSTART:20261125T100000Z\nRRULE:FREQ=DAILY" for n in range(2000)
    ]
    assert len(read(*events)) == calendar.MOST_EVENTS


def test_day_without_a_time_ends_with_its_last_second_in_paris() -> None:
    (event,) = read("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261226")
    assert event.starts_at == datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert event.ends_at == datetime(2026, 12, 25, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "head", "hour"),
    [
        ("DTSTART:20261205T100000", "", 9),
        ("DTSTART:20261205T100000", "X-WR-TIMEZONE:America/Martinique\n", 14),
        ("DTSTART:20261205T100000Z", "X-WR-TIMEZONE:America/Martinique\n", 10),
        ("DTSTART;TZID=Romance Standard Time:20261205T100000", "", 9),
        ("DTSTART;TZID=America/New_York:20261205T100000", "", 15),
    ],
)
def test_time_zones_are_right(start: str, head: str, hour: int) -> None:
    (event,) = read(f"UID:1\nSUMMARY:x\n{start}", head=head)
    assert event.starts_at == datetime(2026, 12, 5, hour, tzinfo=UTC)


def test_private_events_never_come_out() -> None:
    (event,) = read(
        "UID:1\nSUMMARY:x\nDTSTART:20261205T100000Z\nCLASS:PUBLIC",
        "UID:2\nSUMMARY:secret\nDTSTART:20261205T100000Z\nCLASS:PRIVATE",
        "UID:3\nSUMMARY:secret\nDTSTART:20261205T100000Z\nCLASS:CONFIDENTIAL",
    )
    assert event.uid == "1"


def test_cancelled_event_says_so_in_its_title() -> None:
    (event,) = read("UID:1\nSUMMARY:Repas\nDTSTART:20261205T100000Z\nSTATUS:CANCELLED")
    assert event.title == "[Annulé] Repas"


def test_old_events_are_no_news_and_far_ones_are() -> None:
    (event,) = read(
        "UID:1\nSUMMARY:x\nDTSTART:20200101T100000Z", "UID:2\nSUMMARY:y\nDTSTART:20281205T100000Z"
    )
    assert event.uid == "2"


def test_description_broken_over_lines_is_mended() -> None:
    (event,) = read(
        "UID:1\nSUMMARY:x\nDTSTART:20261205T100000Z\nDESCRIPTION:un\ndeux\n\nLOCATION:Ici"
    )
    assert (event.summary, event.place) == ("un deux", "Ici")


def test_event_with_a_broken_date_costs_only_itself() -> None:
    events = read("UID:1\nSUMMARY:x\nDTSTART:demain", "UID:2\nSUMMARY:y\nDTSTART:20261205T100000Z")
    assert [event.uid for event in events] == ["2"]


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:2026-12-05T19:00:00",
        "DTSTART:2026-12-05 19:00",
        "DTSTART:20261205T190000+0100",
        "DTSTART;TZID=Europe/London:2026-12-05T18:00:00.000Z",
        "DTSTART;TZID=Paris, Madrid:20261205T190000",
        "DTSTART;TZID=(UTC+01:00) Brussels\\, Paris;VALUE=DATE-TIME:20261205T190000",
    ],
)
def test_moments_written_otherwise_than_the_rfc_says_are_read(start: str) -> None:
    (event,) = read(f"UID:1\nSUMMARY:AG\n{start}")
    assert event.starts_at == datetime(2026, 12, 5, 18, tzinfo=UTC)


def test_a_calendar_broken_off_or_with_words_after_its_end_keeps_its_whole_events() -> None:
    whole = ics("UID:1\nSUMMARY:AG\nDTSTART:20261205T180000Z")
    broken_off = whole.replace(b"END:VCALENDAR", b"BEGIN:VEVENT\r\nUID:2\r\nDTST")
    for body in (broken_off, whole + b"<!-- cached page -->"):
        assert [event.uid for event in calendar.read(body, URL, now=NOW).entries] == ["1"]


def test_a_calendar_of_which_no_event_can_be_read_says_so() -> None:
    odd = ics("UID:1\nSUMMARY:AG\nDTSTART:samedi", "UID:2\nSUMMARY:AG")
    assert calendar.read(odd, URL, now=NOW).problems
    old = ics("UID:1\nSUMMARY:AG\nDTSTART:20251205T180000Z", "UID:2\nSUMMARY:AG")
    assert calendar.read(old, URL, now=NOW).problems == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_what_is_no_calendar_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        calendar.read(body, URL, now=NOW)


lines = st.sampled_from(
    [
        "BEGIN:VEVENT", "END:VEVENT", "UID:1", "DTSTART:20261205T100000Z", "RRULE:FREQ=DAILY",
        "DTSTART;VALUE=DATE:20261205", "DTSTART:99991231T235959Z", "DTEND:00010101T000000",
        "DURATION:P99999999D", "RRULE:FREQ=YEARLY;BYDAY=-1SU", "RRULE:", "EXDATE:x",
        "RDATE:20261206T100000Z", "RDATE;VALUE=PERIOD:x/y", "CATEGORIES:", "CLASS:",
        "RECURRENCE-ID:20261206T100000Z", "SUMMARY:é", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "TZID:X",
        "X-WR-TIMEZONE:../../etc/passwd", "ATTACH:javascript:alert(1)", "URL:javascript:alert(1)",
        "BEGIN:VALARM", "END:VALARM", "DTSTART;TZID=Nowhere/City:20261205T100000",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(lines | st.text(max_size=10), max_size=15))
def test_any_calendar_gives_events_or_a_parse_error(inside: list[str]) -> None:
    body = "\r\n".join(["BEGIN:VCALENDAR", *inside, "END:VCALENDAR", ""]).encode("utf-8", "ignore")
    try:
        feed = calendar.read(body, URL, now=NOW)
    except ParseError:
        return
    for event in feed.entries:
        assert event.starts_at is not None
        assert event.url is None or event.url.startswith("http")
