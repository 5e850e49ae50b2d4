"""Opendatasoft portals: data sets that changed last, from the catalogue API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, text_of, words
from aggregator.parse.webpage import WebPage

_CATALOGUE = "/api/explore/v2.1/catalog/datasets?order_by=modified%20desc&limit=50"


def recognises(page: WebPage) -> bool:
    return (
        "/api/explore/v2" in page.head or "opendatasoft" in page.head or ("ods-widget" in page.head)
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url, API) for url in at_root(page, _CATALOGUE))


def _data_set(item: JsonObject, url: str) -> ParsedEntry:
    known = below(item, "metas", "default")
    uid = text_of(item.get("dataset_id"))
    return entry(
        Found(
            url,
            ids=[uid],
            links=[urljoin(url, f"/explore/dataset/{uid}/")],
            titles=[escaped(text_of(below(known, "title")))],
            contents=[text_of(below(known, "description"))],
            authors=[text_of(below(known, "publisher"))],
            published=[text_of(below(known, "created")), text_of(below(known, "modified"))],
            updated=[text_of(below(known, "modified")), text_of(below(known, "data_processed"))],
            language=text_of(below(known, "language")) or None,
            categories=[*words(below(known, "theme") or []), *words(below(known, "keyword") or [])],
            type="dataset",
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    items = [item for item in each(below(value, "results")) if "dataset_id" in item]
    if not items:
        return None
    return ParsedFeed(distinct(_data_set(item, url) for item in items), format="opendatasoft")


CONNECTOR = Connector("opendatasoft", recognises, endpoints, read)
