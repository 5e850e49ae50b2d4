"""`filcommun crawl`: one round over due sources."""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
from contextlib import closing

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from aggregator import jobs
from aggregator.collect import crawl
from aggregator.errors import FilcommunError
from aggregator.parts import Parts, open_parts
from aggregator.settings import read_settings
from aggregator.store import sources


@click.command("crawl")
@click.option("--all", "all_", is_flag=True, help="due or not")
@click.option("--source", "slug", help="only this source, due or not")
@click.option("--json", "as_json", is_flag=True, help="what the round did, as JSON")
def command(all_: bool, slug: str | None, as_json: bool) -> None:
    """Read due sources once, and index what they bring."""
    with closing(open_parts(read_settings())) as parts:
        if slug is not None:
            _require(parts, slug)
        with _progress(quiet=as_json) as progress:
            bar = progress.add_task("Reading sources", total=None)
            done = asyncio.run(
                crawl.crawl(
                    parts.sessions,
                    parts.settings,
                    parts.clock,
                    only=slug,
                    all_=all_ or slug is not None,
                    progress=lambda done, due: progress.update(bar, completed=done, total=due),
                )
            )
        jobs.index(parts)
    if as_json:
        click.echo(json.dumps(done.as_json()))
    else:
        click.echo(
            f"{done.sources} sources in {done.seconds:.1f} s: {done.fetched} read, "
            f"{done.not_modified} unchanged, {done.failed} failed; "
            f"{done.entries_new} new entries, {done.entries_updated} changed."
        )


def _require(parts: Parts, slug: str) -> None:
    """Raise FilcommunError where no source has this slug."""
    with parts.sessions() as session:
        known = {source.slug for source in sources.all_sources(session)}
    if slug not in known:
        near = ", ".join(difflib.get_close_matches(slug, known))
        hint = f"near: {near}" if near else "`filcommun sources list` names them all"
        raise FilcommunError(f"There is no source {slug!r}; {hint}.")


def _progress(*, quiet: bool) -> Progress:
    """A bar on standard error; silent where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    silent = quiet or not sys.stderr.isatty()
    return Progress(*columns, console=Console(stderr=True), disable=silent)
