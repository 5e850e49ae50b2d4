"""CI fails on a known vulnerability, and says so where nobody could be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[1] / ".ci" / "audit.py"
GOOD = {"name": "flask", "version": "3.1.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["3.1.6"]}],
}
SKIPPED = {"name": "nh3", "skip_reason": "not found"}


def audit(folder: Path, program: str, seconds: str = "60") -> tuple[int, str]:
    """The status and words of an audit whose pip-audit is this Python program."""
    file = folder / "pip-audit"
    file.write_text(f"#!{sys.executable}\nimport json, sys, time\n{program}\n")
    file.chmod(0o755)
    ended = subprocess.run(
        [sys.executable, AUDIT, file, "run.lock"],
        capture_output=True,
        text=True,
        env={"AUDIT_SECONDS": seconds},
    )
    return ended.returncode, ended.stdout


def answering(*packages: object) -> str:
    said = json.dumps({"dependencies": packages})
    return f"open(sys.argv[sys.argv.index('-o') + 1], 'w').write({said!r})"


@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        (answering(GOOD), 0, "Audited 1 packages"),
        (answering(GOOD, BAD), 1, "jinja2 3.1.0: PYSEC-0000-1, mended in 3.1.6"),
        (answering(GOOD, SKIPPED), 0, "NOT AUDITED: the vulnerability service knew nothing of 1"),
        (answering(BAD, SKIPPED), 1, "PYSEC-0000-1"),
        ("sys.exit('connection refused')", 0, "NOT AUDITED: the vulnerability service could not"),
    ],
)
def test_only_a_known_vulnerability_fails(
    tmp_path: Path, program: str, status: int, said: str
) -> None:
    ended, words = audit(tmp_path, program)
    assert said in words
    assert ended == status


def test_a_service_that_hangs_is_given_up_on_and_told(tmp_path: Path) -> None:
    ended, words = audit(tmp_path, "time.sleep(600)", seconds="1")
    assert "NOT AUDITED" in words
    assert "no answer within 1 seconds" in words
    assert ended == 0
