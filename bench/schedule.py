"""A year of 1,000 synthetic publishing histories: how long news wait, and what asking costs.

    python bench/schedule.py [--sources 1000] [--days 365] [--seed 7]

On the same histories: our rule (`aggregator.collect.schedule`), every hour, Miniflux's "entry
frequency" with its defaults, and the rule "median gap of the last 20 entries divided by 4".
Printed: the delay from publication to sight over all entries (p50, p95, mean) and requests per
source and day. The first 30 days only teach.

No rule that polls can have hourly polling's p95 at Miniflux's price: 95 of 100 entries within
57 minutes need about 7 requests per source and day on these histories. So ours is shown at two
settings of its one knob, WAITING: as shipped, to be set against Miniflux, and eager, to be set
against every hour.

The histories are built from what groups do: hours of the day and days of the week by kind of
source, holidays, rushes before an event, newsletters at a fixed hour, and long tails of seldom.
"""

from __future__ import annotations

import argparse
import bisect
import json
import math
import os
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, os.getcwd())

from aggregator.collect import schedule

START = datetime(2025, 9, 1, tzinfo=UTC)
TEACHING = timedelta(days=30)
HOUR = timedelta(hours=1)
OFFICE = [0, 0, 0, 0, 0, 0, 1, 3, 7, 10, 10, 8, 5, 6, 9, 10, 9, 7, 4, 2, 2, 1, 1, 0]
EVENING = [2, 1, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 4, 3, 2, 2, 3, 5, 8, 9, 10, 10, 8, 4]
WEEK = [10, 10, 10, 10, 9, 3, 2]
VOLUNTEERS = [7, 7, 8, 7, 7, 9, 10]

KINDS = (
    # share of sources, entries a day (median, spread), hours, weekdays, share at a fixed hour
    ("press", 0.08, 18.0, 0.5, OFFICE, WEEK, 0.2),
    ("town hall", 0.12, 2.5, 0.5, OFFICE, WEEK, 0.3),
    ("active association", 0.20, 0.6, 0.6, EVENING, VOLUNTEERS, 0.2),
    ("newsletter", 0.10, 1 / 7, 0.1, OFFICE, WEEK, 0.95),
    ("association", 0.30, 0.1, 0.7, EVENING, VOLUNTEERS, 0.1),
    ("seldom", 0.20, 0.02, 0.6, EVENING, VOLUNTEERS, 0.0),
)


def history(dice: random.Random, days: int) -> list[datetime]:
    """When one source publishes, oldest first."""
    kind = dice.choices(KINDS, [kind[1] for kind in KINDS])[0]
    _, _, median, spread, hours, week, fixed = kind
    rate = median * math.exp(dice.gauss(0, spread))
    weights = [week[(START + timedelta(days=day)).weekday()] for day in range(7)]
    scale = 7 / sum(weights)
    fixed_hour = dice.choices(range(24), hours)[0] + dice.random()
    weekday = dice.choices(range(7), week)[0]
    moments: list[datetime] = []
    rush_until = -1
    for day in range(days):
        date = START + timedelta(days=day)
        if kind[0] == "newsletter":
            if date.weekday() == weekday and dice.random() < 0.93:
                moments.append(date + HOUR * fixed_hour + timedelta(minutes=dice.gauss(0, 12)))
            continue
        busy = week[date.weekday()] * scale
        # Christmas and August are quiet, and now and then an event makes a rush.
        busy *= 0.3 if (date.month, date.day) >= (12, 22) or date.month == 8 else 1.0
        if dice.random() < 0.015:
            rush_until = day + dice.randint(1, 6)
        busy *= 3 if day <= rush_until else 1
        for _ in range(_poisson(dice, rate * busy)):
            hour = fixed_hour if dice.random() < fixed else dice.choices(range(24), hours)[0]
            minute = timedelta(
                minutes=dice.uniform(0, 60) if hour != fixed_hour else dice.gauss(0, 8)
            )
            moments.append(date + HOUR * hour + minute)
    return sorted(moments)


