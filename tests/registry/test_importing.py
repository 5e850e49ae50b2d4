"""Other tools' lists are read as they come, shown as a difference, and only ever proposed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import (
    exchange,
    importing,
    kumu_kept,
    leaving,
    moderation,
    planning,
    similar,
)
from aggregator.registry.importing import Terms
from aggregator.registry.listed import Listed
from aggregator.store import database, suppressions
from aggregator.store.tables import Amendment, Group, Moderator, Record

BLUEPRINT = {
    "elements": [
        {
            "id": "e1",
            "label": "Halage",
            "type": "association",
            "description": "Insertion par l’activité.",
            "website": "https://halage.example",
            "Thèmes": "Environnement et climat|economie-sociale|Pêche",
            "Couleur": "vert",
            "email": "secret@halage.example",
        },
        {"id": "e2", "label": "Vergers urbains", "website": "vergers.example"},
        {"id": "o1", "label": "Rendre visible", "type": "objectif"},
        {"label": "Sans site"},
    ],
    "connections": [
        {"from": "e1", "to": "o1", "direction": "undirected"},
        {"from": "o1", "to": "e2"},
        {"from": "e1", "to": "e1"},
        {"from": "e1", "to": "nowhere"},
    ],
}
PROJECT = {
    "attributes": [{"name": "Budget", "private": True}, {"name": "Couleur", "private": False}],
    "elements": [
        {
            "_id": "elem-1",
            "attributes": {
                "label": "Halage",
                "element type": "association",
                "budget": "12 000 €",
                "couleur": "vert",
                "website": "https://halage.example",
            },
        }
    ],
    "connections": [],
    "maps": [{"_id": "map-1", "elements": []}],
}
GOGOCARTO = {
    "ontology": "gogofull",
    "data": [
        {
            "id": "aa1",
            "name": "Halage",
            "geo": {"latitude": 48.93, "longitude": 2.33},
            "address": {"postalCode": "93450", "addressLocality": "L'Île-Saint-Denis"},
            "siteWeb": "https://halage.example/",
            "categories": ["Environnement et climat"],
            "openHours": {"mo": "9-12"},
            "subscriberEmails": ["a@b.fr"],
        },
        {"id": "aa2", "name": "Ailleurs", "geo": {"latitude": 45.7, "longitude": 4.8}},
    ],
}


def read(value: Any, **options: Any) -> list[Listed]:
    return exchange.read(json.dumps(value).encode(), **options)


def test_a_kumu_blueprint_gives_groups_their_terms_and_what_we_have_no_word_for() -> None:
    halage, vergers, without = read(BLUEPRINT)
    assert (halage.external_id, halage.name) == ("e1", "Halage")
    assert halage.texts == {
        "category": "association",
        "description": "Insertion par l’activité.",
        "home": "https://halage.example",
    }
    assert halage.terms == {
        "topic": {"environnement", "economie-sociale"},
        "objective": {"rendre-visible"},
    }
    assert halage.kept == {"Couleur": "vert", "Thèmes": ["Pêche"]}
    assert vergers.terms == {"objective": {"rendre-visible"}}
    assert without.name == "Sans site"


def test_a_kumu_project_export_keeps_ids_and_leaves_private_fields_out() -> None:
    (halage,) = read(PROJECT)
    assert (halage.external_id, halage.kept) == ("elem-1", {"couleur": "vert"})


def test_a_kumu_sheet_is_matched_as_kumu_does() -> None:
    by_id = exchange.read(b"ID,Label,Description\n1,Halage,A\n1,Halage,B\n")
    assert [(one.external_id, one.texts["description"]) for one in by_id] == [("1", "B")]
    by_type = exchange.read(b"Label,Type\nHalage,association\nHalage,lieu\n")
    assert [one.external_id for one in by_type] == ["Halage (association)", "Halage (lieu)"]
    with pytest.raises(Refused, match="list_connections"):
        exchange.read(b"From,To\nHalage,Rendre visible\n")


def test_gogocarto_elements_are_placed_and_bounded() -> None:
    (halage,) = read(GOGOCARTO, within=[(1.4, 48.1, 3.6, 49.3)])
    assert halage.terms == {"topic": {"environnement"}, "area": {"l-ile-saint-denis"}}
    assert halage.texts["home"] == "https://halage.example/"
    assert "openHours" in halage.kept
    assert "a@b.fr" not in str(halage)
    assert len(read(GOGOCARTO)) == 2
    assert len(read(GOGOCARTO["data"])) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "list_broken"),
        (b"[" * 100_000, "list_broken"),
        (b'{"elements": "x"}', "list_unknown"),
        (b'{"a": 1}', "list_unknown"),
        (b"", "sheet_empty"),
        (b'{"elements": []}' + b" " * 20_000_000, "list_large"),
        (json.dumps([{"id": n, "name": str(n)} for n in range(10_001)]).encode(), "list_long"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        exchange.read(body)
    assert refused.value.reason == reason


LETTERS = st.text(st.characters(max_codepoint=0xFFFF), max_size=5)
"""Halves of letters too: JSON can name them, databases cannot hold them."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["label", "name", "id", "from", "to", "geo", "lat", "x", "website", "address",
                 "attributes", "description", "categories", "properties", "geometry", "nom"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(elements=JSON, connections=JSON)
