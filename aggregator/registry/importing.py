"""Lists of other tools into amendments: first shown as a difference, then proposed, all or none.

Nothing is written into the inventory here: a moderator or a workshop decides. Groups that left or
were declined come back by no import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import Refused
from aggregator.registry import amendments, profile
from aggregator.registry.exchange import Listed
from aggregator.registry.listing import is_web_address
from aggregator.registry.similar import Names
from aggregator.store.suppressions import address_key, covers
from aggregator.store.tables import Amendment, Group, Record


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one record."""

    record: Listed
    outcome: str
    """`new`, `changed`, `same`, `left` (withdrawn or declined: not brought back) or `unusable`."""
    group: Group | None = None
    change: dict[str, Any] | None = None
    """Field → value, as `amendments.propose` takes it."""
    why: str = ""
    """A code of `wording` for what is unusable."""


def plan(
    session: Session, records: Iterable[Listed], *, origin: str, mirror: bool = False
) -> list[Planned]:
    """What an import would propose, in the order of the list; changes nothing.

    `mirror` takes the other list's word over everything; without it, fields that people changed
    here are left alone and nothing is emptied.
    """
    inventory = _Plan(session, origin, mirror)
    return [inventory.of(record) for record in records]


def propose(
    session: Session,
    planned: Sequence[Planned],
    *,
    origin: str,
    now: datetime,
    mirror: bool = False,
    workshop_id: int | None = None,
) -> list[Amendment]:
    """Put a plan in the queue: one amendment per group; all or none.

    Groups of this origin that the list no longer has are remembered as vanished; as a mirror,
    taking them away is proposed too.
    """
    made = []
    with session.begin_nested():
        for one in planned:
            if one.outcome in {"new", "changed"}:
                assert one.change is not None
                made.append(
                    amendments.propose(
                        session,
                        "missing_group" if one.outcome == "new" else "profile",
                        now=now,
                        group=one.group,
                        change=one.change,
                        why=origin,
                        author="import",
                        workshop_id=workshop_id,
                    )
                )
            if one.group is not None and one.outcome in {"changed", "same"}:
                _remember(session, one.group, one.record, origin, now)
        made += _vanished(session, planned, origin, now, mirror=mirror)
    return made


def records_of(session: Session, groups: Sequence[Group]) -> dict[int, list[Record]]:
    """Group id → where else it is listed, for exports that give ids and fields back."""
    found: dict[int, list[Record]] = {}
    ids = [group.id for group in groups]
    for record in session.scalars(
        select(Record).where(Record.group_id.in_(ids)).order_by(Record.id)
    ):
        found.setdefault(record.group_id, []).append(record)
    return found


class _Plan:
    def __init__(self, session: Session, origin: str, mirror: bool) -> None:
        self.session, self.mirror = session, mirror
        self.groups = session.scalars(select(Group).options(selectinload(Group.tags))).all()
        self.by_home = {address_key(g.home): g for g in self.groups if g.home}
        self.by_name = {g.name.casefold(): g for g in self.groups if g.name}
        self.names = Names(self.groups)
        self.by_record = {
            record.external_id: record.group
            for record in session.scalars(
                select(Record).where(Record.origin == origin).options(selectinload(Record.group))
            )
        }

    def of(self, record: Listed) -> Planned:
        """What to do with one record."""
        home = record.texts.get("home", "")
        if home and covers(self.session, home):
            return Planned(record, "left")
        group = self.known(record)
        if group is not None and not group.is_public:
            return Planned(record, "left", group)
        try:
            if group is not None:
                return self.changed(record, group)
            return self.new(record)
        except Refused as error:
            return Planned(record, "unusable", group, why=error.reason)

    def known(self, record: Listed) -> Group | None:
        """By its id there, its home page, its name, and last by a name that is near enough."""
        exact = (
            self.by_record.get(record.external_id)
            or self.by_home.get(address_key(record.texts.get("home", "")))
            or self.by_name.get(record.name.casefold())
        )
        if exact is not None:
            return exact
        near = self.names.near(record.name)
        return near[0] if len(near) == 1 else None

    def changed(self, record: Listed, group: Group) -> Planned:
        wanted = _values(record)
        # Their name for it is no reason to rename it here.
        wanted.pop("name")
        change = {}
        for field, value in wanted.items():
            if not self.mirror and field in (group.edited_fields or ()):
                continue
            value = profile.checked(field, value)
            if not self.mirror and isinstance(value, list):
                value = sorted({*value, *group.terms(field)})
            if profile.value_of(group, field) != value:
                change[field] = value
        return Planned(record, "changed" if change else "same", group, change or None)

    def new(self, record: Listed) -> Planned:
        wanted = _values(record)
        home = wanted.pop("home", None)
        if home is None:
            return Planned(record, "unusable", why="missing_home")
        for field, value in wanted.items():
            profile.checked(field, value)
        return Planned(record, "new", None, {"url": home, **wanted})


def _values(record: Listed) -> dict[str, Any]:
    home = record.texts.get("home", "")
    if home and not is_web_address(home):
        raise Refused("not_an_address", address=home[:100])
    values: dict[str, Any] = {"name": profile.plain(record.name, "name", 500)[:200]}
    if home:
        values["home"] = home
    for field in ("description", "category"):
        if record.texts.get(field):
            most = profile.TEXTS[field]
            values[field] = profile.plain(record.texts[field][:most], field, most)
    values |= {dimension: sorted(slugs) for dimension, slugs in record.terms.items() if slugs}
    return values


def _remember(session: Session, group: Group, listed: Listed, origin: str, now: datetime) -> None:
    found = session.scalar(
        select(Record).where(Record.origin == origin, Record.external_id == listed.external_id)
    )
    if found is None:
        found = Record(group=group, origin=origin, external_id=listed.external_id)
        session.add(found)
    found.kept, found.seen_at, found.vanished_at = listed.kept, now, None


def _vanished(
    session: Session,
    planned: Sequence[Planned],
    origin: str,
    now: datetime,
    *,
    mirror: bool,
) -> list[Amendment]:
    there = {one.record.external_id for one in planned}
    made = []
    for record in session.scalars(
        select(Record).where(Record.origin == origin, Record.vanished_at.is_(None))
    ).all():
        if record.external_id in there:
            continue
        record.vanished_at = now
        if mirror and record.group.is_public:
            made.append(
                amendments.propose(
                    session,
                    "profile",
                    now=now,
                    group=record.group,
                    change={"status": "declined"},
                    why=origin,
                    author="import",
                )
            )
    return made
