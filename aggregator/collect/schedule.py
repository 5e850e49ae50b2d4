"""When a source is visited next. Pure: the same history always gives the same instant.

A visit costs the group's server one request; waiting costs readers time. The visit comes when
the waiting that we expect of entries published meanwhile reaches a fixed amount: a busier source
is visited more often, though less than in proportion, and for one that publishes on weekday
mornings the visits gather there by themselves. `bench/schedule.py` weighs this rule against
fixed polling and against Miniflux's. Knows no database and no clock.
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
DEMO_LONGEST = 6
"""Times the least pause, where that is set below SHORTEST for a demo."""
JITTER = 0.1

WAITING = 1.25
"""How much expected waiting is worth one visit; less asks more often (see POWER for its unit)."""
POWER = 1.5
"""Waiting grows with the hours and with this power of the entries that wait together: between 1
(the least mean delay for the requests) and visits in proportion to the entries (Miniflux)."""
REMEMBERED = 60
"""Entries that the rhythm is learned from, newest first."""
MEMORY = timedelta(days=120)
UNKNOWN_RATE = 0.5
"""Entries a day that we expect of a source whose history we do not know yet."""
_STEP = 15
"""Minutes between two looks ahead."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often and when a source publishes."""

    count: int = 0
    """Entries it was learned from; 0 when it is not known yet."""
    first: datetime | None = None
    """The oldest of them."""
    tenth: datetime | None = None
    """The tenth newest; None when there are fewer."""
    last: datetime | None = None
    """When it last published; None when it never did."""
    hours: tuple[float, ...] = (1.0,) * 24
    """Weight of each hour (UTC); they average to 1."""
    days: tuple[float, ...] = (1.0,) * 7
    """Weight of each weekday (Monday 0); they average to 1."""
    patience: timedelta = timedelta(days=180)
    """A silence this long is no longer usual for it."""

    def rate(self, at: datetime) -> float:
        """Entries a day to expect at this moment; less the longer nothing has come.

        The last ten count as much as all where they say more, so that a rush is followed.
        """
        if self.count == 0 or self.first is None:
            return UNKNOWN_RATE
        steady = self.count / _days(at - self.first)
        if self.tenth is None:
            return steady
        return max(steady, (steady + 10 / _days(at - self.tenth)) / 2)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as `Source.rhythm` keeps it."""
        kept = asdict(self) | {"hours": list(self.hours), "days": list(self.days)}
        for name in _MOMENTS:
            kept[name] = kept[name].isoformat() if kept[name] else None
        return kept | {"patience": int(self.patience.total_seconds())}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Rhythm:
        """What `as_json` kept; the unknown rhythm for an empty mapping."""
        if not kept:
            return cls()
        moments = {
            name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _MOMENTS
        }
        return cls(
            count=kept["count"],
            hours=tuple(kept["hours"]),
            days=tuple(kept["days"]),
            patience=timedelta(seconds=kept["patience"]),
            **moments,
        )


_MOMENTS = ("first", "tenth", "last")


def _days(time: timedelta) -> float:
    return max(time.total_seconds(), 3600) / 86400


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
    pushed_until: datetime | None = None
    """Until when a reliable hub promises to tell us at once."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as `Source.pace` keeps it; empty when nothing is asked."""
        kept = {
            "ttl": int(self.ttl.total_seconds()),
            "max_age": int(self.max_age.total_seconds()),
            "skip_hours": sorted(self.skip_hours),
            "skip_days": sorted(self.skip_days),
            "pushed_until": self.pushed_until.isoformat() if self.pushed_until else None,
        }
        return {name: value for name, value in kept.items() if value}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Pace:
        """What `as_json` kept."""
        pushed = kept.get("pushed_until")
        return cls(
            ttl=timedelta(seconds=kept.get("ttl", 0)),
            max_age=timedelta(seconds=kept.get("max_age", 0)),
            skip_hours=frozenset(kept.get("skip_hours", ())),
            skip_days=frozenset(kept.get("skip_days", ())),
            pushed_until=datetime.fromisoformat(pushed) if pushed else None,
        )


