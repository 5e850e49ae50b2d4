"""Mastodon and its like: `/@account.rss`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from aggregator.parse.connecting import Connector, Endpoint
from aggregator.parse.webpage import WebPage

_ACCOUNT = re.compile(r"https?://[^/]+/(@[\w.-]+)(?:/|\Z)")
_TAG = re.compile(r"https?://[^/]+/tags/([\w-]+)")


def recognises(page: WebPage) -> bool:
    return (
        "mastodon" in page.headers.get("server", "").lower()
        or page.generator.startswith(("mastodon", "gotosocial"))
        or 'id="mastodon"' in page.head
        or "id='mastodon'" in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    account, tag = _ACCOUNT.match(page.url), _TAG.match(page.url)
    if account:
        suffix = "/feed.rss" if page.generator.startswith("gotosocial") else ".rss"
        yield Endpoint(urljoin(page.url, "/" + account.group(1) + suffix))
    elif tag:
        yield Endpoint(urljoin(page.url, f"/tags/{tag.group(1)}.rss"))


CONNECTOR = Connector("mastodon", recognises, endpoints)
