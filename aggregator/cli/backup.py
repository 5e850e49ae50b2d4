"""`filcommun backup`: everything in one file, while the program runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.settings import read_settings
from aggregator.store import backup, database


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-secrets", is_flag=True, help="key and passwords too; keep it to yourself")
def command(file: Path, with_secrets: bool) -> None:
    """Write everything to FILE (.tar.gz), while the program runs.

    Database, pictures, sources.yaml and settings.
    """
    settings = read_settings()
    engine = database.open_begun(settings.database_url)
    backup.write(
        engine,
        file,
        extra=backup.places(settings, with_secrets=with_secrets),
        now=datetime.now(UTC),
        environment=backup.as_environment(settings, with_secrets=with_secrets),
    )
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
