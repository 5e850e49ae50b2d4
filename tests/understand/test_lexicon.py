"""Phrases are found word by word, the longest first, whatever their plural, accents and case."""

import pytest

from aggregator.understand.lexicon import Hit, default_text, read_lexicon
from aggregator.understand.words import words_of


def found(lexicon: str, text: str) -> list[str]:
    read = read_lexicon("[topic/culture]\n" + lexicon)
    return [hit.phrase for hit in read.hits(words_of(text)).get("topic", [])]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("logement social", "des logements sociaux"),
        ("habitant", "les habitant·e·s"),
        ("habitant", "les habitant.e.s"),
        ("habitant", "les habitant(e)s"),
        ("école", "L’ÉCOLE"),
        ("école", "à l'ecole"),
        ("mal-logement", "le mal logement"),
        ("HLM", "les H.L.M. du quartier"),
        ("expuls*", "ils expulseront"),
        ("=marché", "au marché"),
        ("=marché", "AU MARCHE"),
        ("PLU", "le PLU de Pantin"),
        ("budget participatif", "budgets participatifs"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert found(f"4: {phrase}", text) == [phrase]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("=marché", "elle marche à côté"),
        ("PLU", "ça m'a plu, il a plu"),
        ("pétition", "un petit garçon à côté"),
        ("=communs", "la commune décidée"),
        ("danse", "dans la rue"),
        ("marx", "le 12 mars"),
    ],
)
def test_words_alike_are_not_confused(phrase: str, text: str) -> None:
    assert found(f"4: {phrase}", text) == []


def test_the_longest_phrase_wins_and_its_words_count_for_no_other() -> None:
    lexicon = "4: piste cyclable\n1: piste, cyclable"
    assert found(lexicon, "une piste cyclable, une piste") == ["piste cyclable", "piste"]


def test_a_phrase_may_speak_for_several_tags() -> None:
    lexicon = read_lexicon("[topic/culture]\n4: cité-jardin\n[topic/logement]\n2: cité-jardin")
    (hit,) = lexicon.hits(words_of("la cité-jardin"))["topic"]
    assert hit.claims == {"culture": 4.0, "logement": 2.0}


def test_the_version_changes_with_the_text() -> None:
    one, other = read_lexicon("[topic/culture]\n4: bal"), read_lexicon("[topic/culture]\n4: bals")
    assert one.version != other.version


def test_every_topic_of_the_taxonomy_has_phrases() -> None:
    assert len(read_lexicon(default_text()).slugs["topic"]) == 12


def test_no_phrase_of_the_lexicon_has_the_stem_of_an_everyday_word() -> None:
    everyday = "dans des les sans plus mais tout être bien fait faire avec pour par mon ton mars"
    read = read_lexicon(default_text())
    nothing: dict[str, list[Hit]] = {"topic": [], "objective": [], "skill": [], "cue": []}
    assert read.hits(words_of(everyday)) == nothing


def test_no_phrase_of_the_lexicon_is_found_in_a_word_that_only_looks_like_it() -> None:
    alike = (
        "parce que la pluie serrée traverse, fermé, présenté, placés, classés, livrés, élevé, "
        "tenté, désigné, pressé, excuse, commente, la gestion des communes"
    )
    found = read_lexicon(default_text()).hits(words_of(alike))
    said = {hit.phrase for hits in found.values() for hit in hits}
    assert said <= {"pluie", "=commune", "=communes"}
