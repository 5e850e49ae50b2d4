"""Subscription lists go out and come back with their tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aggregator.errors import ParseError
from aggregator.publish import opml
from aggregator.registry import outlines, planning
from aggregator.store.tables import Group, Source


def test_a_list_comes_back_as_it_went_out(
    a_group: Callable[..., Group], a_source: Callable[..., Source], now: datetime
) -> None:
    group = a_group("lilas", topic=["transports"], area=["les-lilas"], name="Les Lilas & vélo")
    source = a_source("lilas", group=group, title="Actus")
    body = opml.write([group], title="Tous", page_url="https://fil.example/groupes", made_at=now)
    assert outlines.read(body) == [
        outlines.Outline(
            feed=source.url,
            title="Actus",
            home=group.home,
            language="fr",
            tags=(("topic", "transports"), ("area", "les-lilas")),
            folders=("Les Lilas & vélo",),
        )
    ]


def test_our_own_list_changes_nothing_when_it_comes_back(
    a_group: Callable[..., Group], a_source: Callable[..., Source], session: Session,
    now: datetime,
) -> None:  # fmt: skip
    groups = [a_group("lilas", topic=["transports"]), a_group("amap", area=["montreuil"])]
    for group in groups:
        a_source(group.slug, group=group, title="Actus")
        a_source(f"{group.slug}-agenda", group=group, title="Agenda")
    body = opml.write(groups, title="Tous", page_url="https://fil.example/", made_at=now)
    planned = planning.plan(session, outlines.listed(outlines.read(body)), origin="opml")
    assert [(one.record.name, one.outcome) for one in planned] == [
        ("Lilas", "same"), ("Amap", "same"),
    ]  # fmt: skip


def test_a_readers_folders_are_subjects_and_no_groups() -> None:
    body = (
        b'<opml><body><outline text="Blogs">'
        b'<outline text="Un" xmlUrl="https://un.example/f" htmlUrl="https://un.example/"/>'
        b'<outline text="Deux" xmlUrl="https://deux.example/f"/></outline></body></opml>'
    )
    assert [(one.name, one.texts["home"]) for one in outlines.listed(outlines.read(body))] == [
        ("Un", "https://un.example/"), ("Deux", "https://deux.example/f"),
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_groups_that_left_are_in_no_list(
    a_source: Callable[..., Source], now: datetime, status: str
) -> None:
    group = a_source().group
    group.status = status
    body = opml.write([group], title="Tous", page_url="https://fil.example/", made_at=now)
    assert outlines.read(body) == []


def test_a_feed_not_yet_found_is_left_out(a_source: Callable[..., Source], now: datetime) -> None:
    source = a_source(format="discover")
    page = "https://fil.example/"
    assert outlines.read(opml.write([source.group], title="", page_url=page, made_at=now)) == []
    source.found_url = "https://lilas-a-velo.example/feed.xml"
    (found,) = outlines.read(opml.write([source.group], title="", page_url=page, made_at=now))
    assert found.feed == "https://lilas-a-velo.example/feed.xml"


@given(st.binary())
def test_anything_else_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(ParseError, match="no OPML"):
        outlines.read(body)


def test_a_list_of_too_many_outlines_is_refused() -> None:
    body = b"<opml><body>" + b'<outline xmlUrl="https://x.example/"/>' * 10_001 + b"</body></opml>"
    with pytest.raises(ParseError, match="split it"):
        outlines.read(body)


def test_entities_are_not_followed() -> None:
    body = (
        b'<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        b'<opml><body><outline text="&a;" xmlUrl="https://x.example/"/></body></opml>'
    )
    (outline,) = outlines.read(body)
    assert "root" not in outline.title
