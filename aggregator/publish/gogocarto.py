"""GoGoCarto's answers about groups and placed events. Pure; `places_listed` reads others'.

The shapes are those of GoGoCarto's API (`elements.json` full, compact and sync, `.jsonld`), so
that its maps, and Transiscope, can list us as a source; `categories` has the taxonomy's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aggregator.publish import categories, provenance, publication, rights
from aggregator.publish.provenance import Provenance
from aggregator.publish.text import line
from aggregator.registry import charter
from aggregator.taxonomy import areas, terms

if TYPE_CHECKING:
    from aggregator.store.tables import Entry, Group, Record

MEDIA_TYPE = "application/json; charset=utf-8"
JSONLD_MEDIA_TYPE = "application/ld+json; charset=utf-8"

STAMPS = {
    1: ("Charte acceptée", "Charter accepted"),
    2: ("Groupe participant", "Group takes part"),
    3: ("Étiquettes confirmées par le groupe", "Tags confirmed by the group"),
}
"""Labels that this instance puts on groups, by number, in French and English."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box on the map: degrees, WGS 84."""

    west: float
    south: float
    east: float
    north: float

    def has(self, place: Place) -> bool:
        """Whether a place lies in it; its edges belong to it."""
        return (
            self.west <= place.longitude <= self.east and self.south <= place.latitude <= self.north
        )


@dataclass(frozen=True, slots=True)
class Place:
    """One element of a GoGoCarto map."""

    id: str
    name: str
    latitude: float
    longitude: float
    categories: tuple[int, ...] = ()
    """Numbers of `terms.number`."""
    home: str | None = None
    """Its own site."""
    page: str = ""
    """Its page here."""
    description: str = ""
    kind: str = ""
    """What it is, in the inventory's words."""
    language: str = ""
    locality: str = ""
    areas: tuple[str, ...] = ()
    """The names of all its places, the widest too."""
    provenance: Provenance = field(default_factory=lambda: Provenance("", "", is_external=False))
    stamps: tuple[int, ...] = ()
    """Of STAMPS."""
    is_event: bool = False
    created: str = ""
    """`d/m/Y`, as GoGoCarto has it."""
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the elements is asked for; empty asks for all."""

    within: Sequence[Bounds] = ()
    categories: frozenset[int] = frozenset()
    stamps: frozenset[int] = frozenset()
    without_external: bool = False
    text: str = ""
    """To be found in the name, whatever the case and accents."""
    limit: int | None = None

    def chosen(self, found: Iterable[Place]) -> list[Place]:
        """The elements asked for, in their order."""
        return [place for place in found if self.wants(place)][: self.limit]

    def wants(self, place: Place) -> bool:
        """Whether one element is asked for."""
        return not (
            (self.within and not any(box.has(place) for box in self.within))
            or (self.categories and self.categories.isdisjoint(place.categories))
            or (self.stamps and self.stamps.isdisjoint(place.stamps))
            or (self.without_external and place.provenance.is_external)
            or (self.text and areas.folded_name(self.text) not in areas.folded_name(place.name))
        )


EVERYTHING = Wish()


def bounds(text: str) -> tuple[Bounds, ...]:
    """The boxes of a `bounds` parameter (`W,S,E,N;…`); empty when it has none that can be read.

    >>> bounds("2.2,48.8,2.5,48.9;nonsense")
    (Bounds(west=2.2, south=48.8, east=2.5, north=48.9),)
    """
    found = []
    for part in text.split(";")[:50]:
        try:
            west, south, east, north = (float(number) for number in part.split(","))
        except ValueError:
            continue
        if west <= east and south <= north:
            found.append(Bounds(west, south, east, north))
    return tuple(found)


def numbers(text: str) -> frozenset[int]:
    """The numbers of a `categories` or `stamps` parameter; what is none is left out.

    >>> sorted(numbers("12,x,3"))
    [3, 12]
    """
    return frozenset(int(one) for one in text.split(",")[:500] if one.strip().isdecimal())


def places(
    groups: Iterable[Group],
    events: Iterable[Entry] = (),
    *,
    base_url: str,
    records: Mapping[int, Record] | None = None,
) -> Iterator[Place]:
    """Public groups that name a place, then events of a place; the narrowest place counts.

    `records` tells, by group id, which other list brought the group here.
    """
    for group in groups:
        area = _narrowest(group.terms("area")) if group.is_public else None
        if area is not None:
            yield _of_group(group, area, (records or {}).get(group.id), base_url)
    for entry in events:
        tags = [(tag.dimension, tag.slug) for tag in entry.tags]
        area = _narrowest([slug for dimension, slug in tags if dimension == "area"])
        if area is not None and rights.may_show(entry):
            yield _of_event(entry, area, tags, base_url)


def write(
    found: Iterable[Place],
    *,
    ontology: str = "gogofull",
    wish: Wish = EVERYTHING,
    language: str = "fr",
) -> bytes:
    """`elements.json`; an ontology that is none of ours gives the full one."""
    shape = _shape(ontology)
    return _answer([shape(place) for place in wish.chosen(found)], ontology, language)


def write_one(place: Place, *, ontology: str = "gogofull", language: str = "fr") -> bytes:
    """One element by its id: the `data` is the element itself, where a list has several."""
    return _answer(_shape(ontology)(place), ontology, language)


def write_jsonld(found: Iterable[Place], *, wish: Wish = EVERYTHING) -> bytes:
    """The same as JSON-LD in schema.org's words."""
    graph = [_node(place) for place in wish.chosen(found)]
    return _written({"@context": "https://schema.org/", "@graph": graph})


