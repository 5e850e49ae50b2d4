"""The log: one line each, whatever strangers write, and nobody is named in it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aggregator import logs
from aggregator.store.tables import Moderator

HOSTILE = "lilas\nERROR all is lost\r\x1b[2J\u2028\x9b31m"


def logged(code: str) -> list[str]:
    """The lines that a process of its own writes."""
    program = f"from aggregator import logs; logs.configure('INFO')\nHOSTILE = {HOSTILE!r}\n{code}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return ended.stderr.decode().removesuffix("\n").split("\n")


def test_a_line_break_in_what_strangers_wrote_begins_no_line() -> None:
    (line,) = logged("import structlog; structlog.get_logger().info('read', title=HOSTILE)")
    told = json.loads(line)
    assert (told["event"], told["level"], told["title"]) == ("read", "info", HOSTILE)
    assert "\x1b" not in line


def test_libraries_write_the_same_lines() -> None:
    (line,) = logged("import logging; logging.getLogger('flask').warning('no %s', HOSTILE)")
    told = json.loads(line)
    assert (told["event"], told["level"]) == (f"no {HOSTILE}", "warning")
    (line,) = logged(
        "import logging\ntry: 1 / 0\nexcept ZeroDivisionError: logging.exception('lost')"
    )
    assert "ZeroDivisionError" in json.loads(line)["exception"]


@given(st.text())
def test_a_person_at_a_terminal_sees_one_line_too(text: str) -> None:
    (printable, _) = logs._rendering(for_people=True)
    event = printable(None, "info", {"event": text})
    assert isinstance(event, dict)
    assert len(event["event"].splitlines()) <= 1
    assert "\x1b" not in event["event"]


def test_an_error_of_the_database_names_nobody(session: Session, now: datetime) -> None:
    for _ in range(2):
        session.add(Moderator(email="alice@m.example", name="Alice", added_at=now))
    with pytest.raises(IntegrityError) as raised:
        session.flush()
    assert "parameters hidden" in str(raised.value)
    # PostgreSQL's own detail of a unique key that is there already holds its value.
    if session.get_bind().dialect.name == "sqlite":
        assert "alice" not in str(raised.value)
