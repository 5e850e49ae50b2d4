"""GoGoCarto maps can list us, and theirs can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from aggregator.publish import gogocarto
from aggregator.registry import exchange
from aggregator.store.tables import Entry, EntryTag, Group, Source

BASE = "https://fil.example"


@pytest.fixture
def groups(a_group: Callable[..., Group]) -> list[Group]:
    """One in Saint-Denis, one everywhere, one that left."""
    return [
        a_group("dyonisienne", area=["saint-denis", "ile-de-france"], topic=["transports"]),
        a_group("partout", area=["france"]),
        a_group("partie", area=["montreuil"], status="withdrawn"),
    ]


def test_public_groups_of_a_place_are_listed_there(groups: list[Group]) -> None:
    (place,) = gogocarto.places(groups, base_url=BASE)
    assert (place.id, place.locality) == ("group-dyonisienne", "Saint-Denis")
    answer = json.loads(gogocarto.write([place]))
    assert answer["ontology"] == "gogofull"
    (element,) = answer["data"]
    assert 48.9 < element["geo"]["latitude"] < 49.0
    assert element["createdAt"] == "24/11/2026"
    assert element["sourceKey"] == BASE
    assert element["categories"] == [gogocarto.category_id("topic", "transports")]


def test_compact_and_sync_answers_say_less(groups: list[Group]) -> None:
    places = list(gogocarto.places(groups, base_url=BASE))
    compact = json.loads(gogocarto.write(places, ontology="gogocompact"))["data"]
    assert compact[0][:2] == ["group-dyonisienne", "Dyonisienne"]
    sync = json.loads(gogocarto.write(places, ontology="gogosync"))["data"]
    assert sync == [{"id": "group-dyonisienne", "updatedAt": "24/11/2026"}]


def test_bounds_and_categories_narrow_the_answer(groups: list[Group]) -> None:
    places = list(gogocarto.places(groups, base_url=BASE))
    paris = gogocarto.bounds("2.2,48.8,2.45,48.9")
    wide = gogocarto.bounds("0,0,1,1;2,48,3,49")
    assert json.loads(gogocarto.write(places, within=paris))["data"] == []
    assert len(json.loads(gogocarto.write(places, within=wide))["data"]) == 1
    other = [str(gogocarto.category_id("topic", "culture"))]
    assert json.loads(gogocarto.write(places, categories=other))["data"] == []


def test_categories_are_those_of_the_taxonomy() -> None:
    roots = json.loads(gogocarto.write_taxonomy())
    assert [root["name"] for root in roots] == [
        "Thèmes", "Objectifs", "Savoir-faire", "Plateformes",
    ]  # fmt: skip
    numbers = [option["id"] for root in roots for option in [root, *root["options"]]]
    assert len(set(numbers)) == len(numbers)


def test_placed_events_are_listed_as_far_as_rights_go(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    tag = EntryTag(dimension="area", slug="montreuil", origin="text")
    source = a_source(rights="link")
    entry = an_entry(source, title="Fête", summary="Secret", starts_at=now, tags=[tag])
    (place,) = gogocarto.places([], [entry], base_url=BASE)
    assert (place.name, place.description, place.url) == ("Fête", "", entry.url)
    graph = json.loads(gogocarto.write_jsonld([place]))["@graph"]
    assert graph[0]["@type"] == "Event"


def test_geojson_puts_longitude_first(groups: list[Group]) -> None:
    (feature,) = json.loads(gogocarto.write_geojson(gogocarto.places(groups, base_url=BASE)))[
        "features"
    ]
    longitude, latitude = feature["geometry"]["coordinates"]
    assert 2 < longitude < 3 < 48 < latitude


def test_what_we_write_is_read_by_our_own_import(groups: list[Group]) -> None:
    body = gogocarto.write(gogocarto.places(groups, base_url=BASE))
    (listed,) = exchange.read(body)
    assert (listed.external_id, listed.name) == ("group-dyonisienne", "Dyonisienne")
