"""A list of entries: what the reader chose, what was found, and every way on from there.

One question to the search engine, one to the database; pages, fragments and feeds render it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import request, url_for
from markupsafe import Markup

from aggregator.search import suggest, whole
from aggregator.search.engine import Cursor, Results
from aggregator.search.query import Query
from aggregator.search.saying import Language
from aggregator.search.view import DIMENSION_OF, View
from aggregator.store import directory, entries
from aggregator.taxonomy import areas, terms
from web import cards, charts, current, wording
from web.cards import Card
from web.languages import language
from web.languages import translate as _
from web.places import PARAMETERS, Place, address
from web.typography import spaced

PAGE = 20
"""Entries of one page."""
LONGEST_FACET = 12
"""Choices of one facet; the chosen ones are always among them."""
MOST_MONTHS = 72
"""Months of a timeline; a longer one is told by years."""
_TOO_WIDE = frozenset({"country", "region"})
_AROUND = 40
"""Characters shown on each side of what was not understood."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet."""

    slug: str
    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One dimension to narrow by."""

    dimension: str
    label: str
    choices: tuple[Choice, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that holds, and the address without it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way to follow a list."""

    label: str
    url: str
    why: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """The list in another format."""

    name: str
    ending: str
    type: str
    url: str
    alternate: bool
    """Whether a feed reader should be told of it."""


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
        return feeds(self.place)

    @property
    def ways(self) -> list[Way]:
        """Every way to follow this list."""
        return ways(self.place)


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
        facets=_facets(place, results) if facets else (),
        chips=chips(place),
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
    months = {month: counts.get(month, 0) for month in whole.through(counts)}
    if len(months) > MOST_MONTHS:
        years: Counter[str] = Counter()
        for month, count in months.items():
            years[month[:4]] += count
        months = years
    chosen = place.chosen
    return tuple(
        Span(
            wording.span_in_words(period),
            count,
            place.url(chosen.with_value("depuis", period).with_value("jusqua", period)),
        )
        for period, count in months.items()
    )


def _cards(results: Results, query: Query) -> list[Card]:
    ids = [*results.ids, *(id for others in results.folded.values() for id in others)]
    found = {entry.id: entry for entry in entries.in_order(current.session(), ids)}
    told = [
        cards.next_date(
            [found[one] for one in (id, *results.folded.get(id, ())) if one in found],
            now=current.now(),
        )
        for id in results.ids
        if id in found
    ]
    shown = [entry for entry, _behind in told]
    folded = {entry.id: behind for entry, behind in told}
    pictures = entries.pictures(current.session(), [entry.id for entry in shown])
    return cards.cards(shown, folded, sought=query, pictures=pictures)


def _facets(place: Place, results: Results) -> list[Facet]:
    fixed = place.fixed[0] if place.fixed else None
    return [
        _facet(place, dimension, results)
        for dimension, name in PARAMETERS.items()
        if name != fixed or dimension == "area"
    ]


def _facet(place: Place, dimension: str, results: Results) -> Facet:
    name = PARAMETERS[dimension]
    found = results.facets.get(dimension, {})
    counts = dict(found)
    chosen: tuple[str, ...] = getattr(place.chosen, name)
    fixed = place.fixed[1] if place.fixed and place.fixed[0] == name else None
    if dimension == "area":
        counts = _useful_areas(counts, {*chosen, fixed} - {None}, results.total)
    elif not chosen and set(counts.values()) == {results.total}:
        # All have it: choosing it narrows nothing.
        counts = {}
    others = [slug for slug in counts if slug not in chosen and slug != fixed]
    slugs = [*chosen, *others[: max(0, LONGEST_FACET - len(chosen))]]
    names = labels(dimension, slugs)
    choices = tuple(
        Choice(
            slug=slug,
            label=names[slug],
            count=found.get(slug, 0),
            url=_choice_url(place, dimension, slug, fixed),
            chosen=slug in chosen,
        )
        for slug in slugs
        if slug in names
    )
    is_open = dimension in {"topic", "area"} or bool(chosen)
    return Facet(dimension, wording.dimension_label(dimension), choices, is_open)


