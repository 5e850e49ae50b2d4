"""How often one address may ask. Counted in this process's memory; nothing is kept."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, headers_enabled=True, storage_uri="memory://")

API = "120 per minute"
"""Reading by programs."""


def install(app: Flask) -> None:
    """Count the requests of the routes that carry a limit."""
    limiter.init_app(app)
