"""`filcommun alerts`: letters as soon as something matches a saved search."""

from __future__ import annotations

from contextlib import closing

import click

from aggregator.cli.mail import send_waiting
from aggregator.mail import alerts
from aggregator.parts import open_parts
from aggregator.settings import read_settings


@click.group("alerts")
def command() -> None:
    """Alerts on saved searches."""


@command.command()
def send() -> None:
    """Try every alert on what is new, and send what is to be told."""
    with closing(open_parts(read_settings())) as parts:
        report = alerts.write_due(
            parts.sessions, parts.engine, parts.clock, settings=parts.settings
        )
        click.echo(f"{report.matched} matches, {report.written} alerts written.")
        send_waiting(parts)
