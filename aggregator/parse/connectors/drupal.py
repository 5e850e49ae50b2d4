"""Drupal: RSS of the front page under `/rss.xml`."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import Connector, Endpoint, at_root
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return "drupal" in page.generator or any(name.startswith("x-drupal") for name in page.headers)


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    yield from (Endpoint(url) for url in at_root(page, "/rss.xml"))


CONNECTOR = Connector("drupal", recognises, endpoints)
