"""Invented news for the tests of stories: each event told by two groups in their own words."""

import json
from pathlib import Path
from typing import Any

import pytest

Telling = tuple[str, str]


@pytest.fixture(scope="session")
def told() -> dict[str, Any]:
    """What `events.json` holds."""
    text = Path(__file__).with_name("events.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture
def events(told: dict[str, Any]) -> dict[str, tuple[Telling, Telling]]:
    """Two tellings (title, text) of each event."""
    return {name: (tuple(one), tuple(other)) for name, (one, other) in told["events"].items()}


@pytest.fixture
def lookalikes(told: dict[str, Any]) -> list[tuple[Telling, Telling]]:
    """Pairs (title, text) that are alike and yet two events."""
    return [(tuple(one), tuple(other)) for one, other in told["lookalikes"]]
