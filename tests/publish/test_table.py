"""Exports hold exactly what was shown, and run nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish import table
from aggregator.publish.table import Table
from aggregator.store.tables import Entry, EntryTag, Group, Source

BASE = "https://fil.example"
QUERY = "q=vélo&theme=transports"


@pytest.fixture
def entry(a_source: Callable[..., Source], an_entry: Callable[..., Entry]) -> Entry:
    """One entry with a dangerous title."""
    tag = EntryTag(dimension="topic", slug="transports", origin="text")
    return an_entry(a_source(), title='=HYPERLINK("https://x.example")', tags=[tag])


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_csv_carries_question_and_day_on_each_row(entry: Entry, now: datetime) -> None:
    made = table.of_entries([entry], base_url=BASE, query=QUERY, made_at=now)
    (row,) = _rows(b"".join(table.csv_chunks(made)))
    assert row["requete"] == QUERY
    assert row["exporte_le"] == "2026-11-24T09:00:00Z"
    assert row["theme"] == "transports"
    assert row["titre"].startswith("'=")


def test_json_tells_the_same_with_lists(entry: Entry, now: datetime) -> None:
    made = table.of_entries([entry, entry], base_url=BASE, query=QUERY, made_at=now)
    read = json.loads(b"".join(table.json_chunks(made)))
    assert read["requete"] == QUERY
    assert [row["theme"] for row in read["entrees"]] == [["transports"]] * 2
    assert read["entrees"][0]["titre"].startswith("=")


def test_a_spreadsheet_has_texts_and_no_formula(entry: Entry, now: datetime) -> None:
    made = table.of_entries([entry], base_url=BASE, query=QUERY, made_at=now)
    with zipfile.ZipFile(io.BytesIO(b"".join(table.ods_chunks(made)))) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].filename == "mimetype"
        content = archive.read("content.xml")
    root = etree.fromstring(content)
    assert b"formula" not in content
    assert len(list(root.iter("{*}table-row"))) == 2
    assert entry.title in [str(paragraph.text) for paragraph in root.iter("{*}p")]


def test_groups_that_left_are_in_no_table(a_group: Callable[..., Group], now: datetime) -> None:
    groups = [a_group("reste"), a_group("partie", status="withdrawn")]
    made = table.of_groups(groups, base_url=BASE, query="", made_at=now)
    assert [row["id"] for row in _rows(b"".join(table.csv_chunks(made)))] == ["reste"]


@pytest.mark.parametrize("kind", ["csv", "json", "ods"])
def test_a_long_table_is_handed_on_in_chunks_while_it_is_read(kind: str, now: datetime) -> None:
    read = 0

    def rows() -> Iterator[list[table.Cell]]:
        nonlocal read
        for number in range(20_000):
            read += 1
            yield [number, f"titre {number * 7919}"]

    chunks = table.CHUNKS[kind](Table("t", ("id", "titre"), rows(), "", now))
    next(chunks)
    assert read < 20_000
    assert max(len(chunk) for chunk in chunks) < 300_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.lists(st.text(), min_size=1, max_size=5))
def test_any_cells_come_back(words: list[str], now: datetime) -> None:
    columns = tuple(f"c{number}" for number in range(len(words)))

    def made() -> Table:
        return Table("t", columns, [words], words[0], now)

    assert len(_rows(b"".join(table.csv_chunks(made())))) == 1
    assert len(json.loads(b"".join(table.json_chunks(made())))["t"]) == 1
    with zipfile.ZipFile(io.BytesIO(b"".join(table.ods_chunks(made())))) as archive:
        assert etree.fromstring(archive.read("content.xml")) is not None
    for cell in _rows(b"".join(table.csv_chunks(made())))[0].values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
