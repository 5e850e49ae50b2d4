"""Pictures that we fetched and made ourselves, served by us so that reading asks nobody else."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from web import current

blueprint = Blueprint("media", __name__)

_A_YEAR = 365 * 24 * 3600


@blueprint.get("/media/<path:name>")
def picture(name: str) -> Response:
    """One picture; its name is its content's, so it never changes."""
    folder = Path(current.parts().settings.media_folder).resolve()
    response = send_from_directory(folder, name, mimetype="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response
