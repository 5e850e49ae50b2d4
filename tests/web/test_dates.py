"""A recurring event in lists: one line, the date that can still be met, all dates one click on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collect.ingest import ingest
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parts import Parts
from aggregator.search.indexing import index_pending
from aggregator.store.tables import Source
from web import agenda


@pytest.fixture
def weekly(own_parts: Parts) -> None:
    """A workshop each week, four dates over and four to come."""
    now = own_parts.clock()
    starts = [now + timedelta(weeks=week, hours=2) for week in range(-4, 4)]
    dates = tuple(
        ParsedEntry(
            uid=f"atelier#{start:%Y%m%dT%H%M%SZ}",
            url=None,
            title="Atelier rempotage",
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            type="event",
        )
        for start in starts
    )
    with own_parts.sessions.begin() as session:
        source = session.scalars(select(Source).order_by(Source.id)).first()
        assert source is not None
        ingest(session, source, ParsedFeed(dates), now=now)
    with own_parts.sessions() as session:
        while index_pending(session, own_parts.engine):
            pass


@pytest.mark.usefixtures("weekly")
def test_its_dates_are_one_line_with_the_next(visitor: Any) -> None:
    html = visitor.get("/recherche?q=rempotage")
    assert len(re.findall(r"<article", html)) == 1
    assert "mardi 24 novembre" in html
    assert "et 7 autres dates" in html
    story = re.search(r'href="(/recits/\d+)"', html)
    assert story is not None
    dates = visitor.get(story[1])
    assert "Un rendez-vous, 4 dates à venir" in dates
    assert (
        dates.index("mardi 8 décembre") < dates.index("mardi 15 décembre") < dates.index("Passées")
    )


@pytest.mark.usefixtures("weekly")
def test_a_full_agenda_comes_by_pages_of_whole_days(
    visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "PAGE", 2)
    total = re.search(r"(\d+) rendez-vous", visitor.get("/agenda"))
    assert total is not None
    path, titles = "/agenda", []
    while path:
        html = visitor.get(path)
        assert total[0] in html, "every page tells how many there are in all"
        titles += re.findall(r'<h3 id="e\d+"[^>]*><a[^>]*>([^<]+)', html)
        onward = re.search(r'rel="next" href="([^"]+)"', html)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert len(titles) == int(total[1])
    assert titles.count("Atelier rempotage") == 4
    assert "Atelier" in visitor.get("/agenda?apres=hier"), "what is no day begins today"


@pytest.mark.usefixtures("weekly")
def test_the_agenda_shows_each_date_that_is_to_come(visitor: Any) -> None:
    html = visitor.get("/agenda")
    assert html.count("Atelier rempotage") >= 4
