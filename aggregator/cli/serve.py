"""`filcommun serve`: the portal alone, under gunicorn."""

from __future__ import annotations

import os
import socket
import sys
import time

import click

from aggregator.errors import SettingsError
from aggregator.settings import Settings, read_settings
from aggregator.store import database

_RELEASED = 5.0
"""Seconds in which a portal that was just stopped lets go of its port."""


@click.command("serve")
def command() -> None:
    """Serve the portal until stopped.

    Several may run on PostgreSQL.
    """
    settings = read_settings()
    # Looked at before gunicorn starts its processes, each of which would tell it in a traceback.
    database.open_current(settings.database_url).dispose()
    require_port(settings)
    os.execv(sys.executable, portal_command(settings))  # noqa: S606  the same process, renamed


def require_port(settings: Settings) -> None:
    """Raise SettingsError when the portal cannot listen at its address and port."""
    end = time.monotonic() + _RELEASED
    while (why := _refusal(settings.host, settings.port)) and time.monotonic() < end:
        time.sleep(0.5)
    if why:
        raise SettingsError(
            f"The portal cannot listen at {settings.host}, port {settings.port}: {why}. Stop what "
            "listens there, or set FILCOMMUN_PORT and FILCOMMUN_HOST."
        )


def _refusal(host: str, port: int) -> str:
    """Why nobody can listen there now; empty where one can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return str(error.strerror)
    return ""


def portal_command(settings: Settings) -> list[str]:
    """The command line of the portal's processes."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        sys.executable,
        *("-m", "gunicorn", "web.wsgi:app"),
        *("--bind", f"{host}:{settings.port}"),
        *("--workers", str(settings.portal_processes), "--threads", "4"),
        # Recycled now and then, so that a leak in a library never becomes an outage.
        *("--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--timeout", "60", "--graceful-timeout", "10"),
        # The most it takes: a search by two hundred names is no attack.
        *("--limit-request-line", "8190"),
        # It would lie in the user's home, where two portals take it from each other.
        "--no-control-socket",
        *("--log-level", "warning"),
    ]
