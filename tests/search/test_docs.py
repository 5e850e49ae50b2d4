"""The page on the query language tells the truth."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.search.parser import parse
from aggregator.search.query import EVERYTHING

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
ROWS = PAGE.partition("| You write |")[2].partition("\n\n")[0].splitlines()[2:]
QUESTIONS = PAGE.partition("## Questions from the field")[2].partition("##")[0]
EXAMPLES = [
    example
    for cell in [*(row.split(" | ")[0] for row in ROWS), QUESTIONS]
    for example in re.findall(r"`([^`]+)`", cell)
    if not example.endswith(":")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_understood_without_a_warning(example: str) -> None:
    understood = parse(example, now=NOW)
    assert understood.warnings == ()
    assert understood.query != EVERYTHING


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20
