"""Loomio: an Atom feed per group and thread, at its address with `.xml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from aggregator.parse.connecting import Connector, Endpoint, is_host
from aggregator.parse.webpage import WebPage

_PLACE = re.compile(r"https?://[^/]+/(?:([gd])/(\w+)(?:/[\w-]*)?|([\w-]+))/?(?:[?#]|\Z)")


def recognises(page: WebPage) -> bool:
    return (
        is_host(page.url, "loomio.com", "loomio.org")
        or "loomio" in page.generator
        or ('content="loomio' in page.head)
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    place = _PLACE.match(page.url)
    if place and place.group(1):
        yield Endpoint(urljoin(page.url, f"/{place.group(1)}/{place.group(2)}.xml"))
    elif place:
        yield Endpoint(urljoin(page.url, f"/{place.group(3)}.xml"))


CONNECTOR = Connector("loomio", recognises, endpoints)
