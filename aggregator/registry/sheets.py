"""Tables as people send them: CSV in any encoding and separator of French spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aggregator.errors import Refused
from aggregator.store.suppressions import address_key

LARGEST: Final = 5_000_000
"""Bytes."""
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 100
LONGEST_CELL: Final = 20_000

_RISKY: Final = re.compile(r"'*(\s*[=+\-@＝＋－＠]|[\t\r])")
"""What a spreadsheet runs, or would run if it lost the guards before it."""

csv.field_size_limit(LARGEST)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    line: int
    """Of the file, from 1, as a spreadsheet numbers its rows when no cell breaks lines."""
    cells: dict[str, str]
    """Column as written, trimmed → value, trimmed; empty cells are left out."""


def read_sheet(body: bytes) -> list[Row]:
    """The rows under the header line, empty ones left out.

    UTF-8 with or without mark, UTF-16 with mark, else Windows-1252; `;`, `,` or tab. A cell that a
    spreadsheet guarded against being a formula (`'=…`) loses the guard. Raises Refused
    (`sheet_…`) with what is wrong.
    """
    header, lines = _opened(body)
    rows: list[Row] = []
    try:
        for cells in lines:
            row = {
                column: _cell(cell)
                for column, cell in zip(header, cells, strict=False)
                if column and cell.strip()
            }
            if row:
                rows.append(Row(lines.line_num, row))
            if len(rows) > MOST_ROWS:
                raise Refused("sheet_long", most=MOST_ROWS)
    except csv.Error as error:
        raise Refused("sheet_broken", line=lines.line_num) from error
    return rows


def columns_of(body: bytes) -> list[str]:
    """The names in the header line; raises Refused as `read_sheet` does."""
    return [column for column in _opened(body)[0] if column]


def write_sheet(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table for spreadsheets: `;`, UTF-8 with mark; cells that would be formulas are guarded.

    >>> write_sheet(["nom"], [["=1+1"]]).decode("utf-8-sig")
    "nom\\r\\n'=1+1\\r\\n"
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=";")
    lines.writerow(header)
    lines.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run; reading takes one away.

    >>> guarded("=HYPERLINK(1)"), guarded(" @SUM(1)"), guarded("'=1"), guarded("Fête")
    ("'=HYPERLINK(1)", "' @SUM(1)", "''=1", 'Fête')
    """
    return f"'{cell}" if _RISKY.match(cell) else cell


def _opened(body: bytes) -> tuple[list[str], _Lines]:
    """The header, and what reads the lines below it."""
    if len(body) > LARGEST:
        raise Refused("sheet_large", size=len(body), most=LARGEST)
    text = _decoded(body)
    if not text.strip():
        raise Refused("sheet_empty")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        header = [_cell(cell) for cell in next(lines)]
    except csv.Error as error:
        raise Refused("sheet_broken", line=lines.line_num) from error
    _check_header(header)
    return header, lines


class _Lines(Protocol):
    """What `csv.reader` gives, which has no name of its own before Python 3.12."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if body.startswith(b"PK\x03\x04"):
        raise Refused("sheet_workbook")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    if "\x00" in text:
        raise Refused("sheet_binary")
    return text


def _separator(text: str) -> str:
    """What separates the header's columns; a comma when nothing does."""
    first = next(line for line in text.splitlines() if line.strip())
    return max((";", "\t", ","), key=first.count)


def _check_header(header: list[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise Refused("sheet_wide", most=MOST_COLUMNS)
    named = [column.casefold() for column in header if column]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise Refused("sheet_column_twice", column=twice[:100])


def _cell(cell: str) -> str:
    cell = cell.strip()[:LONGEST_CELL]
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell[1:]) else cell


def same_address(first: str | None, second: str | None) -> bool:
    """Whether two addresses are one page, spelling apart; two empty ones are not."""
    return bool(first and second) and address_key(first or "") == address_key(second or "")
