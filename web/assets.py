"""Our own stylesheet, scripts and icons: addresses that change with their content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

FOLDER = Path(__file__).parent / "static"
A_YEAR = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Offer `asset()` to templates; what carries a version may be kept for a year."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep)


def asset(name: str) -> str:
    """The address of a file of `web/static`, with its version."""
    return url_for("static", filename=name, v=version(name))


@lru_cache(maxsize=64)
def version(name: str) -> str:
    """A short hash of the file's bytes; read once per process."""
    return hashlib.blake2b((FOLDER / name).read_bytes(), digest_size=5).hexdigest()


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response
