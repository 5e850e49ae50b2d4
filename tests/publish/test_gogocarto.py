"""GoGoCarto maps can list us, and theirs can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aggregator.publish import categories, gogocarto
from aggregator.publish.gogocarto import Wish
from aggregator.registry import exchange, places_listed
from aggregator.store.tables import Entry, EntryTag, Group, Record, Source
from aggregator.taxonomy import areas, terms

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
    assert element["categories"] == [terms.number("topic", "transports")]


def test_compact_and_sync_answers_say_less(groups: list[Group]) -> None:
    places = list(gogocarto.places(groups, base_url=BASE))
    compact = json.loads(gogocarto.write(places, ontology="gogocompact"))
    assert compact["ontology"] == "gogocompact"
    area = areas.area("saint-denis")
    number = terms.number("topic", "transports")
    assert compact["data"] == [
        ["group-dyonisienne", "Dyonisienne", area.latitude, area.longitude, [number]]
    ]
    sync = json.loads(gogocarto.write(places, ontology="gogosync"))["data"]
    assert sync == [{"id": "group-dyonisienne", "updatedAt": "24/11/2026"}]


def test_bounds_categories_and_words_narrow_the_answer(groups: list[Group]) -> None:
    def found(**wish: Any) -> int:
        return len(json.loads(gogocarto.write(places, wish=Wish(**wish)))["data"])

    places = list(gogocarto.places(groups, base_url=BASE))
    assert found(within=gogocarto.bounds("2.2,48.8,2.45,48.9")) == 0
    assert found(within=gogocarto.bounds("0,0,1,1;2,48,3,49")) == 1
    assert found(categories=frozenset({terms.number("topic", "culture")})) == 0
    assert found(categories=gogocarto.numbers(f"7,{terms.number('topic', 'transports')}")) == 1
    assert (found(text="dyonisiénne"), found(text="autre")) == (1, 0)
    assert found(limit=0) == 0


def test_stamps_are_what_this_instance_says_of_a_group(
    a_group: Callable[..., Group], now: datetime
) -> None:
    signed = a_group(
        "lilas",
        area=["les-lilas"],
        status="participating",
        charter_version="2026-11",
        charter_accepted_at=now,
    )
    listed = a_group("amap", area=["pantin"], status="listed", tags_proposed=True)
    places = list(gogocarto.places([signed, listed], base_url=BASE))
    assert [place.stamps for place in places] == [(1, 2, 3), ()]
    answer = json.loads(gogocarto.write(places, wish=Wish(stamps=gogocarto.numbers("1"))))
    assert [stamp["id"] for stamp in answer["stamps"]] == [1, 2, 3]
    (element,) = answer["data"]
    assert element["charte"] == {"version": "2026-11", "acceptedAt": "24/11/2026"}


def test_every_record_says_whose_it_is_and_on_which_terms(
    a_group: Callable[..., Group], now: datetime
) -> None:
    ours, theirs = a_group("lilas", area=["les-lilas"]), a_group("amap", area=["pantin"])
    record = Record(
        group=theirs,
        origin="https://carte.example/api/elements.json",
        source_key="",
        external_id="7",
        brought=True,
        licence="CC-BY-SA-4.0",
        page="https://carte.example/7",
        charter_version="2026-11",
        charter_accepted_at=now,
        seen_at=now,
    )
    places = list(gogocarto.places([ours, theirs], base_url=BASE, records={theirs.id: record}))
    told = [
        (element["sourceKey"], element["licence"])
        for element in json.loads(gogocarto.write(places))["data"]
    ]
    assert told == [(BASE, "ODbL-1.0"), ("https://carte.example", "CC-BY-SA-4.0")]
    without = json.loads(gogocarto.write(places, wish=Wish(without_external=True)))["data"]
    assert [element["id"] for element in without] == ["group-lilas"]
    nodes = json.loads(gogocarto.write_jsonld(places))["@graph"]
    assert [node["sdPublisher"] for node in nodes] == [BASE, "https://carte.example"]
    features = json.loads(gogocarto.write_geojson(places))["features"]
    assert [one["properties"]["licence"] for one in features] == ["ODbL-1.0", "CC-BY-SA-4.0"]


def test_categories_are_those_of_the_taxonomy() -> None:
    roots = json.loads(categories.write())
    assert [root["name"] for root in roots] == [
        "Thèmes", "Objectifs", "Savoir-faire", "Plateformes",
    ]  # fmt: skip
    numbers = [option["id"] for root in roots for option in [root, *root["options"]]]
    assert len(set(numbers)) == len(numbers)
    graph = json.loads(categories.write_jsonld(BASE, "en"))["@graph"]
    assert {node["notation"] for node in graph} == set(numbers)


def test_placed_events_are_listed_as_far_as_rights_go(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    tag = EntryTag(dimension="area", slug="montreuil", origin="text")
    source = a_source(rights="link")
    entry = an_entry(source, title="Fête", summary="Secret", starts_at=now, tags=[tag])
    (place,) = gogocarto.places([], [entry], base_url=BASE)
    assert (place.name, place.description, place.home) == ("Fête", "", entry.url)
    graph = json.loads(gogocarto.write_jsonld([place]))["@graph"]
    assert graph[0]["@type"] == "Event"


def test_geojson_puts_longitude_first(groups: list[Group]) -> None:
    (feature,) = json.loads(gogocarto.write_geojson(gogocarto.places(groups, base_url=BASE)))[
        "features"
    ]
    longitude, latitude = feature["geometry"]["coordinates"]
    assert 2 < longitude < 3 < 48 < latitude


def test_what_we_write_is_read_by_our_own_import_without_loss(
    groups: list[Group], an_entry: Callable[..., Entry], a_source: Callable[..., Source]
) -> None:
    group = groups[0]
    group.home, group.description = "https://dyonisienne.example/", "Du vélo."
    group.category = "association"
    tag = EntryTag(dimension="area", slug="montreuil", origin="text")
    event = an_entry(a_source(), title="Fête", starts_at=group.created_at, tags=[tag])
    places = list(gogocarto.places(groups, [event], base_url=BASE))
    for body in (
        gogocarto.write(places),
        gogocarto.write_geojson(places),
    ):
        (listed,) = exchange.read(body)
        assert (listed.external_id, listed.name) == ("group-dyonisienne", "Dyonisienne")
        assert listed.texts == {
            "home": group.home, "description": "Du vélo.", "category": "association",
            "language": "fr",
        }  # fmt: skip
        assert listed.terms == {
            "topic": {"transports"}, "area": {"saint-denis", "ile-de-france"},
        }  # fmt: skip
        assert (listed.source_key, listed.licence) == (BASE, "ODbL-1.0")
        assert (listed.page, listed.kept) == (f"{BASE}/groupes/dyonisienne", {})


def test_compact_elements_and_foreign_categories_are_understood() -> None:
    compact = {"data": [["a", "Halage", 48.9, 2.3, [12]]], "ontology": "gogocompact"}
    names = places_listed.category_names(
        [{"id": 1, "name": "Racine", "options": [{"id": 12, "name": "Culture, médias et fêtes"}]}]
    )
    (halage,) = exchange.read(json.dumps(compact).encode(), names=names)
    assert (halage.name, halage.terms) == ("Halage", {"topic": {"culture"}})
    assert exchange.read(json.dumps(compact).encode(), within=[(0, 0, 1, 1)]) == []


def test_what_a_map_withholds_is_not_taken() -> None:
    elements = [{"id": str(n), "name": f"Lieu {n}", "status": n} for n in (-7, -4, -1, 0, 1, 5)]
    compact = [["a", "Montré", 48.9, 2.3, [], 1], ["b", "Effacé", 48.9, 2.3, [], -4]]
    body = json.dumps({"data": [*elements, *compact]}).encode()
    assert [one.name for one in exchange.read(body)] == ["Lieu -1", "Lieu 1", "Lieu 5", "Montré"]
