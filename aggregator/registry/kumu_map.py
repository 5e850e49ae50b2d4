"""Kumu's maps as documents: blueprint, project export and the two sheets, each into the others.

Nothing is lost on the way but what Kumu marks as private. Pure; knows no group of ours but by
what `listed` reads. Shapes: Kumu's documentation.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.errors import Refused
from aggregator.registry import listed
from aggregator.registry.listed import Listed, objects, text
from aggregator.registry.sheets import Row, columns_of, guarded, read_sheet

Document = dict[str, Any]
"""A blueprint or a project export, as JSON has it."""

_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What no table can hold, and what turns the rest of it around."""
_STEP = 120
"""Between two elements of a drawing, in Kumu's units."""
_UNNAMED = "Carte"
_STYLE = "@settings {\n  template: stakeholder;\n}\n"
"""How Kumu draws a map that says nothing of it: names below round marks."""
_KUMUS = frozenset({"label", "element type", "connection type", "description", "tags"})
"""Fields that every map of Kumu's has."""
_GOLDEN = math.pi * (3 - math.sqrt(5))
_CONNECTION_KEYS = ("from", "to", "direction", "type", "id")
_UNSPLIT = frozenset({"id", "label", "description", "type", "from", "direction"})
"""Columns of the sheets whose cells hold one value, whatever is in them."""


def is_map(value: Any) -> bool:
    """Whether JSON is a map of Kumu's."""
    return isinstance(value, dict) and isinstance(value.get("elements"), list)


def is_project(document: Mapping[str, Any]) -> bool:
    """Whether it is a full project export; else it is a blueprint."""
    drawn = any(isinstance(document.get(key), list) for key in ("maps", "perspectives"))
    return drawn or any(
        isinstance(one.get("attributes"), dict) for one in objects(document.get("elements"))
    )


def without_private(document: Mapping[str, Any]) -> Document:
    """The same without the fields that the map's attributes call private, and their values."""
    hidden = _private(document)
    if not hidden:
        return dict(document)
    kept: Document = {
        **document,
        "attributes": [
            one
            for one in document["attributes"]
            if not (isinstance(one, dict) and str(one.get("name", "")).casefold() in hidden)
        ],
    }
    for kind in ("elements", "connections", "loops"):
        if kind in document:
            kept[kind] = [_without(one, hidden) for one in objects(document[kind])]
    return kept


def fields_of(element: Mapping[str, Any]) -> dict[str, Any]:
    """What an element or connection says, without its id; the same object for a project's."""
    own = element.get("attributes")
    if isinstance(own, dict):
        return own
    return {key: value for key, value in element.items() if key not in {"id", "_id"}}


