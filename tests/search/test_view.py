"""One view means the same on pages, in feeds and mails, and in addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from aggregator.search.query import EVERYTHING, And, Between, Tag, Word
from aggregator.search.view import View

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_no_argument_means_everything_newest_first() -> None:
    view = View.from_args({})
    assert (view.query(NOW), view.order, view.to_args()) == (EVERYTHING, "newest", "")
    assert view.is_everything


def test_filters_are_joined_by_and_and_their_values_by_or() -> None:
    args = MultiDict([("q", "eau"), ("theme", "climat"), ("theme", "culture"), ("type", "event")])
    assert View.from_args(args).query(NOW) == And(
        (Word(("eau",)), Tag("topic", ("climat", "culture")), Tag("type", ("event",)))
    )


def test_values_may_share_one_argument() -> None:
    assert View.from_args({"territoire": "pantin,montreuil"}).territoire == ("montreuil", "pantin")


def test_dates_stay_as_written_and_last_one_is_included() -> None:
    view = View.from_args({"depuis": "7j", "jusqua": "2026-11"})
    assert view.to_args() == "depuis=7j&jusqua=2026-11"
    assert view.query(NOW) == Between(
        NOW - timedelta(days=7), datetime(2026, 11, 30, 23, tzinfo=UTC)
    )


def test_nonsense_is_left_out() -> None:
    args = {"tri": "hasard", "depuis": "jamais", "theme": ["", " "], "page": "3", "q": "  "}
    view = View.from_args(args)
    assert view.query(NOW) == EVERYTHING
    assert view.to_args() == "depuis=jamais"


def test_same_view_has_one_address() -> None:
    one = View.from_args({"theme": ["b", "a", "a"], "q": " eau   vive "})
    other = View.from_args({"q": "eau vive", "theme": "a,b"})
    assert one == other
    assert one.to_args() == other.to_args() == "q=eau+vive&theme=a&theme=b"


def test_one_click_adds_or_takes_away_a_value() -> None:
    view = View(q="eau").with_value("theme", "climat").with_value("theme", "climat")
    assert view.to_args() == "q=eau&theme=climat"
    assert view.without_value("theme", "climat") == View(q="eau")
    assert view.without_value("q").to_args() == "theme=climat"
    assert View().with_value("tri", "pertinence").order == "relevance"


def test_view_is_told_in_words() -> None:
    view = View(q="eau", theme=("logement",), groupe=("les-amis",), depuis="2026-01")
    names = {"les-amis": "Les Amis"}
    assert view.words(now=NOW, names=names) == (
        "« eau » · thème : Logement et habitat · groupe : Les Amis · depuis le 1er janvier 2026"
    )
    assert view.words("en", now=NOW).endswith("since 1 January 2026")
    assert View().words(now=NOW) == "Toutes les nouvelles"


def test_huge_arguments_are_cut() -> None:
    view = View.from_args({"theme": [str(n) for n in range(10_000)], "depuis": "9" * 9_999})
    assert len(view.theme) == 40
    assert len(view.depuis) == 100


@pytest.mark.parametrize("args", [{"q": []}, {"theme": "," * 5000}, {"theme": "x" * 5000}])
def test_odd_arguments_do_no_harm(args: dict[str, object]) -> None:
    assert View.from_args(args) == View()


@given(
    st.dictionaries(st.sampled_from([*View.__dataclass_fields__, "autre"]), st.text(max_size=30))
)
def test_any_arguments_come_back_from_their_address(args: dict[str, str]) -> None:
    view = View.from_args(args)
    again = View.from_args(parse_qs(view.to_args(), encoding="utf-8", errors="surrogatepass"))
    assert again == view
    view.words(now=NOW)
    view.query(NOW)
