"""When a source is visited next. Pure: the same history always gives the same instant.

A visit costs the group's server one request; waiting costs readers time. The visit comes when
the waiting that we expect of entries published meanwhile reaches a fixed amount: for a steady
source that is the square-root law (four times as busy, visited twice as often), and for one
that publishes on weekday mornings the visits gather there by themselves. `bench/schedule.py`
weighs this rule against fixed polling and against Miniflux's. Knows no database and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
LONGEST_SILENT = timedelta(hours=48)
"""For a source that has published nothing for SILENT."""
SILENT = timedelta(days=90)
FIRST_ERROR = timedelta(hours=1)
LAST_ERROR = timedelta(days=7)
"""Errors double the wait up to here; there is no giving up after it."""
BACKUP = timedelta(hours=24)
"""Between visits while a WebSub hub tells us at once."""
ASKED_LONGEST = timedelta(hours=24)
"""What ttl and caching headers may lengthen a visit to; many are set wrongly for years."""
QUIET_LONGEST = timedelta(days=7)
"""What Retry-After may ask for."""
JITTER = 0.1

WAITING = timedelta(hours=1.5)
"""Expected entry-hours of waiting that are worth one visit."""
REMEMBERED = 60
"""Entries that the rhythm is learned from, newest first."""
MEMORY = timedelta(days=120)
UNKNOWN_RATE = 0.5
"""Entries a day that we expect of a source whose history we do not know yet."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often and when a source publishes."""

    rate: float = UNKNOWN_RATE
    """Entries a day, over the whole week."""
    hours: tuple[float, ...] = (1.0,) * 24
    """Weight of each hour (UTC); they average to 1."""
    days: tuple[float, ...] = (1.0,) * 7
    """Weight of each weekday (Monday 0); they average to 1."""
    last: datetime | None = None
    """When it last published; None when it never did."""
    patience: timedelta = timedelta(days=180)
    """A silence this long is no longer usual for it."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as `Source.rhythm` keeps it."""
        kept = asdict(self) | {"hours": list(self.hours), "days": list(self.days)}
        kept["patience"] = int(self.patience.total_seconds())
        return kept | {"last": self.last.isoformat() if self.last else None}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Rhythm:
        """What `as_json` kept; the unknown rhythm for an empty mapping."""
        if not kept:
            return cls()
        last = kept.get("last")
        return cls(
            rate=float(kept["rate"]),
            hours=tuple(kept["hours"]),
            days=tuple(kept["days"]),
            last=datetime.fromisoformat(last) if last else None,
            patience=timedelta(seconds=kept["patience"]),
        )

    def expected(self, at: datetime) -> float:
        """Entries an hour at this moment."""
        return self.rate / 24 * self.hours[at.hour] * self.days[at.weekday()]


@dataclass(frozen=True, slots=True)
class Pace:
    """What a source asks of its visitors."""

    ttl: timedelta = timedelta(0)
    """RSS `ttl` or `sy:updatePeriod`."""
    max_age: timedelta = timedelta(0)
    """Cache-Control `max-age`, or Expires."""
    skip_hours: frozenset[int] = frozenset()
    """Hours of the day (UTC) without a visit."""
    skip_days: frozenset[int] = frozenset()
    """Weekdays (Monday 0) without a visit."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as `Source.pace` keeps it; empty when nothing is asked."""
        kept = {
            "ttl": int(self.ttl.total_seconds()),
            "max_age": int(self.max_age.total_seconds()),
            "skip_hours": sorted(self.skip_hours),
            "skip_days": sorted(self.skip_days),
        }
        return {name: value for name, value in kept.items() if value}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Pace:
        """What `as_json` kept."""
        return cls(
            ttl=timedelta(seconds=kept.get("ttl", 0)),
            max_age=timedelta(seconds=kept.get("max_age", 0)),
            skip_hours=frozenset(kept.get("skip_hours", ())),
            skip_days=frozenset(kept.get("skip_days", ())),
        )


def learn(published: Sequence[datetime], now: datetime) -> Rhythm:
    """The rhythm in the moments a source published, newest first; unknown for fewer than two.

    The rate counts the silence since the last entry too, so that a source that stops is visited
    less and less without any rule for it. The weights of hours and days lean towards "any time"
    until there is enough to see a habit.
    """
    seen = [at for at in published[:REMEMBERED] if at <= now]
    recent = [at for at in seen if now - at <= MEMORY]
    if len(seen) < 2:
        return Rhythm(last=seen[0] if seen else None)
    if len(recent) < 2:
        rate = len(recent) / (MEMORY / timedelta(days=1)) + 0.005
        return Rhythm(rate=rate, last=seen[0], patience=_patience(seen))
    span = max(now - recent[-1], timedelta(hours=1)) / timedelta(days=1)
    return Rhythm(
        rate=_rate(recent, now, span),
        hours=_weights([at.hour for at in recent], 24, neighbours=True),
        days=_weights([at.weekday() for at in recent], 7, neighbours=False),
        last=seen[0],
        patience=_patience(seen),
    )


def _patience(seen: Sequence[datetime]) -> timedelta:
    """Five usual gaps, twice the long ones, a fortnight: whichever is most.

    A source that published weekly is silent after five weeks.
    """
    gaps = sorted(later - earlier for later, earlier in pairwise(seen))
    usual, long = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.9)]
    return max(5 * usual, 2 * long, timedelta(days=14))


