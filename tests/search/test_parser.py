"""The query language understands what people write, says so, and refuses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import QueryError
from aggregator.search.engine import Engine
from aggregator.search.engines import open_engine
from aggregator.search.parser import DEEPEST, MOST_CHARACTERS, MOST_COSTLY, MOST_WORDS, parse
from aggregator.search.query import (
    EVERYTHING,
    And,
    Between,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Tag,
    Word,
)
from aggregator.search.saying import WARNINGS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def asked(text: str) -> Query:
    return parse(text, now=NOW).query


def told(text: str, language: str = "fr") -> str:
    return parse(text, now=NOW).say("en" if language == "en" else "fr")


def warned(text: str) -> list[tuple[int, str]]:
    return [(warning.position, warning.code) for warning in parse(text, now=NOW).warnings]


def test_words_side_by_side_must_all_be_there() -> None:
    assert asked("école eau") == And((Word(("ecole",)), Word(("eau",))))
    assert asked("école ET eau") == asked("école eau") == asked("école AND eau")


def test_small_words_do_not_count_unless_they_are_alone() -> None:
    assert asked("l'école de la rue") == asked("école rue")
    assert asked("le de") == And((Word(("le",)), Word(("de",))))


def test_or_binds_weaker_than_and() -> None:
    text = "eau feu OU air"
    assert asked(text) == Or((And((Word(("eau",)), Word(("feu",)))), Word(("air",))))
    assert asked(text) == asked("eau feu OR air") == asked("eau feu | air")


def test_filter_beside_one_alternative_holds_for_all_unless_another_has_its_own() -> None:
    either_of = Or((Word(("eau",)), Word(("feu",))))
    climate = Tag("topic", ("environnement",))
    for text in ("eau OU feu theme:environnement", "theme:environnement eau OU feu"):
        assert asked(text) == And((either_of, climate))
    assert asked("eau OU theme:environnement") == Or((Word(("eau",)), climate))
    own = asked("eau type:event OU feu theme:environnement")
    assert own == Or((
        And((Word(("eau",)), Tag("type", ("event",)))),
        And((Word(("feu",)), climate)),
    ))  # fmt: skip
    assert told("eau OU feu -theme:environnement") == (
        "(« eau » ou « feu »), sauf thème : Environnement et climat"
    )


def test_lower_case_ou_is_a_word() -> None:
    assert asked("eau ou feu") == asked("eau feu")


def test_minus_and_sauf_leave_out() -> None:
    without = And((Word(("eau",)), Not(Word(("feu",)))))
    assert asked("eau -feu") == asked("eau SAUF feu") == asked("eau NOT feu") == without
    assert asked("-feu") == Not(Word(("feu",)))
    assert asked("eau - feu") == asked("eau feu")


def test_hyphen_inside_a_word_leaves_nothing_out() -> None:
    assert asked("saint-denis") == Or(
        (Phrase((("saint",), ("deni", "denis"))), Word(("saintdeni",)))
    )


def test_parentheses_group() -> None:
    assert asked("(eau OU feu) air") == And((Or((Word(("eau",)), Word(("feu",)))), Word(("air",))))
    assert asked("-(eau OU feu)") == Not(Or((Word(("eau",)), Word(("feu",)))))


@pytest.mark.parametrize("text", ['"eau vive"', "«eau vive»", "« eau vive »", "“eau vive”"])
def test_quotes_of_all_kinds_keep_words_together(text: str) -> None:
    assert asked(text) == Phrase((("eau",), ("vif", "vive")))


def test_star_ends_the_beginning_of_a_word() -> None:
    assert asked("amén*") == Prefix("amen")
    assert asked("titre:amén*") == Prefix("amen", "title")
    assert asked("saint-den*") == And((Word(("saint",)), Prefix("den")))


def test_fields_of_text() -> None:
    assert asked("titre:eau") == Word(("eau",), "title")
    assert asked('groupe:"les amis"') == Phrase((("les",), ("ami", "amis")), "name")
    assert asked("auteur:Ada") == Word(("ada",), "author")
    assert asked("titre:(eau OU feu)") == Or((Word(("eau",), "title"), Word(("feu",), "title")))


def test_fields_of_the_taxonomy_take_slugs_and_names() -> None:
    assert asked("theme:logement") == asked("thème:Logement") == Tag("topic", ("logement",))
    assert asked('territoire:"Saint-Ouen-sur-Seine"') == asked("territoire:saint-ouen-sur-seine")
    assert asked("territoire:93") == Tag("area", ("seine-saint-denis",))
    assert asked("type:événement") == Tag("type", ("event",))
    assert asked("langue:français") == Tag("language", ("fr",))


def test_unknown_value_finds_nothing_and_says_so() -> None:
    assert asked("theme:zut") == Tag("topic", ("zut",))
    assert warned("eau theme:zut") == [(10, "unknown_value")]


def test_word_before_a_colon_that_is_no_field_is_a_word() -> None:
    assert asked("Paris: 10:30") == asked('Paris "10 30"')
    assert warned("Paris: la ville http://example.org") == []


def test_dates_open_and_close_a_period() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    assert asked("depuis:2026-01-01") == Between(
        since=day.replace(year=2025, month=12, day=31, hour=23)
    )
    assert asked("jusqua:2025") == asked("jusqu'à:2025-12-31") == asked("avant:01/01/2026")
    assert asked("avant:2026") == asked("jusqua:2025")
    assert asked("après:2025") == asked("depuis:2026")
    assert asked("7j") == asked("depuis:7j") == Between(since=NOW.replace(day=17))
    assert asked("jusqua:hier") == Between(until=NOW.replace(day=23, hour=23))
    assert asked("le:hier") == asked("date:23/11/2026")
    assert asked("le:1er-novembre-2026") == asked("le:2026-11-01")


def test_age_is_the_instant_so_long_ago_at_both_ends() -> None:
    week, month = NOW.replace(day=17), NOW.replace(month=10, day=25)
    assert asked("depuis:1mois jusqua:7j") == And((Between(since=month), Between(until=week)))
    assert asked("avant:7j") == asked("jusqua:7j")
    assert asked("après:7j") == asked("depuis:7j")


@pytest.mark.parametrize(
    ("loose", "quoted"),
    [
        ("territoire:saint denis eau", 'territoire:"saint denis" eau'),
        ("-territoire:Paris 18e", "-territoire:75018"),
        ("lieu:Le Pré Saint Gervais depuis:15 janvier 2026", "lieu:93310 depuis:2026-01-15"),
        ("territoire:(Paris OU 93) le:janvier 2026", "territoire:(75 OU 93) le:2026-01"),
        ("territoire:paris -18e", "-18e territoire:75"),
        ("territoire:Paris OU eau", "territoire:75 OU eau"),
        ("depuis:2026-01 eau", "eau depuis:2026-01"),
    ],
)  # fmt: skip
def test_name_of_several_words_needs_no_quotes(loose: str, quoted: str) -> None:
    assert set(leaves_of(asked(loose))) == set(leaves_of(asked(quoted)))
    assert warned(loose) == []


def test_small_words_beside_others_are_neither_sought_nor_told() -> None:
    assert told("le prix de l'eau à Paris") == "« prix » et « l'eau » et « Paris »"
    assert told("le depuis:2026 logement").startswith("« logement », depuis")
    assert asked("le (eau OU feu)") == asked("eau OU feu")
    assert told("titre:(la mairie)") == "dans le titre : « mairie »"
    assert told("la une") == "« la » et « une »"
    assert told('"la une"') == "« la une » (mot pour mot)"


@pytest.mark.parametrize("date", ["2026-02-31", "31/02/2026", "0000", "demain", "2026-13"])
def test_what_is_no_date_narrows_nothing_down(date: str) -> None:
    assert asked(f"eau depuis:{date}") == Word(("eau",))


@pytest.mark.parametrize(
    ("text", "position", "code"),
    [
        ('eau "feu', 4, "open_quote"),
        ("(eau", 0, "open_parenthesis"),
        ("eau) feu", 3, "stray_parenthesis"),
        ("eau OU", 4, "stray_operator"),
        ("OU eau", 0, "stray_operator"),
        ("eau (OU feu)", 5, "stray_operator"),
        ("eau titre:", 4, "empty_field"),
        ("eau a*", 4, "short_prefix"),
        ("*", 0, "short_prefix"),
        ("depuis:demain eau", 7, "no_date"),
        ("eau terrioire:93", 4, "unknown_field"),
        ("?!…", 0, "nothing"),
    ],
)
def test_warning_points_at_the_character(text: str, position: int, code: str) -> None:
    assert (position, code) in warned(text)


def test_every_warning_is_a_sentence_in_both_languages() -> None:
    for french, english in WARNINGS.values():
        assert french.endswith(".")
        assert english.endswith(".")


def test_what_was_understood_is_told_in_words() -> None:
    assert told('logement -"Grand Paris"') == "« logement », sauf « Grand Paris » (mot pour mot)"
    assert told("(eau OU feu) theme:climat depuis:2026-01", "en").startswith("(“eau” or “feu”), ")
    assert told("titre:vélo depuis:2026-01 jusqua:2026-01").startswith("dans le titre : « vélo »")
    assert told("") == ""


def test_synonyms_of_the_city_are_found_both_ways() -> None:
    assert Word(("hlm",)) in parts(asked("logement social"))
    assert Phrase((("logement",), ("social",))) in parts(asked("HLM"))
    assert asked('"logement social"') == Phrase((("logement",), ("social",)))


def parts(query: Query) -> tuple[Query, ...]:
    assert isinstance(query, Or)
    return query.parts


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "(" * 1_000 + "eau" + ")" * 1_000,
        " OU ".join(f"mot{n}" for n in range(10_000)),
        " ".join(f"-mot{n}" for n in range(10_000)),
        '"' * 100_000,
        "*" * 100_000,
        "titre:" * 20_000,
        "l'" * 50_000,
        "a-" * 50_000,
        "\x00\x1b\u202e" * 30_000,
        "(a|b|" * 20_000,
        "(a+)+$" * 10_000,
        "é\u0301" * 30_000,
        "depuis:" + "9" * 50_000,
        " ".join(f"{a}{b}*" for a in "abcdefghijklmnopqrst" for b in "aeiou" * 4),
        " ".join(f'"de la {n}"' for n in range(400)),
        " ".join(f"a{n}b" for n in range(400)),
        '"' + "de la " * 2_000 + '"',
    ],
)
def test_hostile_queries_become_trees_of_bounded_size(index: Engine, text: str) -> None:
    understood = parse(text, now=NOW)
    with suppress(QueryError):  # a cluster may refuse so many words, in a sentence
        index.search(understood.query, facets=["topic"])
    leaves = list(leaves_of(understood.query))
    # A word may also have a synonym or two.
    assert len(leaves) <= 3 * MOST_WORDS
    assert sum(isinstance(leaf, Phrase | Prefix) for leaf, _ in leaves) <= 3 * MOST_COSTLY
    # Each pair of parentheses holds alternatives of words, and may be refused as a whole.
    assert max((depth for _, depth in leaves), default=0) <= 3 * (DEEPEST + 2)
    assert len(understood.say("fr")) < 10 * MOST_CHARACTERS
    assert len(understood.warnings) <= 21


def leaves_of(query: Query, depth: int = 0) -> Iterator[tuple[Query, int]]:
    """What a tree looks for, and how deep inside it."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves_of(part, depth + 1)
        case Not(part):
            yield from leaves_of(part, depth + 1)
        case _:
            yield query, depth


