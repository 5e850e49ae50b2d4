"""French pairs: what a query must find in a text, and what it must not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.search.engine import Engine, IndexedEntry
from aggregator.search.parser import parse

Pair = tuple[str, str, bool]


@pytest.mark.corpora
def test_shared_pairs_are_found_as_labelled(index: Engine, shared: Path, now: datetime) -> None:
    lines = (shared / "search" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    assert wrong(index, [(p["document"], p["query"], p["match"]) for p in pairs], now) == []


def test_our_own_pairs_are_found_as_labelled(index: Engine, now: datetime) -> None:
    """Kind, text, query, oui or non; a combining accent is written \\u0301."""
    file = Path(__file__).parent / "data" / "pairs.tsv"
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    pairs = [(text.replace("\\u0301", "\u0301"), query, m == "oui") for _, text, query, m in rows]
    assert wrong(index, pairs, now) == []


def test_accents_of_a_query_in_any_unicode_form_count_the_same(
    index: Engine, now: datetime
) -> None:
    pairs = [("Une école", "e\u0301cole", True), ("Une e\u0301cole", "école", True)]
    assert wrong(index, pairs, now) == []


def test_other_languages_are_not_stemmed_as_french(index: Engine, now: datetime) -> None:
    index.add(
        [
            IndexedEntry(
                id=1, title="The houses of the people", text="", published=now, language="en"
            ),
            IndexedEntry(
                id=2, title="Paris is a native city", text="", published=now, language="en"
            ),
            IndexedEntry(id=3, title="مدينة باريس", text="", published=now, language="ar"),
            IndexedEntry(id=4, title="巴黎的城市", text="", published=now, language="zh"),
        ]
    )
    index.commit()

    def found(text: str) -> tuple[int, ...]:
        return index.search(parse(text, now=now).query).ids

    assert (found("house"), found("HOUSES"), found("paris"), found("natives")) == (
        (1,),
        (1,),
        (2,),
        (2,),
    )
    assert (found("باريس"), found("城市"), found("natif")) == ((3,), (4,), ())


def wrong(index: Engine, pairs: list[Pair], now: datetime) -> list[Pair]:
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
