"""The directory of groups, and each group's page with its news, agenda, feeds and health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Gone, NotFound

from aggregator.publish import provenance, table
from aggregator.registry import importing
from aggregator.store import directory, entries
from aggregator.store.tables import Group
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import Term
from web import current, formats, wording
from web.caching import FEED_SECONDS, keep_for
from web.listing import listing
from web.places import Place, here
from web.routing import ENDINGS
from web.security import allow_reading
from web.structured import of_group
from web.typography import PARIS

blueprint = Blueprint("groups", __name__)

CHOOSERS = {
    "topic": "theme",
    "objective": "objectif",
    "skill": "savoir_faire",
    "kind": "forme",
    "area": "territoire",
}
"""Dimension → the directory's parameter."""
SORTS = ("nom", "activite", "arrivee")
PAGE = 60
"""Groups of one page of the directory."""
_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """One group of the directory."""

    group: Group
    topics: tuple[Term, ...]
    places: tuple[Term, ...]
    """What it covers, without the wider areas that contain another of them."""
    recent: int
    """Entries of the last 30 days."""
    newest: datetime | None


@blueprint.get("/groupes")
def index() -> str:
    """The public groups that carry the chosen terms, sorted: a page, from the one after `apres`."""
    chosen = chosen_terms()
    sort = request.args.get("tri", "nom")
    sort = sort if sort in SORTS else "nom"
    newest = directory.last_news(current.session())
    found = directory.groups(current.session(), wanted(chosen), sources=False)
    found = _sorted(found, sort, newest)
    slugs = [group.slug for group in found]
    after = request.args.get("apres", "")
    # One that has left meanwhile: from the beginning, so that none is missed.
    start = slugs.index(after) + 1 if after in slugs else 0
    options = {CHOOSERS[dimension]: slug for dimension, slug in chosen.items()}
    options |= {} if sort == "nom" else {"tri": sort}
    return render_template(
        "groups/index.html",
        rows=_rows(found[start : start + PAGE], newest),
        total=len(found),
        is_first=start == 0,
        last=slugs[start + PAGE - 1] if len(found) > start + PAGE else None,
        options=options,
        chosen=chosen,
        choosers=choosers(chosen),
        sort=sort,
        letters=_letters(found) if sort == "nom" else [],
        query=urlencode(options),
    )


@blueprint.get("/groupes.<any(csv,json):ending>")
def index_as(ending: str) -> Response:
    """The chosen groups as a table for spreadsheets or programs."""
    found = directory.groups(current.session(), wanted(chosen_terms()))
    made = table.of_groups(
        found,
        records=importing.brought(importing.records_of(current.session(), found)),
        base_url=current.parts().settings.base_url,
        query=request.query_string.decode(),
        made_at=current.now(),
    )
    # The rows are all in memory: joined, the answer can be compared and compressed.
    body = b"".join(table.CHUNKS[ending](made))
    response = Response(body, content_type=table.MEDIA_TYPES[ending])
    if ending == "csv":
        response.headers["Content-Disposition"] = 'attachment; filename="groupes.csv"'
    return keep_for(allow_reading(response), FEED_SECONDS)


@blueprint.get("/groupes/<slug>")
def page(slug: str) -> ResponseReturnValue:
    """One group; 410 when it left."""
    group = group_or_stop(slug)
    place = place_of(group)
    found = listing(place, group.name)
    start = current.now()
    return render_template(
        "groups/page.html",
        group=group,
        listing=found,
        terms=_terms_by_dimension(group),
        coming=formats.coming(place, since=start, until=start + timedelta(days=90))[:5],
        structured=of_group(group),
        whence=_whence(group),
    )


def _whence(group: Group) -> provenance.Provenance:
    """Where its record comes from, and the charter it accepted."""
    listed = importing.records_of(current.session(), [group])
    record = importing.brought(listed).get(group.id)
    return provenance.of(group, record, current.parts().settings.base_url)


@blueprint.get(f"/groupes/<slug>.{ENDINGS}")
def page_as(slug: str, ending: str) -> Response:
    """A group's entries in another format."""
    group = group_or_stop(slug)
    return formats.answer(place_of(group), group.name, ending)


