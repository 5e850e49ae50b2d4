"""When the next digest is due, in the subscriber's own time. Pure.

Hours are wall-clock hours: seven o'clock stays seven o'clock when the clocks change. An hour
that a change leaves out falls an hour later; one that it repeats counts once, the first time.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When digests leave: `daily`, `weekly` or `monthly`, at an hour of a time zone."""

    name: str
    zone: ZoneInfo
    hour: int = 7
    weekday: int = 0
    """Of a weekly one, Monday 0."""
    day: int = 1
    """Of a monthly one; the last day of shorter months."""

    def next_at(self, after: datetime) -> datetime:
        """The first time after an instant, UTC."""
        return next(when for when in self._times(after, +1) if when > after)

    def latest_at(self, until: datetime) -> datetime:
        """The last time up to an instant, UTC."""
        return next(when for when in self._times(until, -1) if when <= until)

    def _times(self, around: datetime, step: int) -> Iterator[datetime]:
        """All its times from a day beside the instant on, later or earlier ones."""
        day = around.astimezone(self.zone).date() - step * _DAY
        while True:
            if self._falls_on(day):
                local = datetime.combine(day, time(self.hour), self.zone)
                yield local.astimezone(UTC)
            day += step * _DAY

    def _falls_on(self, day: date) -> bool:
        if self.name == "weekly":
            return day.weekday() == self.weekday
        if self.name == "monthly":
            return day.day == min(self.day, monthrange(day.year, day.month)[1])
        return True
