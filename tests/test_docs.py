"""What the docs name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


LEVEL_1 = """
    2.1.1-12 2.2.1-3 2.3.1 2.5.1-6 2.7.1-4 2.8.1 3.1.1 3.2.1-3 3.3.1-2 3.4.1-5 3.7.1
    4.1.1-3 4.1.5 4.2.1-2 4.3.1-2 5.1.1-5 5.2.1-8 5.3.1-10 5.5.1-4 6.2.1 7.1.1-2 7.4.1
    8.2.1-3 8.3.1-4 9.1.1-3 10.3.1-3 11.1.1-5 12.1.1 12.3.1-5 12.4.1-2 12.5.1-2 12.6.1
    13.1.1 13.1.3 13.2.1-3 13.3.1 14.2.1-3 14.3.2-3 14.4.1-7 14.5.1-3
"""
"""The requirements of OWASP ASVS 4.0.3 at level 1."""


@pytest.mark.parametrize("page", ["security.md", "reliability.md", "asvs.md", "privacy.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    told = (ROOT / "docs" / page).read_text()
    named = {
        name.removeprefix("tests/")
        for name in re.findall(r"`((?:\w+/)*test_\w+\.py(?:::\w+)?|tests/[\w/.]+)`", told)
    }
    assert named
    assert sorted(name for name in named if not is_there(name)) == []


def is_there(name: str) -> bool:
    """Whether a file of `tests/`, or a test in one, is there."""
    file, _, test = name.partition("::")
    path = ROOT / "tests" / file
    return path.exists() and (not test or f"def {test}(" in path.read_text())


def test_each_threat_is_held_by_a_test_by_name() -> None:
    rows = table("security.md")
    assert len(rows) > 20
    assert [row[0] for row in rows if "::test_" not in row[2]] == []


def test_each_time_that_something_is_kept_is_held_by_a_test() -> None:
    assert [row[0] for row in table("privacy.md") if "test_" not in row[3]] == []


def test_each_requirement_of_asvs_is_answered_once() -> None:
    rows = table("asvs.md")
    answered = [number for row in rows for number in numbers(row[0])]
    assert sorted(answered) == sorted(numbers(LEVEL_1))
    assert len(answered) == len(set(answered)) > 120
    assert {row[1] for row in rows} == {"met", "not met", "n/a"}
    assert [row[0] for row in rows if not row[2]] == []


def table(page: str) -> list[list[str]]:
    """The cells of a page's table, its head left out."""
    lines = [line for line in (ROOT / "docs" / page).read_text().splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def numbers(text: str) -> list[str]:
    """Each requirement's number, ranges spelt out: `2.2.1-3` and `2.2.1–2.2.3` are three."""
    found = []
    for section, first, last in re.findall(r"(\d+\.\d+)\.(\d+)(?:[–-](?:\d+\.\d+\.)?(\d+))?", text):
        found += [f"{section}.{one}" for one in range(int(first), int(last or first) + 1)]
    return found


def test_the_example_for_nginx_takes_no_old_tls() -> None:
    told = (ROOT / "docs" / "examples" / "nginx.conf").read_text()
    assert re.findall(r"ssl_protocols ([^;]+);", told) == ["TLSv1.2 TLSv1.3"]
    assert "return 301 https://fil.example" in told


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} → {target}")
    assert broken == []
