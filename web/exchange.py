"""The inventory for other tools: Kumu, GoGoCarto, GeoJSON, open data; and for paper."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from aggregator.publish import categories, gogocarto, kumu, paper, table
from aggregator.publish.maps import network, poster, sheets, svg
from aggregator.registry import charter, importing
from aggregator.store import directory, entries
from aggregator.store.tables import Entry, Group, Record
from web import current, groups, maps
from web.caching import FEED_SECONDS, keep_for
from web.languages import spoken
from web.security import allow_reading

blueprint = Blueprint("exchange", __name__)

_EVENTS = timedelta(days=60)
_MOST = 10_000
_MAPS = frozenset({"kumu", "table", ""})
"""What wrote the lists whose ids and fields go back to a Kumu map."""


@blueprint.get("/kumu.json")
def kumu_json() -> Response:
    """A map as a Kumu blueprint, to point a Kumu page at."""
    return _open(kumu.write_json(_kumu()), kumu.MEDIA_TYPE)


@blueprint.get("/kumu-projet.json")
def kumu_project() -> Response:
    """A map as a full project, to restore into an empty one at Kumu."""
    name = f"Fil commun : {_view()}"
    response = _open(kumu.write_project(_kumu(), name), kumu.MEDIA_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="kumu-projet.json"'
    return response


@blueprint.get("/kumu-<any(elements,liens):sheet>.csv")
def kumu_csv(sheet: str) -> Response:
    """A map's element or connection sheet."""
    elements, connections = kumu.write_csv(_kumu())
    response = _open(elements if sheet == "elements" else connections, table.MEDIA_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="kumu-{sheet}.csv"'
    return response


@blueprint.get("/api/elements")
@blueprint.get("/api/elements.json")
def gogocarto_elements() -> Response:
    """Groups and coming events as GoGoCarto's API lists them."""
    if _wants_linked_data():
        return gogocarto_jsonld()
    return _elements(_places(), _wish())


@blueprint.get("/api/elements/search")
def gogocarto_search() -> Response:
    """Those whose names hold the words of `text`; none without words."""
    wish = _wish(text=request.args.get("text", "").strip()[:200])
    return _elements(_places() if wish.text else [], wish)


@blueprint.get("/api/elements/<element>")
@blueprint.get("/api/elements/<element>.json")
def gogocarto_element(element: str) -> Response:
    """One of them."""
    if _wants_linked_data():
        return gogocarto_element_jsonld(element)
    body = gogocarto.write_one(_one(element), ontology=_ontology(), language=spoken())
    return _negotiated(body, gogocarto.MEDIA_TYPE)


@blueprint.get("/api/elements/<element>.jsonld")
def gogocarto_element_jsonld(element: str) -> Response:
    """One of them as JSON-LD."""
    return _negotiated(gogocarto.write_jsonld([_one(element)]), gogocarto.JSONLD_MEDIA_TYPE)


@blueprint.get("/api/elements.jsonld")
def gogocarto_jsonld() -> Response:
    """The same as JSON-LD."""
    body = gogocarto.write_jsonld(_places(), wish=_wish())
    return _negotiated(body, gogocarto.JSONLD_MEDIA_TYPE)


@blueprint.get("/api/taxonomy")
@blueprint.get("/api/taxonomy.json")
def gogocarto_taxonomy() -> Response:
    """The categories that its elements name by number."""
    if _wants_linked_data():
        return gogocarto_taxonomy_jsonld()
    return _negotiated(categories.write(spoken()), gogocarto.MEDIA_TYPE)


@blueprint.get("/api/taxonomy.jsonld")
def gogocarto_taxonomy_jsonld() -> Response:
    """The same as SKOS concepts."""
    body = categories.write_jsonld(_base_url(), spoken())
    return _negotiated(body, gogocarto.JSONLD_MEDIA_TYPE)


@blueprint.get("/api/project-info.json")
def gogocarto_project() -> Response:
    """Who we are, for maps that list us as a source."""
    body = gogocarto.write_project(
        base_url=_base_url(), count=directory.total(current.session()), charter_url="/charte"
    )
    return _open(body, gogocarto.MEDIA_TYPE)


@blueprint.get("/groupes.geojson")
def geojson() -> Response:
    """The groups that name a place, as points."""
    found = _groups()
    places = gogocarto.places(found, base_url=_base_url(), records=_brought(found))
    return _open(gogocarto.write_geojson(places), "application/geo+json; charset=utf-8")


@blueprint.get("/inventaire.<any(csv,json,ods):ending>")
def inventory(ending: str) -> Response:
    """The whole inventory as open data, with its licence."""
    found = directory.groups(current.session(), {})
    made = table.of_groups(
        found,
        base_url=_base_url(),
        query="inventaire",
        made_at=current.now(),
        records=_brought(found),
    )
    response = _open(b"".join(table.CHUNKS[ending](made)), table.MEDIA_TYPES[ending])
    response.headers["Content-Disposition"] = f'attachment; filename="inventaire.{ending}"'
    response.headers["Link"] = f'<{charter.LICENCE_URL}>; rel="license"'
    return response


@blueprint.get("/carte-affiche.<any(svg,pdf):ending>")
def wall_poster(ending: str) -> Response:
    """A map to print: `format` is a0, a1, a2 or a3."""
    size = request.args.get("format", "a1").lower()
    if size not in paper.SIZES:
        raise NotFound
    view = maps.view_or_stop()
    chosen = groups.chosen_terms()
    found = directory.outlines(current.session(), groups.wanted(chosen))
    chart = maps.drawn_from(view, found, _base_url(), most=network.PRINTED)
    today = current.now().date()
    live = f"{_base_url()}/carte?{urlencode({'carte': view} | maps.state_of(chosen))}"
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
    listed = importing.records_of(current.session(), found)
    of_maps = {
        group_id: [one for one in several if one.tool in _MAPS and one.vanished_at is None]
        for group_id, several in listed.items()
    }
    return kumu.project(
        found,
        _view(),
        base_url=_base_url(),
        records={group_id: several[-1] for group_id, several in of_maps.items() if several},
        brought=importing.brought(listed),
        language=spoken(),
    )


def _places() -> list[gogocarto.Place]:
    now, found = current.now(), _groups()
    events = entries.taking_place(current.session(), now, now + _EVENTS)
    places = gogocarto.places(found, events, base_url=_base_url(), records=_brought(found))
    return list(places)[:_MOST]


def _one(element: str) -> gogocarto.Place:
    """The element of that id; stops with 404 where none is shown."""
    kind, _, name = element.partition("-")
    session = current.session()
    found: list[Group] = []
    events: list[Entry] = []
    if kind == "group":
        group = directory.by_slug(session, name)
        found = [group] if group is not None else []
    elif kind == "entry" and name.isdecimal() and len(name) < 10:
        entry = entries.one(session, int(name))
        events = [entry] if entry is not None and entry.starts_at is not None else []
    places = gogocarto.places(found, events, base_url=_base_url(), records=_brought(found))
    one = next(places, None)
    if one is None:
        raise NotFound
    return one


def _wish(text: str = "") -> gogocarto.Wish:
    """What of the elements the address asks for, in GoGoCarto's parameters."""
    asked = request.args
    return gogocarto.Wish(
        within=gogocarto.bounds(asked.get("bounds", "")),
        categories=gogocarto.numbers(asked.get("categories", "")),
        stamps=gogocarto.numbers(asked.get("stamps", "")),
        without_external=asked.get("excludeExternal", "0").lower() not in {"0", "false", "no"},
        text=text,
        limit=max(0, asked.get("limit", _MOST, type=int)),
    )


def _elements(found: list[gogocarto.Place], wish: gogocarto.Wish) -> Response:
    body = gogocarto.write(found, ontology=_ontology(), wish=wish, language=spoken())
    return _negotiated(body, gogocarto.MEDIA_TYPE)


def _ontology() -> str:
    return request.args.get("ontology", "").lower()


def _wants_linked_data() -> bool:
    return request.accept_mimetypes.best == "application/ld+json"


def _negotiated(body: bytes, content_type: str) -> Response:
    """What one address has in two languages of machines: caches keep them apart."""
    response = _open(body, content_type)
    response.vary.add("Accept")
    return response


def _brought(found: list[Group]) -> dict[int, Record]:
    return importing.brought(importing.records_of(current.session(), found))


def _groups() -> list[Group]:
    wanted = groups.wanted(groups.chosen_terms())
    return directory.groups(current.session(), wanted, sources=False)


def _view() -> str:
    view = request.args.get("carte", "objectifs")
    if view not in network.VIEWS:
        raise NotFound
    return view


def _base_url() -> str:
    return current.parts().settings.base_url


def _open(body: bytes, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    return keep_for(allow_reading(response), FEED_SECONDS)


def _attached(body: bytes, content_type: str, name: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return keep_for(response, FEED_SECONDS)
