"""`filcommun tag` reads and writes JSON Lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli import filcommun
from aggregator.parts import utc_now
from aggregator.registry import amendments, moderation, moderators
from aggregator.store import database


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


@pytest.fixture
def edited(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a database whose moderators put a word into the lexicon."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(migrated, tmp_path / "filcommun.db")
    engine = database.open_database(f"sqlite:///{tmp_path}/filcommun.db")
    with database.sessions(engine).begin() as session:
        now = utc_now()
        bob = moderators.appoint(session, "bob@example.org", name="Bob", now=now)
        change = {"dimension": "topic", "slug": "transports", "phrase": "zorbicycle", "weight": 4}
        asked = amendments.propose(session, "lexicon", now=now, change=change, author="moderator")
        moderation.decide(session, asked, "accept", bob, now=now)
    engine.dispose()


@pytest.mark.usefixtures("edited")
def test_texts_are_tagged_by_the_words_in_force_here_unless_told_otherwise() -> None:
    asked = json.dumps({"id": 1, "title": "Le zorbicycle arrive", "text": "Un zorbicycle."})

    def topics(*options: str) -> list[str]:
        answer = CliRunner().invoke(filcommun, ["tag", *options], input=asked)
        found: list[str] = json.loads(answer.output)["topics"]
        return found

    assert (topics(), topics("--shipped")) == (["transports"], [])
