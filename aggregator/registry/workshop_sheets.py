"""What a table of a workshop wrote into its sheet, as amendments: the whole sheet or none of it.

`workshops` knows what becomes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import listed, profile, wording, workshops
from aggregator.registry.marked import Fault
from aggregator.registry.sheets import Row, read_sheet, same_address
from aggregator.registry.similar import Names
from aggregator.store import directory
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Amendment, Group, Workshop
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import DIMENSIONS

_COLUMNS: Final = {
    "slug": ("slug", "identifiant", "id"),
    "name": ("name", "nom", "groupe", "group", "label"),
    "home": ("home", "site", "url", "page", "adresse du site", "website"),
    "description": ("description", "présentation", "presentation"),
    "category": ("category", "catégorie", "categorie", "type"),
    "contact": ("contact",),
    "language": ("language", "langue"),
    "topic": ("topics", "topic", "thèmes", "thème", "themes", "theme"),
    "objective": ("objectives", "objective", "objectifs", "objectif"),
    "skill": ("skills", "skill", "savoir-faire", "savoir_faire"),
    "kind": ("kinds", "kind", "plateforme", "forme", "types de plateforme"),
    "area": ("areas", "area", "territoires", "territoire", "lieux", "lieu"),
    "rename": ("nouveau nom", "new name"),
    "action": ("action",),
    "why": ("why", "pourquoi", "raison", "remarque", "note"),
}
"""What a column is for → how it may be called."""
BLANK: Final = (
    *("slug", "nom", "nouveau nom", "site", "description", "thèmes", "objectifs", "savoir-faire"),
    *("plateforme", "territoires", "action", "remarque"),
)
"""The columns of a sheet to fill in; all are in _COLUMNS."""
_FIELDS: Final = frozenset(
    {"name", "home", "description", "category", "contact", "language", *DIMENSIONS}
)
_LEAVES: Final = {"retirer", "supprimer", "partir", "remove", "delete"}
_EMPTIES: Final = "-"
"""Alone in a cell: empty this field."""
_FEW: Final = 20
"""Terms that can be told all at once."""


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one sheet."""

    amendments: tuple[Amendment, ...]
    """Empty when there is a fault."""
    faults: tuple[Fault, ...]
    unchanged: int
    """Rows that say what is there already."""


def propose_rows(
    session: Session, workshop: Workshop, table: str, body: bytes, *, now: datetime
) -> Read:
    """The amendments of a sheet: one per field that differs, one per group that is missing.

    A group is known by `slug`, else by its site, else by its name; an empty cell changes nothing,
    `-` empties a field, `|` or a comma separates several terms (slugs or labels, accents apart),
    `action: retirer` takes a group away. With one fault nothing is taken. Raises Refused
    (`sheet_…`, `workshop_closed`).
    """
    workshops.require_open(workshop)
    rows = read_sheet(body)
    sheet = _Sheet(session, workshop, profile.plain(table, "table", 100), now)
    with session.begin_nested() as attempt:
        for row in rows:
            sheet.take(row)
        if sheet.faults:
            attempt.rollback()
    made = () if sheet.faults else tuple(dict.fromkeys(sheet.made))
    return Read(made, tuple(sheet.faults), sheet.unchanged)


