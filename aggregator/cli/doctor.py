"""`filcommun doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from aggregator.doctor import data
from aggregator.doctor.examination import examine, of_database
from aggregator.settings import read_settings

MARKS = {"good": "✓", "advice": "!", "fault": "✗"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="findings as a JSON list")
@click.option("--worker", "only_worker", is_flag=True, help="only whether a worker runs")
def command(as_json: bool, only_worker: bool) -> None:
    """Look at everything and say what to mend.

    Exit status 1 when there is a fault.
    """
    settings = read_settings()
    found = of_database(settings, (data.worker,)) if only_worker else examine(settings)
    findings = list(found)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.level]} {finding.subject}: {finding.says}")
            if finding.remedy:
                click.echo(f"    → {finding.remedy}")
    sys.exit(any(finding.level == "fault" for finding in findings))
