"""GoGoCarto's answers about groups and placed events. Pure; `registry.exchange` reads others'.

The shapes are those of GoGoCarto's API (`elements.json` full and compact, `.jsonld`,
`taxonomy.json`), so that its maps, and Transiscope, can list us as a source.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aggregator.publish import publication, rights
from aggregator.publish.text import line
from aggregator.taxonomy import areas, terms

if TYPE_CHECKING:
    from aggregator.store.tables import Entry, Group

MEDIA_TYPE = "application/json; charset=utf-8"
JSONLD_MEDIA_TYPE = "application/ld+json; charset=utf-8"
ONTOLOGIES = ("gogofull", "gogocompact", "gogosync")

_DIMENSIONS = ("topic", "objective", "skill", "kind")


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
    categories: tuple[str, ...] = ()
    """Ids of `category_id`."""
    url: str | None = None
    description: str = ""
    locality: str = ""
    source: str = ""
    """Which instance it comes from, kept on every record."""
    created: str = ""
    """`d/m/Y`, as GoGoCarto has it."""
    updated: str = ""


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


def category_id(dimension: str, slug: str) -> int:
    """A number for a term that no change of the taxonomy's order changes."""
    return zlib.crc32(f"{dimension}/{slug}".encode()) & 0x7FFFFFFF


def places(
    groups: Iterable[Group], events: Iterable[Entry] = (), *, base_url: str
) -> Iterator[Place]:
    """Public groups that name a place, then events of a place; the narrowest place counts."""
    for group in groups:
        area = _narrowest(group.terms("area")) if group.is_public else None
        if area is not None:
            yield Place(
                id=f"group-{group.slug}",
                name=line(group.name),
                latitude=area.latitude,
                longitude=area.longitude,
                categories=_categories([(tag.dimension, tag.slug) for tag in group.tags]),
                url=line(group.home or "") or f"{base_url}/groupes/{group.slug}",
                description=line(group.description),
                locality=area.name,
                source=base_url,
                created=f"{group.created_at:%d/%m/%Y}",
                updated=f"{group.updated_at:%d/%m/%Y}",
            )
    for entry in events:
        tags = [(tag.dimension, tag.slug) for tag in entry.tags]
        area = _narrowest([slug for dimension, slug in tags if dimension == "area"])
        if area is None or not rights.may_show(entry):
            continue
        shown = rights.shown(entry)
        yield Place(
            id=f"entry-{entry.id}",
            name=shown.title,
            latitude=area.latitude,
            longitude=area.longitude,
            categories=_categories(tags),
            url=publication.link(entry, base_url),
            description=shown.excerpt,
            locality=area.name,
            source=base_url,
            created=f"{entry.first_seen_at:%d/%m/%Y}",
            updated=f"{publication.changed(entry):%d/%m/%Y}",
        )


def write(
    found: Iterable[Place],
    *,
    ontology: str = "gogofull",
    within: Sequence[Bounds] = (),
    categories: Sequence[str] = (),
    limit: int | None = None,
) -> bytes:
    """`elements.json`; an ontology that is none of ONTOLOGIES gives the full one."""
    chosen = list(_chosen(found, within, categories))[:limit]
    if ontology not in ONTOLOGIES:
        ontology = "gogofull"
    shape = {"gogofull": _full, "gogocompact": _compact, "gogosync": _sync}[ontology]
    answer: dict[str, Any] = {"ontology": ontology, "data": [shape(place) for place in chosen]}
    if ontology == "gogocompact":
        answer["mapping"] = ["id", "name", "latitude", "longitude", "categories"]
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def write_jsonld(found: Iterable[Place], *, within: Sequence[Bounds] = ()) -> bytes:
    """The same as JSON-LD in schema.org's words."""
    graph = [
        {
            "@id": f"{place.source}#{place.id}",
            "@type": "Event" if place.id.startswith("entry-") else "Organization",
            "name": place.name,
            "url": place.url,
            "description": place.description,
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
        for place in _chosen(found, within, ())
    ]
    answer = {"@context": "https://schema.org/", "@graph": graph}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def write_taxonomy(language: str = "fr") -> bytes:
    """`taxonomy.json`: one root category per dimension, its terms below."""
    roots = {
        "topic": ("Thèmes", "Topics"),
        "objective": ("Objectifs", "Objectives"),
        "skill": ("Savoir-faire", "Skills"),
        "kind": ("Plateformes", "Platforms"),
    }
    answer = [
        {
            "id": category_id(dimension, ""),
            "name": roots[dimension][language.startswith("en")],
            "options": [
                {
                    "id": category_id(dimension, term.slug),
                    "name": publication.label(dimension, term.slug, language),
                    "customFormatId": f"{dimension}/{term.slug}",
                }
                for term in terms.terms(dimension)
            ],
        }
        for dimension in _DIMENSIONS
    ]
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def write_geojson(found: Iterable[Place]) -> bytes:
    """The places as a GeoJSON feature collection (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "id": place.id,
            "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
            "properties": {
                "name": place.name,
                "url": place.url,
                "description": place.description,
                "locality": place.locality,
                "categories": list(place.categories),
                "source": place.source,
            },
        }
        for place in found
    ]
    answer = {"type": "FeatureCollection", "features": features}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _chosen(
    found: Iterable[Place], within: Sequence[Bounds], categories: Sequence[str]
) -> Iterator[Place]:
    wanted = set(categories)
    for place in found:
        if within and not any(box.has(place) for box in within):
            continue
        if wanted and wanted.isdisjoint(place.categories):
            continue
        yield place


def _full(place: Place) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "geo": {"latitude": place.latitude, "longitude": place.longitude},
        "sourceKey": place.source,
        "address": {"addressLocality": place.locality, "addressCountry": "FR"},
        "createdAt": place.created,
        "updatedAt": place.updated,
        "categories": [int(number) for number in place.categories],
        "website": place.url,
        "description": place.description,
        "stamps": [],
        "images": [],
    }


def _compact(place: Place) -> list[Any]:
    categories = [int(number) for number in place.categories]
    return [place.id, place.name, place.latitude, place.longitude, categories]


def _sync(place: Place) -> dict[str, str]:
    return {"id": place.id, "updatedAt": place.updated}


def _categories(tags: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        str(category_id(dimension, slug))
        for dimension, slug in sorted(tags)
        if dimension in _DIMENSIONS and terms.is_term(dimension, slug)
    )


def _narrowest(slugs: Iterable[str]) -> areas.Area | None:
    known = [areas.area(slug) for slug in slugs if terms.is_term("area", slug)]
    # The whole country is no place to put on a map of the metropolis.
    local = [area for area in known if area.kind not in {"country", "region"}]
    return max(local, key=lambda area: areas.KINDS.index(area.kind), default=None)