def _poisson(dice: random.Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


@dataclass
class Ours:
    """The rule that the crawl uses; the rhythm is learned anew when something new was seen."""

    waiting: float
    known: int = -1
    rhythm: schedule.Rhythm = field(default_factory=schedule.Rhythm)

    def __call__(self, now: datetime, seen: Sequence[datetime], total: int) -> timedelta:
        if total != self.known:
            self.known = total
            self.rhythm = schedule.learn(seen, now)
        return schedule.interval(self.rhythm, now, waiting=self.waiting)


def hourly(_now: datetime, _seen: Sequence[datetime], _total: int) -> timedelta:
    """Every hour, whatever happens."""
    return HOUR


def miniflux(now: datetime, seen: Sequence[datetime], _total: int) -> timedelta:
    """A week by the virtual number of entries a week, from the mean gap of the last 7 days.

    Bounds of 5 minutes and 24 hours, factor 1, and visits only at the scheduler's hourly tick:
    its defaults for POLLING_SCHEDULER=entry_frequency.
    """
    week = [at for at in seen if now - at <= timedelta(days=7)]
    pause = timedelta(hours=24)
    if len(week) > 1:
        gap = (week[0] - week[-1]) / (len(week) - 1)
        virtual = math.ceil(timedelta(days=7) / max(gap, timedelta(seconds=1)))
        pause = min(max(timedelta(days=7) / virtual, timedelta(minutes=5)), timedelta(hours=24))
    due = now + pause
    return START + math.ceil((due - START) / HOUR) * HOUR - now


def quarter_gap(_now: datetime, seen: Sequence[datetime], _total: int) -> timedelta:
    """The median gap of the last 20 entries, divided by 4, 15 minutes to 24 hours."""
    gaps = [later - earlier for later, earlier in pairwise(seen[:21])]
    pause = statistics.median(gaps) / 4 if gaps else timedelta(hours=24)
    return min(max(pause, timedelta(minutes=15)), timedelta(hours=24))


EAGER = 0.008
RULES: dict[str, Callable[[], Callable[[datetime, Sequence[datetime], int], timedelta]]] = {
    "ours": lambda: Ours(schedule.WAITING),
    "Miniflux": lambda: miniflux,
    "ours, eager": lambda: Ours(EAGER),
    "every hour": lambda: hourly,
    "median gap / 4": lambda: quarter_gap,
}
RIVALS = (("ours", "Miniflux"), ("ours, eager", "every hour"), ("ours", "every hour"))


def run(
    rule: Callable[[datetime, Sequence[datetime], int], timedelta],
    moments: Sequence[datetime],
    days: int,
    dice: random.Random,
) -> tuple[list[float], int]:
    """Delays in hours of what was published after the teaching, and requests made since."""
    end = START + timedelta(days=days)
    now = START + HOUR * dice.random()
    delays: list[float] = []
    requests = position = 0
    taught = START + TEACHING
    while now < end:
        upto = bisect.bisect_right(moments, now)
        delays += [(now - at) / HOUR for at in moments[position:upto] if at >= taught]
        position = upto
        requests += now >= taught
        # What a visit sees: the newest entries, as a feed holds them.
        pause = rule(now, moments[max(0, upto - 300) : upto][::-1], upto)
        if isinstance(rule, Ours):
            pause *= 1 + schedule.JITTER * (2 * dice.random() - 1)
        now += pause
    return delays, requests


def compare(sources: int, days: int, seed: int) -> dict[str, dict[str, float]]:
    """The figures of each rule over the same histories."""
    dice = random.Random(seed)
    histories = [history(dice, days) for _ in range(sources)]
    table = {}
    for name, make in RULES.items():
        chance = random.Random(seed + 1)
        delays: list[float] = []
        requests = 0
        for moments in histories:
            seen, asked = run(make(), moments, days, chance)
            delays += seen
            requests += asked
        delays.sort()
        measured = days - TEACHING.days
        table[name] = {
            "p50 h": round(delays[len(delays) // 2], 2),
            "p95 h": round(delays[int(len(delays) * 0.95)], 2),
            "mean h": round(statistics.fmean(delays), 2),
            "requests/source/day": round(requests / sources / measured, 2),
        }
    print(f"{sum(map(len, histories))} entries of {sources} sources in {days} days")
    return table


def main() -> None:
    """Print the table, and whether ours is better on both axes than each of the two rivals."""
    parser = argparse.ArgumentParser(description="Weigh the schedule against two rivals.")
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    table = compare(options.sources, options.days, options.seed)
    for name, figures in table.items():
        print(f"{name:16}", "  ".join(f"{key} {value:7.2f}" for key, value in figures.items()))
    for mine, rival in RIVALS:
        better = [key for key, value in table[mine].items() if value < table[rival][key]]
        worse = [key for key in table[mine] if key not in better]
        print(f"{mine} against {rival}: better in {better}, not in {worse}")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
