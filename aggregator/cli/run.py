"""`filcommun run`: everything in one command."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.orm import Session, sessionmaker

from aggregator.cli.serve import portal_command, require_port
from aggregator.cli.sources import sync_file
from aggregator.errors import FilcommunError
from aggregator.parts import utc_now
from aggregator.search import indexing
from aggregator.settings import Settings, read_settings
from aggregator.store import database, figures, sources

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_READING = "Reading every source once · {} entries"
STOPPING = 15.0
"""Seconds that worker and portal get to finish what they hold."""


@click.command("run")
def command() -> None:
    """Migrate, read sources.yaml, start the worker and the portal."""
    run(read_settings())


def run(settings: Settings) -> None:
    """Keep worker and portal running until SIGINT or SIGTERM.

    Raises FilcommunError when they cannot be started, or one of them stops by itself.
    """
    require_port(settings)
    _put_inventory(settings.sources_file)
    sync_file(settings, settings.sources_file)
    open_session = database.sessions(database.open_database(settings.database_url))
    console = Console()
    # An index of an older version is built anew before anyone reads it.
    indexing.open_or_rebuild(open_session, settings.index_url, lambda _done, _all: None).close()
    with _stopped_by_signals(), _children(settings, console) as children:
        if _takes_connections(settings, children):
            console.print(
                f"Fil commun is on [bold]{settings.base_url}[/bold] — "
                "Ctrl+C stops it, nothing is lost."
            )
            _show_first_crawl(open_session, settings, children, console)
        while all(child.poll() is None for child in children.values()):
            time.sleep(0.5)
        fallen = next(name for name, child in children.items() if child.poll() is not None)
        raise FilcommunError(
            f"The {fallen} stopped by itself with status {children[fallen].returncode}; "
            "its last lines above say why."
        )


def _put_inventory(file: Path) -> None:
    """Where an installed program starts in an empty folder, begin with the inventory it brings."""
    shipped = files("aggregator.registry").joinpath("sources.yaml")
    if not file.exists() and shipped.is_file():
        file.write_bytes(shipped.read_bytes())


@contextmanager
def _children(
    settings: Settings, console: Console
) -> Iterator[Mapping[str, subprocess.Popen[bytes]]]:
    """The worker and the portal as processes of their own, stopped at the end."""
    environment = os.environ | {
        f"FILCOMMUN_{name.upper()}": value for name, value in _as_environment(settings).items()
    }
    if sys.stderr.isatty() and "log_level" not in settings.model_fields_set:
        # A person watches: a line for each source that is ill would bury address and progress.
        environment["FILCOMMUN_LOG_LEVEL"] = "ERROR"
    children = {
        name: subprocess.Popen(  # noqa: S603
            arguments,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, ctypes.CDLL(None)),
        )
        for name, arguments in (
            ("worker", [sys.executable, "-m", "aggregator.cli", "work"]),
            ("portal", portal_command(settings)),
        )
    }
    try:
        yield children
    finally:
        console.print("Stopping; what is under way is finished first.")
        for child in children.values():
            child.terminate()
        end = time.monotonic() + STOPPING
        for child in children.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()  # claims run out by themselves, nothing is lost


def _takes_connections(settings: Settings, children: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    """True as soon as the portal does; False when one of the two stopped before."""
    while all(child.poll() is None for child in children.values()):
        try:
            socket.create_connection((settings.host, settings.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def _end_with_parent(libc: ctypes.CDLL) -> None:
    """In a child, on Linux: end as if asked to when `run` is gone, however it went."""
    if hasattr(libc, "prctl"):
        libc.prctl(_DIE_WITH_PARENT, signal.SIGTERM)


class _Stop(BaseException):
    """SIGINT or SIGTERM arrived."""


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    def stop(_signal: int, _frame: object) -> None:
        raise _Stop

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except _Stop:
        pass
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _as_environment(settings: Settings) -> dict[str, str]:
    values = settings.model_dump(mode="json", exclude_none=True, exclude={"secret_key"})
    values["secret_key"] = settings.secret_key.get_secret_value()
    return {name: str(value) for name, value in values.items()}


def _show_first_crawl(
    open_session: sessionmaker[Session],
    settings: Settings,
    children: Mapping[str, subprocess.Popen[bytes]],
    console: Console,
) -> None:
    """A progress bar until every source has been visited once, and how many are ill; nothing
    when all have been visited before."""
    with open_session() as session:
        visited, total, entries = sources.visited(session)
    if visited >= total:
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=False) as progress:
        bar = progress.add_task(_READING.format(entries), total=total)
        while visited < total and all(child.poll() is None for child in children.values()):
            time.sleep(1)
            with open_session() as session:
                visited, total, entries = sources.visited(session)
            progress.update(
                bar, completed=visited, total=total, description=_READING.format(entries)
            )
    if visited >= total:
        with open_session() as session:
            ill = int(figures.of_last_day(session, utc_now())["sources_ill"])
        console.print(f"{ill} of {total} could not be read; {settings.base_url}/sante says why.")
