"""Seven o'clock stays seven o'clock, in every zone and when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.mail.schedule import Rhythm

PARIS = ZoneInfo("Europe/Paris")
AUCKLAND = ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize(
    ("rhythm", "after", "next_at"),
    [
        (Rhythm("daily", PARIS, 7), "2026-11-24T09:00Z", "2026-11-25T06:00Z"),
        (Rhythm("daily", PARIS, 7), "2026-11-25T05:59Z", "2026-11-25T06:00Z"),
        (Rhythm("daily", PARIS, 7), "2026-11-25T06:00Z", "2026-11-26T06:00Z"),
        # The clocks went back on 25 October and forward on 28 March.
        (Rhythm("daily", PARIS, 7), "2026-10-24T06:00Z", "2026-10-25T06:00Z"),
        (Rhythm("daily", PARIS, 7), "2026-10-24T04:00Z", "2026-10-24T05:00Z"),
        (Rhythm("daily", PARIS, 2), "2027-03-27T12:00Z", "2027-03-28T01:00Z"),
        (Rhythm("daily", PARIS, 2), "2026-10-24T12:00Z", "2026-10-25T00:00Z"),
        (Rhythm("weekly", PARIS, 7, weekday=4), "2026-11-24T09:00Z", "2026-11-27T06:00Z"),
        (Rhythm("monthly", PARIS, 7, day=31), "2026-11-24T09:00Z", "2026-11-30T06:00Z"),
        (Rhythm("monthly", PARIS, 7, day=31), "2027-02-01T09:00Z", "2027-02-28T06:00Z"),
        (Rhythm("daily", AUCKLAND, 7), "2026-11-24T09:00Z", "2026-11-24T18:00Z"),
        (Rhythm("daily", ZoneInfo("America/Cayenne"), 7), "2026-11-24T09:00Z", "2026-11-24T10:00Z"),
    ],
)  # fmt: skip
def test_the_next_time_is_in_the_readers_own_clock(
    rhythm: Rhythm, after: str, next_at: str
) -> None:
    assert rhythm.next_at(datetime.fromisoformat(after)) == datetime.fromisoformat(next_at)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001  made aware below
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.integers(0, 23),
    st.integers(0, 6),
    st.integers(1, 31),
    st.sampled_from(["Europe/Paris", "Pacific/Apia", "America/St_Johns", "UTC"]),
)
def test_times_follow_each_other_without_gap(
    moment: datetime, name: str, hour: int, weekday: int, day: int, zone: str
) -> None:
    moment = moment.replace(tzinfo=UTC)
    rhythm = Rhythm(name, ZoneInfo(zone), hour, weekday, day)
    following = rhythm.next_at(moment)
    assert rhythm.latest_at(moment) <= moment < following
    assert rhythm.next_at(rhythm.latest_at(moment)) == following
    assert following - moment <= timedelta(days=32)
    assert rhythm.latest_at(following) == following
