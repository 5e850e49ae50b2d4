"""`filcommun parse`: one feed's entries, offline."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import datetime
from pathlib import Path

import click

from aggregator.parse import feeds
from aggregator.parse.entries import ParsedFeed


@click.command("parse")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--url", default="https://source.example/feed", help="where the file came from")
@click.option("--content-type", help="as the server declared it")
@click.option("--json", "as_json", is_flag=True, help="everything, as a JSON document")
def command(file: str, url: str, content_type: str | None, as_json: bool) -> None:
    """Print the entries of a feed in FILE (- for standard input)."""
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    feed = feeds.parse(body, url, content_type)
    if as_json:
        click.echo(_document(feed))
        return
    for entry in feed.entries:
        day = entry.published.date().isoformat() if entry.published else "          "
        click.echo(f"{day}  {entry.title}\n            {entry.url or entry.uid}")


def _document(feed: ParsedFeed) -> str:
    return json.dumps(dataclasses.asdict(feed), ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    assert isinstance(value, frozenset)
    return sorted(value)
