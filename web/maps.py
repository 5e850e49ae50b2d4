"""The maps: groups around objectives, savoir-faire or topics, and by place; each also a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from aggregator.publish.maps import cartogram, network, svg
from aggregator.publish.maps.cartogram import Cartogram, Tile
from aggregator.publish.maps.network import Chart, Drawn
from aggregator.search.query import Between
from aggregator.store import directory, entries
from web import current, groups, wording
from web.caching import FEED_SECONDS, keep_for
from web.languages import language, spoken
from web.languages import translate as _

blueprint = Blueprint("maps", __name__)

PLACES = "territoires"
_RECENT = timedelta(days=30)
_ROWS = 500
"""Lines of one page of the table."""


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the legend: what a mark means, and the view of these groups alone."""

    mark: Markup
    label: str
    groups: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A hub with its groups or a territory with its places: the map as a list, for phones."""

    id: str
    label: str
    url: str
    groups: int
    items: Sequence[Any]
    """Nodes of a network, tiles of a cartogram."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the table's rows."""

    rows: Sequence[dict[str, object]]
    number: int
    last: int
    total: int


@blueprint.get("/carte")
def index() -> str:
    """One map, drawn by us, with its data as a list and as a table."""
    view = view_or_stop()
    chosen = groups.chosen_terms()
    found = directory.outlines(current.session(), groups.wanted(chosen))
    recent = entries.counts_by_group(current.session(), since=current.now() - _RECENT)
    state = state_of(chosen)
    shown = _by_place(found) if view == PLACES else _network(view, found, recent, state)
    return render_template(
        "maps/index.html",
        view=view,
        views=[
            (url_for("maps.index", **state | {"carte": name}), name == view, label)
            for name, label in _names()
        ],
        title=title_of(view),
        page=_page(network.rows(found, recent=recent)),
        dimension=network.VIEWS.get(view, "area"),
        chosen=chosen,
        state=state | {"carte": view},
        choosers=groups.choosers(chosen),
        **shown,
    )


@blueprint.get("/carte.svg")
def drawing() -> Response:
    """The map as a file of its own."""
    view = view_or_stop()
    found = directory.outlines(current.session(), groups.wanted(groups.chosen_terms()))
    base_url = current.parts().settings.base_url
    made = drawn_from(view, found, base_url)
    if isinstance(made, Cartogram):
        written = cartogram.write(made, standalone=True)
    else:
        written = svg.write(made, standalone=True)
    return keep_for(Response(written, content_type=svg.MEDIA_TYPE), FEED_SECONDS)


def drawn_from(
    view: str, found: Sequence[Drawn], base_url: str, *, most: int = network.MOST
) -> Chart | Cartogram:
    """A map of these groups, at most so many, for a file or for paper."""
    if view == PLACES:
        return cartogram.cartogram(
            found, news=_news_by_area(), base_url=base_url, language=spoken()
        )
    recent = entries.counts_by_group(current.session(), since=current.now() - _RECENT)
    return network.chart(
        found, view, base_url=base_url, recent=recent, language=spoken(), most=most
    )


def view_or_stop() -> str:
    """Which map the address asks for; 404 for one that there is not."""
    view = request.args.get("carte", "objectifs")
    if view != PLACES and view not in network.VIEWS:
        raise NotFound
    return view


def title_of(view: str) -> str:
    """What a map shows, in words."""
    return _("Les groupes par territoire") if view == PLACES else network.title(view, spoken())


def _names() -> list[tuple[str, str]]:
    return [
        (name, wording.dimension_label(network.VIEWS.get(name, "area")))
        for name in (*network.VIEWS, PLACES)
    ]


def state_of(chosen: dict[str, str]) -> dict[str, Any]:
    """What narrows the map, as the address says it: kept from one map to the other."""
    return {groups.CHOOSERS[dimension]: slug for dimension, slug in chosen.items()}


def _network(
    view: str, found: Sequence[Drawn], recent: dict[int, int], state: dict[str, Any]
) -> dict[str, Any]:
    """A network with its legend, and the same by hub."""
    root = request.script_root
    chart = network.chart(found, view, base_url=root, recent=recent, language=language())
    return {
        "drawing": Markup(svg.write(chart)),  # noqa: S704  publish.maps escapes all it draws
        "left_out": chart.left_out,
        "keys": [_key(key, state | {"carte": view}) for key in svg.keys(chart)],
        "size_in_words": svg.size_in_words(language()),
        "sections": _sections(chart),
    }


def _by_place(found: Sequence[Drawn]) -> dict[str, Any]:
    """The cartogram with its scale, and the same by territory."""
    made = cartogram.cartogram(
        found, news=_news_by_area(), base_url=request.script_root, language=spoken()
    )
    return {
        "drawing": Markup(cartogram.write(made)),  # noqa: S704  publish.maps escapes all it draws
        "steps": cartogram.steps(),
        "wider": made.wider,
        "sections": _territories(made),
        "tiles": [tile for tile in made.tiles if tile.groups or tile.news],
    }


def _key(key: svg.Key, state: dict[str, Any]) -> Key:
    mark = svg.mark(key.shape, 9, 9, 7, key.colour, kind=key.kind or "none")
    is_chosen = state.get("forme") == key.kind and key.kind is not None
    without = {name: value for name, value in state.items() if name != "forme"}
    wanted = {} if is_chosen or key.kind is None else {"forme": key.kind}
    return Key(
        mark=Markup(mark),  # noqa: S704  made of our own shapes and colours
        label=key.label,
        groups=key.groups,
        url=url_for("maps.index", **without | wanted),
        is_chosen=is_chosen,
    )


def _sections(chart: Chart) -> list[Section]:
    by_name = sorted(chart.nodes, key=lambda node: node.name.casefold())
    sections = [
        Section(
            hub.slug, hub.label, hub.url, hub.groups,
            [node for node in by_name if hub.slug in node.hubs],
        )
        for hub in chart.hubs
    ]  # fmt: skip
    alone = [node for node in by_name if not node.hubs]
    if alone:
        sections.append(Section("", _("Pas encore dit"), "", len(alone), alone))
    return sections


def _territories(made: Cartogram) -> list[Section]:
    by_territory: dict[str, list[Tile]] = {}
    for tile in sorted(made.tiles, key=lambda tile: tile.name):
        if tile.groups:
            by_territory.setdefault(tile.territory, []).append(tile)
    return [
        Section(
            slug, wording.label_of("area", slug), wording.term_url("area", slug),
            sum(tile.groups for tile in tiles), tiles,
        )
        for slug, tiles in sorted(by_territory.items())
    ]  # fmt: skip


def _page(rows: list[dict[str, object]]) -> Page:
    last = max(1, -(-len(rows) // _ROWS))
    number = request.args.get("page", 1, type=int)
    if not 1 <= number <= last:
        raise NotFound
    return Page(rows[(number - 1) * _ROWS : number * _ROWS], number, last, len(rows))


def _news_by_area() -> dict[str, int]:
    """Area's slug → entries of the last 30 days, what lies inside included."""
    since = Between(since=current.now() - _RECENT)
    results = current.parts().engine.search(since, limit=0, facets=("area",))
    return dict(results.facets.get("area", {}))
