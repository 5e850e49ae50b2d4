"""The taxonomy is complete, bilingual, and refuses what it does not know with a hint."""

import pytest

from aggregator.errors import UnknownTerm
from aggregator.taxonomy import terms


def test_there_are_twelve_topics_three_objectives_four_skills_and_four_kinds() -> None:
    counts = {dimension: len(terms.terms(dimension)) for dimension in terms.DIMENSIONS}
    assert (counts["topic"], counts["objective"], counts["skill"], counts["kind"]) == (12, 3, 4, 4)


@pytest.mark.parametrize("dimension", ["topic", "objective", "skill", "kind"])
def test_every_term_has_its_label_and_description_in_french_and_english(dimension: str) -> None:
    for term in terms.terms(dimension):
        assert term.label_fr
        assert term.label_en
        assert term.description_fr.endswith(".")
        assert term.description_en.endswith(".")


def test_an_area_is_a_term_too() -> None:
    assert terms.term("area", "saint-denis").label_fr == "Saint-Denis"


def test_a_wrong_slug_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownTerm, match="Did you mean urbanisme"):
        terms.term("topic", "urbanism")


def test_a_wrong_dimension_is_refused_with_the_right_ones() -> None:
    with pytest.raises(UnknownTerm, match="topic, objective, skill, kind, area"):
        terms.terms("category")


def test_the_version_is_a_date() -> None:
    assert terms.version() == "2026-11-23"
