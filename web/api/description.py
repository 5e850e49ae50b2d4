"""The API's description of itself (OpenAPI 3), made once from the routes and schemas."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any, cast

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, jsonify

from aggregator.settings import Settings
from web.api.schemas import Fault
from web.security import allow_reading

_TWIN = re.compile(r"#/components/schemas/(\w+Shape)1\b")
_PATH: dict[str, dict[str, Any]] = {
    "id": {
        "description": "Its number on this portal.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    },
    "slug": {"description": "Its identity here: `lilas-a-velo`.", "schema": {"type": "string"}},
}
"""What the parts of a path mean, which no schema says."""


def describe(app: APIFlask, settings: Settings) -> None:
    """Make the description, once all routes are there, and one shape for every fault."""
    app.config.update(
        SERVERS=[{"url": settings.base_url}],
        CONTACT={"name": settings.contact},
        LICENSE={
            "name": "AGPL-3.0-or-later",
            "url": "https://www.gnu.org/licenses/agpl-3.0.html",
        },
        DESCRIPTION=(
            "News of the civic groups of the Paris metropolis. Free to read, without a key: "
            "120 requests per minute."
        ),
        HTTP_ERROR_SCHEMA=Fault,
        VALIDATION_ERROR_SCHEMA=Fault,
    )
    # Not through `error_processor`, which would take the pages' errors too.
    app.error_callback = _fault
    with app.app_context(), warnings.catch_warnings():
        # apispec warns of each schema that it has met inside another before; see `_tidy`.
        warnings.simplefilter("ignore", UserWarning)
        app.extensions["openapi"] = _tidy(cast(dict[str, Any], app.spec))


def description() -> dict[str, Any]:
    """The OpenAPI document."""
    return cast(dict[str, Any], current_app.extensions["openapi"])


def fault(code: int, message: str, detail: Any = None) -> Response:
    """The one shape of errors."""
    told: dict[str, Any] = {"code": code, "message": message}
    if detail:
        told["details"] = detail
    # Also where no route of ours was met: else a browser shows its own words in place of these.
    return allow_reading(jsonify(told))


def _fault(error: HTTPError) -> tuple[Response, int, Any]:
    """An error that the API raised itself; `failures` uses the same shape for all others."""
    answer = fault(error.status_code, error.message or "", error.detail)
    return answer, error.status_code, error.headers


def _tidy(spec: dict[str, Any]) -> dict[str, Any]:
    """One name per schema, and numbers where routes take numbers."""
    spec = json.loads(_TWIN.sub(r"#/components/schemas/\1", json.dumps(spec)))
    schemas = spec["components"]["schemas"]
    for name in [name for name in schemas if name.endswith("Shape1")]:
        del schemas[name]
    spec["paths"] = dict(sorted(spec["paths"].items()))
    for operation in (path["get"] for path in spec["paths"].values()):
        operation["responses"]["429"] = {
            "description": "Too many requests; Retry-After says for how long to wait.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
        }
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter.update(_PATH[parameter["name"]])
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values():
                content["example"] = (
                    _example(content["schema"], schemas)
                    if status == "200"
                    else {"code": int(status), "message": answer["description"]}
                )
    return spec


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """What an answer of this schema may be, made of the examples of its fields."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "example" in schema:
        return schema["example"]
    if "properties" in schema:
        return {name: _example(one, schemas) for name, one in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    return {} if schema.get("type") == "object" else None
