"""Decidim: the calendar of meetings, and processes, proposals and meetings of GraphQL answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin

from aggregator.parse.assemble import MOST_ENTRIES, Found, distinct, entry
from aggregator.parse.connecting import CALENDAR, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, in_french, text_of
from aggregator.parse.webpage import WebPage

_SPACES: Final = {
    "participatoryProcesses": "processes",
    "assemblies": "assemblies",
    "initiatives": "initiatives",
    "consultations": "consultations",
}
_DEEPEST: Final = 8


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("decidim") or "decidim" in page.head


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url, CALENDAR) for url in at_root(page, "/meetings/calendar"))


def _items(value: object, path: str, depth: int = 0) -> Iterator[tuple[JsonObject, str]]:
    """Everything that has a title, with the address of the space it is in."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value:
            yield from _items(part, path, depth + 1)
    elif isinstance(value, dict):
        own = path
        if value.get("title") is not None and value.get("id") is not None:
            slug = text_of(value.get("slug"))
            own = f"{path}/{slug}" if slug else path
            yield value, own
        for name, part in value.items():
            if name in _SPACES:
                yield from _items(part, "/" + _SPACES[name], depth + 1)
            elif name == "components":
                yield from _components(part, own, depth)
            elif isinstance(part, (list, dict)) and name not in {"title", "body", "description"}:
                yield from _items(part, own, depth + 1)


def _components(value: object, path: str, depth: int) -> Iterator[tuple[JsonObject, str]]:
    for component in value if isinstance(value, list) else []:
        for name in ("proposals", "meetings", "posts", "debates"):
            inside = below(component, name)
            place = f"{path}/f/{text_of(below(component, 'id'))}/{name}"
            for item, _space in _items(inside, place, depth + 2):
                yield item, f"{place}/{text_of(item.get('id'))}"


def _entry(item: JsonObject, path: str, url: str) -> ParsedEntry:
    page = text_of(item.get("url")) or urljoin(url, path)
    return entry(
        Found(
            url,
            ids=[page],
            links=[page],
            titles=[in_french(item.get("title"))],
            summaries=[in_french(item.get("shortDescription")), in_french(item.get("subtitle"))],
            contents=[in_french(item.get("body")), in_french(item.get("description"))],
            authors=[text_of(below(item, "author", "name"))],
            published=[text_of(item.get("publishedAt")), text_of(item.get("createdAt"))],
            updated=[text_of(item.get("updatedAt"))],
            starts=[text_of(item.get("startTime"))],
            ends=[text_of(item.get("endTime"))],
            places=[in_french(item.get("location")), text_of(item.get("address"))],
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    answer = below(value, "data")
    if not isinstance(answer, dict) or not set(_SPACES) & set(answer):
        return None
    found = list(_items(answer, ""))[:MOST_ENTRIES]
    return ParsedFeed(distinct(_entry(item, path, url) for item, path in found), format="decidim")


CONNECTOR = Connector("decidim", recognises, endpoints, read)
