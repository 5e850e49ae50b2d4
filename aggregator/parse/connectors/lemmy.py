"""Lemmy: RSS per community, per user and for the whole instance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from aggregator.parse.connecting import Connector, Endpoint, at_root
from aggregator.parse.webpage import WebPage

_PLACE = re.compile(r"https?://[^/]+/([cu])/([\w.@-]+)")


def recognises(page: WebPage) -> bool:
    return (
        page.generator.startswith("lemmy")
        or 'id="app" data-lemmy' in page.head
        or ("lemmy" in page.head and _PLACE.match(page.url) is not None)
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    place = _PLACE.match(page.url)
    if place:
        yield Endpoint(urljoin(page.url, f"/feeds/{place.group(1)}/{place.group(2)}.xml"))
    else:
        yield from (Endpoint(url) for url in at_root(page, "/feeds/local.xml"))


CONNECTOR = Connector("lemmy", recognises, endpoints)
