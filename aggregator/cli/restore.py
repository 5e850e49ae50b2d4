"""`filcommun restore`: a backup back in an empty place, or proved good where it lies."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from aggregator.cli.backup import places
from aggregator.settings import read_settings
from aggregator.store import backup


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="only prove the backup good")
@click.option("--json", "as_json", is_flag=True, help="what it holds, as JSON")
def command(file: Path, only_check: bool, as_json: bool) -> None:
    """Restore FILE to the place the settings name, which must be empty."""
    if only_check:
        contents = backup.check(file)
    else:
        settings = read_settings()
        # The inventory in use is the operator's own; only a missing one comes back.
        extra = {
            name: place
            for name, place in places(settings, with_secrets=False).items()
            if name != "sources.yaml" or not place.exists()
        }
        contents = backup.restore(file, settings.database_url, extra=extra)
    if as_json:
        click.echo(json.dumps(asdict(contents)))
        return
    click.echo(
        f"Backup of {contents.created_at[:16]}, version {contents.version}: "
        f"{contents.groups} groups, {contents.sources} sources, {contents.entries} entries."
        + ("" if only_check else " Restored; `filcommun reindex` makes the search index.")
    )