def write_project(*, base_url: str, count: int, charter_url: str) -> bytes:
    """`project-info.json`: who keeps the list, how large it is, and on which terms it is given."""
    return _written(
        {
            "name": "Fil commun",
            "url": base_url,
            "description": "Le fil commun des groupes citoyens de la métropole",
            "dataSize": count,
            "licence": charter.LICENCE,
            "licenceUrl": charter.LICENCE_URL,
            "charter": f"{base_url}{charter_url}",
            "charterVersion": charter.VERSION,
        }
    )


def write_geojson(found: Iterable[Place]) -> bytes:
    """The places as a GeoJSON feature collection (RFC 7946)."""
    features = []
    for place in found:
        full = _full(place)
        geo = full.pop("geo")
        features.append(
            {
                "type": "Feature",
                "id": full.pop("id"),
                "geometry": {
                    "type": "Point",
                    "coordinates": [geo["longitude"], geo["latitude"]],
                },
                "properties": full,
            }
        )
    return _written({"type": "FeatureCollection", "licence": charter.LICENCE, "features": features})


def _of_group(group: Group, area: areas.Area, record: Record | None, base_url: str) -> Place:
    slugs = [slug for slug in group.terms("area") if terms.is_term("area", slug)]
    return Place(
        id=f"group-{group.slug}",
        name=line(group.name),
        latitude=area.latitude,
        longitude=area.longitude,
        categories=categories.numbers((tag.dimension, tag.slug) for tag in group.tags),
        home=line(group.home or "") or None,
        page=f"{base_url}/groupes/{group.slug}",
        description=line(group.description),
        kind=line(group.category),
        language=publication.language(group.language) or "",
        locality=area.name,
        areas=tuple(areas.area(slug).name for slug in slugs),
        provenance=provenance.of(group, record, base_url),
        stamps=_stamps(group),
        created=f"{group.created_at:%d/%m/%Y}",
        updated=f"{group.updated_at:%d/%m/%Y}",
    )


