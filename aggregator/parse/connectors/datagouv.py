"""data.gouv.fr (udata): the data sets of an organisation or a topic, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, is_host
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, text_of, words
from aggregator.parse.webpage import WebPage

_OWNER = re.compile(r"/organizations/([\w-]+)")
_SITE = "https://www.data.gouv.fr"


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "data.gouv.fr")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    owner = _OWNER.search(page.url)
    if owner:
        query = f"organization={owner.group(1)}&sort=-created&page_size=50"
        yield Endpoint(f"{_SITE}/api/1/datasets/?{query}", API)
    else:
        yield Endpoint(f"{_SITE}/fr/datasets/recent.atom")


def _data_set(item: JsonObject, url: str) -> ParsedEntry:
    return entry(
        Found(
            url,
            ids=[text_of(item.get("id"))],
            links=[text_of(item.get("page"))],
            titles=[escaped(text_of(item.get("title")))],
            summaries=[escaped(text_of(item.get("description")))],
            authors=[text_of(below(item, "organization", "name"))],
            published=[text_of(item.get("created_at"))],
            updated=[text_of(item.get("last_modified")), text_of(item.get("last_update"))],
            categories=words(item.get("tags") or []),
            type="dataset",
        ),
        language="fr",
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    items = list(each(below(value, "data")))
    if not items or not all("page" in item and "created_at" in item for item in items):
        return None
    return ParsedFeed(
        distinct(_data_set(item, url) for item in items), language="fr", format="datagouv"
    )


CONNECTOR = Connector("datagouv", recognises, endpoints, read)
