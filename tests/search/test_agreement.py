"""Both embedded engines find the same, count the same, and turn pages alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.search.engine import Cursor, Engine, IndexedEntry, Order
from aggregator.search.engines import open_engine
from aggregator.search.parser import parse
from aggregator.search.query import Query
from aggregator.search.whole import compared, every_id

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
VOCABULARY = """
logement logements loyer rénovés rénover mobilisation mobiliser école écoles l'école
Saint-Denis Seine-Saint-Denis P.L.U. plan local d'urbanisme HLM 13e 75013 (93) coeur cœur
week-end weekend citoyennes habitants quartier le de la des vélo
"""
WORDS = VOCABULARY.split()
SHAPES = (
    "{0} {1}",
    '"{0} {1}"',
    "{0} OU {1}",
    "{0} -{1}",
    "titre:{0} {1}",
    "{0}* SAUF {1}",
    "({0} OU {1}) -titre:{2}",
    'titre:"{0} {1}" OU auteur:{2}',
    "{0} depuis:2026-09 jusqua:2026-10",
    "theme:logement {0}",
    "-{0} -{1}",
)
FACETS = ("topic", "source", "area", "month", "language", "group")


def entry(number: int) -> IndexedEntry:
    chance = random.Random(number)
    return IndexedEntry(
        id=number,
        title=" ".join(chance.choices(WORDS, k=6)),
        text=" ".join(chance.choices(WORDS, k=25)),
        published=NOW - timedelta(hours=chance.randrange(3000)),
        author=chance.choice([None, "Ada Vélo", "Le Quartier"]),
        source=chance.randint(1, 9),
        group=f"groupe-{chance.randint(1, 5)}",
        language=chance.choice(["fr", "fr", "en"]),
        story=chance.choice([None, None, chance.randint(1, 40)]),
        topics=tuple(chance.sample(["logement", "climat", "culture"], chance.randint(0, 2))),
        areas=("montreuil", "est-ensemble") if chance.random() < 0.3 else (),
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """The same entries in both engines, after changes and removals."""
    folder: Path = tmp_path_factory.mktemp("pair")
    engines = [open_engine(f"{scheme}:{folder}/{scheme}") for scheme in ("whoosh", "tantivy")]
    for engine in engines:
        for start in range(1, 301, 50):
            engine.add(entry(number) for number in range(start, start + 50))
            engine.commit()
        engine.add(entry(number + 1000) for number in range(30))
        engine.remove(range(40, 60))
        engine.commit()
    yield engines[0], engines[1]
    for engine in engines:
        engine.close()


def queries() -> list[Query]:
    chance = random.Random("agreement")
    texts = [shape.format(*chance.sample(WORDS, 3)) for shape in SHAPES for _ in range(12)]
    return [parse(text, now=NOW).query for text in texts]


def test_all_queries_find_and_count_the_same(pair: tuple[Engine, Engine]) -> None:
    for query in queries():
        one, other = (engine.search(query, limit=400, facets=FACETS) for engine in pair)
        assert one == other, query


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("fold", [True, False])
def test_pages_are_turned_alike(pair: tuple[Engine, Engine], order: Order, fold: bool) -> None:
    for query in queries()[::5]:
        assert pages(pair[0], query, order, fold) == pages(pair[1], query, order, fold)


def pages(engine: Engine, query: Query, order: Order, fold: bool) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    cursor: Cursor | None = None
    while True:
        page = engine.search(query, limit=7, after=cursor, order=order, fold=fold)
        found.append(page.ids)
        cursor = page.next
        if cursor is None:
            return found


def test_relevance_ranks_the_same_entries(pair: tuple[Engine, Engine]) -> None:
    for query in queries()[::4]:
        one, other = (engine.search(query, limit=400, order="relevance") for engine in pair)
        assert sorted(one.ids) == sorted(other.ids)


def test_an_export_holds_exactly_what_was_counted(pair: tuple[Engine, Engine]) -> None:
    for engine in pair:
        for query in queries()[::10]:
            ids = list(every_id(engine, query))
            assert len(ids) == len(set(ids)) == engine.search(query, limit=0).total
            assert sorted(every_id(engine, query, order="relevance")) == sorted(ids)


def test_comparison_over_time_has_every_month_and_adds_up(pair: tuple[Engine, Engine]) -> None:
    asked = [parse(text, now=NOW).query for text in ("école", "loyer -école")]
    months = compared(pair[0], asked)
    assert months == compared(pair[1], asked)
    assert [month.period for month in months] == sorted({month.period for month in months})
    for n, query in enumerate(asked):
        total = pair[0].search(query, limit=0).total
        assert sum(month.counts[n] for month in months) == total
    assert compared(pair[0], []) == []
