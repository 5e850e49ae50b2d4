"""What every engine promises, asked of each engine in turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.search.engine import DIMENSIONS, Cursor, Engine, IndexedEntry
from aggregator.search.engines import open_engine
from aggregator.search.query import (
    EVERYTHING,
    NOTHING,
    Between,
    Not,
    Phrase,
    Prefix,
    Query,
    Tag,
    Word,
    both,
    either,
)

Make = Callable[..., IndexedEntry]
Ask = Callable[..., tuple[int, ...]]


def test_new_index_is_empty(index: Engine) -> None:
    results = index.search(EVERYTHING, facets=["topic", "month"])
    assert (results.ids, results.total, index.count()) == ((), 0, 0)
    assert results.facets == {"topic": {}, "month": {}}


def test_entry_is_found_after_the_commit_and_not_before(index: Engine, make: Make) -> None:
    index.add([make(1, "Réunion publique")])
    assert index.search(EVERYTHING).ids == ()
    index.commit()
    assert index.search(EVERYTHING).ids == (1,)


def test_entry_that_comes_again_replaces_itself(index: Engine, make: Make, ask: Ask) -> None:
    index.add([make(1, "Réunion publique")])
    index.commit()
    index.add([make(1, "Fête de quartier"), make(1, "Bal du quartier")])
    index.commit()
    assert (ask("réunion"), ask("fête"), ask("bal"), index.count()) == ((), (), (1,), 1)


def test_removed_entry_is_found_no_more(index: Engine, make: Make, ask: Ask) -> None:
    index.add([make(1, "Réunion"), make(2, "Réunion")])
    index.commit()
    index.remove([1, 99])
    index.commit()
    assert (ask("réunion"), index.count()) == ((2,), 1)


def test_entry_removed_and_added_again_is_found(index: Engine, make: Make, ask: Ask) -> None:
    index.add([make(1, "Réunion")])
    index.commit()
    index.remove([1])
    index.add([make(1, "Réunion reportée")])
    index.commit()
    assert ask("reportée") == (1,)


def test_newest_come_first_and_pages_follow_each_other(index: Engine, make: Make) -> None:
    index.add([make(number, "eau") for number in range(1, 8)])
    index.commit()
    first = index.search(EVERYTHING, limit=3)
    assert (first.ids, first.total) == ((1, 2, 3), 7)
    second = index.search(EVERYTHING, limit=3, after=first.next)
    assert second.ids == (4, 5, 6)
    last = index.search(EVERYTHING, limit=3, after=second.next)
    assert (last.ids, last.next) == ((7,), None)


def test_pages_stay_stable_while_entries_arrive(index: Engine, make: Make, now: datetime) -> None:
    index.add([make(number) for number in range(1, 6)])
    index.commit()
    first = index.search(EVERYTHING, limit=2)
    index.add([make(50, published=now + timedelta(days=1))])
    index.commit()
    assert index.search(EVERYTHING, limit=9, after=first.next).ids == (3, 4, 5)


def test_entries_of_the_same_second_are_each_shown_once(
    index: Engine, make: Make, now: datetime
) -> None:
    index.add([make(number, published=now) for number in range(1, 30)])
    index.commit()
    seen: list[int] = []
    cursor: Cursor | None = None
    while page := index.search(EVERYTHING, limit=4, after=cursor):
        seen.extend(page.ids)
        cursor = page.next
        if cursor is None:
            break
    assert seen == list(range(29, 0, -1))


def test_oldest_first_has_pages_too(index: Engine, make: Make) -> None:
    index.add([make(number) for number in range(1, 6)])
    index.commit()
    first = index.search(EVERYTHING, limit=3, order="oldest")
    assert first.ids == (5, 4, 3)
    assert index.search(EVERYTHING, limit=3, order="oldest", after=first.next).ids == (2, 1)


def test_relevance_puts_the_title_first_and_has_pages(index: Engine, make: Make) -> None:
    index.add(
        [
            make(1, "Vélo", "une piste"),
            make(2, "Une piste cyclable", "piste piste vélo"),
            make(3, "Autre chose", "une piste parmi beaucoup d'autres mots de ce long texte"),
        ]
    )
    index.commit()
    word = Word(("piste",))
    first = index.search(word, limit=2, order="relevance")
    assert (first.ids[0], first.total) == (2, 3)
    rest = index.search(word, limit=2, order="relevance", after=first.next)
    assert {*first.ids, *rest.ids} == {1, 2, 3}


@pytest.mark.parametrize("query", [Word(("piste",)), Prefix("pist"), EVERYTHING])
def test_newest_of_equals_by_relevance_comes_first(
    index: Engine, make: Make, now: datetime, query: Query
) -> None:
    hours = [3, 9, 1, 7, 5]
    index.add(
        make(n, "Une piste", published=now - timedelta(hours=hour))
        for n, hour in enumerate(hours, 1)
    )
    index.commit()
    first = index.search(query, limit=3, order="relevance")
    rest = index.search(query, limit=3, order="relevance", after=first.next)
    assert (*first.ids, *rest.ids) == (3, 1, 5, 4, 2)


def test_facets_count_exactly_and_the_largest_comes_first(index: Engine, make: Make) -> None:
    index.add(
        [
            make(
                1,
                topics=("logement", "transports"),
                areas=("montreuil", "metropole"),
                source=7,
                kinds=("carte", "forum"),
            ),
            make(2, topics=("logement",), source=7, type="event", language="en"),
            make(3, topics=("culture",), source=8, skills=("cartographier",), group="les-amis"),
        ]
    )
    index.commit()
    names = [name for name in DIMENSIONS if name != "story"]
    facets = index.search(EVERYTHING, facets=names).facets
    assert list(facets["topic"].items()) == [("logement", 2), ("culture", 1), ("transports", 1)]
    assert facets["area"] == {"metropole": 1, "montreuil": 1}
    assert facets["source"] == {"7": 2, "8": 1}
    assert facets["type"] == {"article": 2, "event": 1}
    assert (facets["language"], facets["group"]) == ({"en": 1}, {"les-amis": 1})
    assert (facets["skill"], facets["objective"]) == ({"cartographier": 1}, {})
    assert facets["kind"] == {"carte": 1, "forum": 1}
    for name, counts in facets.items():
        for value, count in counts.items():
            assert index.search(Tag(name, (value,)), limit=0).total == count, (name, value)


def test_counts_are_those_of_the_newest_commit(index: Engine, make: Make) -> None:
    for number in range(1, 4):
        index.add([make(number, "eau", topics=("climat",))])
        index.commit()
        for _ in range(2):
            results = index.search(Word(("eau",)), facets=["topic"])
            assert (results.total, results.facets) == (number, {"topic": {"climat": number}})


def test_facets_follow_the_query_not_the_page(index: Engine, make: Make) -> None:
    index.add([make(n, "eau" if n % 2 else "feu", topics=("climat",)) for n in range(1, 21)])
    index.commit()
    results = index.search(Word(("eau",)), limit=0, facets=["topic"])
    assert (results.ids, results.total, results.facets) == ((), 10, {"topic": {"climat": 10}})


def test_timeline_counts_by_month_oldest_first(index: Engine, make: Make, now: datetime) -> None:
    index.add([make(n, published=now - timedelta(days=31 * n)) for n in (0 + 1, 2, 3)])
    index.commit()
    timeline = index.search(EVERYTHING, facets=["month"]).timeline
    assert list(timeline.items()) == [("2026-08", 1), ("2026-09", 1), ("2026-10", 1)]


def test_several_values_of_one_dimension_mean_any(index: Engine, make: Make) -> None:
    index.add([make(1, topics=("a",)), make(2, topics=("b",)), make(3, topics=("c", "b"))])
    index.commit()
    assert index.search(Tag("topic", ("a", "c"))).ids == (1, 3)
    assert index.search(both(Tag("topic", ("b",)), Tag("topic", ("c",)))).ids == (3,)
    assert index.search(Tag("topic", ("zut",))).ids == ()


def test_period_includes_its_start_and_not_its_end(
    index: Engine, make: Make, now: datetime
) -> None:
    index.add([make(n, published=now - timedelta(days=n)) for n in range(1, 5)])
    index.commit()
    span = Between(now - timedelta(days=3), now - timedelta(days=1))
    assert index.search(span).ids == (2, 3)
    assert index.search(Between(since=now - timedelta(days=2))).ids == (1, 2)
    assert index.search(Between(until=now - timedelta(days=2))).ids == (3, 4)


def test_words_combine(index: Engine, make: Make) -> None:
    index.add([make(1, "eau feu"), make(2, "eau"), make(3, "terre")])
    index.commit()
    eau, feu, terre = (Word((word,)) for word in ("eau", "feu", "terre"))
    assert index.search(both(eau, feu)).ids == (1,)
    assert index.search(either(feu, terre)).ids == (1, 3)
    assert index.search(both(eau, Not(feu))).ids == (2,)
    assert index.search(Not(eau)).ids == (3,)
    assert index.search(NOTHING).ids == ()
    assert index.search(Word(("feu", "terre"))).ids == (1, 3)


def test_phrase_keeps_the_order_and_stays_in_one_text(index: Engine, make: Make) -> None:
    index.add(
        [
            make(1, "budget participatif"),
            make(2, "participatif budget"),
            make(3, "le budget", "participatif enfin"),
            make(4, "rien", "un budget très participatif, un budget participatif"),
        ]
    )
    index.commit()
    assert index.search(Phrase((("budget",), ("participatif",)))).ids == (1, 4)
    assert index.search(Phrase((("budget",), (), ("participatif",)))).ids == (4,)
    assert index.search(Phrase((("budget", "argent"), ("participatif",)), "title")).ids == (1,)


def test_prefix_is_compared_with_words_as_written(index: Engine, make: Make) -> None:
    index.add([make(1, "Aménagement"), make(2, "aménager"), make(3, text="Ménage")])
    index.commit()
    assert index.search(Prefix("amenag")).ids == (1, 2)
    assert index.search(Prefix("amenageme")).ids == (1,)
    assert index.search(Prefix("men", "title")).ids == ()
    assert index.search(Prefix("men")).ids == (3,)


def test_fields_hold_only_their_own_words(index: Engine, make: Make) -> None:
    index.add([make(1, "eau", "feu", author="Ada Terre", group="les-amis", group_name="Les Amis")])
    index.commit()
    assert index.search(Word(("eau",), "title")).ids == (1,)
    assert index.search(Word(("feu",), "title")).ids == ()
    assert index.search(Word(("terre",), "author")).ids == (1,)
    assert index.search(Word(("ami",), "name")).ids == (1,)
    assert index.search(Word(("terre",))).ids == ()


def test_folded_stories_are_shown_once_and_the_others_are_named(index: Engine, make: Make) -> None:
    index.add([make(n, "eau", story=n % 2 or None) for n in range(1, 8)])
    index.commit()
    first = index.search(EVERYTHING, limit=3, fold=True)
    assert (first.ids, first.total) == ((1, 2, 4), 7)
    assert first.folded == {1: (3, 5, 7)}
    rest = index.search(EVERYTHING, limit=3, fold=True, after=first.next)
    assert (rest.ids, rest.folded) == ((6,), {})


def test_saved_searches_are_matched_against_some_entries_only(index: Engine, make: Make) -> None:
    index.add([make(1, "eau"), make(2, "eau feu"), make(3, "terre")])
    index.commit()
    saved = {10: Word(("eau",)), 11: both(Word(("feu",)), Word(("eau",))), 12: Word(("air",))}
    found = index.matching(saved, [2, 3, 77])
    assert {number: list(ids) for number, ids in found.items()} == {10: [2], 11: [2]}
    assert index.matching(saved, []) == {}


def test_words_of_titles_are_suggested_the_most_frequent_first(index: Engine, make: Make) -> None:
    index.add([make(1, "Écologie"), make(2, "École"), make(3, "École"), make(4, text="écoute")])
    index.commit()
    assert [(s.word, s.count) for s in index.suggest("eco")] == [("ecole", 2), ("ecologie", 1)]
    assert [s.word for s in index.suggest("eco", limit=1)] == ["ecole"]


def test_frequencies_count_entries(index: Engine, make: Make) -> None:
    index.add([make(1, "eau eau"), make(2, text="eau")])
    index.commit()
    assert index.frequencies(["eau", "feu"]) == {"eau": 2, "feu": 0}


def test_many_small_commits_stay_exact(index: Engine, make: Make, ask: Ask) -> None:
    for number in range(1, 21):
        index.add([make(number, f"mot{number} commun", "une phrase commune ici", story=5)])
        index.remove([number - 10])
        index.commit()
    assert index.count() == 10
    assert ask("commun", limit=50) == tuple(range(11, 21))
    assert ask('"phrase commune ici"', limit=50) == tuple(range(11, 21))
    assert (ask("mot15"), ask("mot5")) == ((15,), ())


def test_another_engine_on_the_same_index_sees_commits(
    index: Engine, index_url: str, make: Make
) -> None:
    other = open_engine(index_url)
    index.add([make(1, "eau")])
    index.commit()
    other.refresh()
    assert other.search(EVERYTHING).ids == (1,)
    other.add([make(2, "feu")])
    other.commit()
    index.refresh()
    assert index.search(EVERYTHING).ids == (1, 2)
    other.close()


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a" * 100_000, "l'" * 1000, "é" * 300, "漢字"])
def test_strange_texts_are_indexed_without_harm(index: Engine, make: Make, text: str) -> None:
    index.add([make(1, text, text, author=text, group=text[:80], topics=(text[:80],))])
    index.commit()
    assert index.search(EVERYTHING, facets=["topic", "group"]).ids == (1,)


def test_count_of_a_month_is_what_the_month_finds(index: Engine, make: Make, ask: Ask) -> None:
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # already February in Paris
    index.add([make(1, published=late), make(2, published=late - timedelta(hours=1))])
    index.commit()
    assert index.search(EVERYTHING, facets=["month"]).timeline == {"2026-01": 1, "2026-02": 1}
    assert ask("depuis:2026-02 jusqua:2026-02") == (1,)
    assert ask("le:2026-01") == (2,)
