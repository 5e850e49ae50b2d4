"""Quality that no single assert can state, held by floors over feeds that nobody here wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.parse import numbers, score, score_nasty

pytestmark = pytest.mark.corpora

FLOORS = {
    "no exception/timeout": 1533,
    ">=1 entry where >=1 expected": 1106,
    "right number of entries": 1520,
    "right first title": 447,
    "right first link": 368,
    "right first date": 330,
    "ids present and unique": 1113,
    "dates valid ISO": 1113,
    "everything checked is right": 1508,
    "entries: titles kept": 5060,
    "entries: links kept": 4700,
    "entries: dates kept": 4485,
    "entries: ids kept": 4312,
    "entries: enclosures kept": 434,
}
"""Of the public part; each above plain feedparser's."""

FAULTS = {"no date": 130, "no link": 25, "title empty": 20, "date in the future": 10}
"""At most so many entries of captured feeds; of every other fault there are none."""


@pytest.fixture(scope="module")
def corpora(shared: Path) -> Path:
    return shared / "corpora"


@pytest.fixture(scope="module")
def told(corpora: Path) -> list[str]:
    """The scorer's lines over the public feeds."""
    return score(corpora, "public", "bench.parse:entries")


def first_number(value: str) -> int:
    return int(re.split(r"\D", value, maxsplit=1)[0])


def test_public_feeds_are_read_better_than_the_floors(told: list[str]) -> None:
    found = numbers(told)
    assert {name: first_number(found[name]) for name in FLOORS if name in found} == {
        name: max(floor, first_number(found[name])) for name, floor in FLOORS.items()
    }


def test_entries_of_captured_feeds_have_no_other_faults(told: list[str]) -> None:
    start = next(index for index, line in enumerate(told) if "hygiene over" in line)
    found = dict(re.findall(r"^    (\S.*?)\s{2,}(\d+) in", "\n".join(told[start:]), re.MULTILINE))
    assert set(found) <= set(FAULTS)
    assert all(int(found[name]) <= most for name, most in FAULTS.items() if name in found)


def test_french_captured_feeds_lose_nothing(corpora: Path) -> None:
    if not (corpora / "local_only").is_dir():
        pytest.skip("the local part of the corpora is not there")
    found = numbers(score(corpora, "local_only", "bench.parse:entries"))
    for name in ("right number of entries", "right first title", "right first date"):
        assert found[name].endswith("(100.0%)"), name


@pytest.mark.slow
def test_hostile_inputs_all_end_well(corpora: Path) -> None:
    assert "169 of 169" in score_nasty(corpora, "bench.parse:entries")
