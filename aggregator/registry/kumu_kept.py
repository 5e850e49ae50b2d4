"""Kumu's maps as they came, and given back with what the inventory says today.

What nobody changed here comes back as it was, ids, positions and looks included; groups that left,
were declined or refused do not. A kept map names people's unmoderated words: it is for moderators.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import kumu_map, listed, planning, profile
from aggregator.registry.kumu_map import Document, by_key, fields_of
from aggregator.registry.listed import objects
from aggregator.registry.planning import Planned
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Group, KeptMap
from aggregator.taxonomy import terms

_NOT_BACK: Final = frozenset({"left", "refused"})
_COLUMNS: Final = {
    "home": "website",
    "description": "description",
    "category": "type",
    "objective": "Objectifs",
    "skill": "Savoir-faire",
    "topic": "Thèmes",
    "kind": "Plateformes",
    "area": "Territoires",
}
"""How a map calls what it had no field for."""


def keep(session: Session, origin: str, document: Mapping[str, Any], now: datetime) -> None:
    """Keep a map for the way back; the newest of one origin stays."""
    found = session.scalar(select(KeptMap).where(KeptMap.origin == origin[:300]))
    if found is None:
        found = KeptMap(origin=origin[:300])
        session.add(found)
    found.document, found.seen_at = dict(document), now


def kept(session: Session) -> Sequence[KeptMap]:
    """The maps that are kept, the newest first."""
    return session.scalars(select(KeptMap).order_by(KeptMap.seen_at.desc())).all()


def forget(session: Session, name: str, addresses: Iterable[str]) -> None:
    """Take a group that leaves out of every map that is kept, by its name and its addresses."""
    keys = set(map(address_key, addresses)) - {""}
    for map_ in session.scalars(select(KeptMap)):
        document: Document = copy.deepcopy(map_.document)
        elements = list(objects(document.get("elements")))
        gone = {n for n, one in enumerate(elements) if _is_of(one, name.casefold(), keys)}
        if gone:
            _put(document, elements, gone, _ties(document, elements, gone, {}, {})[0])
            map_.document = document


def _is_of(element: Mapping[str, Any], name: str, keys: set[str]) -> bool:
    record = listed.listed(fields_of(element), "", tool="kumu")
    if record is None:
        return False
    home = address_key(record.texts.get("home", ""))
    return record.name.casefold() == name or home in keys


def given_back(session: Session, map_: KeptMap) -> Document:
    """The map with today's inventory in it, in the shape it came in.

    An element of a group of ours says what we say; what is no group of ours stays as it came.
    """
    document: Document = copy.deepcopy(map_.document)
    elements = list(objects(document.get("elements")))
    planned = {
        one.record.external_id: one
        for one in planning.plan(session, kumu_map.records(document), origin=map_.origin)
    }
    hubs = _hubs(elements)
    gone: set[int] = set()
    ours: dict[int, Group] = {}
    for number, element in enumerate(elements):
        one = _planned(element, planned)
        if kumu_map.term_of(element) is not None or one is None:
            continue
        if one.outcome in _NOT_BACK:
            gone.add(number)
        elif one.group is not None:
            ours[number] = one.group
            _say(element, one, hubs)
    still, tied = _ties(document, elements, gone, ours, hubs)
    new = _missing(document, elements, ours, hubs, tied)
    _put(document, elements, gone, [*still, *new])
    _draw(document, new)
    return document


def _planned(element: Mapping[str, Any], planned: Mapping[str, Planned]) -> Planned | None:
    id_ = listed.text(element.get("_id")) or listed.text(element.get("id"))
    name = listed.text(listed.label(fields_of(element)))
    return planned.get((id_ or name)[:300])


def _hubs(elements: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Term → the element that stands for it."""
    found: dict[tuple[str, str], int] = {}
    for number, element in enumerate(elements):
        term = kumu_map.term_of(element)
        if term is not None:
            found.setdefault(term, number)
    return found


def _say(element: Document, one: Planned, hubs: Mapping[tuple[str, str], int]) -> None:
    """Put into the element what the inventory says otherwise; all else stays as it came."""
    group, record, own = one.group, one.record, fields_of(element)
    assert group is not None
    fields = own if element.get("attributes") is own else element
    for field in ("home", "description", "category"):
        now = getattr(group, field) or ""
        if now and now != record.texts.get(field, ""):
            fields[_column(fields, field, listed.TEXTS[field])] = now
    for dimension, words in listed.TERMS.items():
        slugs = set(group.terms(dimension))
        if slugs == record.terms.get(dimension, set()):
            continue
        column = _column(fields, dimension, words)
        unknown = [one for one in listed.labels(fields.get(column)) if _is_unknown(dimension, one)]
        by_tie = {slug for slug in slugs if (dimension, slug) in hubs}
        named = [terms.term(dimension, slug).label_fr for slug in sorted(slugs - by_tie)]
        if column in fields or named:
            fields[column] = [*named, *unknown]


