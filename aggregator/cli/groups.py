"""`filcommun groups`: wishes that came by letter or telephone, and lists of other tools."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import click

from aggregator.collect.fetch import fetch
from aggregator.errors import InventoryError, Refused
from aggregator.parts import Parts, open_parts
from aggregator.registry import (
    exchange,
    importing,
    kumu_kept,
    leaving,
    places_listed,
    planning,
)
from aggregator.settings import read_settings
from aggregator.store import directory, suppressions


@click.group("groups")
def command() -> None:
    """The groups of the inventory."""


@command.command()
@click.argument("slug")
@click.confirmation_option(prompt="Everything the group said will be erased. Go on?")
def leave(slug: str) -> None:
    """Take the group SLUG away for good, at its wish.

    What it said is wiped at once and never brought back.
    """
    with closing(open_parts(read_settings())) as parts, parts.sessions.begin() as session:
        group = directory.by_slug(session, slug)
        if group is None or not group.is_public:
            raise InventoryError(f"There is no group {slug!r}.")
        name = leaving.take_away(session, group, now=parts.clock())
    click.echo(f"{name} has left.")


@command.command()
@click.argument("address")
def welcome(address: str) -> None:
    """Let the site of a group that had left be registered again."""
    with closing(open_parts(read_settings())) as parts, parts.sessions.begin() as session:
        if not suppressions.covers(session, address):
            raise InventoryError(f"No group with the address {address} has left.")
        suppressions.lift(session, address)
    click.echo(f"{address} may be registered again.")


@command.command("import")
@click.argument("place", metavar="FILE_OR_ADDRESS")
@click.option("--links", type=click.Path(path_type=Path), help="Kumu's sheet of connections")
@click.option("--origin", help="whose list it is, as amendments and exports name it")
@click.option("--bounds", default="", help="of placed groups only those inside: W,S,E,N;…")
@click.option("--licence", default="", help="under which the list is given")
@click.option("--mirror", is_flag=True, help="take the list's word over everything here")
@click.option("--propose", is_flag=True, help="put the amendments in the moderators' queue")
def import_(
    place: str,
    links: Path | None,
    origin: str | None,
    bounds: str,
    licence: str,
    mirror: bool,
    propose: bool,
) -> None:
    """Show what a list would change; with --propose, propose it.

    Kumu's JSON and sheets, GoGoCarto's elements, GeoJSON, OPML, another Fil commun's inventory.
    """
    with closing(open_parts(read_settings())) as parts:
        try:
            within = places_listed.boxes(bounds)
        except Refused as error:
            raise click.BadParameter("boxes of four numbers: W,S,E,N;…") from error
        body = _body(parts, place)
        ties = _file(links) if links is not None else b""
        named = origin or (place if "://" in place else Path(place).name)
        read = exchange.read_whole(body, ties=ties, within=within)
        if not read.records:
            raise InventoryError(f"{place} names no group that can be read. Is it the right file?")
        terms = importing.Terms(named, mirror=mirror, licence=licence or read.licence)
        _import(parts, read, terms, propose=propose)


def _body(parts: Parts, place: str) -> bytes:
    """A file's bytes, or what an address answers to the guarded fetcher."""
    if "://" not in place:
        return _file(Path(place))
    answer = asyncio.run(
        fetch(place, settings=parts.settings, max_bytes=exchange.LARGEST, obey_robots=True)
    )
    if answer.status != 200:
        raise InventoryError(f"{place} answered {answer.status}.")
    return answer.body


def _file(path: Path) -> bytes:
    """What of a file is ever read; one byte more than that tells that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(exchange.LARGEST + 1)
    except OSError as error:
        raise InventoryError(f"{path} cannot be read: {error.strerror}.") from error


def _import(parts: Parts, read: exchange.Read, terms: importing.Terms, *, propose: bool) -> None:
    with parts.sessions.begin() as session:
        planned = planning.plan(
            session,
            read.records,
            origin=terms.origin,
            mirror=terms.mirror,
            base_url=parts.settings.base_url,
        )
        for one in planned:
            if one.outcome not in {"same", "kept", "waiting"}:
                fields = ", ".join(one.change or ()) or one.why
                click.echo(f"{one.outcome:9} {one.record.name}{f': {fields}' if fields else ''}")
        counted = planning.counts(planned)
        click.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items())))
        if propose:
            made = importing.propose(session, planned, terms, now=parts.clock())
            if read.map is not None:
                kumu_kept.keep(session, terms.origin, read.map, parts.clock())
            click.echo(f"{len(made)} amendments wait for a moderator.")
