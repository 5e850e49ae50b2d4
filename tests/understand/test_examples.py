"""Short news written for this test get the subject that any reader would name."""

from pathlib import Path

from aggregator.understand.tags import tags_for

EXAMPLES = Path(__file__).with_name("examples.tsv")
"""Subject, title and text, a tab between them; invented."""


def test_nearly_all_examples_get_their_subject_first_and_hardly_another() -> None:
    rows = [line.split("\t") for line in EXAMPLES.read_text("utf-8").splitlines()]
    first = others = 0
    for subject, title, text in rows:
        found = [tag.slug for tag in tags_for(title, text).topics]
        first += found[:1] == [subject]
        others += len(set(found) - {subject})
    assert first >= len(rows) * 0.92
    assert others <= len(rows) * 0.15


def test_every_subject_found_shows_its_words() -> None:
    for line in EXAMPLES.read_text("utf-8").splitlines():
        _, title, text = line.split("\t")
        for tag in tags_for(title, text).topics:
            assert tag.origin == "text"
            assert tag.evidence
