"""GoGoCarto, maps made together: the elements of a map, those that changed last being news."""

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


def recognises(page: WebPage) -> bool:
    return "gogocarto" in page.head or page.generator.startswith("gogocarto")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url, API) for url in at_root(page, "/api/elements.json?ontology=gogofull"))


def _element(element: JsonObject, url: str) -> ParsedEntry:
    uid = text_of(element.get("id"))
    address = element.get("address")
    place = [text_of(below(address, name)) for name in ("streetAddress", "addressLocality")]
    images = element.get("images")
    return entry(
        Found(
            url,
            ids=[uid],
            links=[urljoin(url, f"/annuaire#/fiche/-/{uid}/")],
            titles=[escaped(text_of(element.get("name")))],
            summaries=[
                escaped(text_of(element.get("description"))),
                escaped(text_of(element.get("descriptionMore"))),
            ],
            published=[text_of(element.get("createdAt"))],
            updated=[text_of(element.get("updatedAt"))],
            categories=words(element.get("categories") or []),
            images=[text_of(image) for image in images] if isinstance(images, list) else [],
            places=[", ".join(part for part in place if part) or text_of(address)],
            type="page",
        ),
        language="fr",
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    if not text_of(below(value, "ontology")).startswith("gogo"):
        return None
    elements = [item for item in each(below(value, "data")) if "id" in item and "name" in item]
    return ParsedFeed(
        distinct(_element(element, url) for element in elements), language="fr", format="gogocarto"
    )


CONNECTOR = Connector("gogocarto", recognises, endpoints, read)
