"""A list of entries: what the reader chose, what was found, and every way on from there.

One question to the search engine, one to the database; pages, fragments and feeds render it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import request, url_for
from markupsafe import Markup

from aggregator.search import suggest, whole
from aggregator.search.engine import Cursor, Results
from aggregator.search.query import Query
from aggregator.search.view import View
from aggregator.store import directory, entries
from web import cards, charts, current, narrowing, ways, wording
from web.cards import Card, Fold
from web.languages import language, spoken
from web.narrowing import Chip, Facet
from web.places import PARAMETERS, Place
from web.typography import spaced
from web.ways import Feed, Way

PAGE = 20
"""Entries of one page."""
_AROUND = 40
"""Characters shown on each side of what was not understood."""


@dataclass(frozen=True, slots=True)
class Span:
    """A month of the timeline, or a year where there are many months."""

    words: str
    count: int
    url: str
    """The list narrowed to it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a page of entries shows."""

    place: Place
    title: str
    cards: Sequence[Card]
    total: int
    """Entries found in all, those of one story each counted."""
    facets: Sequence[Facet] = ()
    chips: Sequence[Chip] = ()
    next_url: str | None = None
    by_day: bool = True
    """Whether it is in order of date; else by relevance."""
    is_first: bool = True
    timeline: Sequence[Span] = ()
    """The oldest first, without gaps; empty unless asked for."""
    stories_url: str | None = None
    """The same list with stories told the other way; None where none was folded."""
    folds: bool = True
    """Whether a story told several times is shown once."""

    @property
    def days(self) -> list[tuple[date, list[Card]]]:
        """The cards under their days."""
        return cards.by_day(self.cards)

    @property
    def chart(self) -> Markup:
        """The timeline drawn."""
        return charts.bars(
            [
                (span.count, f"{span.words} – {wording.number(span.count)}", span.url)
                for span in self.timeline
            ]
        )

    @property
    def exports(self) -> list[tuple[str, str]]:
        """Name and address of each table with a row for every entry found."""
        return [
            (ending.upper(), self.place.elsewhere(url_for("news.export", ending=ending)))
            for ending in ("csv", "ods", "json")
        ]

    @property
    def bare_url(self) -> str:
        """The list without any chosen filter."""
        return self.place.path

    @property
    def explain_url(self) -> str:
        """The page that explains how to follow this list."""
        return self.place.elsewhere(url_for("follow.index"))

    @property
    def feeds(self) -> list[Feed]:
        """Every other format of this list."""
        return ways.feeds(self.place)

    @property
    def ways(self) -> list[Way]:
        """Every way to follow this list."""
        return ways.ways(self.place)


def listing(place: Place, title: str, *, facets: bool = True, timeline: bool = False) -> Listing:
    """Ask once: the page of `place` that `apres` in the query string names, the first without."""
    view = place.view
    after = Cursor.read(request.args.get("apres"))
    query = view.query(current.now())
    folds = view.folds(usually=True)
    results = current.parts().engine.search(
        query,
        limit=PAGE,
        after=after,
        facets=(*(PARAMETERS if facets else ()), *(("month",) if timeline else ())),
        order=view.order,
        fold=folds,
    )
    return Listing(
        place=place,
        title=title,
        cards=_cards(results, query),
        total=results.total,
        facets=narrowing.facets(place, results) if facets else (),
        chips=narrowing.chips(place),
        next_url=place.url(after=str(results.next)) if results.next else None,
        by_day=view.order != "relevance",
        is_first=after is None,
        timeline=_timeline(place, results.timeline),
        stories_url=_other_way(place, results) if results.folded or not folds else None,
        folds=folds,
    )


def _other_way(place: Place, results: Results) -> str:
    return place.adding("recits", "deplies") if results.folded else place.without("recits")


def _timeline(place: Place, counts: Mapping[str, int]) -> tuple[Span, ...]:
    now = current.now()
    return tuple(
        Span(
            wording.span_in_words(span.period),
            span.counts[0],
            place.url(place.chosen.during(span.period, now)),
        )
        for span in whole.side_by_side([counts])
    )


def _cards(results: Results, query: Query) -> list[Card]:
    session = current.session()
    behind = {id: (id, *others) for id, others in results.folded.items()}
    outlines = entries.outlines(session, [id for told in behind.values() for id in told])
    folds = []
    for id in results.ids:
        told = [outlines[one] for one in behind.get(id, ()) if one in outlines]
        folds.append(cards.fold(told, now=current.now()) if told else Fold(id))
    ids = [id for fold in folds for id in (fold.shown, *fold.others)]
    found = {entry.id: entry for entry in entries.in_order(session, ids)}
    pictures = entries.pictures(session, [fold.shown for fold in folds])
    return [
        cards.card(
            found[fold.shown],
            [found[id] for id in fold.others if id in found],
            again=fold.again,
            sought=query,
            picture=pictures.get(fold.shown),
        )
        for fold in folds
        if fold.shown in found
    ]


def title_of(place: Place) -> str:
    """What a list of these filters is called, in words."""
    return _in_words(place.view)


def _in_words(view: View) -> str:
    names = directory.names(current.session(), view.groupe) if view.groupe else {}
    words = view.words(spoken(), now=current.now(), names=names)
    words = words[:1].upper() + words[1:]
    return spaced(words) if language() == "fr" else words


def other_words(place: Place) -> str | None:
    """The words of the search with the unknown ones mended; None when all are known."""
    return suggest.did_you_mean(current.session(), current.parts().engine, place.chosen.q)


def nearby(place: Place) -> list[tuple[str, int, str]]:
    """Searches with one piece less that find something: in words, how many, and where."""
    found = suggest.one_less(current.parts().engine, place.chosen, now=current.now())
    return [(_in_words(view), count, place.url(view)) for view, count in found]


def warnings(place: Place) -> list[tuple[str, Markup]]:
    """What of the search was not taken as written: a sentence, and the place, marked."""
    text, understood = place.chosen.q, place.view.understood(current.now())
    return [
        (
            warning.say(spoken()),
            Markup("{}<mark>{}</mark>{}").format(
                text[max(0, warning.position - _AROUND) : warning.position],
                text[warning.position : warning.position + max(1, warning.length)][:200],
                text[warning.position + max(1, warning.length) :][:_AROUND],
            ),
        )
        for warning in understood.warnings
    ]
