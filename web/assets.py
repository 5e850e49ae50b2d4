"""Our own stylesheet, scripts and icons, at addresses that change when any of them does.

One version for all: a module's relative imports then lead to the same release as itself.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, send_from_directory, url_for

FOLDER = Path(__file__).parent / "static"
A_YEAR = 365 * 24 * 3600

blueprint = Blueprint("assets", __name__)


def install(app: Flask) -> None:
    """Serve the files, and offer `asset()` to templates."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a file of `web/static`, with the release it belongs to."""
    return url_for("assets.file", asked=release(), filename=name)


@cache
def release() -> str:
    """A short hash of all files' names and bytes; read once per process."""
    found = hashlib.blake2b(digest_size=6)
    for path in sorted(FOLDER.iterdir()):
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()


@blueprint.get("/static/<asked>/<path:filename>")
def file(asked: str, filename: str) -> Response:
    """The file; for a year where the release is this one, for a moment where it is another."""
    response = send_from_directory(FOLDER, filename)
    if asked == release():
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response
