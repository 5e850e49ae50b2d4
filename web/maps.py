"""The maps: groups around objectives, savoir-faire or topics, and by place; each also a table."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from aggregator.publish.maps import cartogram, network, svg
from aggregator.search.query import Between
from aggregator.store import directory, entries
from aggregator.store.tables import Group
from web import current, groups, wording
from web.caching import FEED_SECONDS, keep_for
from web.languages import language
from web.languages import translate as _
from web.listing import spoken

blueprint = Blueprint("maps", __name__)

PLACES = "territoires"
_RECENT = timedelta(days=30)


@blueprint.get("/carte")
def index() -> str:
    """One map, drawn by us, with its data as a table below."""
    view = _view()
    chosen = groups.chosen_terms()
    found = directory.groups(current.session(), groups.wanted(chosen), sources=False)
    recent = entries.counts_by_group(current.session(), since=current.now() - _RECENT)
    drawn, wider, left_out = _drawn(view, found, recent)
    return render_template(
        "maps/index.html",
        view=view,
        views=[
            (name, wording.dimension_label(network.VIEWS.get(name, "area")))
            for name in (*network.VIEWS, PLACES)
        ],
        title=title_of(view),
        drawing=drawn,
        wider=wider,
        left_out=left_out,
        rows=network.rows(found, recent=recent),
        dimension=network.VIEWS.get(view, "area"),
        chosen=chosen,
        choosers=groups.choosers(chosen),
    )


@blueprint.get("/carte.svg")
def drawing() -> Response:
    """The network map as a file of its own."""
    view = _view()
    if view == PLACES:
        raise NotFound
    found = directory.groups(current.session(), groups.wanted(groups.chosen_terms()))
    recent = entries.counts_by_group(current.session(), since=current.now() - _RECENT)
    chart = network.chart(
        found, view, base_url=current.parts().settings.base_url, recent=recent, language=spoken()
    )
    response = Response(svg.write(chart, standalone=True), content_type=svg.MEDIA_TYPE)
    return keep_for(response, FEED_SECONDS)


def title_of(view: str) -> str:
    """What a map shows, in words."""
    return _("Les groupes par territoire") if view == PLACES else network.title(view, spoken())


def _view() -> str:
    view = request.args.get("carte", "objectifs")
    if view != PLACES and view not in network.VIEWS:
        raise NotFound
    return view


def _drawn(
    view: str, found: list[Group], recent: dict[int, int]
) -> tuple[Markup, list[tuple[str, str, int]], int]:
    """The drawing, the wide areas named beside it, and how many groups it left out."""
    root = request.script_root
    if view == PLACES:
        made = cartogram.cartogram(found, news=_news_by_area())
        drawn = cartogram.write(made, base_url=root, language=spoken())
        return Markup(drawn), list(made.wider), 0  # noqa: S704  publish.maps escapes all it draws
    chart = network.chart(found, view, base_url=root, recent=recent, language=language())
    return Markup(svg.write(chart)), [], chart.left_out  # noqa: S704  the same


def _news_by_area() -> dict[str, int]:
    """Area's slug → entries of the last 30 days, what lies inside included."""
    since = Between(since=current.now() - _RECENT)
    results = current.parts().engine.search(since, limit=0, facets=("area",))
    return dict(results.facets.get("area", {}))
