"""The API: the same answers as the pages, steady paging, one shape for faults, for any input."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from aggregator.registry import rates

API = "/api/v1"


def test_api_counts_what_the_page_counts(client: FlaskClient) -> None:
    told = client.get(f"{API}/entries?theme=transports&facettes=area").get_json()
    assert f"{told['total']} nouvelles" in client.get("/?theme=transports").get_data(as_text=True)
    assert told["facets"]["area"]["les-lilas"] > 0


def test_pages_follow_each_other_without_gap_or_repetition(client: FlaskClient) -> None:
    seen: list[int] = []
    after = ""
    while True:
        told = client.get(f"{API}/entries?limite=7{after}").get_json()
        seen += [entry["id"] for entry in told["entries"]]
        if told["next"] is None:
            break
        after = f"&apres={told['next']}"
    assert len(seen) == len(set(seen)) == told["total"]


def test_what_was_not_understood_is_told_with_its_place(client: FlaskClient) -> None:
    told = client.get(f"{API}/entries?q=piste++depuis:demain+(").get_json()
    assert [(one["position"], one["length"]) for one in told["warnings"]] == [(13, 6), (20, 1)]
    assert "« demain » n’est pas une date" in told["warnings"][0]["message"]
    assert client.get(f"{API}/entries?q=piste").get_json()["warnings"] == []


@pytest.mark.parametrize("noun", ["groups", "sources"])
def test_groups_and_sources_page_by_slug(client: FlaskClient, noun: str) -> None:
    first = client.get(f"{API}/{noun}?limite=4").get_json()
    second = client.get(f"{API}/{noun}?limite=4&apres={first['next']}").get_json()
    slugs = [row["slug"] for row in (*first[noun], *second[noun])]
    assert slugs == sorted(set(slugs))
    assert len(slugs) == 8


def test_rights_hold(client: FlaskClient) -> None:
    told = client.get(f"{API}/entries/2").get_json()
    assert (told["rights"], told["excerpt"]) == ("link", "")


def test_group_that_left_is_in_no_answer(client: FlaskClient) -> None:
    assert client.get(f"{API}/groups/parti-sans-laisser").status_code == 404
    assert client.get(f"{API}/entries/64").status_code == 404
    for noun in ("groups", "sources", "entries?limite=100"):
        assert "sans-laisser" not in client.get(f"{API}/{noun}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/entries/999", 404),
        ("/entries/99999999999999999999", 404),
        ("/entries?limite=0", 422),
        ("/entries?tri=hasard", 422),
        ("/nothing", 404),
    ],
)
def test_every_fault_has_one_shape(client: FlaskClient, path: str, code: int) -> None:
    answer = client.get(f"{API}{path}")
    assert answer.status_code == code
    told: dict[str, Any] = answer.get_json()
    assert told["code"] == code
    assert told["message"]


def test_reading_is_open_to_other_sites_and_conditional(client: FlaskClient) -> None:
    answer = client.get(f"{API}/entries")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(f"{API}/entries", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_every_example_is_what_its_schema_says(client: FlaskClient) -> None:
    told = client.get(f"{API}/openapi.json").get_json()
    for path, operation in told["paths"].items():
        for status, answer in operation["get"]["responses"].items():
            content = answer["content"]["application/json"]
            schema = {**content["schema"], "components": told["components"]}
            jsonschema_rs.Draft202012Validator(schema).validate(content["example"])
            assert content["example"].get("code", 200) == int(status), path


def test_documentation_names_every_route(client: FlaskClient) -> None:
    html = client.get(f"{API}/").get_data(as_text=True)
    for path in client.get(f"{API}/openapi.json").get_json()["paths"]:
        assert path in html


@pytest.mark.slow
def test_api_keeps_its_description_for_any_input(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rates.LIMITS, "api", (1_000_000, rates.MINUTE))
    described = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app)
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == 9
    for operation in operations:

        @given(operation.as_strategy())
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        def holds(case: schemathesis.Case) -> None:
            case.call_and_validate(headers={"Accept-Encoding": "identity"})

        holds()
