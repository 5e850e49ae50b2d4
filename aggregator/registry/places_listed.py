"""Lists of placed groups: GoGoCarto's elements, GeoJSON, and another Fil commun's inventory. Pure.

Shapes: GoGoCarto's `/api/elements.json` and `/api/taxonomy.json`, RFC 7946, `/inventaire.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from aggregator.errors import Refused
from aggregator.registry import listed
from aggregator.registry.listed import Bounds, Listed, objects, text
from aggregator.taxonomy import areas, terms

COMPACT: Final = ("id", "name", "latitude", "longitude", "categories", "status")
"""What stands where in a compact element, unless the answer's `mapping` says otherwise."""
INVENTORY: Final = {
    "id": "id",
    "nom": "name",
    "adresse": "website",
    "description": "description",
    "categorie": "category",
    "langue": "langue",
    "theme": "topics",
    "objectif": "objectives",
    "savoir_faire": "skills",
    "forme": "kinds",
    "territoire": "areas",
    "page": "fiche",
    "provenance": "sourceKey",
    "licence": "licence",
}
"""The columns of another Fil commun's inventory, and what they are called here."""
_SHOWN: Final = frozenset(
    {
        *("geo", "lat", "lng", "lon", "long", "latitude", "longitude", "address", "score"),
        *("categories", "categoriesfull", "taxonomy", "createdat", "updatedat", "stamps"),
        *("status", "moderationstate", "searchscore", "nature", "charte", "images"),
    }
)
"""How a map shows an element; not what the group says."""


def from_gogocarto(
    elements: Sequence[Any],
    within: Sequence[Bounds] = (),
    *,
    names: Mapping[str, str] | None = None,
    mapping: Sequence[Any] = (),
) -> Iterator[Listed]:
    """The groups among the elements, full or compact; with boxes only those placed inside one.

    `names`: category id → label, of `category_names`. Events that a Fil commun lists are no groups.
    """
    for element in (_full(one, mapping) for one in elements):
        if element is None or element.get("nature") == "event" or _is_withheld(element):
            continue
        if within and not _is_inside(element, within):
            continue
        record = listed.listed(element, text(element.get("id")), tool="gogocarto", left_out=_SHOWN)
        if record is None:
            continue
        address = element.get("address")
        area = _area(address) if isinstance(address, dict) else None
        if area is not None and "area" not in record.terms:
            record.terms["area"] = {area}
        categories = element.get("categories", element.get("taxonomy"))
        for dimension, slug in _categories(categories, element.get("categoriesFull"), names or {}):
            record.terms.setdefault(dimension, set()).add(slug)
        yield record


def from_geojson(features: Sequence[Any], within: Sequence[Bounds] = ()) -> Iterator[Listed]:
    """The groups among GeoJSON features; only points have a place."""
    elements = []
    for feature in objects(features):
        properties, geometry = feature.get("properties"), feature.get("geometry")
        element = dict(properties) if isinstance(properties, dict) else {}
        element.setdefault("id", feature.get("id"))
        if isinstance(geometry, dict) and geometry.get("type") == "Point":
            coordinates = geometry.get("coordinates")
            if isinstance(coordinates, list) and len(coordinates) >= 2:
                element["geo"] = {"longitude": coordinates[0], "latitude": coordinates[1]}
        elements.append(element)
    return from_gogocarto(elements, within)


def from_inventory(rows: Iterable[Mapping[str, Any]]) -> Iterator[Listed]:
    """The groups of another Fil commun's `inventaire.json` or `.csv`."""
    for row in rows:
        fields = {ours: row[theirs] for theirs, ours in INVENTORY.items() if row.get(theirs)}
        record = listed.listed(fields, text(fields.get("id")), tool="filcommun")
        if record is not None:
            yield record


def category_names(taxonomy: Any) -> dict[str, str]:
    """Category id → label, from `/api/taxonomy.json`; empty for what is none."""
    names: dict[str, str] = {}
    waiting = [taxonomy]
    while waiting and len(names) < 20_000:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            if text(one.get("id")) and text(one.get("name")):
                names[text(one["id"])] = text(one["name"])
            waiting.extend(one[key] for key in ("options", "subcategories", "data") if key in one)
    return names


def boxes(words: str) -> tuple[Bounds, ...]:
    """`W,S,E,N;…` as boxes; raises Refused (`no_bounds`) for what is none."""
    found = []
    for part in filter(None, (part.strip() for part in words.split(";"))):
        try:
            west, south, east, north = (float(number) for number in part.split(","))
        except ValueError:
            raise Refused("no_bounds", bounds=part[:100]) from None
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise Refused("no_bounds", bounds=part[:100])
        found.append((west, south, east, north))
    return tuple(found)


def _full(element: Any, mapping: Sequence[Any]) -> dict[str, Any] | None:
    if isinstance(element, dict):
        return element
    if isinstance(element, list):
        keys = [text(key) for key in mapping] or COMPACT
        return dict(zip(keys, element, strict=False))
    return None


def _is_withheld(element: Mapping[str, Any]) -> bool:
    """Whether the map itself waits with it, refused or deleted it: its status says so.

    From GoGoCarto's code: 0 is pending, -1 a pending change of what is shown, below that refused,
    deleted or a duplicate, above 0 shown.
    """
    status = element.get("status")
    return isinstance(status, int | float) and (status == 0 or status < -1)


def _is_inside(element: Mapping[str, Any], within: Sequence[Bounds]) -> bool:
    geo = element.get("geo")
    place: Mapping[str, Any] = geo if isinstance(geo, dict) else element
    latitude = _number(place, "latitude", "lat")
    longitude = _number(place, "longitude", "lng", "lon", "long")
    if latitude is None or longitude is None:
        return False
    return any(
        west <= longitude <= east and south <= latitude <= north
        for west, south, east, north in within
    )


def _number(place: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        try:
            return float(place[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return None


def _area(address: Mapping[str, Any]) -> str | None:
    by_postcode = areas.by_postcode(text(address.get("postalCode")))
    by_name = areas.by_name(text(address.get("addressLocality")))
    if by_name is not None and (by_name in by_postcode or not by_postcode):
        return by_name.slug
    return by_postcode[0].slug if by_postcode else None


def _categories(value: Any, full: Any, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in [*listed.labels(value), *listed.labels(full)]:
        # Their word for the number first: only our own numbers mean our terms.
        term = listed.term_of(names.get(one, one))
        known = terms.by_number(int(one)) if term is None and one.isdecimal() else None
        if known is not None and known.dimension != "area":
            term = known.dimension, known.slug
        if term is not None:
            yield term
