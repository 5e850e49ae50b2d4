"""A landing page for every topic, objective, savoir-faire and area, and the list of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.publish.publication import PATHS
from aggregator.store import directory
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.areas import Area
from aggregator.taxonomy.terms import Term
from web import current, formats, wording
from web.listing import listing
from web.places import PARAMETERS, Place, here
from web.routing import ENDINGS

blueprint = Blueprint("terms", __name__)

DIMENSIONS = {path: dimension for dimension, path in PATHS.items() if dimension != "kind"}
"""The path's first part → dimension; kinds are filters of the directory only."""
_PATH = f"/<any({', '.join(repr(path) for path in DIMENSIONS)}):path>/<slug>"
_GROUPS = 12


@dataclass(frozen=True, slots=True)
class Around:
    """An area's place in the tree."""

    wider: Sequence[Area]
    """The nearest last."""
    inside: Sequence[Area]


@blueprint.get("/themes-et-lieux")
def index() -> str:
    """All terms, with what they mean, and all areas by territory."""
    described = [
        (dimension, wording.dimension_label(dimension), terms.terms(dimension))
        for dimension in ("topic", "objective", "skill", "kind")
    ]
    territories = [(territory, _inside(territory.slug)) for territory in areas.territories()]
    return render_template("terms/index.html", described=described, territories=territories)


@blueprint.get(_PATH)
def page(path: str, slug: str) -> ResponseReturnValue:
    """A term's news, groups and agenda; 404 for one that the taxonomy does not have."""
    term = _term(path, slug)
    place = place_of(term, path)
    found = listing(place, wording.term_label(term))
    inside = (slug, *areas.descendants(slug)) if term.dimension == "area" else (slug,)
    groups, groups_total = directory.some(
        current.session(), {term.dimension: inside}, limit=_GROUPS
    )
    start = current.now()
    return render_template(
        "terms/page.html",
        term=term,
        dimension=wording.dimension_label(term.dimension),
        listing=found,
        groups=groups,
        groups_total=groups_total,
        coming=formats.coming(place, since=start, until=start + timedelta(days=60))[:5],
        around=_around(slug) if term.dimension == "area" else None,
        parameter=PARAMETERS[term.dimension],
    )


@blueprint.get(f"{_PATH}.{ENDINGS}")
def page_as(path: str, slug: str, ending: str) -> Response:
    """A term's entries in another format."""
    term = _term(path, slug)
    return formats.answer(place_of(term, path), wording.term_label(term), ending)


def place_of(term: Term, path: str) -> Place:
    """Where a term's list lives."""
    own = f"/{path}/{term.slug}"
    return here(own, own, fixed=(PARAMETERS[term.dimension], term.slug))


def _term(path: str, slug: str) -> Term:
    dimension = DIMENSIONS[path]
    if not terms.is_term(dimension, slug):
        raise NotFound
    return terms.term(dimension, slug)


def _around(slug: str) -> Around:
    return Around(
        wider=[areas.area(above) for above in reversed(areas.ancestors(slug))],
        inside=_inside(slug),
    )


def _inside(slug: str) -> list[Area]:
    """The areas directly inside, by name; those of the metropolis are its territories."""
    if slug == "metropole-du-grand-paris":
        return list(areas.territories())
    direct = [
        area
        for area in map(areas.area, areas.descendants(slug))
        if slug in {area.parent, *area.also_in}
    ]
    if direct and direct[0].kind == "arrondissement":
        return direct
    return sorted(direct, key=lambda area: areas.folded_name(area.name))
