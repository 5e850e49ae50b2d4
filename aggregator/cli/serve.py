"""`filcommun serve`: the portal alone, under gunicorn."""

from __future__ import annotations

import os
import sys

import click

from aggregator.settings import Settings, read_settings


@click.command("serve")
def command() -> None:
    """Serve the portal until stopped; several may run on PostgreSQL."""
    settings = read_settings()
    os.execv(sys.executable, portal_command(settings))  # noqa: S606  the same process, renamed


def portal_command(settings: Settings) -> list[str]:
    """The command line of the portal's processes."""
    return [
        sys.executable,
        *("-m", "gunicorn", "web.wsgi:app"),
        *("--bind", f"{settings.host}:{settings.port}"),
        *("--workers", str(settings.portal_processes), "--threads", "4"),
        # Recycled now and then, so that a leak in a library never becomes an outage.
        *("--max-requests", "20000", "--max-requests-jitter", "2000"),
        *("--timeout", "60", "--graceful-timeout", "10"),
        # The most it takes: a search by two hundred names is no attack.
        *("--limit-request-line", "8190"),
        *("--log-level", "warning"),
    ]
