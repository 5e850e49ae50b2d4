"""Blogger: Atom under `/feeds/posts/default`."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.parse.connecting import Connector, Endpoint, at_root, is_host
from aggregator.parse.webpage import WebPage


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "blogspot.com", "blogspot.fr") or page.generator.startswith("blogger")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    posts, comments = at_root(page, "/feeds/posts/default", "/feeds/comments/default")
    yield Endpoint(posts)
    yield Endpoint(comments, is_comments=True)


CONNECTOR = Connector("blogger", recognises, endpoints)