def learn(published: Sequence[datetime], now: datetime) -> Rhythm:
    """The rhythm in the moments a source published, newest first; unknown for fewer than two.

    The weights of hours and days lean towards "any time" until there is enough to see a habit.
    """
    seen = [at for at in published[:REMEMBERED] if at <= now]
    if len(seen) < 2:
        return Rhythm(last=seen[0] if seen else None)
    recent = [at for at in seen if now - at <= MEMORY] or seen[:1]
    return Rhythm(
        count=len(recent),
        first=recent[-1] if len(recent) > 1 else min(recent[-1], now - MEMORY),
        tenth=recent[9] if len(recent) > 9 else None,
        last=seen[0],
        hours=_weights([at.hour for at in recent], 24, neighbours=True),
        days=_weights([at.weekday() for at in recent], 7, neighbours=False),
        patience=_patience(seen),
    )


def _patience(seen: Sequence[datetime]) -> timedelta:
    """Five usual gaps, twice the long ones, a fortnight: whichever is most.

    A source that published weekly is silent after five weeks, and one of which we know little
    after five weeks at the earliest.
    """
    gaps = sorted(later - earlier for later, earlier in pairwise(seen))
    usual, long = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.9)]
    least = timedelta(days=14 if len(gaps) >= 10 else 35)
    patience = max(5 * usual, 2 * long, least)
    return timedelta(seconds=int(patience.total_seconds()))


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
    waiting: float = WAITING,
    shortest: timedelta = SHORTEST,
    longest: timedelta | None = None,
) -> timedelta:
    """How long after the visit at `since` the next one is worth its request.

    Between `shortest` and `longest` (24 h, 48 h for a source silent for 3 months).
    """
    if longest is None:
        silent = rhythm.last is not None and since - rhythm.last > SILENT
        longest = LONGEST_SILENT if silent else LONGEST
    hourly = rhythm.rate(since) / 24
    start, weekday = since.hour * 60 + since.minute, since.weekday()
    unseen = waited = 0.0
    minutes = 0
    while minutes < longest.total_seconds() / 60 and waited < waiting:
        day, minute = divmod(start + minutes, 1440)
        weight = rhythm.hours[minute // 60] * rhythm.days[(weekday + day) % 7]
        arriving = hourly * weight * _STEP / 60
        waited += (unseen + arriving / 2) ** POWER * _STEP / 60
        unseen += arriving
        minutes += _STEP
    return min(max(timedelta(minutes=minutes), shortest), longest)


def next_visit(
    now: datetime,
    rhythm: Rhythm,
    pace: Pace,
    *,
    chance: float,
    shortest: timedelta = SHORTEST,
) -> datetime:
    """The next visit after a success at `now`.

    `chance` in [0, 1) spreads sources that would come together, by ±10 %. While a hub tells us
    at once, one backup visit a day is enough. What the source asks for lengthens, never shortens.
    """
    pause = interval(rhythm, now, shortest=max(shortest, SHORTEST))
    if pace.pushed_until is not None and pace.pushed_until > now:
        pause = max(pause, BACKUP)
    asked = min(max(pace.ttl, pace.max_age), ASKED_LONGEST)
    if shortest < SHORTEST:
        # A demo's days are short: news must show while one watches.
        scale = shortest / SHORTEST
        pause, asked = min(pause * scale, DEMO_LONGEST * shortest), asked * scale
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

    In a demo, whose `shortest` is below the usual one, all waits shrink alike.

    A permanent cause waits a day at least from the second time on: nothing changes by itself.
    """
    pause = FIRST_ERROR * (1 << min(max(failures, 1) - 1, 10))
    if permanent and failures > 1:
        pause = max(pause, timedelta(hours=24))
    pause = min(pause, LAST_ERROR) * min(shortest / SHORTEST, 1.0)
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
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,9})", control)
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
    if re.fullmatch(r"[0-9]+", value.strip()):
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
