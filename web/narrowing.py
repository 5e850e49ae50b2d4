"""How a list can be narrowed: its facets with counts, and the filters that hold already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
_LONGEST_CHIP = 120
"""Characters of a filter told in short."""
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
    """What each dimension offers, with counts; without what the page itself is about.

    A count is what its value finds beside the filters of the other dimensions: values of one
    dimension widen each other, so those chosen must not hide what the next would add.
    """
    fixed = place.fixed[0] if place.fixed else None
    return [
        _facet(place, dimension, _counts(place, dimension, results))
        for dimension, name in PARAMETERS.items()
        if name != fixed or dimension == "area"
    ]


def _counts(place: Place, dimension: str, results: Results) -> Results:
    """What was found, or would be without the filter of this dimension where one is chosen."""
    name = PARAMETERS[dimension]
    if not getattr(place.chosen, name):
        return results
    query = place.view.without_value(name).query(current.now())
    return current.parts().engine.search(query, limit=0, facets=(dimension,))


def _facet(place: Place, dimension: str, results: Results) -> Facet:
    name = PARAMETERS[dimension]
    found = results.facets.get(dimension, {})
    chosen: tuple[str, ...] = getattr(place.chosen, name)
    if dimension == "area":
        offered = _useful_areas(place, found, results.total)
    elif not chosen and set(found.values()) == {results.total}:
        # All have it: choosing it narrows nothing.
        offered = []
    else:
        offered = list(found)
    others = [slug for slug in offered if slug not in chosen]
    slugs = [*chosen, *others[: max(0, LONGEST_FACET - len(chosen))]]
    names = labels(dimension, slugs)
    choices = tuple(
        Choice(
            slug=slug,
            label=names[slug],
            count=found.get(slug, 0),
            url=_choice_url(place, dimension, slug),
            chosen=slug in chosen,
        )
        for slug in slugs
        if slug in names
    )
    is_open = dimension in {"topic", "area"} or bool(chosen)
    return Facet(dimension, wording.dimension_label(dimension), choices, is_open)


def _choice_url(place: Place, dimension: str, slug: str) -> str:
    name = PARAMETERS[dimension]
    if place.fixed and place.fixed[0] == name:
        # A narrower area has a page of its own.
        return address(wording.term_url(dimension, slug), place.chosen.to_args())
    if slug in getattr(place.chosen, name):
        return place.without(name, slug)
    view = place.chosen
    if dimension == "area":
        # A narrower area takes the place of the one around it: both together are the wider one.
        for wider in areas.ancestors(slug):
            view = view.without_value(name, wider)
    return place.url(view.with_value(name, slug))


def _useful_areas(place: Place, counts: Mapping[str, int], total: int) -> list[str]:
    """Areas worth choosing: first those inside a chosen one, then others, none around one.

    An area's own page only offers what lies inside it.
    """
    name = PARAMETERS["area"]
    known = {slug for slug in getattr(place.view, name) if terms.is_term("area", slug)}
    wider = {above for slug in known for above in areas.ancestors(slug)}
    inside, beside = [], []
    for slug, count in counts.items():
        if slug in known | wider or not terms.is_term("area", slug):
            continue
        if areas.area(slug).kind in _TOO_WIDE:
            continue
        around = known.intersection(areas.ancestors(slug))
        # As many as around it, or as everywhere: choosing it narrows nothing.
        if around and count < min(counts.get(above, 0) for above in around):
            inside.append(slug)
        elif not around and count < total:
            beside.append(slug)
    return inside if place.fixed and place.fixed[0] == name else inside + beside


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
    return [Chip(_short(describe(*pair)), place.without(*pair)) for pair in place.chosen_pairs()]


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_CHIP else f"{label[: _LONGEST_CHIP - 1]}…"


def describe(name: str, value: str) -> str:
    """One filter of a query string in words."""
    if name in DIMENSION_OF:
        return labels(DIMENSION_OF[name], [value]).get(value, value)
    if name == "q":
        return _("« %(words)s »", words=value)
    view = View().with_value(name, value)
    if not any(view.dates(current.now())):
        return _("« %(words)s », date non comprise", words=value)
    return view.words(spoken(), now=current.now())
