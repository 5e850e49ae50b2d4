"""Groups as others' maps have them, and what such a map says otherwise. Pure.

`project` makes a Kumu map of the public inventory; `differences` compares one that came from
outside, for people to decide: nothing is changed here. What is private never leaves, and groups
that left are neither exported nor brought back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aggregator.publish import publication
from aggregator.publish.kumu import Connection, Element, Project
from aggregator.publish.maps.network import VIEWS
from aggregator.publish.text import line
from aggregator.store.suppressions import address_key
from aggregator.taxonomy import areas, terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group

TYPES = {
    "group": "Groupe",
    "objective": "Objectif",
    "skill": "Savoir-faire",
    "topic": "Thème",
    "kind": "Plateforme",
    "area": "Territoire",
}
"""What an element is, in Kumu's `type`."""

_FIELDS = {
    "objective": "Objectifs",
    "skill": "Savoir-faire",
    "topic": "Thèmes",
    "kind": "Plateformes",
    "area": "Territoires",
}
_HOMES = ("url", "site", "site web", "website", "homepage", "lien", "home")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a map from outside says otherwise, ready to become an amendment."""

    kind: str
    """`profile` (a group we have) or `missing_group`."""
    name: str
    group: str | None = None
    """The slug of a group we have."""
    change: Mapping[str, Any] = field(default_factory=dict)
    """`profile`: column or dimension → {"from", "to"}; `missing_group`: name, url and terms."""


def project(groups: Iterable[Group], view: str, *, base_url: str, language: str = "fr") -> Project:
    """A Kumu map of the public groups and one dimension (a key of `network.VIEWS`)."""
    dimension = VIEWS[view]
    shown = [group for group in groups if group.is_public]
    hubs = [
        Element(
            label=publication.label(dimension, term.slug, language) or term.slug,
            id=f"{dimension}-{term.slug}",
            type=TYPES[dimension],
            description=term.description_en if language.startswith("en") else term.description_fr,
            fields={"URL": f"{base_url}/{publication.PATHS[dimension]}/{term.slug}"},
        )
        for term in terms.terms(dimension)
    ]
    links = [
        Connection(f"group-{group.slug}", f"{dimension}-{slug}", TYPES[dimension])
        for group in shown
        for slug in group.terms(dimension)
        if terms.is_term(dimension, slug)
    ]
    elements = [_element(group, base_url, language) for group in shown]
    return Project((*elements, *hubs), tuple(links))


def differences(
    came: Project, groups: Sequence[Group], *, is_kept_out: Callable[[str], bool]
) -> list[Difference]:
    """What a map says otherwise than the inventory, in its order; an unchanged one gives none.

    `groups` are all we have, those that left too, so that no map brings them back; with the same
    aim `is_kept_out` is asked for each home page. A field that a map does not have is left
    alone. A group is found by its id, else its name, else its home page.
    """
    known = _Known(groups)
    linked = _linked_terms(came)
    found = []
    for element in came.elements:
        if not element.label or _is_term(element):
            continue
        home = _home(element)
        if home and is_kept_out(home):
            continue
        group = known.find(element, home)
        said = _terms_of(element, linked)
        if group is None:
            found.append(_missing(element, home, said))
        elif group.is_public:
            change = _changes(group, element, home, said)
            if change:
                found.append(Difference("profile", line(group.name), group.slug, change))
    return found


def _element(group: Group, base_url: str, language: str) -> Element:
    fields: dict[str, Any] = {
        name: [
            publication.label(dimension, slug, language) or slug for slug in group.terms(dimension)
        ]
        for dimension, name in _FIELDS.items()
    }
    fields["Page"] = f"{base_url}/groupes/{group.slug}"
    fields["Catégorie"] = line(group.category)
    if group.home:
        fields["URL"] = line(group.home)
    return Element(
        label=line(group.name),
        id=f"group-{group.slug}",
        type=TYPES["group"],
        description=line(group.description),
        tags=tuple(group.terms("topic")),
        fields=fields,
    )


class _Known:
    """The inventory's groups by what a map may call them."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._by_id = {f"group-{group.slug}": group for group in groups}
        self._by_name = {areas.folded_name(group.name): group for group in groups}
        self._by_home = {address_key(group.home): group for group in groups if group.home}

    def find(self, element: Element, home: str) -> Group | None:
        return (
            self._by_id.get(element.id or "")
            or self._by_name.get(areas.folded_name(element.label))
            or (self._by_home.get(address_key(home)) if home else None)
        )


