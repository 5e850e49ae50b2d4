"""Following a view: what a feed is, all feeds at once, and a list for a group's own page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from aggregator.store import directory
from aggregator.taxonomy import areas, terms
from web import current, formats, listing, narrowing, ways
from web.languages import translate as _
from web.places import PARAMETERS, Place, here
from web.security import allow_framing

blueprint = Blueprint("follow", __name__)

_EMBEDDED = 10
"""Entries of an embedded list."""


@blueprint.get("/suivre")
def index() -> str:
    """Every way to follow the view that the query string names, explained."""
    place = _place()
    return render_template(
        "follow/index.html",
        title=listing.title_of(place),
        ways=ways.ways(place),
        feeds=[feed for feed in ways.feeds(place) if feed.alternate],
        chips=narrowing.chips(here("/suivre", "/fil")),
        place=place,
    )


@blueprint.get("/groupes.opml")
def opml() -> Response:
    """The feeds of the groups that the filters choose, for a feed reader to take in at once."""
    wanted = {}
    for dimension, name in PARAMETERS.items():
        slugs = [slug for slug in request.args.getlist(name) if _is_term(dimension, slug)]
        if slugs:
            inside = (tuple(areas.descendants(slug)) for slug in slugs if dimension == "area")
            wanted[dimension] = [*slugs, *(slug for some in inside for slug in some)]
    found = directory.groups(current.session(), wanted)
    title = _("les flux des groupes")
    return formats.outline(found, title, page_url=current.absolute(url_for("groups.index")))


@blueprint.get("/integrer")
def embed_code() -> str:
    """What to copy into a group's own page, as a frame and without one."""
    place = _place()
    found = listing.listing(place, listing.title_of(place), facets=False)
    return render_template(
        "follow/embed_code.html",
        title=found.title,
        frame_url=current.absolute(place.elsewhere(url_for("follow.embed"))),
        page_url=current.absolute(place.url()),
        place=place,
        cards=found.cards[:_EMBEDDED],
    )


@blueprint.get("/integrer/liste")
def embed() -> str:
    """A bare list that other sites may frame; links open outside of the frame."""
    allow_framing()
    place = _place()
    found = listing.listing(place, listing.title_of(place), facets=False)
    return render_template(
        "follow/embed.html",
        title=found.title,
        cards=found.cards[:_EMBEDDED],
        page_url=place.url(),
    )


def _place() -> Place:
    """The list of these filters; without any it is the front page, not how to search."""
    place = here("/recherche", "/recherche")
    return here("/", "/fil") if place.view.is_everything else place


def _is_term(dimension: str, slug: str) -> bool:
    return dimension in terms.DIMENSIONS and terms.is_term(dimension, slug)
