"""Kumu's files: blueprint JSON, full project export, and the two CSV sheets, read and written.

Whatever a file holds that we do not know (ids, positions, own fields, views) is kept as it was
and written back. Knows Kumu's shapes only; `exchange` says what they mean for groups.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from aggregator.errors import ParseError
from aggregator.publish.table import harmless
from aggregator.publish.text import line

LARGEST = 20 * 1024 * 1024
"""Bytes of a file that is read."""
MOST = 20_000
"""Elements and connections that are read."""

Values = str | list[str]

_SHEET_HEADS = ("Label", "Type", "Description", "Tags")
_KNOWN = {"id", "_id", "label", "type", "element type", "description", "tags"}


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on a Kumu map."""

    label: str
    id: str | None = None
    type: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Everything else, by Kumu's field names; values are texts or lists."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One link; its ends are labels, or ids where the elements have ids."""

    start: str
    end: str
    type: str = ""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A map as read from a file, or made to be written to one."""

    elements: tuple[Element, ...]
    connections: tuple[Connection, ...] = ()
    raw: Mapping[str, Any] | None = None
    """The file's own JSON, to be written back as it was; None for a sheet or our own."""


def read_json(body: bytes) -> Project:
    """A blueprint or a full export; raises ParseError with a sentence for anything else.

    Elements with the same id count once, the last as Kumu has it; those with the same label
    stay apart when they have ids. Links to nothing are left out of `connections` and kept in
    `raw`.
    """
    if len(body) > LARGEST:
        raise ParseError(f"This file has {len(body):,} bytes: at most {LARGEST:,} are read.")
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"This is no JSON: {error}.") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("elements"), list):
        raise ParseError("This is no Kumu project: it has no list of elements.")
    rows = [row for row in raw["elements"] if isinstance(row, dict)]
    links = [row for row in raw.get("connections") or [] if isinstance(row, dict)]
    if max(len(rows), len(links)) > MOST:
        raise ParseError(f"This project has more than {MOST:,} elements or connections.")
    elements = tuple(_unique(_element(row) for row in rows))
    return Project(elements, tuple(_connections(links, elements)), raw)


def read_csv(elements: bytes, connections: bytes | None = None) -> Project:
    """The element sheet and, if there is one, the connection sheet; raises ParseError.

    Commas or semicolons, UTF-8 or what French spreadsheets write (Windows-1252); several values
    of one cell are joined by `|`, several targets in `To` too.
    """
    found = tuple(_unique(_sheet_element(row) for row in _sheet(elements, ("label", "id"))))
    links: list[dict[str, Any]] = []
    if connections is not None:
        for row in _sheet(connections, ("from",)):
            ends = str(row.get("to", "")).split("|")
            links += [{**row, "from": row.get("from", ""), "to": end.strip()} for end in ends]
    return Project(found, tuple(_connections(links, found)))


def write_json(project: Project) -> bytes:
    """The file as it was read, or a blueprint of our own; keys in a fixed order."""
    content = deepcopy(dict(project.raw)) if project.raw is not None else _blueprint(project)
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def write_csv(project: Project) -> tuple[bytes, bytes]:
    """The element sheet and the connection sheet; no cell is run as a formula."""
    names = sorted({name for element in project.elements for name in element.fields})
    with_ids = any(element.id for element in project.elements)
    head = [*(["ID"] if with_ids else []), *_SHEET_HEADS, *names]
    rows = [
        [
            *([element.id or ""] if with_ids else []),
            element.label,
            element.type,
            element.description,
            "|".join(element.tags),
            *(_cell(element.fields.get(name)) for name in names),
        ]
        for element in project.elements
    ]
    links = [[link.start, link.end, link.type] for link in project.connections]
    return _written(head, rows), _written(["From", "To", "Type"], links)


def _blueprint(project: Project) -> dict[str, Any]:
    elements = [
        {
            **element.fields,
            **({"id": element.id} if element.id else {}),
            "label": element.label,
            "type": element.type,
            "description": element.description,
            "tags": list(element.tags),
        }
        for element in project.elements
    ]
    connections = [
        {"from": link.start, "to": link.end, "type": link.type, "direction": "undirected"}
        for link in project.connections
    ]
    return {"elements": elements, "connections": connections}


def _element(row: Mapping[str, Any]) -> Element:
    inner = row.get("attributes")
    # A full export keeps a row's fields one level below its id.
    values = {**inner, "id": row.get("_id")} if isinstance(inner, dict) else dict(row)
    lower = {str(name).lower(): value for name, value in values.items()}
    return Element(
        label=_one(lower.get("label")),
        id=_one(lower.get("id") or lower.get("_id")) or None,
        type=_one(lower.get("type") or lower.get("element type")),
        description=_one(lower.get("description")),
        tags=tuple(_several(lower.get("tags"))),
        fields={
            str(name): value for name, value in values.items() if str(name).lower() not in _KNOWN
        },
    )


def _sheet_element(row: Mapping[str, str]) -> Element:
    values: dict[str, Any] = {
        name: value.split("|") if "|" in value else value for name, value in row.items()
    }
    values["tags"] = [tag for tag in row.get("tags", "").split("|") if tag.strip()]
    return _element(values)


def _unique(elements: Iterable[Element]) -> list[Element]:
    found: dict[tuple[str, str], Element] = {}
    for element in elements:
        if element.id:
            found["id", element.id] = element
        elif element.label:
            found[element.label, element.type] = element
    return list(found.values())


def _connections(
    rows: Sequence[Mapping[str, Any]], elements: Sequence[Element]
) -> Iterable[Connection]:
    known = {name for element in elements for name in (element.id, element.label) if name}
    for row in rows:
        inner = row.get("attributes")
        kind = inner.get("connection type") if isinstance(inner, dict) else row.get("type")
        start, end = _one(row.get("from")), _one(row.get("to"))
        if start in known and end in known and start != end:
            yield Connection(start, end, _one(kind), _one(row.get("id") or row.get("_id")) or None)


def _sheet(body: bytes, first: tuple[str, ...]) -> list[dict[str, str]]:
    if len(body) > LARGEST:
        raise ParseError(f"This file has {len(body):,} bytes: at most {LARGEST:,} are read.")
    if b"\0" in body:
        raise ParseError("This is no CSV file: save the sheet as CSV first.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("windows-1252", "replace")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ParseError(f"This is no CSV file: {error}.") from error
    names = [name.strip() for name in rows[0]] if rows else []
    if not names or names[0].lower() not in first:
        wanted = " or ".join(name.capitalize() for name in first)
        raise ParseError(f"The first column is {names[:1]}: it must be called {wanted}.")
    if len(rows) > MOST + 1:
        raise ParseError(f"This sheet has more than {MOST:,} rows.")
    heads = [name.lower() if name.lower() in _KNOWN | {"from", "to"} else name for name in names]
    return [
        {name: cell.strip() for name, cell in zip(heads, row, strict=False) if name}
        for row in rows[1:]
        if any(cell.strip() for cell in row)
    ]


def _one(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None or isinstance(value, dict) else line(str(value))


def _several(value: object) -> list[str]:
    values = value if isinstance(value, list) else str(value or "").split("|")
    return [text for text in (line(str(one)) for one in values) if text]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "|".join(str(one) for one in value)
    return "" if value is None else str(value)


def _written(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return buffer.getvalue().encode()
