"""What every answer carries to protect its reader: headers, a nonce per page, cookies, hosts."""

from __future__ import annotations

import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect, generate_csrf

from aggregator.settings import Settings
from web.caching import keep_private

csrf = CSRFProtect()

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def install(app: Flask, settings: Settings) -> None:
    """Protect every route of `app`."""
    secure = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,
        # Forms and small files only; the worker fetches what is large.
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        # Loopback names stay allowed for health checks; links are made from BASE_URL alone.
        TRUSTED_HOSTS=[urlsplit(settings.base_url).hostname, "127.0.0.1", "localhost", "[::1]"],
        HTTPS_ONLY=secure,
    )
    csrf.init_app(app)
    app.jinja_env.globals["nonce"] = nonce
    # After Flask-WTF, which offers its own under the same name.
    app.context_processor(lambda: {"csrf_token": _token})
    app.after_request(_protect)


def nonce() -> str:
    """The value that this page's own script elements carry; another one for every answer."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast(str, g.nonce)


def allow_framing() -> None:
    """Let any site show this answer in a frame; it must offer nothing to click but links."""
    g.may_be_framed = True


def allow_reading(response: Response) -> Response:
    """Let scripts of any page read an answer that holds nothing of anybody's own (CORS)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def show_in_own_frame(response: Response) -> None:
    """Let a page of ours frame a document that brings styles of its own, and no script."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"


def _token() -> str:
    """The form's token; its page is this reader's alone."""
    keep_private()
    return cast(str, generate_csrf())


def policy() -> str:
    """The page's Content-Security-Policy (CSP level 3): ours only, nothing inline."""
    frames = "*" if g.get("may_be_framed") else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce()}'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {frames}",
        )
    )


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # A 304 keeps the headers of the page it confirms: its scripts carry the earlier nonce.
    if response.status_code != 304:
        response.headers.setdefault("Content-Security-Policy", policy())
    if not g.get("may_be_framed"):
        response.headers.setdefault("X-Frame-Options", "DENY")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
