"""Wix: the RSS of its blog, which few of its pages declare."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import Connector, Endpoint, at_root
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("wix.com") or "x-wix-request-id" in page.headers


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from map(Endpoint, at_root(page, "/blog-feed.xml"))


CONNECTOR = Connector("wix", recognises, endpoints)
