"""A publication of what the village wrote, and hostile words for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from aggregator.publish.publication import Publication
from aggregator.store.tables import Entry

BASE = "https://fil.example"


@pytest.fixture
def a_publication(now: datetime) -> Callable[..., Publication]:
    """Makes a publication: `a_publication([entry], hub="https://hub.example/")`."""

    def make(entries: Sequence[Entry] = (), **options: object) -> Publication:
        values: dict[str, object] = {
            "title": "Transports à Saint-Denis",
            "subtitle": "Les nouvelles des groupes",
            "self_url": f"{BASE}/themes/transports.atom",
            "page_url": f"{BASE}/themes/transports",
            "base_url": BASE,
            "updated": now,
            "entries": entries,
        }
        return Publication(**(values | options))  # type: ignore[arg-type]

    return make
