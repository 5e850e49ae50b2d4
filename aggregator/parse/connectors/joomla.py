"""Joomla: every list page answers RSS and Atom when asked for `format=feed`."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import Connector, Endpoint
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return "joomla" in page.generator or "/media/jui/js/" in page.head


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    start = page.url.partition("#")[0]
    joint = "&" if "?" in start else "?"
    yield Endpoint(f"{start}{joint}format=feed&type=rss")


CONNECTOR = Connector("joomla", recognises, endpoints)