def test_any_json_is_read_or_refused(elements: Any, connections: Any) -> None:
    for value in shapes(elements, connections):
        try:
            found = read(value)
        except Refused:
            continue
        assert all(one.name and one.external_id for one in found)


@given(elements=st.lists(JSON, max_size=3), connections=JSON)
def test_any_list_is_proposed_or_refused_and_nothing_breaks(
    inventory: Session, elements: Any, connections: Any
) -> None:
    now = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
    for value in shapes(elements, connections):
        try:
            whole = exchange.read_whole(json.dumps(value).encode())
            planned = planning.plan(inventory, whole.records, origin="x", mirror=True)
            importing.propose(inventory, planned, Terms("x", mirror=True, by_itself=True), now=now)
            if whole.map is not None:
                kumu_kept.keep(inventory, "x", whole.map, now)
            inventory.flush()
        except Refused:
            continue
        finally:
            inventory.rollback()


def shapes(elements: Any, connections: Any) -> list[Any]:
    """The same values as each tool would put them."""
    return [
        {"elements": elements, "connections": connections},
        {"data": elements, "mapping": connections},
        {"features": elements},
        {"groupes": elements},
        elements,
    ]


@pytest.fixture(scope="module")
def inventory(migrated: Path) -> Iterator[Session]:
    """An inventory without groups, which every example leaves as it was."""
    engine = database.open_database(f"sqlite:///{migrated}")
    with database.sessions(engine)() as session:
        yield session
    engine.dispose()


@pytest.mark.parametrize(
    "body", [b'[{"name": NaN}]', b'{"data": [{"geo": Infinity}]}', b"[" * 70 + b"]" * 70]
)
def test_what_no_database_holds_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="list_broken"):
        exchange.read(body)


