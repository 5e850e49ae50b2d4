"""`filcommun db`: the database's version."""

from __future__ import annotations

import click

from aggregator.settings import read_settings
from aggregator.store import database


@click.group("db")
def command() -> None:
    """The database."""


@command.command()
def upgrade() -> None:
    """Bring the database to this program's version.

    Safe to run at any time.
    """
    engine = database.open_database(read_settings().database_url)
    database.upgrade(engine)
    click.echo(f"The database is at version {database.current_version(engine)}.")
