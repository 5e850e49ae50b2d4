"""`filcommun moderators`: who decides."""

from __future__ import annotations

from contextlib import closing

import click

from aggregator.cli.mail import send_waiting
from aggregator.parts import open_parts
from aggregator.registry import moderators
from aggregator.settings import read_settings


@click.group("moderators")
def command() -> None:
    """The people who moderate."""


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="as the public log shows it")
@click.option("--role", type=click.Choice(moderators.ROLES), default="moderator", show_default=True)
def appoint(email: str, name: str, role: str) -> None:
    """Make EMAIL a moderator and send a link to sign in with."""
    with closing(open_parts(read_settings())) as parts:
        with parts.sessions.begin() as session:
            moderators.appoint(session, email, name=name, role=role, now=parts.clock())
        click.echo(f"{name} is now {role}; a link to sign in with goes to {email}.")
        send_waiting(parts)
