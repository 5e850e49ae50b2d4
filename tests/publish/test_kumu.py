"""A Kumu map goes out and comes back unchanged; nothing private or departed travels in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from aggregator.publish import kumu
from aggregator.publish.maps.network import VIEWS
from aggregator.registry import exchange, planning
from aggregator.store.tables import Group, Record

BASE = "https://fil.example"


@pytest.fixture
def groups(a_group: Callable[..., Group]) -> list[Group]:
    """Two groups and one that left."""
    return [
        a_group(
            "lilas", name='Les Lilas, "à vélo"', category="association", description="Du vélo",
            objective=["rendre-visible"], topic=["transports", "culture"], area=["les-lilas"],
            note="secret", contact="secret@lilas.example",
        ),
        a_group("amap", name="=AMAP", skill=["gouvernance"], kind=["forum"]),
        a_group("partie", name="Partie", status="declined"),
    ]  # fmt: skip


def _json(groups: list[Group], view: str = "objectifs", **options: Any) -> dict[str, Any]:
    made = kumu.write_json(kumu.project(groups, view, base_url=BASE, **options))
    read: dict[str, Any] = json.loads(made)
    return read


def test_groups_are_linked_to_the_terms_they_share(groups: list[Group]) -> None:
    blueprint = _json(groups)
    labels = {element["id"]: element["label"] for element in blueprint["elements"]}
    assert len(labels) == 2 + 3
    assert blueprint["connections"] == [
        {
            "from": "group-lilas", "to": "objective-rendre-visible", "type": "Objectif",
            "direction": "undirected",
        }
    ]  # fmt: skip
    assert labels["objective-rendre-visible"] == "Rendre visible"


def test_a_project_has_all_that_kumu_s_own_exports_have(groups: list[Group]) -> None:
    made = kumu.project(groups, "objectifs", base_url=BASE)
    project = json.loads(kumu.write_project(made, "Fil commun"))
    assert project.keys() >= {
        *("name", "description", "proxyImages", "defaultMap", "defaultPerspective"),
        *("attributeRelevance", "attributes", "elements", "connections", "loops", "maps"),
        "perspectives",
    }
    (drawing,), (look,) = project["maps"], project["perspectives"]
    assert drawing.keys() >= {"_id", "name", "scale", "center", "elements", "connections", "loops"}
    assert project["defaultPerspective"] == drawing["defaultPerspective"] == look["_id"]
    said = {one["name"].casefold(): one for one in project["attributes"]}
    assert {field for one in project["elements"] for field in one["attributes"]} <= said.keys()
    assert (said["tags"]["limit"], said["objectifs"]["limit"]) == ("none", "none")
    assert (said["label"]["limit"], said["element type"]["name"]) == (1, "Element Type")
    assert not any(one["private"] for one in said.values())


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_private_and_nobody_who_left_is_exported(groups: list[Group], view: str) -> None:
    made = kumu.project(groups, view, base_url=BASE)
    written = kumu.write_json(made) + b"".join(kumu.write_csv(made))
    assert b"Les Lilas" in written
    assert b"secret" not in written
    assert b"Partie" not in written


@pytest.mark.parametrize("view", VIEWS)
def test_what_goes_out_comes_back_as_the_same(
    groups: list[Group], session: Session, view: str
) -> None:
    made = kumu.project(groups, view, base_url=BASE)
    planned = planning.plan(session, exchange.read(kumu.write_json(made)), origin="kumu")
    assert {one.record.name: one.outcome for one in planned} == {
        'Les Lilas, "à vélo"': "same", "=AMAP": "same",
    }  # fmt: skip


def test_ids_and_unknown_fields_of_the_map_are_given_back(
    groups: list[Group], now: datetime
) -> None:
    record = Record(
        group=groups[0], origin="kumu", external_id="elem-A1", kept={"Couleur": "vert"},
        seen_at=now,
    )  # fmt: skip
    blueprint = _json(groups, records={groups[0].id: record})
    element = blueprint["elements"][0]
    assert (element["id"], element["Couleur"]) == ("elem-A1", "vert")
    assert blueprint["connections"][0]["from"] == "elem-A1"


def test_the_sheets_have_pipes_quotes_and_no_formula(groups: list[Group]) -> None:
    made = kumu.project(groups, "themes", base_url=BASE)
    elements, connections = (
        list(csv.DictReader(io.StringIO(sheet.decode(), newline="")))
        for sheet in kumu.write_csv(made)
    )
    assert elements[0]["Label"] == 'Les Lilas, "à vélo"'
    assert elements[0]["Thèmes"] == "Culture, médias et fêtes|Transports et mobilités"
    assert elements[1]["Label"] == "'=AMAP"
    assert [link["To"] for link in connections] == ["topic-culture", "topic-transports"]
