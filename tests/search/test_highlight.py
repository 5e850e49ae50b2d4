"""Excerpts show what was searched for, and never more than they may."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from aggregator.search.highlight import excerpt, marked
from aggregator.search.parser import parse
from aggregator.search.query import EVERYTHING, Query

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def asked(text: str) -> Query:
    return parse(text, now=NOW).query


def shown(text: str, query: str, limit: int = 240) -> str:
    pieces = excerpt(text, asked(query), limit=limit)
    return "".join(f"[{p.text}]" if p.is_hit else p.text for p in pieces)


def test_words_are_marked_as_written_in_whatever_form() -> None:
    assert shown("Les logements rénovés", "logement renover") == "Les [logements] [rénovés]"
    assert shown("L’Œuvre de l’été", "oeuvre") == "L’[Œuvre] de l’été"


def test_refused_words_are_not_marked() -> None:
    assert shown("eau et feu", "eau -feu") == "[eau] et feu"


def test_phrase_is_marked_only_where_it_stands() -> None:
    text = "participatif ou non, le budget participatif"
    assert shown(text, '"budget participatif"') == (
        "participatif ou non, le [budget] [participatif]"
    )


def test_phrase_goes_through_hyphens_and_articles() -> None:
    assert shown("la Seine-Saint-Denis, oui", '"seine saint denis"') == (
        "la [Seine]-[Saint]-[Denis], oui"
    )
    assert shown("le droit à l’eau pure", '"droit à l\'eau"') == "le [droit] [à] l’[eau] pure"
    assert shown("droit, droit au bail", '"droit au bail"') == "droit, [droit] [au] [bail]"


def test_other_names_of_a_place_are_marked() -> None:
    assert shown("Rue de Tolbiac, 75013 Paris", "13e") == "Rue de Tolbiac, [75013] Paris"
    assert shown("Mairie du 13e arrondissement", "75013") == "Mairie du 13e [arrondissement]"
    assert shown("Montreuil (93), les 93 arbres", "Seine-Saint-Denis") == (
        "Montreuil ([93]), les 93 arbres"
    )


def test_beginning_of_a_word_marks_the_whole_word() -> None:
    assert shown("Ils aménagent la place", "amén*") == "Ils [aménagent] la place"


def test_excerpt_goes_where_most_words_are() -> None:
    text = "eau " + "mot " * 200 + "le tramway et la piste cyclable " + "mot " * 200
    found = shown(text, "eau OU tramway OU piste", limit=80)
    assert {"[tramway]", "[piste]"} <= set(found.split())
    assert (found[0], found[-1]) == ("…", "…")


def test_text_without_the_words_begins_at_its_beginning() -> None:
    assert shown("un deux trois quatre cinq", "absent", limit=16) == "un deux trois…"


def test_no_right_no_excerpt() -> None:
    assert excerpt("eau", asked("eau"), limit=0) == ()


def test_whole_title_is_kept() -> None:
    pieces = marked("Eau & <feu>", asked("feu"))
    assert "".join(p.text for p in pieces) == "Eau & <feu>"
    assert [p.text for p in pieces if p.is_hit] == ["feu"]
    assert marked("", EVERYTHING) == ()


@given(st.text(max_size=400), st.text(max_size=40), st.integers(0, 120))
def test_excerpt_is_never_longer_than_allowed_and_only_says_what_the_text_says(
    text: str, query: str, limit: int
) -> None:
    pieces = excerpt(text, asked(query), limit=limit)
    written = "".join(piece.text for piece in pieces)
    assert len(written) <= limit
    assert written.removeprefix("…").removesuffix("…") in text
