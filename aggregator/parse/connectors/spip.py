"""SPIP: `spip.php?page=backend` for articles, narrowed by section, keyword or author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from aggregator.parse.connecting import Connector, Endpoint
from aggregator.parse.webpage import WebPage

_PART = re.compile(r"\b(id_rubrique|id_mot|id_auteur)=(\d+)|(?<![a-z])(rubrique|mot|auteur)(\d+)")


def recognises(page: WebPage) -> bool:
    return (
        "spip" in page.headers.get("composed-by", "").lower()
        or "x-spip-cache" in page.headers
        or page.generator.startswith("spip")
        or "spip.php" in page.url
        or "spip.php?page=backend" in page.head
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    backend = urljoin(page.url, "spip.php?page=backend")
    part = _PART.search(page.url)
    if part:
        name = part.group(1) or f"id_{part.group(3)}"
        yield Endpoint(f"{backend}&{name}={part.group(2) or part.group(4)}")
    yield Endpoint(backend)


CONNECTOR = Connector("spip", recognises, endpoints)
