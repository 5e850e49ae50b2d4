"""`filcommun groups`: wishes that came by letter or telephone, and lists of other tools."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import click

from aggregator.collect.fetch import fetch
from aggregator.errors import InventoryError
from aggregator.parts import Parts, open_parts
from aggregator.publish import opml
from aggregator.registry import exchange, importing, leaving
from aggregator.settings import read_settings
from aggregator.store import directory, suppressions


@click.group("groups")
def command() -> None:
    """The groups of the inventory."""


@command.command()
@click.argument("slug")
@click.confirmation_option(prompt="Everything the group said will be erased. Go on?")
def leave(slug: str) -> None:
    """Take the group SLUG away for good, at its wish: wiped at once, never brought back."""
    parts = open_parts(read_settings())
    with parts.sessions.begin() as session:
        group = directory.by_slug(session, slug)
        if group is None or not group.is_public:
            raise InventoryError(f"There is no group {slug!r}.")
        name = leaving.take_away(session, group, now=parts.clock())
    click.echo(f"{name} has left.")
    parts.engine.close()


@command.command()
@click.argument("address")
def welcome(address: str) -> None:
    """Let the site at ADDRESS, which had left, be registered again, at its owner's wish."""
    parts = open_parts(read_settings())
    with parts.sessions.begin() as session:
        if not suppressions.covers(session, address):
            raise InventoryError(f"No group with the address {address} has left.")
        suppressions.lift(session, address)
    click.echo(f"{address} may be registered again.")
    parts.engine.close()


@command.command("import")
@click.argument("place", metavar="FILE_OR_ADDRESS")
@click.option("--origin", help="whose list it is, as amendments and exports name it")
@click.option("--bounds", help="of placed groups only those inside: WEST,SOUTH,EAST,NORTH")
@click.option("--mirror", is_flag=True, help="take the list's word over everything here")
@click.option("--propose", is_flag=True, help="put the amendments in the moderators' queue")
def import_(
    place: str, origin: str | None, bounds: str | None, mirror: bool, propose: bool
) -> None:
    """Show what a list (Kumu, GoGoCarto, CSV, OPML) would change; with --propose, propose it."""
    parts = open_parts(read_settings())
    within, body = _bounds(bounds), _body(parts, place)
    is_opml = opml.is_opml(body)
    records = opml.listed(opml.read(body)) if is_opml else exchange.read(body, bounds=within)
    named = place if "://" in place else Path(place).name
    _import(parts, records, origin or named, mirror=mirror, propose=propose)
    parts.engine.close()


def _body(parts: Parts, place: str) -> bytes:
    """A file's bytes, or what an address answers to the guarded fetcher."""
    if "://" not in place:
        try:
            return Path(place).read_bytes()
        except OSError as error:
            raise InventoryError(f"{place} cannot be read: {error.strerror}.") from error
    answer = asyncio.run(
        fetch(place, settings=parts.settings, max_bytes=exchange.LARGEST, obey_robots=True)
    )
    if answer.status != 200:
        raise InventoryError(f"{place} answered {answer.status}.")
    return answer.body


def _bounds(text: str | None) -> exchange.Bounds | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(number) for number in text.split(","))
    except ValueError as error:
        raise click.BadParameter("four numbers: WEST,SOUTH,EAST,NORTH") from error
    return west, south, east, north


def _import(
    parts: Parts,
    records: list[exchange.Listed],
    origin: str,
    *,
    mirror: bool,
    propose: bool,
) -> None:
    with parts.sessions.begin() as session:
        planned = importing.plan(session, records, origin=origin, mirror=mirror)
        for one in planned:
            if one.outcome != "same":
                fields = ", ".join(one.change or ()) or one.why
                click.echo(f"{one.outcome:9} {one.record.name}{f': {fields}' if fields else ''}")
        counts = Counter(one.outcome for one in planned)
        click.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
        if propose:
            made = importing.propose(
                session, planned, origin=origin, now=parts.clock(), mirror=mirror
            )
            click.echo(f"{len(made)} amendments wait for a moderator.")
