"""The front page by day, and the search; both in every format."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.search import suggest
from aggregator.search.dates import PARIS
from aggregator.store import directory
from web import comparing, current, formats
from web.languages import translate as _
from web.listing import listing, nearby, other_words, title_of, warnings
from web.places import Place, address, here
from web.routing import ENDINGS

blueprint = Blueprint("news", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The news of the metropolis, newest first, by day."""
    if "q" in request.args:
        # Not by url_for's own arguments: a reader's parameter may bear the name of one.
        asked = urlencode(list(request.args.items(multi=True)))
        return redirect(address(url_for("news.search"), asked))
    place = here("/", "/fil")
    found = listing(place, title_of(place))
    groups = directory.total(current.session()) if not found.cards else 0
    return render_template("news/home.html", listing=found, groups=groups)


@blueprint.get(f"/fil.{ENDINGS}")
def home_as(ending: str) -> Response:
    """The front page's entries in another format."""
    place = here("/", "/fil")
    return formats.answer(place, title_of(place), ending)


@blueprint.get("/recherche")
def search() -> str:
    """What matches a query, and how to ask; without a query, how to ask."""
    place = here("/recherche", "/recherche")
    is_asked = bool(request.args.keys() - {"langue"})
    found = listing(place, title_of(place), timeline=True) if is_asked else None
    return render_template(
        "news/search.html",
        listing=found,
        place=place,
        sought=request.args.get("q", ""),
        days=_days(place),
        title=found.title if found else _("Chercher"),
        warnings=warnings(place),
        better=other_words(place) if found and not found.total else None,
        nearby=nearby(place) if found and not found.total else (),
    )


def _days(place: Place) -> tuple[str, str]:
    """First and last day of the chosen period, as a date field takes them; empty where open."""
    since, until = place.view.dates(current.now())
    return _day(since), _day(until and until - timedelta(seconds=1))


def _day(instant: datetime | None) -> str:
    return instant.astimezone(PARIS).date().isoformat() if instant else ""


@blueprint.get(f"/recherche.{ENDINGS}")
def search_as(ending: str) -> Response:
    """The found entries in another format: a saved search is a feed."""
    place = here("/recherche", "/recherche")
    return formats.answer(place, title_of(place), ending)


@blueprint.get("/export.<any(csv,json,ods):ending>")
def export(ending: str) -> Response:
    """Any list as a table to work with, with its question and its date in the file."""
    return formats.export(here("/recherche", "/recherche"), ending)


@blueprint.get("/comparer")
def compare() -> str:
    """Two or three searches side by side over time, within filters that hold for all of them."""
    comparison = comparing.comparison(here("/recherche", "/recherche"), request.args.getlist("q"))
    return render_template("news/compare.html", comparison=comparison)


@blueprint.get("/recherche/suggestions")
def suggestions() -> Response:
    """What the words typed may become (OpenSearch Suggestions 1.1)."""
    typed = request.args.get("q", "")[:100]
    found = suggest.proposals(current.session(), current.parts().engine, typed)
    return jsonify([typed, [proposal.text for proposal in found]])
