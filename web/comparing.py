"""Two or three searches side by side over time, within filters that hold for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import url_for
from markupsafe import Markup

from aggregator.search import whole
from aggregator.search.view import View
from web import current, listing, wording
from web.narrowing import Chip, describe
from web.places import Place, address

MOST = 3
"""Searches at once; more would not stand beside each other."""
LONGEST = 2000
"""Characters of one; each of the page's many links repeats it."""


@dataclass(frozen=True, slots=True)
class Search:
    """One of the searches compared."""

    asked: str
    """As written."""
    title: str
    """As understood."""
    url: str
    """Its list, filters included."""
    total: int
    warnings: Sequence[tuple[str, Markup]]
    """See `listing.warnings`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A month, or a year of many."""

    words: str
    cells: Sequence[tuple[int, str]]
    """For each search, how many entries it finds then, and the list of them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the page shows."""

    searches: Sequence[Search]
    rows: Sequence[Row]
    """The oldest first; empty when nothing was asked or found."""
    chips: Sequence[Chip]
    """The filters that hold for all searches."""
    kept: Sequence[tuple[str, str]]
    """Them again, as a form sends them."""
    bare_url: str
    """The same searches without any filter."""

    @property
    def boxes(self) -> Sequence[str]:
        """What stands in each box of the form."""
        asked = [search.asked for search in self.searches]
        return asked + [""] * (MOST - len(asked))

    @property
    def most(self) -> int:
        """The highest count of any search at any time."""
        return max((count for row in self.rows for count, _ in row.cells), default=0)


def comparison(place: Place, questions: Sequence[str]) -> Comparison:
    """Compare the first questions that are not empty, within the filters of `place`."""
    now, frame = current.now(), replace(place.chosen, q="", tri="", recits="")
    asked = [" ".join(text.split())[:LONGEST] for text in questions if text.strip()][:MOST]
    places = [replace(place, chosen=replace(frame, q=text)) for text in asked]
    spans = whole.compared(current.parts().engine, [one.view.query(now) for one in places])
    totals = [sum(counts) for counts in zip(*(span.counts for span in spans), strict=True)]
    rows = [
        Row(
            wording.span_in_words(span.period),
            [
                (count, one.url(one.chosen.during(span.period, now)))
                for count, one in zip(span.counts, places, strict=True)
            ],
        )
        for span in spans
    ]
    searches = [
        Search(
            asked=one.chosen.q,
            title=listing.title_of(replace(one, chosen=View(q=one.chosen.q))),
            url=one.url(),
            total=total,
            warnings=listing.warnings(one),
        )
        for one, total in zip(places, totals or [0] * len(places), strict=True)
    ]
    kept = replace(place, chosen=frame).chosen_pairs()
    chips = [Chip(describe(*pair), _address(asked, frame.without_value(*pair))) for pair in kept]
    return Comparison(searches, rows, chips, kept, bare_url=_address(asked, View()))


def _address(asked: Sequence[str], frame: View) -> str:
    questions = urlencode([("q", text) for text in asked], errors="replace")
    return address(url_for("news.compare"), "&".join(filter(None, (questions, frame.to_args()))))