class _Sheet:
    """The rows of one sheet on their way to amendments."""

    def __init__(self, session: Session, workshop: Workshop, table: str, now: datetime) -> None:
        self.session, self.workshop, self.table, self.now = session, workshop, table, now
        groups = directory.groups(session)
        self.by_slug = {group.slug: group for group in groups}
        self.by_home = {address_key(group.home): group for group in groups if group.home}
        self.by_name: dict[str, list[Group]] = {}
        for group in groups:
            self.by_name.setdefault(group.name.casefold(), []).append(group)
        self.names = Names(groups)
        self.made: list[Amendment] = []
        self.faults: list[Fault] = []
        self.unchanged = 0

    def take(self, row: Row) -> None:
        """Make amendments of a row, or a fault."""
        try:
            cells = _named(row.cells)
            group = self.known(cells)
            if group is None:
                self.add(cells)
            elif cells.get("action", "").casefold() in _LEAVES:
                self.propose("profile", {"status": "declined"}, cells, group)
            else:
                self.change(group, cells)
        except Refused as error:
            values = dict(error.values)
            if "field" in values:
                values["field"] = _column(str(values["field"]))
            self.faults.append(Fault(row.line, wording.sentence(error.reason, "fr", **values)))

    def known(self, cells: Mapping[str, str]) -> Group | None:
        """The group a row is about; None for a new one; raises Refused for a wrong slug."""
        if "slug" in cells:
            if cells["slug"] in self.by_slug:
                return self.by_slug[cells["slug"]]
            raise Refused("unknown_value", field="slug", value=cells["slug"][:100])
        by_home = self.by_home.get(address_key(cells.get("home", "")))
        if by_home is not None:
            return by_home
        name = cells.get("name", "")
        near = self.by_name.get(name.casefold()) or self.names.near(name)
        if len(near) > 1:
            raise Refused("several_groups", name=name[:100])
        return near[0] if near else None

    def add(self, cells: Mapping[str, str]) -> None:
        if "name" not in cells:
            raise Refused("missing", field="nom")
        if "home" not in cells:
            raise Refused("unknown_group", name=cells["name"][:100])
        values = {field: _value(field, text) for field, text in cells.items() if field in _FIELDS}
        values.pop("home")
        self.propose("missing_group", {"url": cells["home"], **values}, cells, None)

    def change(self, group: Group, cells: Mapping[str, str]) -> None:
        """One amendment per field, so that each can be decided alone."""
        wanted = {field: _value(field, text) for field, text in cells.items() if field in _FIELDS}
        if "slug" not in cells and not same_address(group.home, cells.get("home")):
            # It was found by its name, so the name says nothing new.
            wanted.pop("name", None)
        if "rename" in cells:
            wanted["name"] = cells["rename"]
        changed = False
        for field, value in wanted.items():
            if profile.value_of(group, field) != profile.checked(field, value):
                self.propose("profile", {field: value}, cells, group)
                changed = True
        self.unchanged += not changed

    def propose(
        self, kind: str, change: Mapping[str, Any], cells: Mapping[str, str], group: Group | None
    ) -> None:
        self.made.append(
            workshops.propose(
                self.session,
                self.workshop,
                self.table,
                kind,
                now=self.now,
                group=group,
                change=change,
                why=cells.get("why", ""),
            )
        )


def _column(field: str) -> str:
    """What the sheet to fill in calls a field."""
    return next((column for column in BLANK if column in _COLUMNS.get(field, ())), field)


def _named(cells: Mapping[str, str]) -> dict[str, str]:
    """Cells by what their column is for; raises Refused for an unknown column."""
    found: dict[str, str] = {}
    for column, text in cells.items():
        name = next((key for key, names in _COLUMNS.items() if column.casefold() in names), None)
        if name is None:
            raise Refused("unknown_column", column=column[:100])
        found.setdefault(name, text)
    return found


def _value(field: str, text: str) -> Any:
    if text == _EMPTIES:
        return [] if field in DIMENSIONS else ""
    if field not in DIMENSIONS:
        return text
    return [slug for part in text.split("|") if part.strip() for slug in _slugs(field, part)]


def _slugs(dimension: str, text: str) -> list[str]:
    """The terms of a cell's part: one label or slug, or several with commas between them."""
    text = text.strip()
    whole = listed.slug_of(dimension, text)
    if whole is not None:
        return [whole]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [listed.slug_of(dimension, part) for part in parts]
    if parts and None not in found:
        return [slug for slug in found if slug is not None]
    wrong = parts[found.index(None)] if len(parts) > 1 else text
    near = _near(dimension, wrong)
    if not near:
        raise Refused("unknown_value", field=dimension, value=wrong[:100])
    raise Refused("unknown_term", field=dimension, value=wrong[:100], near=" · ".join(near))


def _near(dimension: str, text: str) -> list[str]:
    """What may have been meant: all labels of a short dimension, of places the most alike."""
    labels = [term.label_fr for term in terms.terms(dimension)]
    if len(labels) <= _FEW:
        return labels
    folded = {areas.folded_name(label): label for label in labels}
    return [folded[name] for name in get_close_matches(areas.folded_name(text), folded, n=3)]
