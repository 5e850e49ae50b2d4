"""`filcommun tag`: texts in, their tags with evidence out, both as JSON Lines."""

from __future__ import annotations

import sys

import click

from aggregator.collect import learning
from aggregator.parts import utc_now
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.understand.lines import tagged_line
from aggregator.understand.tags import Rules


@click.command("tag")
@click.option("--shipped", is_flag=True, help="by the words that come with the program only")
def command(shipped: bool) -> None:
    """Say what texts are about, and why.

    Reads JSON Lines (id, title, text) from standard input and prints JSON Lines.

    By the words in force here: with the moderators' edits of the lexicon and what was learned from
    corrections, where there is a database.
    """
    rules = None if shipped else _rules(read_settings().database_url)
    for line in sys.stdin:
        if line.strip():
            click.echo(tagged_line(line, rules=rules))


def _rules(url: str) -> Rules | None:
    """The rules in force; None, those of the program, where no database was begun."""
    if not database.is_there(url):
        return None
    engine = database.open_database(url)
    try:
        if database.current_version(engine) is None:
            return None
        database.require_current(engine)
        with database.sessions(engine)() as session:
            return learning.rules(session, utc_now(), at_once=True)
    finally:
        engine.dispose()
