"""Who is signed in: two kinds of session cookies, one for groups' desks, one for moderators.

The cookie holds a random secret that the registry looks up; signing out ends it there.
"""

from __future__ import annotations

from flask import Response, current_app, request

from aggregator.registry.signing_in import SESSION
from web import current
from web.caching import keep_private


def cookie(purpose: str) -> str | None:
    """The value that this browser holds; None when it holds none."""
    keep_private()
    return request.cookies.get(_name(purpose))


def remember(response: Response, purpose: str, value: str) -> Response:
    """Sign this browser in."""
    response.set_cookie(
        _name(purpose),
        value,
        max_age=int(SESSION.total_seconds()),
        httponly=True,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        samesite="Lax",
        path="/",
    )
    return response


def forget(response: Response, purpose: str) -> Response:
    """Sign this browser out."""
    response.delete_cookie(_name(purpose), path="/", httponly=True, samesite="Lax")
    return response


def _name(purpose: str) -> str:
    secure = current.parts().settings.base_url.startswith("https://")
    return f"__Host-{purpose}" if secure else purpose
