"""Entries and groups as tables for spreadsheets and programs: CSV, JSON, ODS, written as a stream.

Each row carries the question and the day it was asked, so that copied rows still tell where
they come from. Memory stays flat however many rows there are. Knows no request.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from aggregator.publish import provenance, rights
from aggregator.publish import publication as of
from aggregator.publish.atom import instant
from aggregator.publish.provenance import Provenance
from aggregator.publish.text import line, safe
from aggregator.registry import charter
from aggregator.registry.sheets import guarded
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Entry, Group, Record

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json; charset=utf-8",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}

FILTERS = {
    "topic": "theme",
    "objective": "objectif",
    "skill": "savoir_faire",
    "kind": "forme",
    "area": "territoire",
}
"""The columns of the dimensions, named as the portal's filters are."""

ENTRY_COLUMNS = (
    "id", "publie_le", "titre", "adresse", "groupe", "groupe_id", "source", "langue", "nature",
    "extrait", *FILTERS.values(), "debut", "fin", "lieu", "recit", "page",
)  # fmt: skip
GROUP_COLUMNS = (
    "id", "nom", "adresse", "description", "categorie", "statut", "langue", *FILTERS.values(),
    "sources", "modifie_le", "page", "provenance", "licence", "charte",
)  # fmt: skip

_CHUNK = 32_768

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to export, with the question they answer."""

    name: str
    """The sheet's name and JSON key: `entrees` or `groupes`."""
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    """Read once; may be a generator over a streaming query."""
    query: str
    """The view's query string, or a sentence."""
    made_at: datetime
    licence: str = ""


def of_entries(entries: Iterable[Entry], *, base_url: str, query: str, made_at: datetime) -> Table:
    """One row per entry that may be shown, as far as rights go; several tags joined by `|`."""
    rows = (_entry_row(entry, base_url) for entry in entries if rights.may_show(entry))
    return Table("entrees", ENTRY_COLUMNS, rows, query, made_at)


def of_groups(
    groups: Iterable[Group],
    *,
    base_url: str,
    query: str,
    made_at: datetime,
    records: Mapping[int, Record] | None = None,
) -> Table:
    """One row per public group; declined and withdrawn ones are in no export.

    `records` tells, by group id, which other list brought the group here.
    """
    rows = (
        _group_row(group, provenance.of(group, (records or {}).get(group.id), base_url), base_url)
        for group in groups
        if group.is_public
    )
    return Table("groupes", GROUP_COLUMNS, rows, query, made_at, charter.LICENCE)


def csv_chunks(table: Table) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a mark at the start, by which spreadsheets see the accents."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow([*table.columns, "requete", "exporte_le"])
    origin = [harmless(table.query), instant(table.made_at)]
    for row in table.rows:
        writer.writerow([*map(harmless, row), *origin])
        if buffer.tell() > _CHUNK:
            yield _emptied(buffer)
    yield _emptied(buffer)


def json_chunks(table: Table) -> Iterator[bytes]:
    """One object: `requete`, `exporte_le`, and the rows as objects under the table's name."""
    head = {"requete": safe(table.query), "exporte_le": instant(table.made_at)}
    if table.licence:
        head["licence"] = table.licence
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    yield f"{opening}, {json.dumps(table.name)}: [".encode()
    waiting, size, first = [], 0, True
    for row in table.rows:
        values = {
            name: _json_value(name, cell) for name, cell in zip(table.columns, row, strict=True)
        }
        text = ("\n" if first else ",\n") + json.dumps(values, ensure_ascii=False)
        waiting.append(text)
        size, first = size + len(text), False
        if size > _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield ("".join(waiting) + "\n]}\n").encode()


def ods_chunks(table: Table) -> Iterator[bytes]:
    """An OpenDocument spreadsheet; every cell is typed, so no text is ever a formula."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        # OpenDocument 1.3 part 2 §3.3: the type first and not compressed.
        archive.writestr("mimetype", MEDIA_TYPES["ods"], zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        with archive.open("content.xml", "w") as file:
            for part in _content(table):
                file.write(part.encode())
                if sink.waiting > _CHUNK:
                    yield sink.emptied()
    yield sink.emptied()


CHUNKS: dict[str, Callable[[Table], Iterator[bytes]]] = {
    "csv": csv_chunks,
    "json": json_chunks,
    "ods": ods_chunks,
}
"""Writers by the address's ending; MEDIA_TYPES has the same keys."""


def harmless(cell: Cell) -> Cell:
    """The cell with an apostrophe before what a spreadsheet would run as a formula.

    >>> harmless("=HYPERLINK(1)"), harmless(" @SUM(1)"), harmless("Fête")
    ("'=HYPERLINK(1)", "' @SUM(1)", 'Fête')
    """
    if not isinstance(cell, str):
        return cell
    return guarded(safe(cell))


def _entry_row(entry: Entry, base_url: str) -> list[Cell]:
    shown, group = rights.shown(entry), entry.source.group
    tags = [
        "|".join(sorted(tag.slug for tag in entry.tags if tag.dimension == dimension))
        for dimension in FILTERS
    ]
    return [
        entry.id,
        instant(entry.published),
        shown.title,
        of.link(entry, base_url),
        line(group.name),
        group.slug,
        line(entry.source.address),
        entry.language,
        entry.type,
        shown.excerpt,
        *tags,
        instant(entry.starts_at) if entry.starts_at else None,
        instant(entry.ends_at) if entry.ends_at else None,
        line(entry.place or ""),
        entry.story_id,
        of.page(entry, base_url),
    ]


def _group_row(group: Group, whence: Provenance, base_url: str) -> list[Cell]:
    assert tuple(FILTERS) == terms.DIMENSIONS
    accepted = whence.charter_accepted_at
    return [
        group.slug,
        line(group.name),
        line(group.home or ""),
        line(group.description),
        line(group.category),
        group.status,
        group.language,
        *("|".join(group.terms(dimension)) for dimension in FILTERS),
        "|".join(line(source.address) for source in group.sources),
        instant(group.updated_at),
        f"{base_url}/groupes/{group.slug}",
        whence.source,
        whence.licence,
        f"{whence.charter_version} ({accepted:%Y-%m-%d})" if accepted else "",
    ]


def _json_value(column: str, cell: Cell) -> Cell | list[str]:
    if column in FILTERS.values() or column == "sources":
        return str(cell).split("|") if cell else []
    return safe(cell) if isinstance(cell, str) else cell


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


class _Sink(io.RawIOBase):
    """What a zip file writes to when nobody can seek: the bytes not handed on yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile gives bytes only
        self._parts.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def emptied(self) -> bytes:
        """All that waits, handed on."""
        data = b"".join(self._parts)
        self._parts, self.waiting = [], 0
        return data


_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    ' manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MEDIA_TYPES["ods"]}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)


def _content(table: Table) -> Iterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.3"'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        "<office:body><office:spreadsheet>"
        f"<table:table table:name={quoteattr(table.name)}>"
    )
    yield _ods_row([*table.columns, "requete", "exporte_le"])
    origin = [table.query, instant(table.made_at)]
    for row in table.rows:
        yield _ods_row([*row, *origin])
    yield "</table:table></office:spreadsheet></office:body></office:document-content>"


def _ods_row(cells: Iterable[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, int):
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell}">'
            f"<text:p>{cell}</text:p></table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="string"><text:p>{escape(safe(cell))}</text:p>'
        "</table:table-cell>"
    )
