"""An operator helps groups leave and come back, and brings other tools' lists before moderators."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli import filcommun
from aggregator.errors import Refused

FILE = """\
version: 1
groups:
  - slug: halage
    name: Halage
    home: https://halage.example
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command in a folder with one group."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(FILE)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(filcommun, ["groups", *arguments])

    CliRunner().invoke(filcommun, ["sources", "sync"])
    return invoke


def test_a_group_leaves_by_command_and_is_welcome_again(run: Callable[..., Result]) -> None:
    assert "Halage has left" in run("leave", "halage", "--yes").output
    again = CliRunner().invoke(filcommun, ["sources", "sync"])
    assert "halage left at its own wish and is not brought back." in again.output
    assert run("leave", "halage", "--yes").exit_code == 1
    assert "may be registered" in run("welcome", "https://www.halage.example").output
    assert run("welcome", "https://halage.example").exit_code == 1


def test_a_list_is_shown_first_and_proposed_when_asked(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    listed = tmp_path / "kumu.json"
    listed.write_text(
        json.dumps(
            {
                "elements": [
                    {"label": "Halage", "description": "Insertion."},
                    {"label": "Vergers", "website": "vergers.example"},
                    {"label": "Sans site"},
                ]
            }
        )
    )
    shown = run("import", str(listed))
    assert "changed   Halage: description" in shown.output
    assert "1 changed, 1 new, 1 unusable" in shown.output
    assert "amendments" not in shown.output
    proposed = run("import", str(listed), "--propose", "--origin", "kumu")
    assert "2 amendments wait for a moderator." in proposed.output


def test_a_list_is_fetched_from_an_address_within_bounds(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, far = {"latitude": 48.9, "longitude": 2.4}, {"latitude": 45, "longitude": 5}
    elements = [
        {"id": 1, "name": "Ici", "siteWeb": "ici.example", "geo": here},
        {"id": 2, "name": "Loin", "siteWeb": "loin.example", "geo": far},
    ]
    body = json.dumps({"data": elements}).encode()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            there = self.path == "/api/elements.json"
            self.send_response(200 if there else 404)
            self.end_headers()
            self.wfile.write(body if there else b"")

    monkeypatch.setenv("FILCOMMUN_ALLOW_PRIVATE_NETWORKS", "1")
    server = ThreadingHTTPServer(("127.7.1.2", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.7.1.2:{server.server_address[1]}/api/elements.json"
    shown = run("import", address, "--bounds", "1.4,48.1,3.6,49.3")
    gone = run("import", address + "x")
    wrong = run("import", address, "--bounds", "1,2")
    server.shutdown()
    server.server_close()
    assert "new       Ici: url, name" in shown.output
    assert "Loin" not in shown.output
    assert (gone.exit_code, wrong.exit_code) == (1, 2)
    assert run("import", "nowhere.json").exit_code == 1


def test_a_file_of_100_mb_is_refused_in_a_sentence_and_not_read_whole(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.write(b'{"elements": [')
        file.truncate(100_000_000)
    tracemalloc.start()
    answer = run("import", str(large))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(answer.exception, Refused)
    assert answer.exception.reason == "list_large"
    assert most < 60_000_000


def test_a_maps_sheet_of_ties_goes_with_its_elements(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    elements, links = tmp_path / "elements.csv", tmp_path / "liens.csv"
    elements.write_bytes(
        "ID;Label;Website\n1;Café associatif;cafe.example\n2;Rendre visible;\n".encode("cp1252")
    )
    links.write_text("From;To\n1;2\n")
    shown = run("import", str(elements), "--links", str(links))
    assert "new       Café associatif: url, name, objective" in shown.output


def test_followed_lists_are_told_and_looked_at(run: Callable[..., Result]) -> None:
    def mirrors(*arguments: str) -> str:
        return CliRunner().invoke(filcommun, ["mirrors", *arguments]).output

    assert json.loads(mirrors("list", "--json")) == []
    assert "state" in mirrors("list")
    assert mirrors("look") == "0 lists looked at.\n"
