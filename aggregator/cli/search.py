"""`filcommun search`: what the portal's search page finds, on a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from aggregator.parts import utc_now
from aggregator.search.indexing import open_to_read
from aggregator.search.view import View
from aggregator.settings import read_settings
from aggregator.store import database, entries
from aggregator.store.tables import Entry


@click.command("search")
@click.argument("query")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="total, facets and entries, as JSON")
def command(query: str, limit: int, as_json: bool) -> None:
    """Find entries as the search page does.

    Words, "phrases", OU, SAUF, theme:…, depuis:7j (docs/search.md).
    """
    settings = read_settings()
    now = utc_now()
    view = View(q=query)
    open_session = database.sessions(database.open_current(settings.database_url))
    engine = open_to_read(open_session, settings.index_url)
    facets = ("topic", "area", "group") if as_json else ()
    understood = view.understood(now)
    results = engine.search(view.query(now), limit=limit, facets=facets, order=view.order)
    with open_session() as session:
        found = entries.in_order(session, results.ids)
    for warning in understood.warnings:
        click.echo(f"{warning.say('en')} (character {warning.position + 1})", err=True)
    if as_json:
        document = {
            "understood": understood.say(),
            "total": results.total,
            "facets": {name: dict(counts) for name, counts in results.facets.items()},
            "entries": [_as_json(entry) for entry in found],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(found)
        click.echo(f"{results.total} entries.")
    engine.close()


def _print(found: Sequence[Entry]) -> None:
    for entry in found:
        click.echo(f"{entry.published:%Y-%m-%d}  {entry.title}  ({entry.source.group.name})")


def _as_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "title": entry.title,
        "url": entry.url,
        "published": entry.published.isoformat(),
        "group": entry.source.group.slug,
    }
