"""What this request works with: the parts, one database session, the moment, absolute links."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from aggregator.parts import Parts


def install(app: Flask, parts: Parts) -> None:
    """Give the parts to every request of `app`, and close the session when a request ends."""
    app.extensions["filcommun"] = parts
    app.teardown_appcontext(_close)


def parts() -> Parts:
    """The parts this process was opened with."""
    return cast(Parts, current_app.extensions["filcommun"])


def session() -> Session:
    """The request's one session; opened when first asked for, closed with the request."""
    if "session" not in g:
        g.session = parts().sessions()
    return cast(Session, g.session)


def now() -> datetime:
    """The moment of this request, UTC; the same from its beginning to its end."""
    if "now" not in g:
        g.now = parts().clock()
    return cast(datetime, g.now)


def absolute(path: str) -> str:
    """The public address of one of our paths, whatever name the request came by.

    A proxy or a forged Host header cannot change where our links lead.
    """
    public = urlsplit(parts().settings.base_url)
    return f"{public.scheme}://{public.netloc}{path}"


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
