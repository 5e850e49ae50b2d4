"""Short news written for this test get the tags that any reader would name.

One a line: what it should get, title, text, a tab between them; all invented. In `entries.tsv`
topics (`-`: off topic), objective and skills come first, as the guide of the labelled set says.
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


def test_entries_in_every_manner_of_writing_get_most_of_their_subjects_and_hardly_another() -> None:
    right = wrong = missed = 0
    for topics, _, _, title, text in examples("entries"):
        wanted = set(topics.split(",")) - {"-", ""}
        found = {tag.slug for tag in tags_for(title, text, language="fr").topics}
        right, wrong = right + len(wanted & found), wrong + len(found - wanted)
        missed += len(wanted - found)
    assert right / (right + wrong) >= 0.9
    assert right / (right + missed) >= 0.7


def test_entries_in_every_manner_of_writing_mostly_get_their_objective_first() -> None:
    rows = [row for row in examples("entries") if row[0] != "-"]
    first = sum(
        tags_for(title, text, profile=KNOWN).objectives[0].slug == objective
        for _, objective, _, title, text in rows
    )
    assert first >= len(rows) * 0.75


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