def by_key(elements: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Id or label → place in the list; an id wins over a label, the first label over others."""
    found: dict[str, int] = {}
    for number, element in enumerate(elements):
        for key in ("_id", "id"):
            if text(element.get(key)):
                found.setdefault(text(element[key]), number)
    for number, element in enumerate(elements):
        found.setdefault(text(listed.label(fields_of(element))), number)
    found.pop("", None)
    return found


def term_of(element: Mapping[str, Any]) -> tuple[str, str] | None:
    """The term that an element stands for; None for a group."""
    fields = fields_of(element)
    found = listed.term_of(text(listed.label(fields)))
    return None if found is None or listed.has_home(fields) else found


def records(document: Mapping[str, Any]) -> list[Listed]:
    """The groups of a map; elements that are terms become tags of those tied to them.

    Loops and ties to nothing say nothing.
    """
    private = frozenset(_private(document))
    elements = list(objects(document["elements"]))
    groups: dict[int, Listed] = {}
    known: dict[int, tuple[str, str]] = {}
    for number, element in enumerate(elements):
        term = term_of(element)
        if term is not None:
            known[number] = term
            continue
        id_ = text(element.get("_id")) or text(element.get("id"))
        record = listed.listed(fields_of(element), id_, tool="kumu", private=private)
        if record is not None:
            groups[number] = record
    named = by_key(elements)
    for connection in objects(document.get("connections")):
        start, ends = ends_of(connection)
        for end in ends:
            for one, other in (
                (named.get(start), named.get(end)),
                (named.get(end), named.get(start)),
            ):
                if one in groups and other in known:
                    dimension, slug = known[other]
                    groups[one].terms.setdefault(dimension, set()).add(slug)
    return list(groups.values())


def ends_of(connection: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Where a connection begins, and where it leads: several places in a sheet's cell."""
    low = {key.casefold(): value for key, value in connection.items()}
    return text(low.get("from")), listed.labels(low.get("to", ""))


def as_project(document: Mapping[str, Any], *, name: str = "") -> Document:
    """A full project export, which Kumu restores into an empty project; ids are kept."""
    if is_project(document):
        return dict(document)
    before = list(objects(document.get("elements")))
    named = by_key(before)
    ids = [
        text(one.get("id")) or _id("elem", str(number), text(listed.label(one)))
        for number, one in enumerate(before)
    ]
    elements = [
        {"_id": id_, "attributes": _lowered(fields_of(one))}
        for id_, one in zip(ids, before, strict=True)
    ]
    connections = []
    for number, one in enumerate(objects(document.get("connections"))):
        start, ends = ends_of(one)
        for end in ends:
            if start in named and end in named:
                # A sheet's row that leads to several places is as many ties.
                own = one if len(ends) == 1 else {**one, "id": ""}
                tie = _project_connection(own, number, ids[named[start]], ids[named[end]])
                connections.append(tie)
    kept = {key: value for key, value in document.items() if key not in {"elements", "connections"}}
    look = {"_id": _id("pers", name), "name": name or _UNNAMED, "style": _STYLE}
    drawing = _drawing(name, ids, [tie["_id"] for tie in connections], look["_id"])
    return {
        "name": name,
        "description": "",
        "proxyImages": True,
        "defaultMap": drawing["_id"],
        "defaultPerspective": look["_id"],
        "attributeRelevance": {},
        "attributes": _attributes([*elements, *connections]),
        "maps": [drawing],
        "perspectives": [look],
        "loops": [],
        **kept,
        "elements": elements,
        "connections": connections,
    }


def as_blueprint(document: Mapping[str, Any]) -> Document:
    """The simple form, the one that a Kumu page can be pointed at; ids and loops are kept."""
    if not is_project(document):
        return dict(document)
    elements = []
    for element in objects(document.get("elements")):
        fields = dict(fields_of(element))
        kind = fields.pop("element type", None)
        head = {"id": text(element.get("_id")), "label": fields.pop("label", "")}
        elements.append({**head, **({"type": kind} if kind else {}), **fields})
    connections = []
    for one in objects(document.get("connections")):
        fields = dict(fields_of(one))
        kind = fields.pop("connection type", None)
        head = {"id": text(one.get("_id")), "from": one.get("from"), "to": one.get("to")}
        head["direction"] = one.get("direction", "undirected")
        connections.append({**head, **({"type": kind} if kind else {}), **fields})
    found: Document = {"elements": elements, "connections": connections}
    if document.get("loops"):
        found["loops"] = document["loops"]
    return found


def sheets(document: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The element and the connection sheet; no cell is run as a formula. Loops are left out."""
    blueprint = as_blueprint(document)
    return (
        _sheet(["ID", "Label", "Type", "Description", "Tags"], blueprint["elements"]),
        _sheet(["From", "To", "Type", "Direction"], blueprint.get("connections", [])),
    )


def from_sheets(elements: bytes, connections: bytes = b"") -> Document:
    """A blueprint from one or both sheets; raises Refused for what is no such sheet."""
    columns = {column.casefold() for column in columns_of(elements)}
    if {"from", "to"} <= columns:
        raise Refused("list_connections")
    found: Document = {
        "elements": [_element(row, columns) for row in read_sheet(elements)],
        "connections": [],
    }
    if connections.strip():
        if not {"from", "to"} <= {column.casefold() for column in columns_of(connections)}:
            raise Refused("list_no_connections")
        found["connections"] = [_from_row(row) for row in read_sheet(connections)]
    return found


def write(document: Mapping[str, Any]) -> bytes:
    """JSON for people and programs."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"


def clean(value: str) -> str:
    """The text without what no table can hold, and without marks that turn the rest around."""
    return _UNWRITABLE.sub("", value)


def _private(document: Mapping[str, Any]) -> set[str]:
    return {
        str(attribute.get("name", "")).casefold()
        for attribute in objects(document.get("attributes"))
        if attribute.get("private")
    }


def _without(one: Mapping[str, Any], hidden: set[str]) -> Document:
    own = one.get("attributes")
    if isinstance(own, dict):
        fields = {key: value for key, value in own.items() if key.casefold() not in hidden}
        return {**one, "attributes": fields}
    return {key: value for key, value in one.items() if key.casefold() not in hidden}


def _id(kind: str, *parts: str) -> str:
    """An id in Kumu's form that the same element gets each time."""
    return f"{kind}-{zlib.crc32('/'.join(parts).encode('utf-8', 'replace')):08x}"


def _lowered(fields: Mapping[str, Any]) -> Document:
    found = {key.casefold(): value for key, value in fields.items()}
    if "type" in found and "element type" not in found:
        found["element type"] = found.pop("type")
    return found


def _attributes(things: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Every field in use as Kumu's exports list them; `limit` says whether it has one value."""
    many: dict[str, bool] = {}
    for thing in things:
        for name, value in thing["attributes"].items():
            many[name] = many.get(name, name == "tags") or isinstance(value, list)
    return [
        {
            "_id": _id("attr", name),
            "name": name.title() if name in _KUMUS else name[:1].upper() + name[1:],
            "format": "text" if name == "description" else "string",
            "private": False,
            "limit": "none" if is_many else 1,
            "category": "General",
            "prompt": "none" if name == "description" else "autocomplete",
            "locked": False,
            "values": [],
        }
        for name, is_many in sorted(many.items())
    ]


def _drawing(name: str, elements: Sequence[str], ties: Sequence[str], look: str) -> Document:
    """One map with everything on it: what is on none, Kumu takes for thrown away.

    In a spiral that keeps all apart (Vogel 1979); Kumu arranges it from there.
    """
    nodes = []
    for number, id_ in enumerate(elements):
        away, angle = _STEP * math.sqrt(number), number * _GOLDEN
        nodes.append(
            {
                "_id": _id("node", id_),
                "element": id_,
                "position": {
                    "x": round(away * math.cos(angle)),
                    "y": round(away * math.sin(angle)),
                },
                "pinned": False,
            }
        )
    return {
        "_id": _id("map", name),
        "name": name or _UNNAMED,
        "description": "",
        "scale": 1,
        "center": {"x": 0, "y": 0},
        "defaultPerspective": look,
        "elements": nodes,
        "connections": [{"_id": _id("edge", id_), "connection": id_} for id_ in ties],
        "loops": [],
    }


def _project_connection(
    one: Mapping[str, Any], number: int, start: str, end: str
) -> dict[str, Any]:
    fields = {key: value for key, value in one.items() if key not in _CONNECTION_KEYS}
    if one.get("type"):
        fields["connection type"] = one["type"]
    return {
        "_id": text(one.get("id")) or _id("conn", str(number), start, end),
        "direction": text(one.get("direction")) or "undirected",
        "delayed": False,
        "reversed": False,
        "attributes": fields,
        "from": start,
        "to": end,
    }


def _sheet(first: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The columns that Kumu knows, then all others by name; several values joined by `|`."""
    low = {name.casefold() for name in first}
    others = {key for row in rows for key in row if key.casefold() not in low and _cell(row[key])}
    columns = [*first, *sorted(others)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(column) for column in columns])
    for row in rows:
        by_name = {key.casefold() if key.casefold() in low else key: row[key] for key in row}
        cells = (by_name.get(name.casefold() if name in first else name) for name in columns)
        writer.writerow([guarded(_cell(cell)) for cell in cells])
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(text(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return clean(value).strip() if isinstance(value, str) else text(value)


def _element(row: Row, columns: set[str]) -> Document:
    found = _from_row(row)
    # Without ids, Kumu tells elements apart by label and type.
    if "id" not in columns and "type" in columns and found.get("label"):
        found["id"] = f"{found['label']} ({found.get('type', '')})"
    return found


def _from_row(row: Row) -> Document:
    found: Document = {}
    for column, cell in row.cells.items():
        low = column.casefold()
        name = low if low in _UNSPLIT | {"to", "tags"} else column
        many = "|" in cell and low not in _UNSPLIT
        found[name] = [one.strip() for one in cell.split("|") if one.strip()] if many else cell
    return found
