"""Other tools and printers get the public inventory in their own shapes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from aggregator.parts import Parts
from aggregator.store.tables import Group

OPEN = (
    "/kumu.json", "/kumu.json?carte=savoir-faire", "/kumu-elements.csv", "/kumu-liens.csv",
    "/api/elements.json", "/api/elements.jsonld", "/api/taxonomy.json", "/groupes.geojson",
    "/inventaire.csv", "/inventaire.json", "/inventaire.ods",
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
    assert json.loads(one.data)["data"][0]["name"] == everything[0]["name"]
    assert client.get("/api/elements/group-nobody.json").status_code == 404


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
