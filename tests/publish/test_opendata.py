"""Open data holds what every reader may see, describes itself, and nothing more."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from aggregator.publish import opendata
from aggregator.store import entries, figures
from aggregator.store.tables import Entry, Source


@pytest.fixture
def package(
    session: Session,
    tmp_path: Path,
    now: datetime,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> Path:
    """The package of five entries, of which one is hidden and one of a group that left."""
    lilas, gone = a_source("lilas"), a_source("parti")
    for uid in "123":
        an_entry(lilas, uid)
    an_entry(lilas, "caché", hidden_at=now)
    an_entry(gone, "5")
    gone.group.status = "withdrawn"
    figures.keep(session, now.date(), {"entries": 3})
    session.commit()
    opendata.write(session, tmp_path / "data", base_url="https://fil.example", now=now)
    return tmp_path / "data"


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_only_what_every_reader_may_see_is_in_it(package: Path) -> None:
    assert [row["titre"] for row in _read(package / "nouvelles.csv")] == [
        "Entrée 1", "Entrée 2", "Entrée 3",
    ]  # fmt: skip
    assert [row["id"] for row in _read(package / "groupes.csv")] == ["lilas"]
    assert _read(package / "chiffres.csv")[0] == {
        "jour": "2026-11-24", "chiffre": "entries", "valeur": "3.0",
    }  # fmt: skip
    assert {row["dimension"] for row in _read(package / "termes.csv")} >= {"topic", "area"}


def test_the_description_names_every_file_with_its_checksum(package: Path) -> None:
    described = json.loads((package / "datapackage.json").read_text())
    named = {one["path"]: one["hash"] for one in described["resources"]}
    files = {file.name for file in package.iterdir()} - {"datapackage.json"}
    assert set(named) == files
    for name, digest in named.items():
        real = hashlib.sha256((package / name).read_bytes()).hexdigest()
        assert digest == f"sha256:{real}"


def test_all_entries_come_however_few_are_read_at_once(session: Session, package: Path) -> None:
    assert [entry.uid for entry in entries.every(session, at_once=2)] == ["1", "2", "3"]
