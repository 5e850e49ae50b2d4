"""Kumu's files come back as they went, and nothing private or departed travels in them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.publish import exchange, kumu
from aggregator.publish.kumu import Connection, Element, Project
from aggregator.store.tables import Group, GroupTag

BASE = "https://fil.example"

EXPORT = {
    "name": "Le fil", "description": "", "defaultMap": "map-1",
    "attributes": [{"_id": "attr-1", "name": "element type", "private": False}],
    "elements": [
        {"_id": "elem-A1", "attributes": {"label": "Les Lilas à vélo", "element type": "Groupe",
         "objectifs": ["Rendre visible"], "site web": "https://lilas.example/", "couleur": "vert"}},
        {"_id": "elem-B2", "attributes": {"label": "Rendre visible", "element type": "Objectif"}},
        {"_id": "elem-C3", "attributes": {"label": "Les Lilas à vélo", "element type": "Groupe"}},
    ],
    "connections": [
        {"_id": "conn-1", "direction": "mutual", "attributes": {"connection type": "sert"},
         "from": "elem-A1", "to": "elem-B2"},
        {"_id": "conn-2", "direction": "mutual", "attributes": {}, "from": "elem-A1",
         "to": "elem-gone"},
        {"_id": "conn-3", "direction": "mutual", "attributes": {}, "from": "elem-A1",
         "to": "elem-A1"},
    ],
    "maps": [{"_id": "map-1", "elements": [{"_id": "node-1", "position": {"x": 1.5, "y": -2},
              "pinned": True, "element": "elem-A1"}], "connections": []}],
    "perspectives": [{"_id": "pers-1", "name": "x", "style": "@settings {}"}], "loops": [],
}  # fmt: skip


def _group(slug: str = "lilas", **options: Any) -> Group:
    tags = [
        GroupTag(dimension=dimension, slug=term)
        for dimension in ("objective", "skill", "topic", "area")
        for term in options.pop(dimension, [])
    ]
    values = {
        "name": "Les Lilas à vélo", "home": "https://lilas.example/", "description": "",
        "category": "association", "status": "listed", "note": "secret", "contact": "secret@x",
    } | options  # fmt: skip
    return Group(id=1, slug=slug, tags=tags, **values)


def _nobody(_: str) -> bool:
    return False


def test_a_full_export_comes_back_with_ids_positions_and_unknown_fields() -> None:
    body = json.dumps(EXPORT).encode()
    read = kumu.read_json(body)
    assert json.loads(kumu.write_json(read)) == EXPORT
    assert kumu.write_json(kumu.read_json(kumu.write_json(read))) == kumu.write_json(read)
    assert [element.id for element in read.elements] == ["elem-A1", "elem-B2", "elem-C3"]
    assert read.elements[0].fields["couleur"] == "vert"


def test_connections_to_nothing_and_to_oneself_are_left_out() -> None:
    read = kumu.read_json(json.dumps(EXPORT).encode())
    assert read.connections == (Connection("elem-A1", "elem-B2", "sert", "conn-1"),)


def test_our_blueprint_is_read_back_equal() -> None:
    made = exchange.project(
        [_group(objective=["rendre-visible"], topic=["transports"])], "objectifs", base_url=BASE
    )
    read = kumu.read_json(kumu.write_json(made))
    assert read.elements == made.elements
    assert read.connections == made.connections
    assert kumu.write_json(read) == kumu.write_json(made)


def test_the_sheets_are_read_back_equal_with_pipes_and_quotes() -> None:
    made = Project(
        (
            Element('Le "6b"', "e1", "Groupe", "a, b; c", ("x", "y"), {"Thèmes": ["un", "deux"]}),
            Element("Rendre visible", "e2", "Objectif", fields={"Thèmes": ""}),
        ),
        (Connection("e1", "e2", "sert"),),
    )
    elements, connections = kumu.write_csv(made)
    read = kumu.read_csv(elements, connections)
    assert read == made


def test_a_french_spreadsheets_file_is_read() -> None:
    body = "Label;Type;Thèmes\nÉté à vélo;Groupe;Vélo|Été\n".encode("windows-1252")
    (element,) = kumu.read_csv(body).elements
    assert (element.label, element.fields["Thèmes"]) == ("Été à vélo", ["Vélo", "Été"])


def test_several_targets_in_one_cell_are_several_connections() -> None:
    elements = b"Label,Type\na,x\nb,x\nc,x\n"
    read = kumu.read_csv(elements, b"From,To\na,b|c\n")
    assert [(link.start, link.end) for link in read.connections] == [("a", "b"), ("a", "c")]


def test_the_last_row_of_an_id_wins() -> None:
    read = kumu.read_csv(b"ID,Label\n1,first\n1,last\n")
    assert [element.label for element in read.elements] == ["last"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"elements": 3}', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_project_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        kumu.read_json(body)


@pytest.mark.parametrize("body", [b"", b"Name,x\n", b"PK\x03\x04\0\0", b"\0"])
def test_what_is_no_sheet_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        kumu.read_csv(body)


def test_a_hundred_megabytes_are_refused_unread() -> None:
    with pytest.raises(ParseError, match="at most"):
        kumu.read_json(b"x" * (kumu.LARGEST + 1))


@given(st.binary())
def test_any_bytes_are_a_project_or_refused(body: bytes) -> None:
    for read in (kumu.read_json, kumu.read_csv):
        with contextlib.suppress(ParseError):
            assert isinstance(read(body), Project)


def test_nothing_private_and_nobody_who_left_is_exported() -> None:
    groups = [_group(), _group("parti", name="Partie", status="declined")]
    for view in ("objectifs", "savoir-faire", "themes"):
        made = exchange.project(groups, view, base_url=BASE)
        written = kumu.write_json(made) + b"".join(kumu.write_csv(made))
        assert b"Les Lilas" in written
        assert b"secret" not in written
        assert b"Partie" not in written


def test_an_unchanged_map_says_nothing_new() -> None:
    groups = [_group(objective=["rendre-visible"], skill=["gouvernance"], area=["les-lilas"])]
    for view in ("objectifs", "savoir-faire"):
        made = exchange.project(groups, view, base_url=BASE)
        for came in (
            kumu.read_json(kumu.write_json(made)), kumu.read_csv(*kumu.write_csv(made)),
        ):  # fmt: skip
            assert exchange.differences(came, groups, is_kept_out=_nobody) == []


def test_what_a_map_says_otherwise_becomes_a_change_with_before_and_after() -> None:
    groups = [_group(objective=["rendre-visible"])]
    came = kumu.read_csv(
        "Label,Type,Objectifs,Description\n"
        "Les Lilas à vélo,Groupe,Rendre visible|Partager les connaissances,Du vélo\n".encode()
    )
    (difference,) = exchange.differences(came, groups, is_kept_out=_nobody)
    assert (difference.kind, difference.group) == ("profile", "lilas")
    assert difference.change == {
        "description": {"from": "", "to": "Du vélo"},
        "objective": {
            "from": ["rendre-visible"],
            "to": ["partager-les-connaissances", "rendre-visible"],
        },
    }


def test_connections_to_an_objective_are_read_as_terms() -> None:
    read = kumu.read_json(json.dumps(EXPORT).encode())
    (first, second) = exchange.differences(read, [], is_kept_out=_nobody)
    assert first.kind == "missing_group"
    assert first.change == {
        "name": "Les Lilas à vélo", "url": "https://lilas.example/",
        "objective": ["rendre-visible"],
    }  # fmt: skip
    assert second.change == {"name": "Les Lilas à vélo", "url": ""}


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_no_map_brings_back_who_left(status: str) -> None:
    came = kumu.read_csv(
        "Label,Type,URL\nles lilas a velo,Groupe,\nAutre nom,Groupe,https://www.lilas.example\n"
        "Effacé,Groupe,https://efface.example/\n".encode()
    )
    found = exchange.differences(
        came, [_group(status=status)], is_kept_out=lambda home: "efface" in home
    )
    assert found == []
