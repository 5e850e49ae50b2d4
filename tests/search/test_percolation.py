"""A thousand saved searches meet a hundred new entries at once; bench/search.py says how soon."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.parser import parse
from aggregator.search.query import Query

Make = Callable[..., IndexedEntry]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ENDS = ("ale", "ori", "une", "ette", "anger", "ois")
WORDS = [start + end for start in "bcdfglmnprstv" for end in ENDS]
SHAPES = ("{} {}", '"{} {}"', "{} OU {}", "{} -{}", "titre:{} {}", "{}* theme:{}")


def searches(number: int) -> dict[int, Query]:
    chance = random.Random(1)
    texts = (chance.choice(SHAPES).format(*chance.sample(WORDS, 2)) for _ in range(number))
    return {n: parse(text, now=NOW).query for n, text in enumerate(texts, 1)}


def text(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=120))


@pytest.mark.slow
def test_thousand_saved_searches_meet_a_hundred_entries_in_one_call(
    index: Engine, make: Make
) -> None:
    index.add(make(n, text(n)[:60], text(n)) for n in range(1, 2001))
    index.commit()
    fresh = range(3001, 3101)
    index.add(make(n, text(n)[:60], text(n)) for n in fresh)
    index.commit()
    matched = index.matching(searches(1000), list(fresh))
    assert len(matched) > 500
    assert {entry for found in matched.values() for entry in found} <= {*fresh}


def test_matching_finds_what_searching_finds(index: Engine, make: Make) -> None:
    index.add(make(n, text(n)[:60], text(n)) for n in range(1, 101))
    index.commit()
    saved = searches(60)
    matched = index.matching(saved, range(50, 101))
    for number, query in saved.items():
        found = index.search(query, limit=200).ids
        assert sorted(matched.get(number, ())) == sorted(n for n in found if n >= 50)
