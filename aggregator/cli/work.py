"""`filcommun work`: the worker alone."""

from __future__ import annotations

import asyncio

import click

from aggregator import jobs, logs
from aggregator.parts import open_parts
from aggregator.settings import read_settings


@click.command("work")
def command() -> None:
    """Crawl, index and send until stopped.

    Several may run on PostgreSQL.
    """
    settings = read_settings()
    logs.configure(settings.log_level)
    parts = open_parts(settings)
    asyncio.run(jobs.work(parts))