def _is_unknown(dimension: str, label: str) -> bool:
    return listed.slug_of(dimension, label) is None


def _column(fields: Mapping[str, Any], field: str, words: Iterable[str]) -> str:
    """The element's own word for a field, else ours."""
    low = {key.casefold().strip(): key for key in fields}
    return next((low[word] for word in words if word in low), _COLUMNS[field])


def _ties(
    document: Document,
    elements: Sequence[Mapping[str, Any]],
    gone: set[int],
    ours: Mapping[int, Group],
    hubs: Mapping[tuple[str, str], int],
) -> tuple[list[Document], set[tuple[int, tuple[str, str]]]]:
    """The ties as they came, without those of who left and of terms a group no longer bears; and
    which terms they give to which elements."""
    named = by_key(elements)
    terms_at = {number: term for term, number in hubs.items()}
    tied: set[tuple[int, tuple[str, str]]] = set()
    found = []
    for tie in objects(document.get("connections")):
        start, ends = kumu_map.ends_of(tie)
        numbers = {named.get(one, -1) for one in (start, *ends)}
        said = [terms_at[one] for one in numbers if one in terms_at]
        borne = [(one, term) for one in numbers if one in ours for term in said]
        if numbers & gone or any(not _bears(ours[one], term) for one, term in borne):
            continue
        tied.update(borne)
        found.append(dict(tie))
    return found, tied


def _missing(
    document: Document,
    elements: Sequence[Mapping[str, Any]],
    ours: Mapping[int, Group],
    hubs: Mapping[tuple[str, str], int],
    tied: set[tuple[int, tuple[str, str]]],
) -> list[Document]:
    """New ties between groups and the terms that the map draws, where nothing says them yet."""
    return [
        _tie(document, elements[number], elements[hub])
        for number, group in sorted(ours.items())
        for term, hub in hubs.items()
        if _bears(group, term)
        and (number, term) not in tied
        and not _said_in_fields(elements[number], term)
    ]


def _bears(group: Group, term: tuple[str, str]) -> bool:
    return term[1] in profile.value_of(group, term[0])


def _said_in_fields(element: Mapping[str, Any], term: tuple[str, str]) -> bool:
    """Whether the element says it in a field of its own: then no tie is needed."""
    words = listed.TERMS[term[0]]
    return any(
        listed.slug_of(term[0], one) == term[1]
        for key, value in fields_of(element).items()
        if key.casefold().strip() in words
        for one in listed.labels(value)
    )


def _tie(document: Document, start: Mapping[str, Any], end: Mapping[str, Any]) -> Document:
    begin, finish = (
        listed.text(one.get("_id"))
        or listed.text(one.get("id"))
        or listed.text(listed.label(fields_of(one)))
        for one in (start, end)
    )
    tie: Document = {"from": begin, "to": finish, "direction": "undirected"}
    if not kumu_map.is_project(document):
        return tie
    ends = [{"id": begin}, {"id": finish}]
    (made,) = kumu_map.as_project({"elements": ends, "connections": [tie]})["connections"]
    return dict(made)


def _draw(document: Document, ties: Sequence[Document]) -> None:
    """Put new ties into every drawing that has both their ends, else nobody would see them."""
    for drawing in objects(document.get("maps")):
        there = {listed.text(node.get("element")) for node in objects(drawing.get("elements"))}
        edges = [
            {"_id": f"edge-{tie['_id'].removeprefix('conn-')}", "connection": tie["_id"]}
            for tie in ties
            if {tie["from"], tie["to"]} <= there
        ]
        if edges:
            drawing["connections"] = [*objects(drawing.get("connections")), *edges]


def _put(
    document: Document,
    elements: Sequence[Mapping[str, Any]],
    gone: set[int],
    ties: Sequence[Document],
) -> None:
    """Keep these elements and ties only, in the drawings and loops too."""
    left = {listed.text(elements[number].get("_id")) for number in gone} - {""}
    cut = _ids(document.get("connections")) - _ids(ties)
    document["elements"] = [one for number, one in enumerate(elements) if number not in gone]
    if ties or "connections" in document:
        document["connections"] = list(ties)
    if left and "loops" in document:
        document["loops"] = [
            loop for loop in objects(document["loops"]) if not any(id_ in str(loop) for id_ in left)
        ]
    for drawing in objects(document.get("maps")):
        for key, names, without in (
            ("elements", "element", left),
            ("connections", "connection", cut),
        ):
            if without:
                drawing[key] = [
                    one
                    for one in objects(drawing.get(key))
                    if listed.text(one.get(names)) not in without
                ]


def _ids(ties: Any) -> set[str]:
    return {listed.text(one.get("_id")) for one in objects(ties)} - {""}