def test_long_text_is_cut_with_a_warning() -> None:
    assert (MOST_CHARACTERS, "too_long") in warned("eau " * MOST_CHARACTERS)


@given(st.text(max_size=200))
def test_any_text_is_understood_and_told(text: str) -> None:
    understood = parse(text, now=NOW)
    understood.say("fr")
    understood.say("en")
    assert all(0 <= warning.position <= len(text) for warning in understood.warnings)


PIECES = ["(", ")", '"', "«", "OU", "|", "-", "SAUF", "titre:", "theme:", "depuis:", "7j", "*"]
WORDS = ["eau", "l'", "é", "2026", "a*", "jusqu'à:", " ", "\n"]
SYNTAX = st.lists(st.sampled_from([*PIECES, *WORDS]), max_size=30)


@given(SYNTAX, st.sampled_from(["", " "]))
def test_any_heap_of_syntax_can_be_searched_for(pieces: list[str], glue: str) -> None:
    query = parse(glue.join(pieces), now=NOW).query
    for engine in EMPTY:
        assert engine.search(query, facets=["topic"], order="relevance").total == 0


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(text: str) -> None:
    query = parse(text, now=NOW).query
    for engine in EMPTY:
        assert engine.search(query).ids == ()


@pytest.fixture(autouse=True, scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One empty index per engine: opening one for every example would take minutes."""
    EMPTY[:] = [
        open_engine(f"{scheme}:{tmp_path_factory.mktemp(scheme)}/index")
        for scheme in ("whoosh", "tantivy")
    ]


EMPTY: list[Engine] = []


def test_empty_text_asks_for_everything() -> None:
    assert asked("") == asked("   ") == asked("«»") == EVERYTHING