def _of_event(
    entry: Entry, area: areas.Area, tags: Sequence[tuple[str, str]], base_url: str
) -> Place:
    shown = rights.shown(entry)
    return Place(
        id=f"entry-{entry.id}",
        name=shown.title,
        latitude=area.latitude,
        longitude=area.longitude,
        categories=categories.numbers(tags),
        home=publication.link(entry, base_url),
        page=publication.page(entry, base_url),
        description=shown.excerpt,
        locality=area.name,
        # What people write stays theirs.
        provenance=Provenance(base_url, f"© {line(entry.source.group.name)}", is_external=False),
        is_event=True,
        created=f"{entry.first_seen_at:%d/%m/%Y}",
        updated=f"{publication.changed(entry):%d/%m/%Y}",
    )


def _stamps(group: Group) -> tuple[int, ...]:
    put = {
        1: bool(group.charter_version),
        2: group.status == "participating",
        3: bool(group.tags) and not group.tags_proposed,
    }
    return tuple(number for number, is_put in put.items() if is_put)


def _full(place: Place) -> dict[str, Any]:
    of = place.provenance
    element: dict[str, Any] = {
        "id": place.id,
        "name": place.name,
        "geo": {"latitude": place.latitude, "longitude": place.longitude},
        "sourceKey": of.source,
        "address": {"addressLocality": place.locality, "addressCountry": "FR"},
        "createdAt": place.created,
        "updatedAt": place.updated,
        "categories": list(place.categories),
        "stamps": list(place.stamps),
        "images": [],
        "nature": "event" if place.is_event else "group",
        "description": place.description,
        "website": place.home or "",
        "fiche": place.page,
        "licence": of.licence,
    }
    if not place.is_event:
        element |= {"type": place.kind, "langue": place.language, "territoires": list(place.areas)}
    if of.charter_accepted_at is not None:
        accepted = f"{of.charter_accepted_at:%d/%m/%Y}"
        element["charte"] = {"version": of.charter_version, "acceptedAt": accepted}
    return element


def _compact(place: Place) -> list[Any]:
    return [place.id, place.name, place.latitude, place.longitude, list(place.categories)]


def _sync(place: Place) -> dict[str, str]:
    return {"id": place.id, "updatedAt": place.updated}


def _node(place: Place) -> dict[str, Any]:
    node = {
        "@id": f"{place.page}#{place.id}",
        "@type": "Event" if place.is_event else "Organization",
        "name": place.name,
        "url": place.home or place.page,
        "description": place.description,
        "license": charter.LICENCE_URL
        if place.provenance.licence == charter.LICENCE
        else place.provenance.licence,
        "sdPublisher": place.provenance.source,
        "location": {
            "@type": "Place",
            "geo": {
                "@type": "GeoCoordinates",
                "latitude": place.latitude,
                "longitude": place.longitude,
            },
            "address": {"@type": "PostalAddress", "addressLocality": place.locality},
        },
    }
    return {key: value for key, value in node.items() if value}


_SHAPES: Mapping[str, Callable[[Place], Any]] = {
    "gogofull": _full,
    "gogocompact": _compact,
    "gogosync": _sync,
}
"""The ontologies by name, and how each tells an element."""


def _shape(ontology: str) -> Callable[[Place], Any]:
    return _SHAPES.get(ontology, _full)


def _answer(data: Any, ontology: str, language: str) -> bytes:
    answer: dict[str, Any] = {
        "licence": charter.LICENCE,
        "stamps": [
            {"id": number, "name": names[language.startswith("en")]}
            for number, names in STAMPS.items()
        ],
        "data": data,
        "ontology": ontology if ontology in _SHAPES else "gogofull",
    }
    if ontology == "gogocompact":
        answer["mapping"] = ["id", "name", "latitude", "longitude", "categories"]
    return _written(answer)


def _written(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _narrowest(slugs: Iterable[str]) -> areas.Area | None:
    known = [areas.area(slug) for slug in slugs if terms.is_term("area", slug)]
    # The whole country is no place to put on a map of the metropolis.
    local = [area for area in known if area.kind not in {"country", "region"}]
    return max(local, key=lambda area: areas.KINDS.index(area.kind), default=None)
