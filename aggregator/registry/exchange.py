"""Other tools' lists of groups as records: Kumu's JSON and tables, GoGoCarto's elements. Pure.

Shapes: Kumu's documentation (blueprint, project export, element and connection sheets) and
GoGoCarto's `/api/elements.json`. Fields that we have no word for are kept as they came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aggregator.errors import Refused
from aggregator.registry.sheets import read_sheet
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import DIMENSIONS

LARGEST: Final = 20_000_000
"""Bytes of JSON."""
MOST: Final = 10_000
"""Records of one list."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

_NAMES: Final = ("label", "name", "nom", "title")
_TEXTS: Final = {
    "description": ("description", "présentation", "abstract"),
    "home": ("website", "site", "url", "site web", "home", "page", "siteweb"),
    "category": ("type", "element type", "catégorie", "category"),
}
_TERMS: Final = {
    "topic": ("thèmes", "thème", "themes", "topics", "topic"),
    "objective": ("objectifs", "objectif", "objectives", "objective"),
    "skill": ("savoir-faire", "savoir faire", "skills", "skill"),
    "kind": ("plateforme", "plateformes", "forme", "kinds", "kind"),
    "area": ("territoires", "territoire", "areas", "area", "lieu", "lieux"),
}
_PRIVATE: Final = ("email", "e-mail", "mail", "telephone", "téléphone", "phone", "subscriberemails")
"""Never kept: they are persons', and nothing we show needs them."""


@dataclass(slots=True)
class Listed:
    """One group as another tool has it."""

    external_id: str
    """Its id there, else its label."""
    name: str
    texts: dict[str, str] = field(default_factory=dict)
    """`home`, `description`, `category`, where given."""
    terms: dict[str, set[str]] = field(default_factory=dict)
    """Dimension → slugs; only terms that we know."""
    kept: dict[str, Any] = field(default_factory=dict)


def read(body: bytes, *, bounds: Bounds | None = None) -> list[Listed]:
    """The groups of a file, by what it holds; the last of one id or label wins.

    With `bounds`, of placed ones only those inside. Raises Refused: `list_unknown`, `list_large`,
    `list_long`, `list_broken`, or what is wrong with a table.
    """
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] not in {b"{", b"["}:
        return _bounded(_from_sheet(body))
    value = _json(body)
    if isinstance(value, dict) and isinstance(value.get("elements"), list):
        return _bounded(_from_kumu(value))
    elements = value.get("data") if isinstance(value, dict) else value
    if isinstance(elements, list):
        return _bounded(_from_gogocarto(elements, bounds))
    raise Refused("list_unknown")


