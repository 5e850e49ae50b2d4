"""What an import would change: every record of a list held against the inventory. Changes nothing.

The order of trust: a group that left stays left, what people changed here stays unless the list is
followed as a mirror, what was refused is not asked again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import Refused
from aggregator.registry import profile
from aggregator.registry.listed import Listed
from aggregator.registry.listing import is_web_address
from aggregator.registry.similar import Names
from aggregator.store import suppressions
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Amendment, Group, Record

OUTCOMES: Final = (
    "new",
    "changed",
    "gone",
    "same",
    "kept",
    "waiting",
    "left",
    "refused",
    "ours",
    "twice",
    "unusable",
)
"""What becomes of a record: taken, changed here, no longer there, as it is here, left as people
want it here, asked already and not decided, left or declined here, refused here before, come from
us, of a group or site that an earlier record has, not to be used."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one record."""

    record: Listed
    outcome: str
    """One of OUTCOMES."""
    group: Group | None = None
    change: dict[str, Any] | None = None
    """Field → value, as `amendments.propose` takes it; None where nothing is proposed."""
    why: str = ""
    """A code of `wording` for what is unusable."""
    known: Record | None = None
    """How this list had it at the last look."""
    is_unsure: bool = False
    """Several groups here bear about the same name."""


def plan(
    session: Session,
    records: Iterable[Listed],
    *,
    origin: str,
    mirror: bool = False,
    base_url: str = "",
) -> list[Planned]:
    """What an import would propose, in the order of the list, then what the list lost.

    `mirror` takes the other list's word over everything, its departures too; without it, fields
    that people changed here are left alone and nothing is emptied. Records that came from
    `base_url`, ourselves, are left out.
    """
    inventory = _Plan(session, origin[:300], mirror, base_url.rstrip("/"))
    planned = [inventory.of(record) for record in records]
    return [*planned, *inventory.gone({one.record.external_id for one in planned})]


def rows(planned: Iterable[Planned]) -> list[dict[str, Any]]:
    """What a page shows of a plan, as plain JSON: all but what stays as it is.

    Each: `name`, `outcome`, `why` (a code or empty), `slug` (of a group here, else empty), `home`,
    and `sides`: field → [now, proposed].
    """
    return [
        {
            "name": one.record.name,
            "outcome": one.outcome,
            "why": one.why,
            "slug": one.group.slug if one.group is not None and one.group.is_public else "",
            "home": one.record.texts.get("home", ""),
            "sides": {
                field: [profile.value_of(one.group, field), value]
                for field, value in (one.change or {}).items()
            }
            if one.group is not None
            else {},
        }
        for one in planned
        if one.outcome not in _STAYS
    ]


def counts(planned: Iterable[Planned]) -> dict[str, int]:
    """How many records have each outcome, in the order of OUTCOMES; those of none are absent."""
    counted = Counter(one.outcome for one in planned)
    return {outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]}


def values_of(record: Listed) -> dict[str, Any]:
    """What a record says, as the profile of a group has it; raises Refused."""
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
    if record.texts.get("language"):
        values["language"] = record.texts["language"][:35]
    values |= {dimension: sorted(slugs) for dimension, slugs in record.terms.items() if slugs}
    return {field: profile.checked(field, value) for field, value in values.items()}


