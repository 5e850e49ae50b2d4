"""Every code that this room gives to people has words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.registry import (
    amendments,
    governance,
    importing,
    mirrors,
    ownership,
    planning,
    wording,
)

ROOM = Path(__file__).parents[2] / "aggregator" / "registry"


def test_every_refusal_has_words() -> None:
    codes = {
        code
        for path in ROOM.glob("*.py")
        for code in re.findall(r'Refused\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert len(codes) > 20
    assert {code for code in codes if not wording.is_known(code)} == set()


@pytest.mark.parametrize(
    "codes",
    [
        wording.REFUSAL_REASONS,
        wording.REPORT_REASONS,
        [f"kind_{kind}" for kind in amendments.KINDS],
        [f"method_{method}" for method in ownership.METHODS],
        [f"how_{method}" for method in ownership.METHODS],
        [f"who_{who}" for who in governance.WHO],
        [f"trust_{level}" for level in range(4)],
        [f"plan_{outcome}" for outcome in planning.OUTCOMES],
        [f"planned_{outcome}" for outcome in planning.OUTCOMES],
        [f"mode_{mode}" for mode in mirrors.MODES],
        [f"rhythm_{rhythm}" for rhythm in mirrors.RHYTHMS],
        [f"mirror_{state}" for state in ("asked", "shown", "active", "paused", "ended")],
        [importing.BY_RULE, "sudden_list"],
    ],
)
def test_every_list_has_words_in_both_languages(codes: list[str]) -> None:
    for code in codes:
        french, english = wording.sentence(code, "fr"), wording.sentence(code, "en")
        assert code not in {french, english}
        assert french != english


def test_a_missing_value_leaves_a_gap_and_not_a_crash() -> None:
    assert wording.sentence("missing", "fr") == "Il manque : …."
    assert wording.sentence("no_such_code") == "no_such_code"
