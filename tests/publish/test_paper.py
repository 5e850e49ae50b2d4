"""What is printed has the right size, says what the map says, and survives any name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish import paper
from aggregator.publish.maps import cartogram, network, poster, sheets, svg
from aggregator.publish.maps.cartogram import Cartogram
from aggregator.publish.maps.network import Chart
from aggregator.store.tables import Group, GroupTag

LIVE = "https://fil.example/carte?carte=objectifs"
DAY = date(2026, 11, 24)


def _group(number: int, name: str = "Les Lilas à vélo", status: str = "listed") -> Group:
    tags = [
        GroupTag(dimension="objective", slug="rendre-visible"),
        GroupTag(dimension="kind", slug="forum"),
    ]
    return Group(
        id=number, slug=f"g{number}", name=name, home="https://x.example/", status=status, tags=tags
    )


def _chart(name: str = "Les Lilas à vélo") -> Chart:
    return network.chart([_group(1, name), _group(2, name)], "objectifs", recent={1: 3})


def _tiles() -> Cartogram:
    group = _group(1)
    group.tags.append(GroupTag(dimension="area", slug="pantin"))
    return cartogram.cartogram([group], news={"pantin": 7}, base_url="https://fil.example")


def _size(pdf: bytes) -> tuple[float, float]:
    """Width and height of the pages in millimetres."""
    found = re.search(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", pdf)
    assert found is not None
    return float(found[1]) * 25.4 / 72, float(found[2]) * 25.4 / 72


def _pages(pdf: bytes) -> int:
    found = re.search(rb"/Count ([0-9]+)", pdf)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("size", paper.SIZES)
@pytest.mark.parametrize("made", [_chart, _tiles])
def test_a_poster_has_the_size_of_its_paper(
    size: str, made: Callable[[], Chart | Cartogram]
) -> None:
    drawn = made()
    width, height = _size(poster.write_pdf(drawn, size=size, printed=DAY, live_url=LIVE))
    assert (width, height) == pytest.approx(paper.SIZES[size], abs=0.1)
    root = etree.fromstring(poster.write_svg(drawn, size=size, printed=DAY, live_url=LIVE).encode())
    assert root.get("width") == f"{paper.SIZES[size][0]:g}mm"


def test_a_poster_of_many_groups_stands_upright() -> None:
    many = network.chart([_group(number) for number in range(1, 301)], "objectifs")
    width, height = _size(poster.write_pdf(many, size="a1", printed=DAY, live_url=LIVE))
    assert (height, width) == pytest.approx(paper.SIZES["a1"], abs=0.1)


def test_a_poster_tells_its_day_its_marks_and_leads_to_the_live_map() -> None:
    drawn = poster.write_svg(_chart(), size="a0", printed=DAY, live_url=LIVE)
    for words in (
        "24/11/2026", f'aria-label="{LIVE}"', "Les Lilas à vélo", "remis sur la table",
        "Forums de discussions pour contributeurs", "Plus c’est grand", "Un groupe manque ?",
    ):  # fmt: skip
        assert words in drawn
    drawn = poster.write_svg(_tiles(), size="a0", printed=DAY, live_url=LIVE)
    for words in ("Pantin", ">7<", "10 et plus", "les nouvelles de trente jours"):
        assert words in drawn


def test_a_poster_says_how_many_groups_it_has_no_room_for() -> None:
    many = network.chart([_group(number) for number in range(1, 705)], "themes", most=600)
    drawn = poster.write_svg(many, size="a0", printed=DAY, live_url=LIVE)
    assert "704 groupes" in drawn
    assert "et 104 autres dans l’annuaire" in drawn


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(name=st.one_of(st.text(), st.text(min_size=500, max_size=510)))
def test_any_name_can_be_printed(name: str) -> None:
    poster.write_pdf(_chart(name), size="a3", printed=DAY, live_url=LIVE)
    sheets.write([_group(1, name)], printed=DAY, blank=0)


def test_without_its_fonts_a_poster_is_printed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paper, "_FONTS", ())
    chart = _chart("Œuvre commune à Ørsted ☂ مرحبا")
    assert poster.write_pdf(chart, size="a3", printed=DAY, live_url=LIVE).startswith(b"%PDF")


def test_there_is_a_card_for_each_group_and_blank_ones() -> None:
    groups = [_group(number) for number in range(1, 6)]
    assert _pages(sheets.write(groups, printed=DAY, blank=4)) == 3
    assert _pages(sheets.write([], printed=DAY, blank=0)) == 1


def test_groups_that_left_have_no_card() -> None:
    groups = [_group(1, status="withdrawn") for _ in range(9)]
    assert _pages(sheets.write(groups, printed=DAY, blank=1)) == 1


def test_a_letter_that_the_font_lacks_is_a_question_mark(caplog: pytest.LogCaptureFixture) -> None:
    sheet = paper.Paper(210, 297, title="日本語")
    sheet.page()
    sheet.text(10, 10, "日本語 🌱 Jardins", size=5)
    sheet.write()
    assert "missing" not in caplog.text


def test_the_count_of_a_name_from_right_to_left_stands_after_it() -> None:
    drawn = svg.write(_chart("جمعية سكان الضاحية"))
    (link,) = re.findall(r'<a href="/groupes/g1"[^>]*>', drawn)
    assert 'unicode-bidi="plaintext"' in link, "the name runs its way, and only the name"
    assert drawn.count("unicode-bidi") == 2
