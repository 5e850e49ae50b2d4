"""The public inventory at one moment, kept to compare with: what arrived, left and changed.

Only what pages show is kept, never an address of a person; groups that leave for good are taken
out of all of them. A group, by its slug: `{"name", "home", "description", "category", "status",
"language", "topic", "objective", "skill", "kind", "area", "sources"}`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.store import directory
from aggregator.store.tables import Group, Snapshot, Source
from aggregator.taxonomy.terms import DIMENSIONS

FIELDS: Final = ("name", "home", "description", "category", "status", "language")


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of a group that is not what it was."""

    slug: str
    name: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class InventoryDifference:
    """What happened to the inventory between two moments; who left is counted, never named."""

    arrived: tuple[tuple[str, str], ...]
    """(slug, name)."""
    left: int
    changed: tuple[Changed, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.arrived or self.left or self.changed)


def now_as(session: Session) -> dict[str, Any]:
    """The public inventory as it is: slug → what pages show of the group."""
    fields = {
        row[0]: row[1:]
        for row in session.execute(select(Group.id, *(getattr(Group, field) for field in FIELDS)))
    }
    sources: dict[int, list[str]] = {}
    for group_id, url in session.execute(select(Source.group_id, Source.url)):
        sources.setdefault(group_id, []).append(url)
    return {
        group.slug: {
            **dict(zip(FIELDS, fields[group.id], strict=True)),
            **{dimension: list(group.terms(dimension)) for dimension in DIMENSIONS},
            "sources": sorted(sources.get(group.id, [])),
        }
        for group in directory.outlines(session)
    }


def take(session: Session, now: datetime) -> Snapshot:
    """Keep the inventory as it is; the last snapshot is used again where nothing changed."""
    session.flush()
    groups = now_as(session)
    written = json.dumps(groups, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(written.encode()).hexdigest()
    last = session.scalar(select(Snapshot).order_by(Snapshot.at.desc(), Snapshot.id.desc()))
    if last is not None and last.hash == digest:
        return last
    snapshot = Snapshot(at=now, hash=digest, groups=groups)
    session.add(snapshot)
    session.flush()
    return snapshot


def at(session: Session, moment: datetime) -> Snapshot | None:
    """The inventory as it was then: the last snapshot before; None before the first one."""
    return session.scalar(
        select(Snapshot)
        .where(Snapshot.at <= moment)
        .order_by(Snapshot.at.desc(), Snapshot.id.desc())
        .limit(1)
    )


def first(session: Session) -> Snapshot | None:
    """The oldest one; None where none was taken yet."""
    return session.scalar(select(Snapshot).order_by(Snapshot.at, Snapshot.id).limit(1))


def between(session: Session, first: datetime, second: datetime) -> InventoryDifference:
    """What happened from one moment to another; before the first snapshot nothing was there."""
    one, other = at(session, first), at(session, second)
    return difference(one.groups if one else {}, other.groups if other else {})


def told(session: Session, difference: InventoryDifference) -> InventoryDifference:
    """The same for pages and paper: groups that have left since are not named either."""
    slugs = [*(slug for slug, _ in difference.arrived), *(one.slug for one in difference.changed)]
    still = directory.names(session, slugs)
    return InventoryDifference(
        arrived=tuple((slug, name) for slug, name in difference.arrived if slug in still),
        left=difference.left,
        changed=tuple(one for one in difference.changed if one.slug in still),
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> InventoryDifference:
    """What happened from one inventory to another; pure, in alphabetical order."""
    both = sorted(before.keys() & after.keys())
    return InventoryDifference(
        arrived=tuple((slug, after[slug]["name"]) for slug in sorted(after.keys() - before.keys())),
        left=len(before.keys() - after.keys()),
        changed=tuple(
            Changed(slug, after[slug]["name"], field, before[slug].get(field), value)
            for slug in both
            for field, value in after[slug].items()
            if before[slug].get(field) != value
        ),
    )
