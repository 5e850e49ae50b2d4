"""`filcommun digest`: the periodic letters."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict

import click

from aggregator.cli.mail import send_waiting
from aggregator.mail import digest
from aggregator.parts import open_parts
from aggregator.settings import read_settings


@click.group("digest")
def command() -> None:
    """Digests: daily, weekly and monthly letters."""


@command.command()
@click.option("--dry-run", is_flag=True, help="list what would leave, and write nothing")
@click.option("--json", "as_json", is_flag=True, help="as one JSON object")
def send(dry_run: bool, as_json: bool) -> None:
    """Write and send every digest that is due now."""
    with closing(open_parts(read_settings())) as parts:
        report = digest.write_due(
            parts.sessions, parts.engine, parts.clock, settings=parts.settings, dry_run=dry_run
        )
        if as_json:
            click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=1))
        else:
            _tell(report, dry_run=dry_run)
        if not dry_run:
            send_waiting(parts)


def _tell(report: digest.Report, *, dry_run: bool) -> None:
    for planned in report.planned:
        click.echo(f"{planned.address}  {planned.subject}  ({planned.entries} entries)")
    count = len(report.planned) if dry_run else report.written
    noun = "digest" if count == 1 else "digests"
    verb = "would be written" if dry_run else "written"
    click.echo(f"{count} {noun} {verb}; {report.nothing_new} had nothing new to tell.")
    if report.waiting:
        click.echo("Others wait until the index has read everything.")
