"""uMap: the points of a map's layers (GeoJSON); a new point is news."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, is_host
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, text_of
from aggregator.parse.webpage import WebPage

_MAP = re.compile(r"https?://[^/]+/([a-z]{2}(?:-[a-z]{2})?)/map/(?:[^/?#]*_)?(\d+)")
_LAYERS = re.compile(r'"datalayers"\s{0,9}:\s{0,9}\[')
_LONGEST_LIST = 20_000
_LAYER = re.compile(r'"(?:id|uuid)"\s*:\s*"?([0-9a-f-]{36}|\d+)"?')


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "umap.openstreetmap.fr", "umap.incubateur.anct.gouv.fr") or (
        "umap" in page.head and _MAP.match(page.url) is not None
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    place, layers = _MAP.match(page.url), _LAYERS.search(page.text)
    if place and layers:
        language, number = place.groups()
        listed = page.text[layers.end() : layers.end() + _LONGEST_LIST].partition("]")[0]
        for layer in dict.fromkeys(_LAYER.findall(listed)):
            yield Endpoint(urljoin(page.url, f"/{language}/datalayer/{number}/{layer}/"), API)


def _point(feature: JsonObject, url: str) -> ParsedEntry:
    properties = feature.get("properties")
    coordinates = below(feature, "geometry", "coordinates")
    name = text_of(below(properties, "name"))
    return entry(
        Found(
            url,
            ids=[text_of(feature.get("id")), f"{name}@{str(coordinates)[:100]}"],
            titles=[escaped(name)],
            contents=[text_of(below(properties, "description"))],
            summaries=[escaped(text_of(below(properties, "description")))],
            published=[text_of(below(properties, "date"))],
            type="page",
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    if below(value, "type") != "FeatureCollection" or "_umap_options" not in value:
        return None
    features = [item for item in each(value.get("features")) if below(item, "properties", "name")]
    return ParsedFeed(
        distinct(_point(feature, url) for feature in features),
        title=text_of(below(value, "_umap_options", "name")),
        format="umap",
    )


CONNECTOR = Connector("umap", recognises, endpoints, read)
