"""Short news written for this test get the tags that any reader would name.

One a line: what it should get, title, text, a tab between them; all invented.
"""

from pathlib import Path

from aggregator.understand.tags import Profile, tags_for

KNOWN = Profile(learned={("relevance", "on-topic"): 2.0})
"""A source whose entries were all on topic so far."""


def examples(name: str) -> list[list[str]]:
    text = Path(__file__).with_name(f"{name}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()]


def test_nearly_all_examples_get_their_subject_first_and_hardly_another() -> None:
    rows = examples("topics")
    first = others = 0
    for subject, title, text in rows:
        found = [tag.slug for tag in tags_for(title, text).topics]
        first += found[:1] == [subject]
        others += len(set(found) - {subject})
    assert first >= len(rows) * 0.92
    assert others <= len(rows) * 0.15


def test_every_subject_found_shows_its_words() -> None:
    for _, title, text in examples("topics"):
        for tag in tags_for(title, text).topics:
            assert tag.origin == "text"
            assert tag.evidence


def test_five_in_six_examples_get_their_objective_first() -> None:
    rows = examples("objectives")
    first = 0
    for objective, title, text in rows:
        found = tags_for(title, text, profile=KNOWN).objectives
        first += found[0].slug == objective
    assert first >= len(rows) * 0.83


def test_a_skill_is_told_where_the_practice_is_shown_and_nowhere_else() -> None:
    for skill, title, text in examples("skills"):
        found = {tag.slug for tag in tags_for(title, text, profile=KNOWN).skills}
        assert found == ({skill} if skill else set()), title
