"""`filcommun mirrors`: the lists elsewhere that are followed; pages add and stop them."""

from __future__ import annotations

import json
from contextlib import closing

import click
from rich.console import Console
from rich.table import Table

from aggregator.cli.sources import AS_JSON
from aggregator.parts import open_parts
from aggregator.registry import mirroring, mirrors
from aggregator.settings import read_settings
from aggregator.store.tables import Mirror


@click.group("mirrors")
def command() -> None:
    """Lists of groups elsewhere that are taken or followed."""


@command.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """Show every list: its state, its last look, what went wrong."""
    with closing(open_parts(read_settings())) as parts, parts.sessions() as session:
        rows = mirrors.listed(session)
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=1))
        return
    table = Table("list", "state", "mode", "last read", "reason", "address")
    for row in rows:
        last = f"{row.ok_at:%Y-%m-%d %H:%M}" if row.ok_at else "never"
        table.add_row(row.name, row.state, row.mode, last, row.reason, row.address)
    Console().print(table)


@command.command()
def look() -> None:
    """Look at every list that is due, once."""
    with closing(open_parts(read_settings())) as parts:
        done = mirroring.look_due(parts.sessions, parts.settings, parts.clock)
    click.echo(f"{done} lists looked at.")


def _as_json(row: Mirror) -> dict[str, object]:
    return {
        "name": row.name,
        "address": row.address,
        "state": row.state,
        "mode": row.mode,
        "rhythm": row.rhythm,
        "licence": row.licence,
        "ok_at": row.ok_at.isoformat() if row.ok_at else None,
        "next_look_at": row.next_look_at.isoformat() if row.next_look_at else None,
        "failures": row.failures,
        "reason": row.reason,
        "counts": row.plan.get("counts", {}),
    }
