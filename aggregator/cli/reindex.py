"""`filcommun reindex`: the search index made anew, while the portal serves."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from aggregator.search import indexing
from aggregator.settings import read_settings
from aggregator.store import database


@click.command("reindex")
def command() -> None:
    """Build the index beside the one that serves, then switch."""
    settings = read_settings()
    engine = database.open_current(settings.database_url)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("Indexing", total=None)
        held = indexing.reindex(
            database.sessions(engine),
            settings.index_url,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    click.echo(f"The new index holds {held} entries.")
