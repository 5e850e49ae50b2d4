"""What the village's people wrote."""

from __future__ import annotations

from collections import Counter

import pytest

from aggregator.demo.texts import read_group, read_groups
from aggregator.taxonomy import terms

GROUPS = read_groups()
TEXTS = [(group, text) for group in GROUPS for text in group.texts]


def test_the_village_has_at_least_forty_groups_and_330_texts() -> None:
    assert len(GROUPS) >= 40
    assert len(TEXTS) >= 330


@pytest.mark.parametrize("dimension", ["topic", "objective", "skill", "kind"])
def test_every_term_of_the_taxonomy_is_some_groups(dimension: str) -> None:
    known = {term.slug for term in terms.terms(dimension)}
    used = {word for group in GROUPS for word in group.words(f"{dimension}s")}
    assert used == known


def test_each_group_has_an_address_of_its_own() -> None:
    assert len({group.host for group in GROUPS}) == len(GROUPS)
    assert all(0 < group.host < 250 for group in GROUPS)


def test_no_group_has_two_texts_with_one_address() -> None:
    twice = [
        (group.slug, slug)
        for group in GROUPS
        for slug, count in Counter(text.slug for text in group.texts).items()
        if count > 1
    ]
    assert not twice


def test_several_stories_are_told_by_several_groups() -> None:
    tellers: dict[str, set[str]] = {}
    for group, text in TEXTS:
        if text.story:
            tellers.setdefault(text.story, set()).add(group.slug)
    assert sum(len(slugs) >= 2 for slugs in tellers.values()) >= 5
    assert max(len(slugs) for slugs in tellers.values()) >= 4


def test_five_languages_are_written() -> None:
    assert {text.language for _, text in TEXTS} == {"fr", "en", "ar", "es", "pt"}


def test_some_texts_change_and_some_vanish_and_some_are_events_that_repeat() -> None:
    assert any(text.later for _, text in TEXTS)
    assert any(text.withdrawn for _, text in TEXTS)
    assert any(text.occasion and text.occasion.repeats for _, text in TEXTS)


def test_no_text_is_left_empty() -> None:
    short = [(group.slug, text.title) for group, text in TEXTS if len(text.body.split()) < 10]
    assert not short


def test_a_line_that_is_no_key_is_named() -> None:
    with pytest.raises(ValueError, match="'pas une clé'"):
        read_group("test", "name: Test\naddress: 1\npas une clé\n\n## Titre\n\nTexte.\n")


def test_a_later_version_is_kept_apart() -> None:
    group = read_group("test", "name: T\n\n## Avant\n\nUn.\n\n>>> Après\nDeux.\n")
    assert group.texts[0].body == "Un."
    assert group.texts[0].later == ("Après", "Deux.")
