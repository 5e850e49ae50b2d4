"""The command `filcommun`: one module per noun, loaded when asked for. Knows no business rule.

Exit status: 0 done, 1 failed (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import importlib
import sys

import click
from sqlalchemy.exc import OperationalError

from aggregator import logs
from aggregator.errors import FilcommunError, Refused
from aggregator.registry.wording import sentence

COMMANDS = {
    "run": "aggregator.cli.run",
    "demo": "aggregator.cli.demo",
    "serve": "aggregator.cli.serve",
    "work": "aggregator.cli.work",
    "db": "aggregator.cli.db",
    "sources": "aggregator.cli.sources",
    "crawl": "aggregator.cli.crawl",
    "parse": "aggregator.cli.parse",
    "tag": "aggregator.cli.tag",
    "search": "aggregator.cli.search",
    "reindex": "aggregator.cli.reindex",
    "digest": "aggregator.cli.digest",
    "alerts": "aggregator.cli.alerts",
    "mail": "aggregator.cli.mail",
    "moderators": "aggregator.cli.moderators",
    "groups": "aggregator.cli.groups",
    "mirrors": "aggregator.cli.mirrors",
    "backup": "aggregator.cli.backup",
    "restore": "aggregator.cli.restore",
    "export": "aggregator.cli.export",
    "doctor": "aggregator.cli.doctor",
}
"""Each name's module holds a click command called `command`."""


class _OnDemand(click.Group):
    """Loads one command's module only, so that `filcommun parse` does not wait for Scrapy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_OnDemand)
@click.version_option(package_name="filcommun")
def filcommun() -> None:
    """Citizen news of the Paris metropolis: collected, tagged, indexed, shared."""


def main() -> None:
    """Run the command line; an error made on purpose ends it with its sentence."""
    # Standard output is for what was asked: it may be read by a program.
    logs.configure("WARNING")
    try:
        filcommun(prog_name="filcommun")
    except Refused as error:
        click.echo(f"filcommun: {sentence(error.reason, 'en', **error.values)}", err=True)
        sys.exit(1)
    except FilcommunError as error:
        click.echo(f"filcommun: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        # A full or read-only disk, a file of somebody else's.
        click.echo(f"filcommun: {error.filename}: {error.strerror}.", err=True)
        sys.exit(1)
    except OperationalError as error:
        # A full disk, a lock that lasts, a server that went away in the middle of something.
        click.echo(
            f"filcommun: The database answers: {error.orig}. Nothing was half done; free some "
            "space or start the database, and run the same again.",
            err=True,
        )
        sys.exit(1)
