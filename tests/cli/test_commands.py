"""Every command answers for itself, and ends in a sentence rather than a traceback."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aggregator.cli import COMMANDS, filcommun
from aggregator.errors import DatabaseError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    answer = CliRunner().invoke(filcommun, [name, "--help"])
    assert answer.exit_code == 0
    assert "Usage" in answer.output


@pytest.mark.parametrize("group", ["", "sources", "mail", "groups", "mirrors", "db"])
def test_a_list_of_commands_says_what_each_does_in_whole_sentences(group: str) -> None:
    answer = CliRunner().invoke(filcommun, [*group.split(), "--help"], terminal_width=80)
    assert answer.exit_code == 0
    listed = answer.output.partition("Commands:")[2].splitlines()
    assert listed
    assert [line for line in listed if line.endswith("...")] == []


def test_a_wrong_usage_ends_with_status_2() -> None:
    for arguments in (["no-such-verb"], ["demo", "--port", "99999"], ["demo", "--rhythm", "0"]):
        assert CliRunner().invoke(filcommun, arguments).exit_code == 2


def test_faults_of_the_inventory_are_all_shown_with_their_lines(elsewhere: Path) -> None:
    file = elsewhere / "sources.yaml"
    file.write_text("version: 1\ngroups:\n  - slug: a\n    nom: A\n  - slug: a\n")
    answer = CliRunner().invoke(filcommun, ["sources", "check", str(file), "--json"])
    assert answer.exit_code == 1
    faults = json.loads(answer.output)
    assert len(faults) >= 3
    assert {fault["line"] for fault in faults} >= {4, 5}


def test_a_feed_is_read_offline_and_printed_as_json(elsewhere: Path) -> None:
    (elsewhere / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>Fil</title><item><title>Vélorution samedi</title>"
        "<link>https://lilas.example/1</link></item></channel></rss>"
    )
    answer = CliRunner().invoke(filcommun, ["parse", "feed.xml", "--json"])
    (entry,) = json.loads(answer.output)["entries"]
    assert (entry["title"], entry["uid"]) == ("Vélorution samedi", "https://lilas.example/1")


def test_syncing_twice_changes_nothing_the_second_time(elsewhere: Path) -> None:
    (elsewhere / "sources.yaml").write_text((ROOT / "sources.yaml").read_text())
    first = CliRunner().invoke(filcommun, ["sources", "sync"])
    second = CliRunner().invoke(filcommun, ["sources", "sync"])
    assert first.exit_code == second.exit_code == 0
    assert second.output.startswith("0 groups added, 0 changed")


def test_a_source_that_is_not_there_is_not_crawled_in_silence(elsewhere: Path) -> None:
    (elsewhere / "sources.yaml").write_text((ROOT / "sources.yaml").read_text())
    CliRunner().invoke(filcommun, ["sources", "sync"])
    answer = CliRunner().invoke(filcommun, ["crawl", "--source", "nope"])
    assert "There is no source 'nope'" in str(answer.exception)


def test_a_backup_is_written_and_proved_good(elsewhere: Path) -> None:
    assert CliRunner().invoke(filcommun, ["db", "upgrade"]).exit_code == 0
    assert CliRunner().invoke(filcommun, ["backup", "all.tar.gz"]).exit_code == 0
    answer = CliRunner().invoke(filcommun, ["restore", "--check", "--json", "all.tar.gz"])
    assert json.loads(answer.output)["entries"] == 0


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["sources", "sync", "absent.yaml"], {}),
        (["db", "upgrade"], {"FILCOMMUN_DATABASE_URL": "sqlite:////no/such/folder/x.db"}),
        (["db", "upgrade"], {"FILCOMMUN_PORT": "many"}),
        (["parse", "broken.xml"], {}),
        (["restore", "broken.xml"], {}),
        (["groups", "import", "broken.xml"], {}),
    ],
    ids=["no file", "no folder", "wrong setting", "no feed", "no backup", "no list"],
)
def test_what_is_wrong_is_said_in_a_sentence(
    elsewhere: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    (elsewhere / "broken.xml").write_bytes(b"\x00\x01 not a feed")
    if arguments[0] == "groups":
        CliRunner().invoke(filcommun, ["db", "upgrade"])
    assert_said_in_a_sentence(typed(*arguments, **environment))


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "eau"],
        ["sources", "list"],
        ["crawl"],
        ["reindex"],
        ["backup", "all.tar.gz"],
        ["export", "out"],
        ["serve"],
        ["work"],
    ],
    ids=" ".join,
)
def test_where_no_database_was_begun_a_command_says_so_and_makes_none(
    elsewhere: Path, arguments: list[str]
) -> None:
    answer = CliRunner().invoke(filcommun, arguments)
    assert isinstance(answer.exception, DatabaseError)
    assert "There is no database of Fil commun at sqlite:///filcommun.db" in str(answer.exception)
    assert [path.name for path in elsewhere.iterdir()] == ["data"]


def test_what_a_search_did_not_understand_is_said_with_its_place(elsewhere: Path) -> None:
    CliRunner().invoke(filcommun, ["db", "upgrade"])
    done = CliRunner().invoke(filcommun, ["search", "eau depuis:demain"])
    assert done.exit_code == 0
    assert done.stderr == (
        "“demain” is not a date: write 2026-01, 15/01/2026, hier or 7j. (character 12)\n"
    )
    assert done.stdout == "0 entries.\n"


def test_a_portal_over_a_newer_database_says_so_and_does_not_start(elsewhere: Path) -> None:
    CliRunner().invoke(filcommun, ["db", "upgrade"])
    with sqlite3.connect("filcommun.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = typed("serve")
    assert_said_in_a_sentence(done)
    assert "version 9999" in done.stderr


def test_a_port_that_is_taken_is_said_before_anything_starts(elsewhere: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = typed("run", FILCOMMUN_PORT=str(port))
    assert_said_in_a_sentence(done)
    assert f"cannot listen at 127.0.0.1, port {port}" in done.stderr
    assert not (elsewhere / "filcommun.db").exists()


def test_what_a_round_did_is_the_only_thing_on_standard_output(elsewhere: Path) -> None:
    (elsewhere / "sources.yaml").write_text(
        "version: 1\ngroups:\n- slug: lilas\n  name: Lilas\n  home: http://127.0.0.1/\n"
        "  sources:\n  - url: http://127.0.0.1/feed\n"
    )
    assert CliRunner().invoke(filcommun, ["sources", "sync"]).exit_code == 0
    done = typed("crawl", "--json")
    told = json.loads(done.stdout)
    assert (told["sources"], told["failed"]) == (1, 1)
    assert "forbidden_address" in done.stderr


def typed(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the command answers in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "aggregator.cli", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def assert_said_in_a_sentence(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("filcommun: ")
    assert "Traceback" not in done.stderr


def test_every_command_is_in_the_list_of_commands() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    missing = []
    for name in COMMANDS:
        command = filcommun.get_command(click.Context(filcommun), name)
        verbs = list(command.commands) if isinstance(command, click.Group) else [""]
        names = (f"{name} {verb}".strip() for verb in verbs)
        missing += [full for full in names if f"`filcommun {full}" not in text]
    assert missing == []
