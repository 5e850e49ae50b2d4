"""Ghost: RSS at `/rss/`, and beside the page of each tag and author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from aggregator.parse.connecting import Connector, Endpoint
from aggregator.parse.webpage import WebPage

_PART = re.compile(r"https?://[^/]+/(?:tag|author)/[^/?#]+/?")


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("ghost")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    part = _PART.match(page.url)
    if part:
        yield Endpoint(f"{part.group().rstrip('/')}/rss/")
    yield Endpoint(urljoin(page.url, "/rss/"))


CONNECTOR = Connector("ghost", recognises, endpoints)
