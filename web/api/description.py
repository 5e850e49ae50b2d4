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

_TWIN = re.compile(r"#/components/schemas/(\w+Shape)1\b")
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2147483647}


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
    answer = jsonify(told)
    # Also where no route of ours was met: else a browser shows its own words in place of these.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


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
    for operation in (path["get"] for path in spec["paths"].values()):
        operation["responses"]["429"] = {
            "description": "Too many requests; Retry-After says for how long to wait.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
        }
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "id":
                parameter["schema"] = dict(_NUMBER)
    return spec
