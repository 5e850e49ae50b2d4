"""Names in Arabic and Hebrew are printed joined and from right to left; all others as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.joining import printed


@pytest.mark.parametrize(
    ("words", "signs"),
    [
        # Initial, medial and final beh, from right to left.
        ("ببب", "\ufe90\ufe92\ufe91"),
        # Alef joins what comes before it only.
        ("ابب", "\ufe90\ufe91\ufe8d"),
        # Lam and alef are one sign, also behind another letter.
        ("لا", "\ufefb"),
        ("بلا", "\ufefc\ufe91"),
        # A vowel sign stands between letters without parting them.
        ("بَب", "\ufe90\u064e\ufe91"),
        ("Radio بب 93", "Radio 93 \ufe90\ufe91"),
        ("L’Œuvre à Ørsted", "L’Œuvre à Ørsted"),
    ],
)
def test_letters_are_joined_and_turned(words: str, signs: str) -> None:
    assert printed(words) == signs


@given(st.text())
def test_any_words_can_be_printed(words: str) -> None:
    assert isinstance(printed(words), str)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_words_from_left_to_right_stay_as_they_are(words: str) -> None:
    assert printed(words) == words
