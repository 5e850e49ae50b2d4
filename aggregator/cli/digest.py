"""`filcommun digest`: the periodic letters."""

from __future__ import annotations

import click

from aggregator import jobs
from aggregator.mail import digest
from aggregator.parts import open_parts
from aggregator.settings import read_settings


@click.group("digest")
def command() -> None:
    """Digests: daily, weekly and monthly letters."""


@command.command()
@click.option("--dry-run", is_flag=True, help="list what would leave, and write nothing")
def send(dry_run: bool) -> None:
    """Write and send every digest that is due now."""
    parts = open_parts(read_settings())
    report = digest.write_due(
        parts.sessions, parts.engine, parts.clock, settings=parts.settings, dry_run=dry_run
    )
    for planned in report.planned:
        click.echo(f"{planned.address}  {planned.subject}  ({planned.entries} entries)")
    click.echo(f"{report.written} digests written; {report.nothing_new} had nothing new to tell.")
    if not dry_run:
        jobs.outbox(parts)
    parts.engine.close()
