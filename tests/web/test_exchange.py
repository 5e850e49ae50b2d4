"""Other tools and printers get the public inventory in their own shapes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from aggregator.parts import Parts
from aggregator.registry import exchange
from aggregator.store.tables import Group, Record

OPEN = (
    "/kumu.json", "/kumu.json?carte=savoir-faire", "/kumu-elements.csv", "/kumu-liens.csv",
    "/kumu-projet.json", "/api/elements.json", "/api/elements.json?ontology=gogocompact",
    "/api/elements.jsonld", "/api/elements/search?text=lilas", "/api/taxonomy.json",
    "/api/taxonomy.jsonld", "/api/project-info.json", "/groupes.geojson",
    "/inventaire.csv", "/inventaire.json", "/inventaire.ods", "/groupes.csv", "/groupes.opml",
)  # fmt: skip


@pytest.fixture
def departed(parts: Parts) -> Iterator[str]:
    """The name of a group, withdrawn while a test looks for it."""
    with parts.sessions.begin() as session:
        group = session.query(Group).filter(Group.status == "participating").first()
        assert group is not None
        group.status, name, number = "withdrawn", group.name, group.id
    yield name
    with parts.sessions.begin() as session:
        session.get_one(Group, number).status = "participating"


@pytest.mark.parametrize("path", OPEN)
def test_open_data_can_be_read_from_anywhere(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if answer.mimetype.endswith("json"):
        json.loads(answer.data)


@pytest.mark.parametrize("path", [*OPEN, "/carte-affiche.svg"])
def test_who_left_is_in_none_of_them(client: FlaskClient, departed: str, path: str) -> None:
    body = client.get(path).data
    if path.endswith(".ods"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = archive.read("content.xml")
    assert departed.encode() not in body


def test_the_inventory_carries_its_licence(client: FlaskClient) -> None:
    answer = client.get("/inventaire.json")
    assert json.loads(answer.data)["licence"] == "ODbL-1.0"
    assert 'rel="license"' in answer.headers["Link"]
    rows = list(csv.DictReader(io.StringIO(client.get("/inventaire.csv").text.lstrip("\ufeff"))))
    assert len(rows) == len(json.loads(answer.data)["groupes"]) > 3


def test_gogocarto_asks_by_bounds_id_and_limit(client: FlaskClient) -> None:
    everything = json.loads(client.get("/api/elements.json").data)["data"]
    assert len(everything) > 1
    assert len(json.loads(client.get("/api/elements.json?limit=1").data)["data"]) == 1
    assert json.loads(client.get("/api/elements.json?limit=-5").data)["data"] == []
    assert json.loads(client.get("/api/elements.json?bounds=0,0,1,1").data)["data"] == []
    one = client.get(f"/api/elements/{everything[0]['id']}.json")
    assert json.loads(one.data)["data"] == everything[0]
    for nothing in ("group-nobody", "entry-1", "entry-99999999999", "entry-x", "x", "group-"):
        assert client.get(f"/api/elements/{nothing}.json").status_code == 404
    event = next(one for one in everything if one["nature"] == "event")
    assert client.get(f"/api/elements/{event['id']}.json").get_json()["data"] == event
    number = everything[0]["categories"][0]
    some = client.get(f"/api/elements.json?categories={number}").get_json()["data"]
    assert everything[0]["id"] in {element["id"] for element in some}
    assert len(some) < len(everything)


def test_gogocarto_s_addresses_need_no_ending(client: FlaskClient) -> None:
    # SemApps follows a map so: ids and dates first, then each element that is newer.
    listed = client.get("/api/elements?ontology=gogosync").get_json()
    assert listed["ontology"] == "gogosync"
    one = listed["data"][0]
    assert one.keys() == {"id", "updatedAt"}
    told = client.get(f"/api/elements/{one['id']}").get_json()["data"]
    assert (told["id"], told["updatedAt"]) == (one["id"], one["updatedAt"])
    assert client.get("/api/taxonomy").get_json() == client.get("/api/taxonomy.json").get_json()
    linked = client.get(f"/api/elements/{one['id']}", headers={"Accept": "application/ld+json"})
    assert linked.mimetype == "application/ld+json"
    assert linked.get_json(force=True)["@graph"][0]["name"] == told["name"]


def test_gogocarto_asks_by_stamp_and_without_what_others_brought(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    def ids(query: str) -> set[str]:
        return {one["id"] for one in client.get(f"/api/elements.json?{query}").get_json()["data"]}

    assert ids("stamps=1") == set()
    assert ids("stamps=1,2") == {one for one in ids("") if one.startswith("group-")}
    with sessions.begin() as session:
        group = session.query(Group).filter_by(slug="lilas-a-velo").one()
        record = Record(
            group=group, origin="https://carte.example/", external_id="1", brought=True,
            seen_at=group.created_at,
        )  # fmt: skip
        session.add(record)
    assert ids("excludeExternal=true") == ids("excludeExternal=false") - {"group-lilas-a-velo"}
    told = client.get("/api/elements/group-lilas-a-velo.json").get_json()["data"]
    assert told["sourceKey"] == "https://carte.example"
    assert "carte.example" in client.get("/groupes/lilas-a-velo").text
    with sessions.begin() as session:
        session.delete(session.get_one(Record, record.id))


def test_gogocarto_is_answered_in_linked_data_when_asked(client: FlaskClient) -> None:
    asked = client.get("/api/elements.json", headers={"Accept": "application/ld+json"})
    assert asked.mimetype == "application/ld+json"
    assert all(node["license"] for node in asked.get_json(force=True)["@graph"])
    assert client.get("/api/elements/search?text=lilas").get_json()["data"][0]["name"]
    assert client.get("/api/elements/search").get_json()["data"] == []


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_the_inventory_is_read_by_another_fil_commun(client: FlaskClient, ending: str) -> None:
    body = client.get(f"/inventaire.{ending}").data
    theirs = {one.external_id: one for one in exchange.read(body)}
    ours = client.get("/inventaire.json").get_json()["groupes"]
    assert set(theirs) == {group["id"] for group in ours}
    for group in ours:
        listed = theirs[group["id"]]
        assert listed.terms.get("topic", set()) == set(group["theme"])
        assert listed.terms.get("area", set()) == set(group["territoire"])
        assert (listed.texts["home"], listed.licence) == (group["adresse"], "ODbL-1.0")
        assert (listed.kept, listed.page) == ({}, group["page"])


@pytest.mark.parametrize("size", ["a0", "A3"])
@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_the_map_can_be_printed(client: FlaskClient, ending: str, size: str) -> None:
    answer = client.get(f"/carte-affiche.{ending}?carte=themes&format={size}")
    assert answer.status_code == 200
    assert f"carte-themes-{size.lower()}.{ending}" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"%PDF" if ending == "pdf" else b"<svg")


def test_workshop_cards_can_be_printed(client: FlaskClient) -> None:
    assert client.get("/ateliers/fiches.pdf?vierges=2&territoire=paris").data.startswith(b"%PDF")


@pytest.mark.parametrize(
    "path", ["/carte-affiche.pdf?format=a9", "/kumu.json?carte=humeur", "/inventaire.xls"]
)
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
