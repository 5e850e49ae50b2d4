"""`filcommun sources`: the inventory file, what is in the database, and what a site offers."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from aggregator.collect import discover as discovery
from aggregator.parse.urls import of_the_web
from aggregator.registry import inventory
from aggregator.settings import Settings, read_settings
from aggregator.store import database, sources
from aggregator.store.tables import Source

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="as JSON")


@click.group("sources")
def command() -> None:
    """The inventory of groups and their sources."""


@command.command()
@FILE
@AS_JSON
def check(file: Path | None, as_json: bool) -> None:
    """Show all faults of FILE (sources.yaml), with their lines."""
    file = file or read_settings().sources_file
    faults = inventory.check(inventory.read_file(file))
    if as_json:
        click.echo(json.dumps([{"line": fault.line, "message": fault.message} for fault in faults]))
    else:
        for fault in faults:
            click.echo(f"{file}:{fault.line}: {fault.message}")
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}."
        click.echo(count if faults else f"{file} is fine.")
    sys.exit(bool(faults))


@command.command()
@FILE
def sync(file: Path | None) -> None:
    """Carry over what changed in FILE (sources.yaml); twice is once."""
    settings = read_settings()
    synced = sync_file(settings, file or settings.sources_file)
    click.echo(
        f"{len(synced.added)} groups added, {len(synced.changed)} changed, "
        f"{len(synced.unchanged)} as before, {len(synced.left)} no longer in the file."
    )
    for slug in synced.suppressed:
        click.echo(f"{slug} left at its own wish and is not brought back.")
    for name in synced.kept:
        click.echo(f"{name} was changed by a person here and stays so.")


def sync_file(settings: Settings, file: Path) -> inventory.Synced:
    """Sync `file` into the database of `settings`, which is brought up to date first."""
    listed = inventory.read(inventory.read_file(file))
    engine = database.open_database(settings.database_url)
    database.upgrade(engine)
    with database.sessions(engine).begin() as session:
        synced = inventory.sync(session, listed, datetime.now(UTC))
    engine.dispose()
    return synced


@command.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """Show every source: its state, its last visit, why it fails."""
    with database.sessions(database.open_current(read_settings().database_url))() as session:
        rows = sources.all_sources(session)
    if as_json:
        click.echo(json.dumps([_as_json(source) for source in rows], ensure_ascii=False, indent=1))
        return
    table = Table("source", "state", "last read", "reason", "address")
    for source in rows:
        last = f"{source.last_ok_at:%Y-%m-%d %H:%M}" if source.last_ok_at else "never"
        table.add_row(source.slug, source.state, last, source.last_reason or "", source.address)
    Console().print(table)


@command.command()
@click.argument("url")
@AS_JSON
def discover(url: str, as_json: bool) -> None:
    """Show what can be followed at URL, the best first.

    With why each address was tried.
    """
    address = of_the_web(url if "://" in url else f"https://{url}")
    found = asyncio.run(
        discovery.discover(address, settings=read_settings(), now=datetime.now(UTC))
    )
    tried = [
        {
            "url": one.answer.url if one.answer else one.candidate.url,
            "outcome": one.outcome,
            "why": one.candidate.why,
            "title": one.feed.title if one.feed else "",
            "entries": len(one.feed.entries) if one.feed else 0,
        }
        for one in (*found.feeds, *(one for one in found.tried if one.feed is None))
    ]
    if as_json:
        told = {"home": found.home, "platform": found.platform, "tried": tried}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        click.echo(f"{found.home}: {found.platform or 'no platform that we know'}")
        for one in tried:
            click.echo(f"{one['outcome']:12} {one['url']} ({one['why']}; {one['entries']} entries)")
    sys.exit(not found.feeds)


def _as_json(source: Source) -> dict[str, object]:
    return {
        "slug": source.slug,
        "group": source.group.slug,
        "url": source.address,
        "state": source.state,
        "last_ok_at": source.last_ok_at.isoformat() if source.last_ok_at else None,
        "reason": source.last_reason,
        "rights": source.rights,
    }
