"""`filcommun export`: all public data as open data."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.errors import FilcommunError
from aggregator.parts import utc_now
from aggregator.publish import opendata
from aggregator.settings import read_settings
from aggregator.store import database


@click.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Write all public data to FOLDER, as open data.

    Groups, news, terms and figures as CSV, with a datapackage.json.
    Only what every reader may see: nothing private, nothing of groups that left.
    """
    settings = read_settings()
    open_session = database.sessions(database.open_current(settings.database_url))
    try:
        with open_session() as session:
            made = opendata.write(session, folder, base_url=settings.base_url, now=utc_now())
    except OSError as error:
        raise FilcommunError(f"{folder} cannot be written: {error.strerror}.") from error
    for file in made:
        click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
