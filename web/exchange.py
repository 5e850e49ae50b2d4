"""The inventory for other tools: Kumu, GoGoCarto, GeoJSON, open data; and for paper."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from aggregator.publish import gogocarto, kumu, opendata, paper, table
from aggregator.publish.maps import network, poster, sheets, svg
from aggregator.registry import importing
from aggregator.store import directory, entries
from aggregator.store.tables import Group, Record
from web import current, groups, maps
from web.caching import FEED_SECONDS, keep_for
from web.listing import spoken

blueprint = Blueprint("exchange", __name__)

"""Of the inventory as data; the entries stay their authors'."""
_EVENTS = timedelta(days=60)
_MOST = 10_000


@blueprint.get("/kumu.json")
def kumu_json() -> Response:
    """A map as a Kumu blueprint, to point a Kumu page at."""
    return _open(kumu.write_json(_kumu()), kumu.MEDIA_TYPE)


@blueprint.get("/kumu-<any(elements,liens):sheet>.csv")
def kumu_csv(sheet: str) -> Response:
    """A map's element or connection sheet."""
    elements, connections = kumu.write_csv(_kumu())
    response = _open(elements if sheet == "elements" else connections, table.MEDIA_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="kumu-{sheet}.csv"'
    return response


@blueprint.get("/api/elements.json")
def gogocarto_elements() -> Response:
    """Groups and coming events as GoGoCarto's API lists them."""
    body = gogocarto.write(
        _places(),
        ontology=request.args.get("ontology", "gogofull"),
        within=gogocarto.bounds(request.args.get("bounds", "")),
        categories=[one for one in request.args.get("categories", "").split(",") if one],
        limit=max(0, request.args.get("limit", _MOST, type=int)),
    )
    return _open(body, gogocarto.MEDIA_TYPE)


@blueprint.get("/api/elements/<element>.json")
def gogocarto_element(element: str) -> Response:
    """One of them."""
    found = [place for place in _places() if place.id == element]
    if not found:
        raise NotFound
    return _open(gogocarto.write(found), gogocarto.MEDIA_TYPE)


@blueprint.get("/api/elements.jsonld")
def gogocarto_jsonld() -> Response:
    """The same as JSON-LD."""
    within = gogocarto.bounds(request.args.get("bounds", ""))
    return _open(gogocarto.write_jsonld(_places(), within=within), gogocarto.JSONLD_MEDIA_TYPE)


@blueprint.get("/api/taxonomy.json")
def gogocarto_taxonomy() -> Response:
    """The categories that its elements name by number."""
    return _open(gogocarto.write_taxonomy(spoken()), gogocarto.MEDIA_TYPE)


@blueprint.get("/groupes.geojson")
def geojson() -> Response:
    """The groups that name a place, as points."""
    places = gogocarto.places(_groups(), base_url=_base_url())
    return _open(gogocarto.write_geojson(places), "application/geo+json; charset=utf-8")


@blueprint.get("/inventaire.<any(csv,json,ods):ending>")
def inventory(ending: str) -> Response:
    """The whole inventory as open data, with its licence."""
    made = table.of_groups(
        directory.groups(current.session(), {}),
        base_url=_base_url(),
        query="inventaire",
        made_at=current.now(),
        licence=opendata.LICENCE,
    )
    response = _open(b"".join(table.CHUNKS[ending](made)), table.MEDIA_TYPES[ending])
    response.headers["Content-Disposition"] = f'attachment; filename="inventaire.{ending}"'
    response.headers["Link"] = '<https://spdx.org/licenses/ODbL-1.0.html>; rel="license"'
    return response


@blueprint.get("/carte-affiche.<any(svg,pdf):ending>")
def wall_poster(ending: str) -> Response:
    """A map to print: `format` is a0, a1, a2 or a3."""
    size = request.args.get("format", "a1").lower()
    if size not in paper.SIZES:
        raise NotFound
    view = maps.view_or_stop()
    chart = maps.drawn_from(view, _groups(), _base_url())
    today, live = current.now().date(), f"{_base_url()}/carte?carte={view}"
    if ending == "svg":
        drawn = poster.write_svg(chart, size=size, printed=today, live_url=live)
        return _attached(drawn.encode(), svg.MEDIA_TYPE, f"carte-{view}-{size}.svg")
    body = poster.write_pdf(chart, size=size, printed=today, live_url=live)
    return _attached(body, poster.PDF_MEDIA_TYPE, f"carte-{view}-{size}.pdf")


@blueprint.get("/ateliers/fiches.pdf")
def workshop_cards() -> Response:
    """A card for each chosen group and some blank ones, to amend with a pen."""
    blank = max(0, min(request.args.get("vierges", 8, type=int), 100))
    body = sheets.write(_groups(), printed=current.now().date(), blank=blank, language=spoken())
    return _attached(body, poster.PDF_MEDIA_TYPE, "fiches-atelier.pdf")


def _kumu() -> kumu.Project:
    found = _groups()
    records: dict[int, Record] = {
        group_id: several[-1]
        for group_id, several in importing.records_of(current.session(), found).items()
        if several[-1].vanished_at is None
    }
    return kumu.project(found, _view(), base_url=_base_url(), records=records, language=spoken())


def _places() -> list[gogocarto.Place]:
    now = current.now()
    events = entries.taking_place(current.session(), now, now + _EVENTS)
    return list(gogocarto.places(_groups(), events, base_url=_base_url()))[:_MOST]


def _groups() -> list[Group]:
    return directory.groups(current.session(), groups.wanted(groups.chosen_terms()))


def _view() -> str:
    view = request.args.get("carte", "objectifs")
    if view not in network.VIEWS:
        raise NotFound
    return view


def _base_url() -> str:
    return current.parts().settings.base_url


def _open(body: bytes, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return keep_for(response, FEED_SECONDS)


def _attached(body: bytes, content_type: str, name: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return keep_for(response, FEED_SECONDS)
