"""`filcommun restore`: a backup back in an empty place, or proved good where it lies."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from aggregator.search import proving
from aggregator.settings import Settings, read_settings
from aggregator.store import backup


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="only prove the backup good")
@click.option("--json", "as_json", is_flag=True, help="what it holds, as JSON")
def command(file: Path, only_check: bool, as_json: bool) -> None:
    """Put a backup into an empty place, or prove it good.

    The place is the one that the settings name.

    With --check nothing is changed: the backup is opened, migrated, counted and searched in a
    scratch place.
    """
    settings = read_settings()
    if only_check:
        contents = backup.check(file, settings.database_url, proving.search_once)
    else:
        contents = backup.restore(file, settings.database_url, extra=_places(settings))
    if as_json:
        click.echo(json.dumps(asdict(contents)))
        return
    click.echo(
        f"Backup of {contents.created_at[:16]}, version {contents.version}: "
        f"{contents.groups} groups, {contents.sources} sources, {contents.entries} entries, "
        f"{contents.files} files. "
        + (
            "It opens, migrates and can be searched."
            if only_check
            else "Restored; its settings are in settings.env, to compare with yours. "
            "`filcommun reindex` makes the search index."
        )
    )


def _places(settings: Settings) -> dict[str, Path]:
    """Where the files of a backup go: its key only where there is none yet."""
    named = backup.places(settings, with_secrets=True) | {"settings.env": Path("settings.env")}
    # The inventory and the key in use are the operator's own; only missing ones come back.
    own = {"sources.yaml", "secret-key", "settings.env"}
    return {name: place for name, place in named.items() if name not in own or not place.exists()}
