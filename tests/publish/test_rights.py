"""Nobody's text is shown further than its source allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.rights import EXCERPT_LENGTH, Shown, may_show, shown
from aggregator.publish.text import cut, safe
from aggregator.store.tables import Entry, Source

SUMMARY = "Samedi, une vélorution part de la basilique. " * 20


@pytest.fixture
def told(a_source: Callable[..., Source], an_entry: Callable[..., Entry]) -> Callable[..., Shown]:
    """What may be shown of one rich entry: `told("excerpt")`."""

    def make(rights: str, status: str = "listed", **options: object) -> Shown:
        source = a_source(rights=rights)
        source.group.status = status
        return shown(
            an_entry(
                source,
                title="Vélorution\nsamedi",
                summary=SUMMARY,
                content="<p>Tout le texte.</p>",
                image="https://lilas-a-velo.example/photo.jpg",
                enclosures=[{"url": "https://lilas-a-velo.example/son.mp3", "type": "audio/mpeg"}],
                **options,
            )
        )

    return make


def test_link_shows_the_title_only(told: Callable[..., Shown]) -> None:
    assert told("link") == Shown("Vélorution samedi")


def test_excerpt_quotes_240_characters_of_the_summary_cut_at_a_word(
    told: Callable[..., Shown],
) -> None:
    some = told("excerpt")
    assert len(some.excerpt) <= EXCERPT_LENGTH
    assert some.excerpt.endswith("…")
    assert SUMMARY.startswith(some.excerpt.rstrip("…"))
    assert SUMMARY[len(some.excerpt) - 1] in " ."
    assert (some.html, some.image) == ("", None)
    assert some.enclosures


def test_a_title_that_the_source_writes_again_is_shown_once(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    source = a_source(rights="full")
    title = "L’épicerie : le local est trouvé"
    text, other = "<p>Cent mètres.</p>", "<h2>Autre chose</h2>"
    for content, summary, html, excerpt in (
        (
            f"<h2>{title.replace('’', '&#8217;')}</h2>{text}",
            f"{title} Cent mètres.",
            text,
            "Cent mètres.",
        ),
        (f"<h3><em>{title}</em></h3>", f"{title}\n", "", ""),
        (other, f"{title} à Bondy.", other, f"{title} à Bondy."),
    ):
        entry = an_entry(source, excerpt[:20], title=title, summary=summary, content=content)
        some = shown(entry)
        assert (some.html, some.excerpt) == (html, excerpt)


def test_full_shows_text_and_picture(told: Callable[..., Shown]) -> None:
    everything = told("full")
    assert everything.html == "<p>Tout le texte.</p>"
    assert everything.image == "https://lilas-a-velo.example/photo.jpg"


def test_an_unknown_right_counts_as_link(told: Callable[..., Shown]) -> None:
    assert told("everything") == Shown("Vélorution samedi")


def test_a_deleted_entry_keeps_its_title_and_a_hidden_one_nothing(
    told: Callable[..., Shown], now: datetime
) -> None:
    assert told("full", deleted_at=now) == Shown("Vélorution samedi")


def test_a_hidden_entry_shows_nothing(told: Callable[..., Shown], now: datetime) -> None:
    assert told("full", hidden_at=now) == Shown("")


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_nothing_is_shown_of_a_group_that_left(told: Callable[..., Shown], status: str) -> None:
    assert told("full", status=status) == Shown("")


def test_lists_leave_out_hidden_deleted_and_departed(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    source = a_source()
    assert may_show(an_entry(source, "1"))
    assert not may_show(an_entry(source, "2", hidden_at=now))
    assert not may_show(an_entry(source, "3", deleted_at=now))
    source.group.status = "declined"
    assert not may_show(an_entry(source, "4"))


@given(st.text(), st.integers(min_value=2, max_value=300))
def test_any_text_is_cut_to_the_limit_and_is_a_beginning(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert " ".join(safe(text).split()).startswith(short.removesuffix("…").rstrip()) or "…" in text


def test_a_word_is_not_cut_from_its_accent() -> None:
    assert cut("e\u0301" * 10, 8) == "e\u0301" * 3 + "…"
