"""A correction moves the rules towards it, and an edit shows what it would change."""

import pytest

from aggregator.errors import LexiconError, UnknownTerm
from aggregator.understand.corrections import (
    Change,
    Correction,
    Sample,
    changes,
    is_met,
    learn,
    learn_all,
    regressions,
)
from aggregator.understand.lexicon import default_text, read_lexicon
from aggregator.understand.model import read_weights
from aggregator.understand.tags import Rules, default_rules

TITLE = "Le marché aux puces cherche des bras"
TEXT = "On démonte les étals à midi, puis on mange ensemble sur la place avec tout le quartier."
WRONG = Correction(TITLE, TEXT, "topic", "economie-sociale", applies=True)


def test_corrections_alike_teach_what_the_rules_did_not_know() -> None:
    assert not is_met(WRONG, default_rules())
    assert is_met(WRONG, learn_all(default_rules(), [WRONG] * 40))


def test_a_correction_taken_back_ends_near_where_it_began() -> None:
    back = Correction(TITLE, TEXT, "topic", "economie-sociale", applies=False)
    assert not is_met(WRONG, learn_all(default_rules(), [WRONG, back]))


def test_learning_leaves_the_rules_given_as_they_were() -> None:
    before = default_rules().weights.to_json()
    learn(default_rules(), WRONG)
    assert default_rules().weights.to_json() == before


def test_learning_about_one_topic_leaves_the_others_alone() -> None:
    after = learn(default_rules(), WRONG)
    for label, weights in default_rules().weights.labels.items():
        if label != "topic/economie-sociale":
            assert after.weights.labels[label] == weights


def test_relevance_is_learned_too() -> None:
    off = Correction("Vide-grenier", "Rue des Lilas, dimanche.", "relevance", "on-topic", False)
    assert is_met(off, learn_all(default_rules(), [off] * 60))


def test_an_area_is_corrected_without_moving_any_weight() -> None:
    correction = Correction("Pantin", "", "area", "pantin", applies=False)
    assert learn(default_rules(), correction) is default_rules()


def test_a_correction_of_an_unknown_term_is_refused() -> None:
    with pytest.raises(UnknownTerm, match="logement"):
        learn(default_rules(), Correction("", "", "topic", "logements", applies=True))


def test_a_rule_that_breaks_an_accepted_correction_is_told() -> None:
    kept = Correction("La hausse des loyers", "Les locataires.", "topic", "logement", True)
    text = default_text().replace("locataire, locataires, ", "").replace("loyer, loyers, ", "")
    emptied = Rules(read_lexicon("[topic/culture]\n4: concert"), default_rules().weights)
    assert regressions([kept], default_rules(), emptied) == [kept]
    assert regressions([kept], emptied, Rules(read_lexicon(text), default_rules().weights)) == []


def test_an_edit_of_the_lexicon_shows_what_it_would_change() -> None:
    text = default_text() + "\n[topic/culture]\n5: zinzoline\n"
    edited = Rules(read_lexicon(text), default_rules().weights)
    samples = [Sample(1, "Zinzoline, zinzoline !", "La zinzoline."), Sample(2, TITLE, TEXT)]
    found = list(changes(samples, default_rules(), edited))
    assert [change.id for change in found] == [1]
    assert ("topic", "culture") in found[0].gained
    assert isinstance(found[0], Change)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[topic/logements]\n4: HLM", "Line 1"),
        ("[topic/logement]\nHLM", "Line 2"),
        ("4: HLM", "Line 1"),
        ("[topic/logement]\n9: HLM", "Line 2"),
        ("[area/pantin]\n4: Pantin", "Line 1"),
        ("[topic/logement]\n4: HLM, …", "Line 2"),
    ],
)
def test_a_wrong_lexicon_is_refused_with_its_line(text: str, line: str) -> None:
    with pytest.raises(LexiconError, match=line):
        read_lexicon(text)


def test_weights_are_read_as_they_were_written() -> None:
    weights = default_rules().weights
    assert read_weights(weights.to_json()).labels == weights.labels