def _json(body: bytes) -> Any:
    if len(body) > LARGEST:
        raise Refused("list_large", most=LARGEST // 1_000_000)
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refused("list_broken") from error


def _bounded(found: Iterable[Listed]) -> list[Listed]:
    records: dict[str, Listed] = {}
    for record in found:
        records[record.external_id] = record
        if len(records) > MOST:
            raise Refused("list_long", most=MOST)
    return list(records.values())


# Kumu


def _from_kumu(project: Mapping[str, Any]) -> list[Listed]:
    """A blueprint or a project export; elements that are terms become tags of their neighbours."""
    private = {
        str(attribute.get("name", "")).casefold()
        for attribute in _objects(project.get("attributes"))
        if attribute.get("private")
    }
    groups: dict[str, Listed] = {}
    known_terms: dict[str, tuple[str, str]] = {}
    for element in _objects(project["elements"]):
        own = element.get("attributes")
        fields = own if isinstance(own, dict) else element
        names = [_text(element.get(key)) for key in ("_id", "id")] + [_text(_label(fields))]
        keys = [name for name in names if name]
        term = _term_of(_text(_label(fields)))
        if term is not None and not _has_home(fields):
            known_terms |= dict.fromkeys(keys, term)
            continue
        record = _listed(fields, keys[0] if keys else "", private)
        if record is not None:
            groups |= dict.fromkeys(keys, record)
    for connection in _objects(project.get("connections")):
        _connect(groups, known_terms, connection)
    return list({id(record): record for record in groups.values()}.values())


def _connect(
    groups: Mapping[str, Listed],
    known_terms: Mapping[str, tuple[str, str]],
    connection: Mapping[str, Any],
) -> None:
    """A group tied to a term bears it; loops and ties to nothing say nothing."""
    ends = [_text(connection.get(key) or connection.get(key.title())) for key in ("from", "to")]
    for one, others in ((ends[0], ends[1]), (ends[1], ends[0])):
        record = groups.get(one)
        for other in others.split("|"):
            term = known_terms.get(other.strip())
            if record is not None and term is not None:
                record.terms.setdefault(term[0], set()).add(term[1])


def _from_sheet(body: bytes) -> list[Listed]:
    rows = read_sheet(body)
    columns = {column.casefold() for row in rows for column in row.cells}
    if {"from", "to"} <= columns:
        raise Refused("list_connections")
    found = []
    for row in rows:
        by_name = {column.casefold(): cell for column, cell in row.cells.items()}
        name = _text(_label(by_name))
        external_id = by_name.get("id") or name
        if "type" in columns and "id" not in columns and name:
            external_id = f"{name} ({by_name.get('type', '')})"
        record = _listed(row.cells, external_id, set())
        if record is not None:
            found.append(record)
    return found


# GoGoCarto


def _from_gogocarto(elements: Sequence[Any], bounds: Bounds | None) -> list[Listed]:
    found = []
    for element in _objects(elements):
        if bounds is not None and not _is_inside(element, bounds):
            continue
        record = _listed(element, _text(element.get("id")), set())
        if record is None:
            continue
        address = element.get("address")
        area = _area(address) if isinstance(address, dict) else None
        if area is not None:
            record.terms.setdefault("area", set()).add(area)
        for label in _labels(element.get("categories")):
            term = _term_of(label)
            if term is not None:
                record.terms.setdefault(term[0], set()).add(term[1])
        found.append(record)
    return found


def _is_inside(element: Mapping[str, Any], bounds: Bounds) -> bool:
    geo = element.get("geo")
    place: Mapping[str, Any] = geo if isinstance(geo, dict) else element
    latitude = _number(place, "latitude", "lat")
    longitude = _number(place, "longitude", "lng", "lon", "long")
    if latitude is None or longitude is None:
        return False
    west, south, east, north = bounds
    return west <= longitude <= east and south <= latitude <= north


def _number(place: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        try:
            return float(place[name])
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _area(address: Mapping[str, Any]) -> str | None:
    by_postcode = areas.by_postcode(_text(address.get("postalCode")))
    by_name = areas.by_name(_text(address.get("addressLocality")))
    if by_name is not None and (by_name in by_postcode or not by_postcode):
        return by_name.slug
    return by_postcode[0].slug if by_postcode else None


# Fields


def _listed(fields: Mapping[str, Any], external_id: str, private: set[str]) -> Listed | None:
    """A record of what we have words for; None without a name."""
    name = _text(_label(fields))
    if not name:
        return None
    record = Listed(external_id=(external_id or name)[:300], name=name[:500])
    for key, value in fields.items():
        low = key.casefold().strip()
        if low in private or low in _PRIVATE or low in _NAMES or low in {"id", "_id"}:
            continue
        text = next((ours for ours, theirs in _TEXTS.items() if low in theirs), None)
        dimension = next((ours for ours, theirs in _TERMS.items() if low in theirs), None)
        if text is not None and isinstance(value, str) and value.strip():
            record.texts[text] = _absolute(value) if text == "home" else value.strip()
        elif dimension is not None:
            _add_terms(record, key, dimension, value)
        elif value not in (None, "", [], {}):
            record.kept[key] = value
    return record


def _absolute(address: str) -> str:
    """As people write addresses: `monasso.fr` is one too."""
    address = address.strip()
    return address if "://" in address else f"https://{address}"


def _add_terms(record: Listed, key: str, dimension: str, value: Any) -> None:
    unknown = []
    for label in _labels(value):
        slug = _slug(dimension, label)
        if slug is None:
            unknown.append(label)
        else:
            record.terms.setdefault(dimension, set()).add(slug)
    if unknown:
        record.kept[key] = unknown


def _label(fields: Mapping[str, Any]) -> Any:
    low = {key.casefold(): value for key, value in fields.items()}
    return next((low[name] for name in _NAMES if low.get(name)), "")


def _has_home(fields: Mapping[str, Any]) -> bool:
    return any(key.casefold() in _TEXTS["home"] and value for key, value in fields.items())


def _labels(value: Any) -> list[str]:
    """Several values, however they are given: a list, or one text with `|`."""
    values = value if isinstance(value, list) else _text(value).split("|")
    names = [one.get("name") if isinstance(one, dict) else one for one in values]
    return [label for label in (_text(name) for name in names) if label]


def _term_of(label: str) -> tuple[str, str] | None:
    """(dimension, slug) of a label or slug, places left out: many groups are called like one."""
    for dimension in DIMENSIONS:
        slug = None if dimension == "area" else _slug(dimension, label)
        if slug is not None:
            return dimension, slug
    return None


def _slug(dimension: str, label: str) -> str | None:
    if terms.is_term(dimension, label):
        return label
    if dimension == "area":
        place = areas.by_name(label)
        return place.slug if place else None
    wanted = label.casefold()
    found = (
        term.slug
        for term in terms.terms(dimension)
        if wanted in {term.label_fr.casefold(), term.label_en.casefold()}
    )
    return next(found, None)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _text(value: Any) -> str:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return " ".join(str(value).split())
    return ""
