"""When a source is visited next: its own rhythm, what it asks for, and never an end to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import schedule
from aggregator.collect.schedule import Pace, Rhythm, interval, learn, next_try, next_visit

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)


def every(gap: timedelta, count: int = 40, *, last: timedelta = HOUR) -> list[datetime]:
    return [NOW - last - gap * number for number in range(count)]


def visit(pace: Pace = Pace(), rhythm: Rhythm = Rhythm(), **options) -> timedelta:  # noqa: B008
    return next_visit(NOW, rhythm, pace, chance=0.5, **options) - NOW


def test_the_busier_a_source_the_sooner_it_is_visited_again():
    gaps = [timedelta(minutes=20), HOUR, HOUR * 6, HOUR * 24, HOUR * 24 * 7]
    pauses = [interval(learn(every(gap), NOW), NOW) for gap in gaps]
    assert pauses == sorted(pauses)
    assert pauses[0] <= HOUR
    assert pauses[-1] > HOUR * 12


def test_four_times_as_busy_is_visited_less_than_four_times_as_often():
    slow, busy = (interval(learn(every(HOUR * gap), NOW), NOW) for gap in (4, 1))
    assert 1.8 * busy < slow < 4 * busy


def test_a_source_that_publishes_in_the_morning_is_visited_in_the_morning():
    mornings = [NOW.replace(hour=7) - timedelta(days=number) for number in range(60)]
    rhythm = learn(mornings, NOW)
    after_work = NOW.replace(hour=17)
    before_work = NOW.replace(hour=6)
    assert interval(rhythm, before_work) < interval(rhythm, after_work)
    assert (after_work + interval(rhythm, after_work)).hour in range(5, 12)


def test_a_silent_source_is_visited_less_and_less():
    rhythm = learn(every(HOUR * 6), NOW)
    pauses = [interval(rhythm, NOW + timedelta(days=days)) for days in (0, 10, 40, 120)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > timedelta(hours=24)


def test_a_rush_is_followed():
    quiet = learn(every(HOUR * 48), NOW)
    rush = learn(every(HOUR / 2, 12) + every(HOUR * 48, last=HOUR * 24), NOW)
    assert interval(rush, NOW) < interval(quiet, NOW) / 3


def test_an_unknown_source_is_visited_within_the_day():
    assert timedelta(minutes=15) <= interval(Rhythm(), NOW) <= timedelta(hours=24)


@pytest.mark.parametrize("asked", ["ttl", "max_age"])
def test_what_a_source_asks_for_lengthens_and_never_shortens(asked):
    busy = learn(every(timedelta(minutes=5)), NOW)
    assert visit(Pace(**{asked: HOUR * 3}), busy) == HOUR * 3
    slow = learn(every(HOUR * 24 * 7), NOW)
    assert visit(Pace(**{asked: HOUR}), slow) == visit(Pace(), slow) > HOUR


def test_absurd_wishes_are_bounded():
    assert visit(Pace(ttl=timedelta(days=3000))) == timedelta(hours=24)


def test_skipped_hours_and_days_are_left_alone():
    busy = learn(every(timedelta(minutes=5)), NOW)
    at = NOW + visit(Pace(skip_hours=frozenset(range(9, 14))), busy)
    assert at.hour == 14
    at = NOW + visit(Pace(skip_days=frozenset({1, 2})), busy)
    assert at.weekday() == 3


@pytest.mark.parametrize(
    "pace", [Pace(skip_hours=frozenset(range(24))), Pace(skip_days=frozenset(range(7)))]
)
def test_a_source_that_skips_everything_is_not_believed(pace):
    assert visit(pace) <= timedelta(hours=24)


def test_a_hub_makes_visits_a_daily_backup():
    busy = learn(every(timedelta(minutes=5)), NOW)
    assert visit(Pace(pushed_until=NOW + timedelta(5)), busy) == timedelta(hours=24)
    assert visit(Pace(pushed_until=NOW - timedelta(5)), busy) < HOUR


def test_visits_spread_by_a_tenth():
    busy = learn(every(HOUR), NOW)
    middle = next_visit(NOW, busy, Pace(), chance=0.5) - NOW
    early = next_visit(NOW, busy, Pace(), chance=0.0) - NOW
    late = next_visit(NOW, busy, Pace(), chance=0.999) - NOW
    assert early == pytest.approx(middle * 0.9, abs=timedelta(seconds=1))
    assert late == pytest.approx(middle * 1.1, abs=timedelta(seconds=60))


def test_errors_double_from_an_hour_to_seven_days():
    waits = [next_try(NOW, failures, chance=0.5) - NOW for failures in range(1, 12)]
    assert waits[:4] == [HOUR, HOUR * 2, HOUR * 4, HOUR * 8]
    assert waits[-1] == timedelta(days=7)


def test_a_permanent_cause_waits_a_day_from_the_second_time_on():
    waits = [next_try(NOW, n, chance=0.5, permanent=True) - NOW for n in (1, 2)]
    assert waits == [HOUR, HOUR * 24]


def test_in_a_demo_all_pauses_shrink_alike():
    seconds = timedelta(seconds=9)
    assert visit(Pace(), Rhythm(), shortest=seconds) == 6 * seconds
    busy = learn(every(timedelta(minutes=5)), NOW)
    assert visit(Pace(), busy, shortest=seconds) == visit(Pace(), busy) / 100
    assert next_try(NOW, 1, chance=0.5, shortest=seconds) - NOW == HOUR / 100


@given(
    st.lists(st.timedeltas(timedelta(0), timedelta(days=900)), max_size=80),
    st.floats(0, 0.999),
    st.timedeltas(timedelta(0), timedelta(days=9000)),
    st.frozensets(st.integers(0, 23)),
    st.frozensets(st.integers(0, 6)),
)
def test_whatever_the_history_the_next_visit_is_between_13_minutes_and_nine_days_away(
    ages, chance, ttl, hours, days
):
    rhythm = learn(sorted((NOW - age for age in ages), reverse=True), NOW)
    pace = Pace(ttl=ttl, skip_hours=hours, skip_days=days)
    wait = next_visit(NOW, rhythm, pace, chance=chance) - NOW
    assert timedelta(minutes=13) <= wait <= timedelta(days=9)
    assert Rhythm.of_json(json.loads(json.dumps(rhythm.as_json()))) == rhythm
    assert Pace.of_json(json.loads(json.dumps(pace.as_json()))).skip_hours == hours


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": 'public, max-age="900"'}, 900),
        ({"cache-control": "s-maxage=5"}, 0),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "max-age=99999999999"}, 86400),
        ({"cache-control": "max-age=demain"}, 0),
        ({"expires": "Tue, 24 Nov 2026 10:00:00 GMT"}, 3600),
        ({"expires": "0"}, 0),
        ({"expires": "Tue, 24 Nov 1926 10:00:00 GMT"}, 0),
        ({"cache-control": "max-age=60", "expires": "Tue, 24 Nov 2026 10:00:00 GMT"}, 60),
        ({}, 0),
    ],
)
def test_caching_headers_are_read_as_they_are_written(headers, seconds):
    assert schedule.max_age(headers, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("99999999", timedelta(days=7)),
        ("Tue, 24 Nov 2026 10:00:00 GMT", HOUR),
        ("demain", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("Tue, 24 Nov 2020 10:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(value, wait):
    assert schedule.retry_after(value, NOW) == (NOW + wait if wait else None)


@given(st.text(max_size=60))
def test_any_header_is_read_without_surprise(value):
    assert schedule.max_age({"cache-control": value, "expires": value}, NOW) >= timedelta(0)
    schedule.retry_after(value, NOW)
