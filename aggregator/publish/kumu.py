"""The inventory as a Kumu map: blueprint, full project and the two CSV sheets. Pure.

`registry.kumu_map` knows Kumu's shapes; what it kept of a group (its id there, fields that we
have no word for) is written back. Private fields never leave: Kumu sends even those it calls
private to every reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aggregator.publish import provenance, publication
from aggregator.publish.maps.network import VIEWS
from aggregator.publish.text import line
from aggregator.registry import kumu_map
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group, Record

MEDIA_TYPE = "application/json; charset=utf-8"

_TERM_TYPES = {"objective": "Objectif", "skill": "Savoir-faire", "topic": "Thème"}
FIELDS = {
    "objective": "Objectifs",
    "skill": "Savoir-faire",
    "topic": "Thèmes",
    "kind": "Plateformes",
    "area": "Territoires",
}
"""How the map calls the dimensions of a group."""


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on the map."""

    id: str
    label: str
    type: str
    description: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Everything else, by Kumu's field names; texts or lists of texts."""


@dataclass(frozen=True, slots=True)
class Project:
    """One map: groups, the terms of one dimension, and who shares which."""

    elements: tuple[Element, ...]
    connections: tuple[tuple[str, str, str], ...]
    """Ids of both ends, and the connection's type."""


def project(
    groups: Iterable[Group],
    view: str,
    *,
    base_url: str,
    records: Mapping[int, Record] | None = None,
    brought: Mapping[int, Record] | None = None,
    language: str = "fr",
) -> Project:
    """The public groups around one dimension (a key of `network.VIEWS`; KeyError for another).

    By group id, `records` tells how the Kumu map that this goes back to has the group, `brought`
    which other list brought it here.
    """
    dimension = VIEWS[view]
    shown = [group for group in groups if group.is_public]
    known, lists = records or {}, brought or {}
    ids = {group.id: _id(group, known.get(group.id)) for group in shown}
    elements = []
    for group in shown:
        of = provenance.of(group, lists.get(group.id), base_url)
        elements.append(_group(group, ids, known.get(group.id), of, base_url, language))
    hubs = [_hub(term, base_url, language) for term in terms.terms(dimension)]
    connections = [
        (ids[group.id], f"{dimension}-{slug}", _TERM_TYPES[dimension])
        for group in shown
        for slug in group.terms(dimension)
        if terms.is_term(dimension, slug)
    ]
    return Project((*elements, *hubs), tuple(connections))


def blueprint(project: Project) -> kumu_map.Document:
    """The simple form as JSON has it."""
    elements = [
        {
            **element.fields,
            "id": element.id,
            "label": element.label,
            "type": element.type,
            "description": element.description,
            "tags": list(element.tags),
        }
        for element in project.elements
    ]
    connections = [
        {"from": start, "to": end, "type": kind, "direction": "undirected"}
        for start, end, kind in project.connections
    ]
    return {"elements": elements, "connections": connections}


def write_json(project: Project) -> bytes:
    """The simple blueprint: the one form that a Kumu page can be pointed at."""
    return kumu_map.write(blueprint(project))


def write_project(project: Project, name: str) -> bytes:
    """The full project export, which Kumu restores into an empty project."""
    return kumu_map.write(kumu_map.as_project(blueprint(project), name=name))


def write_csv(project: Project) -> tuple[bytes, bytes]:
    """The element sheet and the connection sheet; no cell is run as a formula."""
    return kumu_map.sheets(blueprint(project))


def _id(group: Group, record: Record | None) -> str:
    return record.external_id if record is not None else f"group-{group.slug}"


def _group(
    group: Group,
    ids: Mapping[int, str],
    record: Record | None,
    of: provenance.Provenance,
    base_url: str,
    language: str,
) -> Element:
    fields: dict[str, Any] = dict(record.kept) if record is not None else {}
    for dimension, name in FIELDS.items():
        fields[name] = [
            publication.label(dimension, slug, language) or slug for slug in group.terms(dimension)
        ]
    fields["Fiche"] = f"{base_url}/groupes/{group.slug}"
    fields["Provenance"], fields["Licence"] = of.source, of.licence
    if group.home:
        fields["website"] = line(group.home)
    return Element(
        id=ids[group.id],
        label=line(group.name),
        type=line(group.category),
        description=line(group.description),
        tags=group.terms("topic"),
        fields=fields,
    )


def _hub(term: terms.Term, base_url: str, language: str) -> Element:
    return Element(
        id=f"{term.dimension}-{term.slug}",
        label=term.label(language),
        type=_TERM_TYPES[term.dimension],
        description=term.description(language),
        fields={"Fiche": f"{base_url}/{publication.PATHS[term.dimension]}/{term.slug}"},
    )
