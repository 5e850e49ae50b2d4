"""What goes out to another tool and comes back is the same; what comes in is taken whole or not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.publish import gogocarto, kumu
from aggregator.publish.maps.network import VIEWS
from aggregator.registry import (
    exchange,
    importing,
    kumu_kept,
    kumu_map,
    leaving,
    planning,
    profile,
    sheets,
)
from aggregator.registry.importing import Terms
from aggregator.store import database, suppressions
from aggregator.store.tables import Amendment, Group, GroupTag, KeptMap, Record
from aggregator.taxonomy import terms

BASE = "https://fil.example"

# What Kumu itself keeps: one line, no blanks around, no field called as one of its own.
word = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="|"
    ),
    min_size=1,
    max_size=12,
).map(lambda text: " ".join(text.split()))
line = word.filter(lambda text: bool(text) and kumu_map.clean(text) == text)
name = line.filter(lambda text: text.casefold() == text and text not in RESERVED)
RESERVED = {
    *("id", "_id", "label", "name", "nom", "title", "type", "element type", "description", "tags"),
    *("from", "to", "direction", "connection type", "attributes"),
}
value = line | st.lists(line, min_size=2, max_size=4)
fields = st.dictionaries(name, value, max_size=3)


@st.composite
def projects(draw: st.DrawFn) -> dict[str, Any]:
    """A full project export, with ties to nothing, loops, drawings and looks."""
    count = draw(st.integers(0, 5))
    ids = [f"elem-{n}" for n in range(count)]
    labels = draw(st.lists(line, min_size=count, max_size=count))
    ends = st.sampled_from([*ids, "elem-nowhere"])
    ties = draw(st.lists(st.tuples(ends, ends, fields), max_size=5))
    return {
        "name": draw(line),
        "attributes": [{"_id": "attr-1", "name": "Secret", "private": True}],
        "elements": [
            {
                "_id": id_,
                "attributes": {"label": label, "secret": "x", **draw(fields)},
                "flags": draw(st.booleans()),
            }
            for id_, label in zip(ids, labels, strict=True)
        ],
        "connections": [
            {
                "_id": f"conn-{n}", "from": start, "to": end, "direction": "directed",
                "delayed": True, "reversed": False, "attributes": own,
            }
            for n, (start, end, own) in enumerate(ties)
        ],
        "loops": [{"_id": "loop-1", "attributes": {"label": draw(line)}}],
        "maps": [
            {
                "_id": "map-1",
                "elements": [
                    {"_id": f"node-{n}", "element": id_, "position": {"x": n, "y": -n}}
                    for n, id_ in enumerate(ids)
                ],
                "connections": [],
            }
        ],
        "perspectives": [{"_id": "pers-1", "style": draw(line)}],
    }  # fmt: skip


@st.composite
def blueprints(draw: st.DrawFn) -> dict[str, Any]:
    """A blueprint; several elements may bear one label, ids tell them apart."""
    count = draw(st.integers(0, 5))
    labels = st.sampled_from(["Halage", draw(line)])
    elements = [
        {"id": f"e{n}", "label": draw(labels), "type": draw(line), **draw(fields)}
        for n in range(count)
    ]
    ends = st.sampled_from([f"e{n}" for n in range(count + 1)])
    connections = [
        {"from": start, "to": end, "direction": "directed", **own}
        for start, end, own in draw(st.lists(st.tuples(ends, ends, fields), max_size=4))
    ]
    return {"elements": elements, "connections": connections}


def public(project: dict[str, Any]) -> dict[str, Any]:
    """The same without what it calls private."""
    told = json.loads(json.dumps(project))
    told["attributes"] = []
    for element in told["elements"]:
        element["attributes"].pop("secret")
    return dict(told)


@given(project=projects())
def test_a_project_comes_back_as_it_came_but_for_what_is_private(project: dict[str, Any]) -> None:
    read = exchange.read_whole(json.dumps(project).encode())
    assert read.map is not None
    assert json.loads(kumu_map.write(kumu_map.as_project(read.map))) == public(project)


@given(project=projects())
def test_a_project_given_back_with_nothing_of_ours_in_it_is_the_same(
    empty: Session, project: dict[str, Any]
) -> None:
    map_ = KeptMap(origin="kumu", document=kumu_map.without_private(project))
    assert kumu_kept.given_back(empty, map_) == public(project)


@given(project=projects())
def test_a_project_keeps_ids_fields_and_ties_as_a_blueprint(project: dict[str, Any]) -> None:
    blueprint = kumu_map.as_blueprint(kumu_map.without_private(project))
    again = kumu_map.as_project(blueprint, name=project["name"])
    for before, after in zip(public(project)["elements"], again["elements"], strict=True):
        assert (after["_id"], after["attributes"]) == (before["_id"], before["attributes"])
    there = {element["_id"] for element in project["elements"]}
    ties = [one for one in project["connections"] if {one["from"], one["to"]} <= there]
    for before, after in zip(ties, again["connections"], strict=True):
        assert {**after, "delayed": True} == before
    assert again["loops"] == project["loops"]
    (drawing,) = again["maps"]
    assert {node["element"] for node in drawing["elements"]} == there
    assert [edge["connection"] for edge in drawing["connections"]] == [tie["_id"] for tie in ties]


@given(blueprint=blueprints())
def test_a_blueprint_comes_back_from_its_sheets(blueprint: dict[str, Any]) -> None:
    elements, connections = kumu_map.sheets(blueprint)
    again = kumu_map.from_sheets(elements, connections) if blueprint["elements"] else blueprint
    if blueprint["elements"] and not blueprint["connections"]:
        again["connections"] = []
    assert again == blueprint


@given(blueprint=blueprints())
def test_no_cell_of_a_sheet_is_run_as_a_formula(blueprint: dict[str, Any]) -> None:
    for sheet in kumu_map.sheets(blueprint):
        for row in csv.reader(io.StringIO(sheet.decode(), newline="")):
            assert not [cell for cell in row if cell.lstrip()[:1] in {*"=+-@＝＋－＠"}]


@given(cell=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8))
def test_a_guard_is_taken_off_as_it_was_put_on(cell: str) -> None:
    body = sheets.write_sheet(["nom"], [[cell]])
    rows = sheets.read_sheet(body)
    assert [row.cells["nom"] for row in rows] == ([cell.strip()] if cell.strip() else [])


@pytest.fixture(scope="module")
def empty(migrated: Path) -> Iterator[Session]:
    """A session on an inventory without any group, which nobody writes to."""
    engine = database.open_database(f"sqlite:///{migrated}")
    with database.sessions(engine)() as session:
        yield session
    engine.dispose()


TEXT = "Un peu, d’« arabe » : مرحبا ; \"guillemets\", 'apostrophes' | et barres"


def groups_of_all_kinds() -> list[Group]:
    """Names that are long, from right to left, twice the same, or formulas."""
    at = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
    names = ["=1+1", "مجموعة السكان", "É" * 500, "Halage", "Halage", "@nous", "<b>gras</b>"]
    return [
        Group(
            id=number + 1,
            slug=f"groupe-{number}",
            name=name,
            home=f"https://groupe-{number}.example/",
            description=TEXT if number % 2 else "-5 °C dehors",
            category="association",
            language="fr",
            status="listed",
            created_at=at,
            updated_at=at,
            charter_version="",
            tags=[
                GroupTag(dimension=dimension, slug=terms.terms(dimension)[number % 4].slug)
                for dimension in ("topic", "kind", "area")
            ]
            + [GroupTag(dimension="area", slug="saint-denis")]
            + [GroupTag(dimension="objective", slug=one.slug) for one in terms.terms("objective")],
            sources=[],
        )
        for number, name in enumerate(names)
    ]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("shape", ["json", "project", "csv"])
def test_the_inventory_comes_back_from_kumu_as_it_went(view: str, shape: str) -> None:
    groups = groups_of_all_kinds()
    made = kumu.project(groups, view, base_url=BASE)
    body, ties = {
        "json": lambda: (kumu.write_json(made), b""),
        "project": lambda: (kumu.write_project(made, "x"), b""),
        "csv": lambda: kumu.write_csv(made),
    }[shape]()
    read = exchange.read_whole(body, ties=ties)
    assert_same({one.external_id.removeprefix("group-"): one for one in read.records}, groups)
    assert read.map is not None
    if shape != "csv":
        again = {"json": kumu_map.as_blueprint, "project": kumu_map.as_project}[shape](read.map)
        assert kumu_map.write(again) == body
    else:
        assert kumu_map.sheets(read.map) == (body, ties)


@pytest.mark.parametrize("write", [gogocarto.write, gogocarto.write_geojson])
def test_the_inventory_comes_back_from_a_map_of_places_as_it_went(
    write: Callable[..., bytes],
) -> None:
    groups = groups_of_all_kinds()
    read = exchange.read(write(gogocarto.places(groups, base_url=BASE)))
    assert_same({one.external_id.removeprefix("group-"): one for one in read}, groups)


def assert_same(records: dict[str, Any], groups: list[Group]) -> None:
    """Every group is there once, with all that it says."""
    assert set(records) == {group.slug for group in groups}
    for group in groups:
        record = records[group.slug]
        assert record.name == group.name
        assert record.texts["home"] == group.home
        assert record.texts["description"] == group.description
        assert record.texts["category"] == group.category
        for dimension in terms.DIMENSIONS:
            assert sorted(record.terms.get(dimension, ())) == list(group.terms(dimension))


def test_a_row_that_leads_to_several_places_is_as_many_ties() -> None:
    sheets_ = b"ID,Label\na,A\nb,B\nc,C\n", b"From,To,ID\na,b|c|nowhere,t1\nb,c,t2\n"
    project = kumu_map.as_project(kumu_map.from_sheets(*sheets_))
    ties = [(tie["from"], tie["to"]) for tie in project["connections"]]
    assert ties == [("a", "b"), ("a", "c"), ("b", "c")]
    ids = [tie["_id"] for tie in project["connections"]]
    assert (len(set(ids)), ids[2]) == (3, "t2")


def test_a_map_given_back_says_what_we_say_and_names_nobody_who_left(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    document = {
        "elements": [
            {"id": "1", "label": "Halage", "Site web": "halage.example", "couleur": "vert",
             "Thèmes": "Culture, médias et fêtes|Pêche"},
            {"id": "2", "label": "Parti", "website": "https://parti.example"},
            {"id": "3", "label": "Décliné"},
            {"id": "4", "label": "Rendre visible"},
            {"id": "5", "label": "Personne que nous ne connaissons pas"},
        ],
        "connections": [
            {"from": "1", "to": "5"}, {"from": "Parti", "to": "1"}, {"from": "3", "to": "4"},
            {"from": "1", "to": "1"}, {"from": "1", "to": "nulle part"},
        ],
        "loops": [{"label": "boucle"}],
    }  # fmt: skip
    a_group("decline", name="Décliné", status="declined")
    suppressions.suppress(session, ["https://parti.example"], now=now)
    group = a_group(
        "halage", name="Halage", home="https://halage.example", topic=["culture", "transports"],
        objective=["rendre-visible"], description="Nous.",
    )  # fmt: skip
    kumu_kept.keep(session, "kumu", document, now)
    (map_,) = kumu_kept.kept(session)
    back = kumu_kept.given_back(session, map_)
    assert [element["id"] for element in back["elements"]] == ["1", "4", "5"]
    first = back["elements"][0]
    assert (first["Site web"], first["couleur"]) == ("halage.example", "vert")
    assert first["description"] == group.description
    assert first["Thèmes"] == ["Culture, médias et fêtes", "Transports et mobilités", "Pêche"]
    ties = [(tie["from"], tie["to"]) for tie in back["connections"]]
    assert ties == [("1", "5"), ("1", "1"), ("1", "nulle part"), ("1", "4")]
    assert back["loops"] == document["loops"]
    # A term that the group no longer bears loses its tie, and the file stays as it was.
    profile.put(group, "objective", [], origin="moderator")
    assert len(kumu_kept.given_back(session, map_)["connections"]) == 3
    assert map_.document == document


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_sheet_of_a_french_spreadsheet_is_read(encoding: str, separator: str) -> None:
    name = "Théâtre de l’Échangeur"
    first = [name, "lieu", "Culture, médias et fêtes|Pêche", "echangeur.example"]
    rows = [["Label", "Type", "Thèmes", "Site"], first]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    (listed,) = exchange.read(text.getvalue().encode(encoding))
    assert (listed.name, listed.texts["home"]) == (name, "https://echangeur.example")
    assert (listed.terms, listed.kept) == ({"topic": {"culture"}}, {"Thèmes": ["Pêche"]})


def test_a_sheet_of_ties_gives_terms_and_needs_its_columns() -> None:
    elements = b"ID,Label,Website\n1,Halage,halage.example\n2,Rendre visible,\n"
    read = exchange.read_whole(elements, ties=b"From,To\n1,2|9\n9,9\n")
    assert read.records[0].terms == {"objective": {"rendre-visible"}}
    for ties in (elements, b"From;Vers\n1;2\n"):
        with pytest.raises(Refused, match="list_no_connections"):
            exchange.read_whole(elements, ties=ties)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 3_000_000 + b"{}]",
        b"[" + b"[" * 3_000_000,
        b'{"data": [' + b"1," * 6_000_000,
        b"[" + b" " * 20_000_001,
    ],
    ids=["objects", "nested", "numbers", "blanks"],
)
def test_what_would_fill_the_memory_is_refused_before_it_is_read(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        exchange.read(body)
    assert refused.value.reason in {"list_large", "list_long"}


def test_of_a_list_all_is_proposed_or_nothing(session: Session, now: datetime) -> None:
    elements = [
        {"id": str(n), "name": f"Groupe {n}", "website": f"https://g{n}.example"} for n in range(5)
    ]
    records = exchange.read(json.dumps(elements).encode())
    planned = planning.plan(session, records, origin="liste")
    # Somebody leaves between the look and the click.
    suppressions.suppress(session, ["https://g4.example"], now=now)
    with pytest.raises(Refused, match="left"):
        importing.propose(session, planned, Terms("liste"), now=now)
    assert session.scalar(select(func.count(Amendment.id))) == 0
    assert session.scalar(select(func.count(Record.id))) == 0


def test_text_of_one_line_is_no_difference(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    a_group("halage", home="https://halage.example", description="Une ligne.\n\nPuis une autre.")
    element = {"id": "1", "name": "Halage", "description": "Une ligne. Puis une autre."}
    records = exchange.read(json.dumps([element]).encode())
    assert [one.outcome for one in planning.plan(session, records, origin="x")] == ["same"]


def test_new_ties_are_drawn_and_cut_ones_are_not(
    session: Session, a_group: Callable[..., Group]
) -> None:
    a_group("halage", name="Halage", home="https://halage.example", objective=["rendre-visible"])
    labels = ("Halage", "Rendre visible", "Partager les connaissances")
    document = {
        "elements": [
            {"_id": f"elem-{n}", "attributes": {"label": label}} for n, label in enumerate(labels)
        ],
        "connections": [{"_id": "conn-1", "from": "elem-0", "to": "elem-2", "attributes": {}}],
        "maps": [
            {"_id": "map-1", "elements": [{"element": f"elem-{n}"} for n in range(3)],
             "connections": [{"_id": "edge-1", "connection": "conn-1"}]},
            {"_id": "map-2", "elements": [{"element": "elem-0"}], "connections": []},
        ],
    }  # fmt: skip
    back = kumu_kept.given_back(session, KeptMap(origin="kumu", document=document))
    (tie,) = back["connections"]
    assert (tie["from"], tie["to"]) == ("elem-0", "elem-1")
    drawn = [[edge["connection"] for edge in one["connections"]] for one in back["maps"]]
    assert drawn == [[tie["_id"]], []]


def test_a_group_that_leaves_is_wiped_from_the_maps_that_are_kept(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", name="Halage", home="https://halage.example")
    other = {"_id": "elem-2", "attributes": {"label": "Vergers"}}
    project = {
        "elements": [
            {"_id": "elem-1", "attributes": {"label": "HALAGE", "note": "secret"}},
            {"_id": "elem-3", "attributes": {"label": "Ailleurs", "site": "halage.example/"}},
            other,
        ],
        "connections": [{"_id": "conn-1", "from": "elem-1", "to": "elem-2", "attributes": {}}],
        "maps": [{"_id": "m", "elements": [{"_id": "n", "element": "elem-1"}],
                  "connections": [{"_id": "e", "connection": "conn-1"}]}],
    }  # fmt: skip
    kumu_kept.keep(session, "kumu", project, now)
    leaving.take_away(session, group, now=now)
    (map_,) = kumu_kept.kept(session)
    assert map_.document == {
        "elements": [other],
        "connections": [],
        "maps": [{"_id": "m", "elements": [], "connections": []}],
    }