class _Plan:
    def __init__(self, session: Session, origin: str, mirror: bool, base_url: str) -> None:
        self.session, self.mirror, self.base_url = session, mirror, base_url
        self.origin = origin
        self.groups = session.scalars(select(Group).options(selectinload(Group.tags))).all()
        self.by_home = {address_key(g.home): g for g in self.groups if g.home}
        self.by_name = {g.name.casefold(): g for g in self.groups if g.name}
        self.names = Names(self.groups)
        self.records = {
            record.external_id: record
            for record in session.scalars(
                select(Record)
                .where(Record.origin == origin)
                .options(selectinload(Record.group), selectinload(Record.amendment))
            )
        }
        self.departed = suppressions.Departed(session)
        self.asked = dict(_asked(session))
        self.taken: set[int | str] = set()
        """Groups and sites that a record of this list has been found for."""

    def of(self, record: Listed) -> Planned:
        """What to do with one record."""
        known = self.records.get(record.external_id)
        if self.is_ours(record):
            return Planned(record, "ours", known=known)
        home = record.texts.get("home", "")
        left = suppressions.of_record(self.origin, record.external_id)
        if self.departed.covers(home, left):
            return Planned(record, "left", known=known)
        group, is_unsure = self.group_of(record, known)
        if group is not None and not group.is_public:
            return Planned(record, "left", group, known=known)
        if group is None and self.departed.covers(suppressions.of_import(home)):
            return Planned(record, "left", known=known)
        which = group.id if group is not None else address_key(home)
        if which and which in self.taken:
            # Two records would say in turn what one group is.
            return Planned(record, "twice", group, known=known)
        self.taken.add(which)
        try:
            if group is not None:
                return self.changed(record, group, known)
            return self.new(record, known, is_unsure)
        except Refused as error:
            return Planned(record, "unusable", group, why=error.reason, known=known)

    def is_ours(self, record: Listed) -> bool:
        """Whether the list has it from us: it must not come back as if it were theirs."""
        key = record.source_key
        return bool(self.base_url) and (key == self.base_url or key.startswith(f"{self.base_url}/"))

    def group_of(self, record: Listed, known: Record | None) -> tuple[Group | None, bool]:
        """By its id there, its home page, its name, and last by a name that is near enough."""
        exact = (
            (known.group if known is not None else None)
            or self.by_home.get(address_key(record.texts.get("home", "")))
            or self.by_name.get(record.name.casefold())
        )
        if exact is not None:
            return exact, False
        near = self.names.near(record.name)
        return (near[0], False) if len(near) == 1 else (None, bool(near))

    def changed(self, record: Listed, group: Group, known: Record | None) -> Planned:
        wanted = values_of(record)
        # Their name for it is no reason to rename it here.
        wanted.pop("name")
        change, why_not = {}, set()
        for field, value in wanted.items():
            if not self.mirror and isinstance(value, list):
                value = sorted({*value, *group.terms(field)})
            if _is(group, field, value):
                continue
            asked = self.asked.get((group.id, field, _written(value)))
            if asked is not None or self.is_peoples(group, field, known):
                why_not.add("waiting" if asked in _UNDECIDED else "kept")
            else:
                change[field] = value
        if change:
            return Planned(record, "changed", group, change, known=known)
        return Planned(record, max(why_not, default="same"), group, known=known)

    def is_peoples(self, group: Group, field: str, known: Record | None) -> bool:
        """Whether people changed it here since this list last spoke, and its word is not law."""
        if self.mirror or field not in (group.edited_fields or ()):
            return False
        # What an import itself brought is nobody's correction.
        return bool(profile.value_of(group, field) != (known.said if known else {}).get(field))

    def new(self, record: Listed, known: Record | None, is_unsure: bool) -> Planned:
        wanted = values_of(record)
        home = wanted.pop("home", None)
        if home is None:
            return Planned(record, "unusable", why="missing_home", known=known)
        asked = self.asked.get((None, "url", address_key(home)))
        if known is not None and known.amendment is not None and asked is None:
            asked = known.amendment.state
        if asked in {"refused", *_UNDECIDED}:
            outcome = "refused" if asked == "refused" else "waiting"
            return Planned(record, outcome, known=known)
        return Planned(
            record, "new", None, {"url": home, **wanted}, known=known, is_unsure=is_unsure
        )

    def gone(self, there: set[str]) -> Iterator[Planned]:
        """What the list had at the last look and has no more; a mirror's is to go here too."""
        for external_id, record in self.records.items():
            group = record.group
            if external_id in there or record.vanished_at is not None:
                continue
            name = group.name if group is not None else external_id
            is_shown = group is not None and group.is_public
            # Another record of the list may be the same group.
            is_there = group is not None and group.id in self.taken
            follows = self.mirror and is_shown and record.brought and not is_there
            yield Planned(
                Listed(external_id, name or external_id),
                "gone",
                group,
                {"status": "declined"} if follows else None,
                known=record,
            )


_STAYS: Final = frozenset({"same", "kept", "waiting"})
_UNDECIDED: Final = ("open", "postponed")


def _asked(session: Session) -> Iterator[tuple[tuple[int | None, str, str], str]]:
    """(group, field, value) → what became of it: what imports asked and nobody granted.

    Groups that anybody proposed and a moderator refused count too, by their address.
    """
    found = session.scalars(
        select(Amendment)
        .where(
            Amendment.kind.in_(("missing_group", "profile")),
            Amendment.state.in_(("refused", *_UNDECIDED)),
            or_(Amendment.kind == "missing_group", Amendment.author == "import"),
        )
        .order_by(Amendment.id)
    )
    for amendment in found:
        if amendment.kind == "missing_group":
            key = address_key(str(amendment.change.get("url", "")))
            yield (None, "url", key), amendment.state
            continue
        for field, both in amendment.change.items():
            yield (amendment.group_id, field, _written(both["to"])), amendment.state


def _is(group: Group, field: str, value: Any) -> bool:
    """Whether the group has it so already; how a text breaks its lines or an address is spelled is
    no difference."""
    now = profile.value_of(group, field)
    if field == "home" and now:
        return address_key(str(now)) == address_key(str(value))
    if field in profile.TEXTS and isinstance(now, str):
        now = " ".join(now.split())
    return bool(now == value)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
