"""What is kept of people is written down, column by column."""

from __future__ import annotations

import re
from pathlib import Path

from aggregator.store.tables import Base

PERSONAL = re.compile(r"mail|^address|author_name|place_hash|participants|nonce|keeper_id")
NOT_OF_PEOPLE = {"registrations.address", "ownerships.address", "mirrors.address"}
"""Addresses of web sites."""


def test_every_column_that_can_reach_a_person_is_in_the_privacy_table() -> None:
    told = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text()
    kept = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if PERSONAL.search(column.name)
    }
    assert [name for name in sorted(kept - NOT_OF_PEOPLE) if f"`{name}`" not in told] == []


def test_the_privacy_table_names_no_column_that_is_gone() -> None:
    told = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text()
    named = set(re.findall(r"`(\w+\.\w+)`", told)) - {"tests/test_privacy.py"}
    there = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
    }
    assert sorted(name for name in named - there if not name.endswith(".py")) == []
