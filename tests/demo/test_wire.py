"""The spellings that all sites of the village share, whatever the text."""

from __future__ import annotations

import html5lib
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.demo.sites.ics import folded
from aggregator.demo.texts import slugged
from aggregator.demo.wire import beginning, cdata, to_html

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


@given(TEXT)
def test_no_text_brings_an_element_of_its_own(text: str) -> None:
    tree = html5lib.parseFragment(to_html(text), namespaceHTMLElements=False)
    assert {one.tag for one in tree.iter() if isinstance(one.tag, str)} <= {
        *("DOCUMENT_FRAGMENT", "p", "ul", "li", "a", "strong")
    }


@given(TEXT)
def test_any_text_survives_a_cdata_section(text: str) -> None:
    root = etree.fromstring(f"<a>{cdata(text)}</a>".encode())
    assert (root.text or "") == text


@given(TEXT)
def test_a_folded_line_is_short_and_unfolds_to_itself(line: str) -> None:
    pieces = folded(line).split("\r\n ")
    assert "".join(pieces) == line
    assert len(pieces[0].encode()) <= 75
    assert all(len(piece.encode()) <= 74 for piece in pieces[1:])


@given(TEXT)
def test_a_slug_can_stand_in_any_address(title: str) -> None:
    slug = slugged(title)
    assert len(slug) <= 80
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(TEXT)
def test_a_beginning_is_one_short_line(text: str) -> None:
    short = beginning(text, 40)
    assert len(short) <= 41
    assert "\n" not in short
