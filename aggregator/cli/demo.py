"""`filcommun demo`: the whole program over an imaginary village, in a temporary folder."""

from __future__ import annotations

import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.cli.run import run
from aggregator.demo import village
from aggregator.demo.mailbox import Mailbox
from aggregator.registry import moderators
from aggregator.settings import Settings, read_settings
from aggregator.store import database


@click.command("demo")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="of the portal; another that is free when it is taken",
)
@click.option(
    "--rhythm",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="seconds between two new entries",
)
def command(port: int, rhythm: float) -> None:
    """Show all of it over an imaginary village, and keep nothing."""
    port = _free(port)
    with tempfile.TemporaryDirectory(prefix="filcommun-demo-") as name:
        folder = Path(name)
        with village.start(rhythm=rhythm) as served, Mailbox() as mailbox:
            inventory = folder / "sources.yaml"
            inventory.write_text(served.sources_yaml())
            click.echo(f"The village:          {served.directory()}")
            click.echo(f"Mails it receives:    {mailbox.page}")
            click.echo(f"A group to register:  {served.candidate()}")
            click.echo("To moderate:          the link in the first of these mails")
            settings = read_settings(
                database_url=f"sqlite:///{folder}/filcommun.db",
                index_url=f"whoosh:{folder}/indexes",
                base_url=f"http://127.0.0.1:{port}",
                port=port,
                smtp_url=mailbox.smtp_url,
                secret_file=folder / "secret-key",
                sources_file=inventory,
                media_folder=folder / "media",
                allow_private_networks=True,
                shortest_interval=1,  # hours become seconds
                log_level="ERROR",  # ill sources are meant to be; /sante tells of them
            )
            appoint_alice(settings)
            run(settings)


def appoint_alice(settings: Settings) -> None:
    """Make an administrator whose link to sign in is the first mail of the village."""
    engine = database.open_database(settings.database_url)
    database.upgrade(engine)
    with database.sessions(engine).begin() as session:
        moderators.appoint(
            session,
            "alice@village.example",
            name="Alice",
            role="administrator",
            now=datetime.now(UTC),
        )
    engine.dispose()


def _free(port: int) -> int:
    """`port` if nobody listens there, else one that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
