"""The map back on the table: a dated workshop, its amendments from several tables, its minutes.

A workshop's amendments are those that moderation has; they wait here until the workshop decides.
Nothing of a sheet with a fault is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import Refused
from aggregator.registry import amendments, moderation, profile, snapshots, wording
from aggregator.registry.listed import slug_of as slug_of_label
from aggregator.registry.listing import slug_of
from aggregator.registry.marked import Fault
from aggregator.registry.sheets import Row, read_sheet, same_address
from aggregator.registry.similar import Names
from aggregator.store import directory
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Amendment, Group, Moderator, Workshop
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


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two tables want different things of one field."""

    group: Group
    field: str
    proposals: tuple[Amendment, ...]
    """By table, then in order."""

    @property
    def is_postponed(self) -> bool:
        """Whether the workshop has left it for later; it can still be settled."""
        return all(one.state == "postponed" for one in self.proposals)


def open_workshop(
    session: Session,
    title: str,
    held_on: date,
    *,
    now: datetime,
    place: str = "",
    participants: str = "",
) -> Workshop:
    """Open a workshop on the inventory as it is now; several may be open."""
    title = profile.plain(title, "title", 300)
    if not title:
        raise Refused("missing", field="title")
    taken = set(session.scalars(select(Workshop.slug)))
    workshop = Workshop(
        slug=slug_of(f"{held_on.isoformat()}-{title[:80]}", taken),
        title=title,
        held_on=held_on,
        place=profile.plain(place, "place", 300),
        participants=profile.paragraphs(participants, "participants", 5000),
        opened_at=now,
        before=snapshots.take(session, now),
    )
    session.add(workshop)
    session.flush()
    return workshop


def listed(session: Session) -> Sequence[Workshop]:
    """All workshops, the latest first."""
    return session.scalars(
        select(Workshop).order_by(Workshop.held_on.desc(), Workshop.id.desc())
    ).all()


def by_slug(session: Session, slug: str) -> Workshop | None:
    """One workshop; None when there is none."""
    return session.scalar(select(Workshop).where(Workshop.slug == slug))


def propose(
    session: Session,
    workshop: Workshop,
    table: str,
    kind: str,
    *,
    now: datetime,
    group: Group | None = None,
    change: Mapping[str, Any],
    why: str = "",
) -> Amendment:
    """An amendment typed in at one table; raises Refused, also when the workshop is closed."""
    _require_open(workshop)
    return amendments.propose(
        session,
        kind,
        now=now,
        group=group,
        change=change,
        why=why,
        author="workshop",
        author_name=workshop.title[:100],
        workshop_id=workshop.id,
        workshop_table=table,
    )


def propose_rows(
    session: Session, workshop: Workshop, table: str, body: bytes, *, now: datetime
) -> Read:
    """The amendments of a sheet: one per field that differs, one per group that is missing.

    A group is known by `slug`, else by its site, else by its name; an empty cell changes nothing,
    `-` empties a field, `|` separates several terms (slugs or labels), `action: retirer` takes a
    group away. With one fault nothing is taken. Raises Refused (`sheet_…`).
    """
    _require_open(workshop)
    rows = read_sheet(body)
    sheet = _Sheet(session, workshop, profile.plain(table, "table", 100), now)
    with session.begin_nested() as attempt:
        for row in rows:
            sheet.take(row)
        if sheet.faults:
            attempt.rollback()
    made = () if sheet.faults else tuple(dict.fromkeys(sheet.made))
    return Read(made, tuple(sheet.faults), sheet.unchanged)


def conflicts(session: Session, workshop: Workshop) -> list[Conflict]:
    """Fields of which tables want different things, by group; each waits for one decision."""
    waiting = session.scalars(
        select(Amendment)
        .where(
            Amendment.workshop_id == workshop.id,
            Amendment.kind == "profile",
            Amendment.state.in_(("open", "postponed")),
            Amendment.group_id.is_not(None),
        )
        .options(selectinload(Amendment.group))
        .order_by(Amendment.workshop_table, Amendment.id)
    ).all()
    by_field: dict[tuple[int, str], list[Amendment]] = {}
    for amendment in waiting:
        for field in amendment.change:
            assert amendment.group_id is not None
            by_field.setdefault((amendment.group_id, field), []).append(amendment)
    found = []
    for (_, field), proposals in sorted(by_field.items()):
        wanted = [str(one.change[field]["to"]) for one in proposals]
        group = proposals[0].group
        if len(set(wanted)) > 1 and group is not None:
            found.append(Conflict(group, field, tuple(proposals)))
    return found


def settle(
    session: Session,
    conflict: Conflict,
    chosen: Amendment | None,
    moderator: Moderator,
    *,
    now: datetime,
    note: str = "",
) -> None:
    """Accept one side of a conflict and refuse the others; None refuses all."""
    why_not = wording.SETTLED[chosen is None]
    for amendment in conflict.proposals:
        if chosen is not None and amendment.id == chosen.id:
            moderation.decide(session, amendment, "accept", moderator, now=now, note=note)
        else:
            moderation.decide(
                session, amendment, "refuse", moderator, now=now, reason=why_not, note=note
            )


def postpone(
    session: Session, conflict: Conflict, moderator: Moderator, *, now: datetime, note: str = ""
) -> None:
    """Leave a conflict for later: all its sides wait, and the workshop may close."""
    for amendment in conflict.proposals:
        moderation.decide(session, amendment, "postpone", moderator, now=now, note=note)


def undecided(session: Session, workshop: Workshop) -> int:
    """How many amendments still wait for the workshop; postponed ones do not."""
    query = select(func.count(Amendment.id)).where(
        Amendment.workshop_id == workshop.id, Amendment.state == "open"
    )
    return session.scalar(query) or 0


def close(session: Session, workshop: Workshop, minutes: str, *, now: datetime) -> None:
    """Write the minutes and close: the inventory as it is now is what the workshop made of it.

    Raises Refused while amendments are neither decided nor postponed.
    """
    _require_open(workshop)
    waiting = undecided(session, workshop)
    if waiting:
        raise Refused("workshop_undecided", count=waiting)
    workshop.minutes = profile.paragraphs(minutes, "minutes", 50_000)
    workshop.after = snapshots.take(session, now)
    workshop.closed_at = now
    session.flush()


def _require_open(workshop: Workshop) -> None:
    if workshop.closed_at is not None:
        raise Refused("workshop_closed")


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
            propose(
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


_FIELDS: Final = frozenset(
    {"name", "home", "description", "category", "contact", "language", *DIMENSIONS}
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
    whole = slug_of_label(dimension, text)
    if whole is not None:
        return [whole]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [slug_of_label(dimension, part) for part in parts]
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
