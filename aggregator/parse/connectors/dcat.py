"""DCAT catalogues of data sets: Project Open Data's `data.json`, and JSON-LD."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, in_french, text_of, words
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return (
        "arcgis hub" in page.head or "hubcdn.arcgis.com" in page.head or "/data.json" in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url, API) for url in at_root(page, "/data.json"))


def _any(item: JsonObject, *names: str) -> Any:
    """The first of several spellings: `title`, `dct:title`, `http://purl.org/dc/terms/title`."""
    spelt = ("", "dct:", "dcterms:", "dcat:", "http://purl.org/dc/terms/")
    for name in names:
        for prefix in spelt:
            value = item.get(prefix + name)
            if isinstance(value, list) and value and name not in {"keyword", "theme"}:
                value = value[0]
            if isinstance(value, dict) and "@value" in value:
                value = value["@value"]
            if value:
                return value
    return None


def _data_set(item: JsonObject, url: str) -> ParsedEntry:
    publisher = _any(item, "publisher")
    page = _any(item, "landingPage")
    link = text_of(below(page, "@id")) or text_of(page)
    uid = text_of(_any(item, "identifier")) or text_of(item.get("@id"))
    return entry(
        Found(
            url,
            ids=[uid],
            links=[link, uid if uid.startswith("http") else ""],
            titles=[escaped(in_french(_any(item, "title")))],
            contents=[in_french(_any(item, "description"))],
            authors=[text_of(below(publisher, "name")), text_of(publisher)],
            published=[text_of(_any(item, "issued")), text_of(_any(item, "modified"))],
            updated=[text_of(_any(item, "modified"))],
            categories=words(_any(item, "keyword") or []),
            type="dataset",
        )
    )


def _is_data_set(item: JsonObject) -> bool:
    kinds = item.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(text_of(name).rpartition(":")[2].endswith("Dataset") for name in names)


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    listed = below(value, "dataset")
    if not isinstance(listed, list):
        graph = below(value, "@graph")
        listed = [item for item in each(graph) if _is_data_set(item)]
    items = [item for item in each(listed) if _any(item, "title")]
    if not items:
        return None
    return ParsedFeed(
        distinct(_data_set(item, url) for item in items),
        title=in_french(below(value, "title")),
        format="dcat",
    )


CONNECTOR = Connector("dcat", recognises, endpoints, read)
