"""`filcommun tag`: texts in, their tags with evidence out, both as JSON Lines."""

from __future__ import annotations

import sys

import click

from aggregator.understand.lines import tagged_line


@click.command("tag")
def command() -> None:
    """Read JSON Lines (id, title, text) from standard input and print what they are about."""
    for line in sys.stdin:
        if line.strip():
            click.echo(tagged_line(line))
