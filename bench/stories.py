"""How fast an entry finds its story among many: same text and same event together.

    python bench/stories.py [--entries 100000]

First the second step by itself, on invented events told twice (`tests/understand/events.json`):
which share is found again among all the others, and how many finds are wrong.

Invented entries of 90 words from 2,000 sources, a tenth of them copies with a new beginning, each
source with its own footer. Prints milliseconds beside the issue's limit of 1 ms a lookup.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from aggregator.understand.stories import StoryEntry, StoryIndex

LIMIT_MS = 1.0
SOURCES = 2_000
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def vocabulary(rng: random.Random) -> tuple[list[str], list[float]]:
    """30,000 invented words and how often each is used, added up, as in any language (Zipf)."""
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "ou", "an", "on")]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(30_000)]
    return words, list(accumulate(1 / (rank + 5) for rank in range(len(words))))


def entries(count: int, rng: random.Random) -> list[StoryEntry]:
    """Entries of the last ten days, in order of time."""
    words, weights = vocabulary(rng)
    footers = [" ".join(rng.choices(words, k=12)) for _ in range(SOURCES)]
    texts: list[str] = []
    found = []
    for number in range(count):
        source = rng.randrange(SOURCES)
        if texts and rng.random() < 0.1:
            text = " ".join(rng.choices(words, cum_weights=weights, k=8)) + " " + rng.choice(texts)
        else:
            text = " ".join(rng.choices(words, cum_weights=weights, k=90))
        texts.append(text)
        title = " ".join(word.title() for word in rng.choices(words, cum_weights=weights, k=7))
        published = NOW + timedelta(days=10 * number / count)
        found.append(StoryEntry(number, source, published, title, f"{text} {footers[source]}"))
    return found


def same_event() -> None:
    """Print how well events told in other words are found, look-alikes and all."""
    told = json.loads(Path("tests/understand/events.json").read_text("utf-8"))
    index = StoryIndex()
    firsts = [one for one, _ in (*told["events"].values(), *told["lookalikes"])]
    for number, (title, text) in enumerate(firsts):
        index.add(StoryEntry(number, number, NOW, title, text))
    right = wrong = 0
    seconds = [other for _, other in (*told["events"].values(), *told["lookalikes"])]
    for number, (title, text) in enumerate(seconds):
        found = index.match(StoryEntry(1000 + number, 1000 + number, NOW, title, text))
        is_event = number < len(told["events"])
        right += found is not None and is_event and found.id == number
        wrong += found is not None and not (is_event and found.id == number)
    events = len(told["events"])
    print(f"same event in other words: {right} of {events} found, {wrong} wrong finds")


def main() -> int:
    """Fill, look up, print; 1 when the 95th percentile is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    options = parser.parse_args()
    same_event()
    rng = random.Random(1)
    made = entries(options.entries, rng)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    index = StoryIndex()
    started = time.process_time()
    for entry in made:
        index.add(entry)
    adding = time.process_time() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    asked = rng.sample(made, 500)
    took = []
    stories = 0
    for entry in asked:
        new = StoryEntry(-1, entry.source, entry.published, entry.title, entry.text)
        started = time.process_time()
        stories += index.match(new) is not None
        took.append(1000 * (time.process_time() - started))
    took.sort()
    print(f"{len(made):,} entries added in {adding:.0f} s CPU, {memory:.0f} MB")
    for name, value in (("p50", took[250]), ("p95", took[475]), ("worst", took[-1])):
        print(f"lookup {name:<6} {value:6.2f} ms   {value / LIMIT_MS:5.2f} of the limit")
    print(f"{stories} of {len(asked)} lookups found their story (each has itself under another id)")
    return 0 if took[475] <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