def _choice_url(place: Place, dimension: str, slug: str, fixed: str | None) -> str:
    name = PARAMETERS[dimension]
    if fixed is not None:
        # A narrower area has a page of its own.
        return address(wording.term_url(dimension, slug), place.chosen.to_args())
    if slug in getattr(place.chosen, name):
        return place.without(name, slug)
    return place.adding(name, slug)


def _useful_areas(counts: dict[str, int], chosen: set[str | None], total: int) -> dict[str, int]:
    """Areas worth choosing: none that contains a chosen one or all that was found."""
    known = [slug for slug in chosen if slug is not None and terms.is_term("area", slug)]
    wider = {above for slug in known for above in areas.ancestors(slug)}
    return {
        slug: count
        for slug, count in counts.items()
        if slug not in wider
        and count < total
        and terms.is_term("area", slug)
        and areas.area(slug).kind not in _TOO_WIDE
    }


def labels(dimension: str, slugs: Sequence[str]) -> dict[str, str]:
    """Slug → name, in the page's language, in their order; the unknown are left out."""
    if dimension == "group":
        return directory.names(current.session(), slugs)
    if dimension == "type":
        return {slug: wording.type_label(slug) for slug in slugs}
    if dimension == "language":
        return {code: wording.language_label(code) for code in slugs}
    return {
        slug: wording.term_label(terms.term(dimension, slug))
        for slug in slugs
        if terms.is_term(dimension, slug)
    }


def chips(place: Place) -> list[Chip]:
    """The filters chosen in the query string, each with the address without it."""
    return [Chip(describe(*pair), place.without(*pair)) for pair in place.chosen_pairs()]


def describe(name: str, value: str) -> str:
    """One filter of a query string in words."""
    if name in DIMENSION_OF:
        return labels(DIMENSION_OF[name], [value]).get(value, value)
    if name == "q":
        return _("« %(words)s »", words=value)
    view = View().with_value(name, value)
    return view.words(spoken(), now=current.now())


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


def spoken() -> Language:
    """The language in which searches can be told: French, or English for all others."""
    return "fr" if language() == "fr" else "en"


def feeds(place: Place) -> list[Feed]:
    """Every other format of a list."""
    formats = (
        ("Atom", "atom", "application/atom+xml", True),
        ("RSS", "rss", "application/rss+xml", True),
        ("JSON Feed", "json", "application/feed+json", True),
        (_("Agenda"), "ics", "text/calendar", False),
        ("CSV", "csv", "text/csv", False),
    )
    return [
        Feed(name, ending, type, place.feed(ending), alternate)
        for name, ending, type, alternate in formats
    ]


def ways(place: Place) -> list[Way]:
    """Every way to follow a list, for people who may not know what a feed is."""
    by_ending = {feed.ending: feed for feed in feeds(place)}
    letters = url_for("subscription.index")
    return [
        Way(
            _("Par courriel, une lettre régulière"),
            place.elsewhere(letters),
            _("Vous voyez la lettre avant de donner une adresse."),
        ),
        Way(
            _("Par courriel, dès que quelque chose paraît"),
            place.elsewhere(letters, "rythme=alert"),
            _("Une alerte dans les minutes qui suivent."),
        ),
        Way(
            _("Dans un lecteur de flux"),
            by_ending["atom"].url,
            _("Atom : copiez cette adresse dans Feedly, Thunderbird, NetNewsWire…"),
            "application/atom+xml",
        ),
        Way(
            "RSS", by_ending["rss"].url, _("Pour les lecteurs plus anciens."), "application/rss+xml"
        ),
        Way("JSON Feed", by_ending["json"].url, _("Pour les programmes."), "application/feed+json"),
        Way(
            _("Dans votre agenda"),
            by_ending["ics"].url,
            _("Les rendez-vous annoncés ici, tenus à jour (iCalendar)."),
            "text/calendar",
        ),
        Way(
            _("Sur le site de votre groupe"),
            place.elsewhere(url_for("follow.embed_code")),
            _("Un cadre à copier dans une page, sans traceur."),
        ),
        Way(
            _("Exporter ces résultats"),
            by_ending["csv"].url,
            _("Tableau CSV, pour un tableur."),
            "text/csv",
        ),
    ]
