"""French pairs: what a query must find in a text, and what it must not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.parser import parse


@pytest.mark.corpora
def test_all_shared_pairs_are_found_as_labelled(index: Engine, shared: Path, now: datetime) -> None:
    lines = (shared / "search" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    assert wrong(index, [(p["document"], p["query"], p["match"]) for p in pairs], now) == []


def wrong(
    index: Engine, pairs: list[tuple[str, str, bool]], now: datetime
) -> list[tuple[str, str, bool]]:
    """The pairs that the engine gets wrong."""
    entries = [
        IndexedEntry(id=n, title="", text=text, published=now)
        for n, (text, _, _) in enumerate(pairs, 1)
    ]
    index.add(entries)
    index.commit()
    return [
        pair
        for n, pair in enumerate(pairs, 1)
        if (n in index.search(parse(pair[1], now=now).query, limit=9999).ids) is not pair[2]
    ]