def group_or_stop(slug: str) -> Group:
    """The group of that slug; stops with 404 when unknown, 410 when it left."""
    group = directory.by_slug(current.session(), slug)
    if group is None:
        raise NotFound
    if not group.is_public:
        raise Gone
    return group


def place_of(group: Group) -> Place:
    """Where a group's list lives."""
    path = f"/groupes/{group.slug}"
    return here(path, path, fixed=("groupe", group.slug))


def chosen_terms() -> dict[str, str]:
    """Dimension → slug, as far as the taxonomy knows them; an unknown one stops with 404."""
    chosen = {}
    for dimension, name in CHOOSERS.items():
        slug = request.args.get(name)
        if slug:
            if not terms.is_term(dimension, slug):
                raise NotFound
            chosen[dimension] = slug
    return chosen


def wanted(chosen: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        dimension: (slug, *areas.descendants(slug)) if dimension == "area" else (slug,)
        for dimension, slug in chosen.items()
    }


def choosers(chosen: dict[str, str]) -> list[tuple[str, str, str, list[Term]]]:
    """Parameter, label, chosen slug and terms of each select field."""
    return [
        (
            name,
            wording.dimension_label(dimension),
            chosen.get(dimension, ""),
            places_to_choose() if dimension == "area" else list(terms.terms(dimension)),
        )
        for dimension, name in CHOOSERS.items()
    ]


@cache
def places_to_choose() -> list[Term]:
    """Areas to choose from: territories, then communes and arrondissements."""
    kinds = {"metropolis": 0, "territory": 1, "commune": 2, "arrondissement": 3}
    chosen = sorted(
        (area for area in areas.areas() if area.kind in kinds),
        key=lambda area: (kinds[area.kind] > 1, areas.folded_name(area.name)),
    )
    return [terms.term("area", area.slug) for area in chosen]


@lru_cache(maxsize=8192)
def _folded(name: str) -> str:
    """By what groups are sorted: articles, accents and capitals do not count."""
    return areas.folded_name(name)


def _rows(groups: list[Group], newest: Mapping[int, datetime]) -> list[Row]:
    recent = entries.counts_by_group(current.session(), since=current.now() - _RECENT)
    return [
        Row(
            group,
            tuple(_terms(group, "topic")),
            tuple(_narrow(group)),
            recent.get(group.id, 0),
            newest.get(group.id),
        )
        for group in groups
    ]


def _sorted(groups: list[Group], sort: str, newest: Mapping[int, datetime]) -> list[Group]:
    if sort == "activite":
        long_ago = datetime(1970, 1, 1, tzinfo=PARIS)
        return sorted(groups, key=lambda group: newest.get(group.id, long_ago), reverse=True)
    if sort == "arrivee":
        return sorted(groups, key=lambda group: group.created_at, reverse=True)
    return sorted(groups, key=lambda group: _folded(group.name))


def _letters(groups: list[Group]) -> list[tuple[str, str | None]]:
    """Each initial, and after which group its page begins: None for the first of all."""
    found: dict[str, str | None] = {}
    before = None
    for group in groups:
        folded = _folded(group.name)[:1].upper()
        found.setdefault(folded if folded.isalpha() else "#", before)
        before = group.slug
    return list(found.items())


def _terms(group: Group, dimension: str) -> list[Term]:
    return [
        terms.term(dimension, slug)
        for slug in group.terms(dimension)
        if terms.is_term(dimension, slug)
    ]


def _narrow(group: Group) -> list[Term]:
    slugs = [term.slug for term in _terms(group, "area")]
    wider = {above for slug in slugs for above in areas.ancestors(slug)}
    return [terms.term("area", slug) for slug in slugs if slug not in wider]


def _terms_by_dimension(group: Group) -> list[tuple[str, list[Term]]]:
    by_dimension = [(dimension, _terms(group, dimension)) for dimension in terms.DIMENSIONS]
    return [
        (wording.dimension_label(dimension), found) for dimension, found in by_dimension if found
    ]
