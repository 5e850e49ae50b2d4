"""Squarespace: a list page answers RSS when asked for `format=rss`; its front page links to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from aggregator.parse.connecting import Connector, Endpoint, host
from aggregator.parse.webpage import WebPage

_LISTS = re.compile(r"/(?:[\w-]*-)?(?:blog|actu\w*|news|nouvelles|journal|infos?)(?:-[\w-]*)?/?")
_MOST = 3
"""List pages of one site that are asked for."""


def recognises(page: WebPage) -> bool:
    return "squarespace" in page.headers.get("server", "").lower() or (
        "static1.squarespace.com" in page.head or "squarespace_context" in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    lists = (
        url.partition("?")[0].partition("#")[0]
        for _, url in page.links("a")
        if host(url) == host(page.url) and _LISTS.fullmatch(urlsplit(url).path.lower())
    )
    own = page.url.partition("?")[0].partition("#")[0]
    if urlsplit(own).path.strip("/"):
        yield Endpoint(f"{own}?format=rss")
    for url in islice(dict.fromkeys(lists), _MOST):
        yield Endpoint(f"{url}?format=rss")


CONNECTOR = Connector("squarespace", recognises, endpoints)
