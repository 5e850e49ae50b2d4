"""`filcommun backup`: everything in one file, while the program runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.settings import Settings, read_settings
from aggregator.store import backup, database


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-secrets", is_flag=True, help="the secret key too; keep the file to yourself")
def command(file: Path, with_secrets: bool) -> None:
    """Write database, pictures and sources.yaml to FILE (.tar.gz)."""
    settings = read_settings()
    engine = database.open_database(settings.database_url)
    database.refuse_newer(engine)
    backup.write(
        engine, file, extra=places(settings, with_secrets=with_secrets), now=datetime.now(UTC)
    )
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def places(settings: Settings, *, with_secrets: bool) -> dict[str, Path]:
    """What a backup holds beside the database: its name there → where it lies here."""
    named = {"media": settings.media_folder, "sources.yaml": settings.sources_file}
    return named | ({"secret-key": settings.secret_file} if with_secrets else {})
