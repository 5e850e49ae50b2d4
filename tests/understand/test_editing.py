"""An edit of the lexicon changes one phrase for one term and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.understand.editing import (
    Edit,
    alone,
    edited,
    is_phrase,
    is_weight,
    weight_of,
    with_edits,
    words_found,
)
from aggregator.understand.lexicon import default_text, entries, read_lexicon
from aggregator.understand.tags import default_rules, tags_for

LEXICON = (
    "# ours\n[topic/logement]\n4: HLM, logement social\n1: quartier\n[topic/culture]\n2: HLM\n"
)


def in_it(text: str) -> list[tuple[str, str, float]]:
    return [(slug, phrase, weight) for _, slug, weight, phrase in entries(text)]


def test_a_phrase_is_put_in_weighed_anew_and_taken_out_for_its_term_only() -> None:
    text = edited(LEXICON, [Edit("topic", "logement", "logements sociaux", 2.0)])
    assert ("logement", "logements sociaux", 2.0) in in_it(text)
    assert ("logement", "logement social", 4.0) not in in_it(text)
    text = edited(LEXICON, [Edit("topic", "logement", "HLM", None)])
    assert [one for one in in_it(text) if one[1] == "HLM"] == [("culture", "HLM", 2.0)]
    text = edited(LEXICON, [Edit("topic", "logement", "bail*", -1.5)])
    assert in_it(text) == [*in_it(LEXICON), ("logement", "bail*", -1.5)]


def test_the_last_edit_of_a_phrase_counts_and_lines_keep_their_numbers() -> None:
    out, back = (Edit("topic", "logement", "quartier", weight) for weight in (None, 3.0))
    assert weight_of(read_lexicon(edited(LEXICON, [out, back])), *back_of(back)) == 3.0
    text = edited(LEXICON, [back, out])
    assert weight_of(read_lexicon(text), *back_of(out)) is None
    assert text.splitlines()[4] == "[topic/culture]"


def back_of(edit: Edit) -> tuple[str, str, str]:
    return edit.dimension, edit.slug, edit.phrase


def test_no_edit_leaves_the_programs_lexicon_as_it_is() -> None:
    assert edited(default_text(), []).splitlines() == default_text().splitlines()


def test_an_edit_gives_and_takes_a_tag_that_its_words_cause() -> None:
    title, text = "Zinzoline, zinzoline !", "La zinzoline."
    assert not tags_for(title, text).topics
    given = with_edits(default_rules(), [Edit("topic", "culture", "zinzoline", 5.0)])
    found = tags_for(title, text, rules=given).topics
    assert [tag.slug for tag in found] == ["culture"]
    taken = with_edits(given, [Edit("topic", "culture", "zinzolines", None)])
    assert not tags_for(title, text, rules=taken).topics


def test_words_are_told_as_the_text_writes_them() -> None:
    phrase = alone(Edit("topic", "logement", "logement social", 4.0))
    found = words_found(phrase, "topic", "Logements sociaux", "des logements sociaux, un logement")
    assert found == ("Logements sociaux", "logements sociaux")


@pytest.mark.parametrize(
    "phrase",
    ["", " ", "un, deux", "HLM # rien", "a*", "*", "=", "…", "un\ndeux", "  deux", "x" * 81, "=*"],
)
def test_what_would_break_the_lexicon_or_be_found_everywhere_is_no_phrase(phrase: str) -> None:
    assert not is_phrase(phrase)


@given(st.text(max_size=90), st.floats(-5, 5).map(lambda weight: round(weight, 1)))
def test_any_text_is_no_phrase_or_can_be_put_in_read_and_taken_out(
    phrase: str, weight: float
) -> None:
    if not is_phrase(phrase) or not is_weight(weight):
        return
    put = edited(LEXICON, [Edit("topic", "culture", phrase, weight)])
    assert weight_of(read_lexicon(put), "topic", "culture", phrase) == weight
    out = edited(put, [Edit("topic", "culture", phrase, None)])
    assert weight_of(read_lexicon(out), "topic", "culture", phrase) is None