def _rate(recent: Sequence[datetime], now: datetime, span: float) -> float:
    """Entries a day: as the last ten say where they say more, so that a rush is followed."""
    steady = len(recent) / span
    if len(recent) < 10:
        return steady
    rush = 10 / (max(now - recent[9], timedelta(hours=1)) / timedelta(days=1))
    return max(steady, 0.5 * (steady + rush))


def _weights(seen: Sequence[int], size: int, *, neighbours: bool) -> tuple[float, ...]:
    """How often each slot was used, smoothed, averaging to 1."""
    counts = [0.0] * size
    for slot in seen:
        if neighbours:
            counts[slot] += 0.5
            counts[(slot - 1) % size] += 0.25
            counts[(slot + 1) % size] += 0.25
        else:
            counts[slot] += 1.0
    prior = 6.0 / size
    total = len(seen) + 6.0
    return tuple((count + prior) * size / total for count in counts)


def interval(
    rhythm: Rhythm,
    since: datetime,
    *,
    waiting: timedelta = WAITING,
    shortest: timedelta = SHORTEST,
    longest: timedelta | None = None,
) -> timedelta:
    """How long after the visit at `since` the next one is worth its request.

    Between `shortest` and `longest` (24 h, 48 h for a source silent for 3 months).
    """
    if longest is None:
        silent = rhythm.last is not None and since - rhythm.last > SILENT
        longest = LONGEST_SILENT if silent else LONGEST
    step = 0.25
    enough = waiting / timedelta(hours=1)
    unseen = waited = elapsed = 0.0
    limit = longest / timedelta(hours=1)
    while elapsed < limit and waited < enough:
        at = since + timedelta(hours=elapsed + step / 2)
        arriving = rhythm.expected(at) * step
        waited += unseen * step + arriving * step / 2
        unseen += arriving
        elapsed += step
    return min(max(timedelta(hours=elapsed), shortest), longest)


def next_visit(
    now: datetime,
    rhythm: Rhythm,
    pace: Pace,
    *,
    chance: float,
    pushed: bool = False,
    shortest: timedelta = SHORTEST,
) -> datetime:
    """The next visit after a success at `now`.

    `chance` in [0, 1) spreads sources that would come together, by ±10 %. `pushed`: a hub tells
    us at once, so one backup visit a day is enough. What the source asks for lengthens, never
    shortens.
    """
    pause = interval(rhythm, now, shortest=shortest)
    if pushed:
        pause = max(pause, BACKUP)
    asked = min(max(pace.ttl, pace.max_age), ASKED_LONGEST)
    pause *= 1 + JITTER * (2 * chance - 1)
    return _outside_skipped(now + max(pause, asked, shortest), pace)


def next_try(
    now: datetime,
    failures: int,
    *,
    chance: float,
    permanent: bool = False,
    shortest: timedelta = SHORTEST,
) -> datetime:
    """The next visit after `failures` failures in a row (1 for the first): 1 h, 2 h, … 7 days.

    A demo whose `shortest` is below the usual one starts as much earlier.

    A permanent cause waits a day at least from the second time on: nothing changes by itself.
    """
    first = FIRST_ERROR * min(shortest / SHORTEST, 1.0)
    pause = first * (1 << min(max(failures, 1) - 1, 10))
    if permanent and failures > 1:
        pause = max(pause, timedelta(hours=24))
    pause = min(pause, LAST_ERROR)
    return now + pause * (1 + JITTER * (2 * chance - 1))


def _outside_skipped(at: datetime, pace: Pace) -> datetime:
    """The first hour from `at` on that the source does not ask to be left alone in.

    A source that skips every hour or every day is not believed.
    """
    at = at.astimezone(UTC)
    if len(pace.skip_hours) >= 24 or len(pace.skip_days) >= 7:
        return at
    for _ in range(24 * 7):
        if at.hour not in pace.skip_hours and at.weekday() not in pace.skip_days:
            return at
        at = at.replace(minute=at.minute % 10, second=0, microsecond=0) + timedelta(hours=1)
    return at


def max_age(headers: Mapping[str, str], now: datetime) -> timedelta:
    """What the caching headers ask for: `max-age`, else Expires (RFC 9111 §5.2, §5.3).

    Zero where neither is there, with `no-store` or `no-cache`, and for nonsense.

    >>> max_age({"cache-control": "public, max-age=3600"}, datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=3600)
    """
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return timedelta(0)
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", control)
    if found:
        return min(timedelta(seconds=int(found[1])), ASKED_LONGEST)
    expires = _http_date(headers.get("expires", ""))
    return min(max(expires - now, timedelta(0)), ASKED_LONGEST) if expires else timedelta(0)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The end of the wait that Retry-After asks for (RFC 9110 §10.2.3), at most 7 days away.

    None when it is absent, past or nonsense.

    >>> retry_after("demain", datetime(2026, 1, 1, tzinfo=UTC)) is None
    True
    """
    if not value:
        return None
    if value.strip().isdigit():
        until = now + min(timedelta(seconds=int(value.strip()[:9])), QUIET_LONGEST)
    else:
        until = min(_http_date(value) or now, now + QUIET_LONGEST)
    return until if until > now else None


def _http_date(value: str) -> datetime | None:
    try:
        at: datetime = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return datetime.combine(at.date(), at.time(), at.tzinfo or UTC)