def _is_term(element: Element) -> bool:
    return element.type.casefold() in {
        kind.casefold() for name, kind in TYPES.items() if name != "group"
    }


def _home(element: Element) -> str:
    lower = {name.casefold(): value for name, value in element.fields.items()}
    for name in _HOMES:
        value = lower.get(name)
        home = line(str(value[0] if isinstance(value, list) and value else value or ""))
        if home.startswith(("https://", "http://")):
            return home
    return ""


def _linked_terms(came: Project) -> dict[str, set[tuple[str, str]]]:
    """What each element's connections say, by its id and label."""
    meant: dict[str, tuple[str, str]] = {}
    for element in came.elements:
        term = _term_called(element.label) if _is_term(element) else None
        if term is not None:
            meant[element.label] = term
            if element.id:
                meant[element.id] = term
    found: dict[str, set[tuple[str, str]]] = {}
    for link in came.connections:
        for one, other in ((link.start, link.end), (link.end, link.start)):
            if other in meant:
                found.setdefault(one, set()).add(meant[other])
    return found


def _terms_of(
    element: Element, linked: Mapping[str, set[tuple[str, str]]]
) -> dict[str, tuple[str, ...]]:
    """Dimension → slugs, for the dimensions of which the map says something."""
    said: dict[str, set[str]] = {}
    lower = {name.casefold(): value for name, value in element.fields.items()}
    for dimension, name in _FIELDS.items():
        value = lower.get(name.casefold())
        if value is None:
            continue
        labels = value if isinstance(value, list) else str(value).split("|")
        slugs = (_slug_called(dimension, str(label)) for label in labels)
        said[dimension] = {slug for slug in slugs if slug is not None}
    for name in filter(None, (element.id, element.label)):
        for dimension, slug in linked.get(name, ()):
            said.setdefault(dimension, set()).add(slug)
    return {dimension: tuple(sorted(slugs)) for dimension, slugs in said.items()}


def _slug_called(dimension: str, label: str) -> str | None:
    """The term of this name or slug, whatever the case and accents; None when there is none."""
    wanted = areas.folded_name(label)
    if dimension == "area":
        area = areas.by_name(label)
        return area.slug if area is not None else None
    for term in terms.terms(dimension):
        names = (term.slug, term.label_fr, term.label_en)
        if wanted and wanted in {areas.folded_name(name) for name in names}:
            return term.slug
    return None


def _term_called(label: str) -> tuple[str, str] | None:
    for dimension in terms.DIMENSIONS:
        slug = _slug_called(dimension, label)
        if slug is not None:
            return dimension, slug
    return None


def _changes(
    group: Group, element: Element, home: str, said: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    change: dict[str, Any] = {}
    if line(element.label) != line(group.name):
        change["name"] = {"from": group.name, "to": line(element.label)}
    if element.description and line(element.description) != line(group.description):
        change["description"] = {"from": group.description, "to": line(element.description)}
    if home and address_key(home) != address_key(group.home or ""):
        change["home"] = {"from": group.home, "to": home}
    for dimension, slugs in said.items():
        before = tuple(sorted(group.terms(dimension)))
        if slugs != before:
            change[dimension] = {"from": list(before), "to": list(slugs)}
    return change


def _missing(element: Element, home: str, said: Mapping[str, tuple[str, ...]]) -> Difference:
    change: dict[str, Any] = {"name": line(element.label), "url": home}
    if element.description:
        change["description"] = line(element.description)
    change.update({dimension: list(slugs) for dimension, slugs in said.items() if slugs})
    return Difference("missing_group", line(element.label), None, change)
