"""Suggestions are real names, titles and words; mistyped words find their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from aggregator.search import suggest
from aggregator.search.engine import Engine
from aggregator.search.indexing import index_pending
from aggregator.search.view import View
from aggregator.store.tables import Entry, Group, Source


@pytest.fixture
def village(
    session: Session,
    index: Engine,
    a_group: Callable[..., Group],
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> list[Entry]:
    """Four entries of one group, indexed."""
    source = a_source(
        "ecologie-populaire", a_group("ecologie-populaire", name="Écologie populaire")
    )
    titles = (
        "L’écologie à l’école",
        "Aménagement de la place",
        "Une école de quartier",
        "Aménagement du canal et de la place du marché",
    )
    entries = [an_entry(source, str(n), title=title) for n, title in enumerate(titles)]
    session.commit()
    index_pending(session, index)
    return entries


def test_groups_come_first_then_titles_then_words(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    found = suggest.proposals(session, index, "éco")
    assert found[0] == suggest.Proposal("group", "Écologie populaire", slug="ecologie-populaire")
    assert {p.id for p in found if p.kind == "entry"} == {village[0].id, village[2].id}
    assert [p.text for p in found if p.kind == "word"] == ["école", "écologie"]


def test_last_word_is_completed_and_the_others_stay(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    words = [p.text for p in suggest.proposals(session, index, "place am") if p.kind == "word"]
    assert words == ["place aménagement"]


def test_first_letter_of_the_next_word_hides_no_title(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    typed = ("amenagement", "amenagement d", "amenagement du", "amenagement du c")
    found = [{p.id for p in suggest.proposals(session, index, text)} for text in typed]
    assert found[0] >= found[1] >= found[3] > set()


@pytest.mark.parametrize("text", ["", "é", "   ", "((", "l'", "\x00", "x" * 5000])
def test_nothing_to_complete_gives_nothing(
    session: Session, index: Engine, village: list[Entry], text: str
) -> None:
    assert suggest.proposals(session, index, text) == []


def test_mistyped_words_find_their_neighbours(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    assert suggest.did_you_mean(session, index, "ecolgie -titre:plcae") == "écologie -titre:place"
    assert suggest.did_you_mean(session, index, "amenagemnet OU école") == "aménagement OU école"


def test_mistyped_word_that_only_texts_hold_is_mended_too(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    village[0].text = "Un logement social pour tous"
    village[0].indexed_at = None
    session.commit()
    index_pending(session, index)
    assert suggest.did_you_mean(session, index, "logemnt socail") == "logement social"


def test_search_that_finds_nothing_is_tried_with_one_piece_less(
    index: Engine, village: list[Entry], now: datetime
) -> None:
    view = View(q='place "du marché" zeppelin', depuis="2030")
    assert suggest.one_less(index, view, now=now) == []
    late = View(q="école place", type=("article",), depuis="2030")
    assert suggest.one_less(index, late, now=now) == []
    view = View(q='place "du marché" zeppelin')
    found = suggest.one_less(index, view, now=now)
    assert found == [(View(q='place "du marché"'), 1)]
    found = suggest.one_less(index, View(q="école place", type=("article",)), now=now)
    assert {one.q: count for one, count in found} == {"place": 2, "école": 2}


def test_known_words_are_left_alone(session: Session, index: Engine, village: list[Entry]) -> None:
    assert suggest.did_you_mean(session, index, "écoles aménager") is None
    assert suggest.did_you_mean(session, index, "zzzzzz (") is None


def test_entries_with_the_same_telling_words_are_similar(
    session: Session, index: Engine, village: list[Entry]
) -> None:
    assert suggest.similar(index, village[1])[0] == village[3].id
    assert village[1].id not in suggest.similar(index, village[1])
