"""How a list can be narrowed: its facets with counts, and the filters that hold already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.search.engine import Results
from aggregator.search.view import DIMENSION_OF, View
from aggregator.store import directory
from aggregator.taxonomy import areas, terms
from web import current, wording
from web.languages import spoken
from web.languages import translate as _
from web.places import PARAMETERS, Place, address

LONGEST_FACET = 12
"""Choices of one facet; the chosen ones are always among them."""
_TOO_WIDE = frozenset({"country", "region"})


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


def facets(place: Place, results: Results) -> list[Facet]:
    """What each dimension offers, with counts; without what the page itself is about."""
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
