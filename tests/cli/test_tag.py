"""`filcommun tag` reads and writes JSON Lines."""

from __future__ import annotations

import json

from click.testing import CliRunner

from aggregator.cli import filcommun


def test_each_line_gets_one_line_with_tags_and_their_evidence() -> None:
    asked = [
        {"id": "a", "title": "Une piste cyclable à Bondy", "text": "La mairie ouvre une piste."},
        {"id": "b", "title": "", "text": ""},
    ]
    answer = CliRunner().invoke(
        filcommun, ["tag"], input="".join(json.dumps(one) + "\n" for one in asked)
    )
    first, second = (json.loads(line) for line in answer.output.splitlines())
    assert (first["id"], second["id"]) == ("a", "b")
    assert first["topics"] == ["transports"]
    assert first["areas"] == ["bondy"]
    assert "piste cyclable" in json.dumps(first["evidence"], ensure_ascii=False)
    assert second["topics"] == []


def test_a_line_that_is_no_json_ends_in_a_sentence() -> None:
    answer = CliRunner().invoke(filcommun, ["tag"], input="not json\n")
    assert answer.exit_code == 1
    assert "not JSON" in str(answer.exception)