def test_an_import_is_a_plan_then_amendments_and_nothing_by_itself(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    halage = a_group("halage", home="https://www.halage.example/", topic=["culture"])
    planned = planning.plan(session, read(BLUEPRINT), origin="kumu")
    assert [(one.outcome, one.why) for one in planned] == [
        ("changed", ""),
        ("new", ""),
        ("unusable", "missing_home"),
    ]
    assert session.scalar(select(func.count(Amendment.id))) == 0
    importing.propose(session, planned, Terms("kumu"), now=now)
    assert halage.description == ""
    kinds = [(one.kind, one.author) for one in moderation.queue(session)]
    assert kinds == [("missing_group", "import"), ("profile", "import")]
    for waiting in moderation.queue(session):
        moderation.decide(session, waiting, "accept", bob, now=now)
    assert halage.terms("topic") == ("culture", "economie-sociale", "environnement")
    assert halage.description == "Insertion par l’activité."
    (record,) = importing.records_of(session, [halage])[halage.id]
    assert (record.external_id, record.kept["Couleur"]) == ("e1", "vert")

    again = planning.plan(session, read(BLUEPRINT), origin="kumu")
    assert [one.outcome for one in again] == ["same", "same", "unusable"]


def test_what_people_changed_here_is_left_alone_unless_it_is_a_mirror(
    session: Session, a_group: Callable[..., Group]
) -> None:
    a_group("halage", description="À nous.", edited_fields=["description"], topic=["culture"])
    respectful = planning.plan(session, read(BLUEPRINT), origin="kumu")[0]
    assert respectful.change is not None
    assert "description" not in respectful.change
    assert "culture" in respectful.change["topic"]
    mirrored = planning.plan(session, read(BLUEPRINT), origin="kumu", mirror=True)[0]
    assert mirrored.change is not None
    assert mirrored.change["description"] == "Insertion par l’activité."
    assert "culture" not in mirrored.change["topic"]


def test_groups_that_left_or_were_declined_are_not_brought_back(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    a_group("halage", status="declined")
    suppressions.suppress(session, ["https://vergers.example"], now=now)
    planned = planning.plan(session, read(BLUEPRINT), origin="kumu")
    assert [one.outcome for one in planned[:2]] == ["left", "left"]
    assert importing.propose(session, planned, Terms("kumu"), now=now) == []


def test_what_vanished_elsewhere_is_remembered_and_only_a_mirror_proposes_to_follow(
    session: Session, now: datetime, bob: Moderator
) -> None:
    origin, records = "kumu", [read(BLUEPRINT)[1]]

    def imported(records: list[Listed], *, mirror: bool = False) -> list[Amendment]:
        planned = planning.plan(session, records, origin=origin, mirror=mirror)
        return importing.propose(session, planned, Terms(origin, mirror=mirror), now=now)

    (new,) = imported(records)
    moderation.decide(session, new, "accept", bob, now=now)
    assert imported([]) == []
    record = session.scalars(select(Record)).one()
    assert (record.vanished_at, record.brought) == (now, True)
    imported(records)
    assert record.vanished_at is None
    (gone,) = imported([], mirror=True)
    assert gone.change["status"]["to"] == "declined"


def test_a_list_takes_no_group_away_that_was_here_without_it(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    planned = planning.plan(session, read(BLUEPRINT), origin="kumu", mirror=True)[:1]
    importing.propose(session, planned, Terms("kumu", mirror=True), now=now)
    gone = planning.plan(session, [], origin="kumu", mirror=True)
    assert [(one.outcome, one.group, one.change) for one in gone] == [("gone", group, None)]


def test_a_group_that_leaves_takes_its_records_along(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    planned = planning.plan(session, read(BLUEPRINT), origin="kumu")[:1]
    importing.propose(session, planned, Terms("kumu"), now=now)
    leaving.take_away(session, group, now=now)
    assert session.scalar(select(func.count(Record.id))) == 0


def test_near_names_are_found_without_comparing_all_with_all(
    session: Session, now: datetime
) -> None:
    names = ["Les Amis du canal", "Amis du canal de l’Ourcq", "Vélo-école de Bondy"]
    groups = [
        Group(slug=f"g{n}", name=name, created_at=now, updated_at=now)
        for n, name in enumerate([*names, *(f"Jardin numéro {n}" for n in range(2000))])
    ]
    session.add_all(groups)
    session.flush()
    found = similar.Names(groups)
    assert [group.name for group in found.near("Association les amis du CANAL")] == [names[0]]
    assert [group.name for group in found.near("Velo ecole de Bondi")] == [names[2]]
    assert found.near("Tout autre chose") == []
    assert found.near("") == []


def test_all_of_a_list_is_checked_before_any_of_it_is_written(
    session: Session, now: datetime
) -> None:
    # Whoever writes keeps all other writers waiting: no question is asked meanwhile.
    planned = planning.plan(session, exchange.read(json.dumps(BLUEPRINT).encode()), origin="k")
    said: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_others: object) -> None:
        said.append(statement.split(maxsplit=1)[0])

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", hear)
    made = importing.propose(session, planned, Terms("k"), now=now)
    event.remove(bind, "before_cursor_execute", hear)
    assert len(made) == 2
    assert all(one.id is not None for one in made)
    asked = [number for number, one in enumerate(said) if one == "SELECT"]
    written = [number for number, one in enumerate(said) if one == "INSERT"]
    assert max(asked) < min(written)
