"""How long an answer keeps, whether the reader has it already, and its compression."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime

from flask import Flask, Response, g, request

PAGE_SECONDS = 60
FEED_SECONDS = 300
_COMPRESSIBLE = frozenset(
    {
        "application/atom+xml",
        "application/feed+json",
        "application/geo+json",
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/manifest+json",
        "application/opensearchdescription+xml",
        "application/rss+xml",
        "application/xml",
        "image/svg+xml",
        "text/calendar",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
        "text/x-opml",
    }
)
_WORTH_IT = 700
"""Bytes under which compression gains nothing."""


def install(app: Flask) -> None:
    """Date, compare and compress every answer; register after the security headers."""
    app.after_request(_compress)
    app.after_request(_date_and_compare)


def keep_private() -> None:
    """Let nobody keep this answer: it holds a form's token, a message or somebody's own data."""
    g.is_private = True


def keep_for(response: Response, seconds: int, *, changed: datetime | None = None) -> Response:
    """Let everyone keep `response` for a while; `changed` is its Last-Modified."""
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    if changed is not None:
        response.last_modified = changed
    return response


def _date_and_compare(response: Response) -> Response:
    """Add an ETag and answer 304 where the reader holds the same (RFC 9110 §13)."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        response.headers.setdefault("Cache-Control", "no-store")
        return response
    if g.get("is_private"):
        response.headers["Cache-Control"] = "private, no-store"
        return response
    response.headers.setdefault("Cache-Control", f"public, max-age={PAGE_SECONDS}")
    if not response.direct_passthrough and not response.is_streamed:
        # The nonce differs in each answer and says nothing about the page.
        body = response.get_data().replace(g.get("nonce", "\0").encode(), b"")
        response.set_etag(hashlib.blake2b(body, digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    return response


def _compress(response: Response) -> Response:
    if response.mimetype not in _COMPRESSIBLE:
        return response
    response.vary.add("Accept-Encoding")
    if (
        response.status_code != 200
        or "Content-Encoding" in response.headers
        or request.accept_encodings.quality("gzip") <= 0
        or (response.is_streamed and not response.direct_passthrough)
    ):
        return response
    response.direct_passthrough = False  # a static file: small enough to be read whole
    body = response.get_data()
    if len(body) >= _WORTH_IT:
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
