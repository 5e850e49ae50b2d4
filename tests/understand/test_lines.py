"""`filcommun tag` reads a JSON object a line and answers with one."""

import json

import pytest

from aggregator.errors import ParseError
from aggregator.understand.lines import tagged, tagged_line

ASKED = {
    "id": "e1",
    "title": "Pantin : budget participatif",
    "text": "Les habitants de Pantin et du quartier des Courtillières votent. "
    "Un budget participatif pour des pistes cyclables.",
}


def test_the_answer_has_the_fields_of_the_contract_in_their_order() -> None:
    answer = json.loads(tagged_line(json.dumps(ASKED)))
    expected = ["id", "topics", "objectives", "skills", "areas", "language", "evidence"]
    assert list(answer)[:7] == expected
    assert answer["id"] == "e1"
    assert answer["topics"][0] == "democratie-participation"
    assert answer["areas"] == ["pantin"]
    assert answer["other_areas"] == ["les-courtillieres"]
    assert answer["language"] == "fr"


def test_every_tag_has_its_evidence_with_spans() -> None:
    answer = tagged(ASKED)
    slugs = {slug for key in ("topics", "objectives", "skills", "areas") for slug in answer[key]}
    assert slugs <= {why["slug"] for why in answer["evidence"]}
    for why in answer["evidence"]:
        for span in why["spans"]:
            assert ASKED[span["field"]][span["start"] : span["end"]] == span["words"]


def test_missing_and_odd_fields_are_taken_as_empty() -> None:
    assert tagged({"id": 3})["topics"] == []
    assert tagged({"id": None, "title": 12, "text": None})["id"] is None


@pytest.mark.parametrize("line", ["", "{", "[1]", "null", '"text"', "[" * 100_000])
def test_a_line_that_is_no_object_is_refused_with_a_sentence(line: str) -> None:
    with pytest.raises(ParseError, match="This line"):
        tagged_line(line)
