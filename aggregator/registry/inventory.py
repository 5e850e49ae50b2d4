"""sources.yaml and the database: every fault of the file, and carrying over what it changed.

Knows neither the network nor who decides; `listing` knows the file's form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from aggregator.errors import InventoryError
from aggregator.registry import sources
from aggregator.registry.listing import (
    Inventory,
    ListedGroup,
    ListedSource,
    read_listing,
    slug_of,
)
from aggregator.registry.marked import Fault
from aggregator.store.suppressions import address_key, covers
from aggregator.store.tables import Group, GroupTag, Source
from aggregator.taxonomy.terms import DIMENSIONS

__all__ = ["Fault", "Inventory", "Synced", "check", "read", "read_file", "sync"]


@dataclass(frozen=True, slots=True)
class Synced:
    """What one sync did to the groups, by slug, in the file's order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """No longer in the file since this sync."""
    suppressed: tuple[str, ...] = ()
    """In the file, but left at their own wish: not brought back."""
    kept: tuple[str, ...] = ()
    """`slug.field`, where the file changed what a person had changed here: theirs was kept."""


def check(text: str) -> list[Fault]:
    """All faults of the file at once, by line; empty for a good one. Never raises."""
    return read_listing(text)[1]


def read(text: str) -> Inventory:
    """The inventory; raises InventoryError with every fault in it."""
    inventory, faults = read_listing(text)
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise InventoryError(f"{len(faults)} to mend before anything is synced:\n{listed}")
    return inventory


def read_file(path: Path) -> str:
    """The file's text; raises InventoryError with a sentence when it cannot be read as UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InventoryError(
            f"{path} cannot be read: {error.strerror}. FILCOMMUN_SOURCES_FILE says where it lies."
        ) from error
    except UnicodeDecodeError as error:
        raise InventoryError(
            f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8 in your editor."
        ) from error


def sync(session: Session, inventory: Inventory, now: datetime) -> Synced:
    """Carry over what the file changed since the last sync; twice is once; the caller commits.

    What a moderator or a group changed here stays, groups that left stay left, and groups that
    registered themselves are recognised by their home page and keep what they said.
    """
    return _Sync(session, now).run(inventory)


@dataclass(slots=True)
class _Sync:
    session: Session
    now: datetime
    by_slug: dict[str, Group] = field(default_factory=dict)
    by_home: dict[str, Group] = field(default_factory=dict)
    source_slugs: set[str] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)

    def run(self, inventory: Inventory) -> Synced:
        loaded = self.session.scalars(
            select(Group).options(selectinload(Group.tags), selectinload(Group.sources))
        ).all()
        self.by_slug = {group.slug: group for group in loaded}
        self.by_home = {address_key(group.home): group for group in loaded if group.home}
        self.source_slugs = set(self.session.scalars(select(Source.slug)))
        outcomes: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
        suppressed, present = [], set()
        for listed in inventory.groups:
            if covers(self.session, listed.home, *(source.url for source in listed.sources)):
                suppressed.append(listed.slug)
                continue
            group = self.known(listed)
            if group is None:
                group = self.add(listed)
                outcomes["added"].append(listed.slug)
            else:
                outcomes["changed" if self.update(group, listed) else "unchanged"].append(
                    listed.slug
                )
            present.add(group.slug)
        left = [group.slug for group in loaded if group.slug not in present and self.left(group)]
        self.session.flush()
        return Synced(
            **{outcome: tuple(slugs) for outcome, slugs in outcomes.items()},
            left=tuple(left),
            suppressed=tuple(suppressed),
            kept=tuple(self.kept),
        )

    def known(self, listed: ListedGroup) -> Group | None:
        by_slug = self.by_slug.get(listed.slug)
        if by_slug is not None:
            return by_slug
        return self.by_home.get(address_key(listed.home)) if listed.home else None

    def add(self, listed: ListedGroup) -> Group:
        group = Group(slug=listed.slug, created_at=self.now, updated_at=self.now, edited_fields=[])
        self.session.add(group)
        self.carry_over(group, listed)
        self.by_slug[group.slug] = group
        return group

    def update(self, group: Group, listed: ListedGroup) -> bool:
        """Whether anything changed."""
        if not group.listed:
            # It registered itself: the file may point to it, but not speak for it.
            group.listed = _said(listed)
            self.sources(group, listed.sources)
            return True
        if not group.is_public:
            # Declined, or joined to another group: only a person brings it back.
            return False
        changed = self.carry_over(group, listed)
        if group.left_inventory_at is not None:
            group.left_inventory_at = None
            changed = True
        if changed:
            group.updated_at = self.now
        return changed

    def carry_over(self, group: Group, listed: ListedGroup) -> bool:
        said = _said(listed)
        changed = self.fields(group, group.listed or {}, said, listed.slug)
        for name, value in changed.items():
            if name in DIMENSIONS:
                set_tags(group, name, value, origin="inventory")
            else:
                setattr(group, name, value)
        if group.listed != said:
            group.listed = said
        return self.sources(group, listed.sources) or bool(changed)

    def sources(self, group: Group, listed: Iterable[ListedSource]) -> bool:
        before = {source.listed.get("slug", ""): source for source in group.sources}
        by_address = {address_key(source.url): source for source in group.sources}
        present, changed = set(), False
        for one in listed:
            source = before.get(one.slug) or by_address.get(address_key(one.url))
            if source is None and _speaks_for_itself(group):
                # It chose its sources itself; one that it took away must not come back.
                continue
            if source is None:
                source = self.add_source(group, one)
                changed = True
            else:
                changed |= self.update_source(source, one)
            present.add(id(source))
        for source in group.sources:
            if source.listed and id(source) not in present and source.left_inventory_at is None:
                source.left_inventory_at = self.now
                changed = True
        return changed

    def add_source(self, group: Group, one: ListedSource) -> Source:
        slug = slug_of(one.slug, taken=self.source_slugs)
        self.source_slugs.add(slug)
        said = _said_of_source(one)
        source = sources.new(group, slug, one.url, self.now)
        for name, value in said.items():
            if name not in {"slug", "url"}:
                setattr(source, name, value)
        source.listed = said
        return source

    def update_source(self, source: Source, one: ListedSource) -> bool:
        said = _said_of_source(one)
        before = source.listed or {}
        changed = self.fields(source, before, said, one.slug) if before else {}
        changed.pop("slug", None)
        if {"url", "format"} & changed.keys():
            sources.point_to(source, changed.pop("url", source.url), self.now)
        for name, value in changed.items():
            setattr(source, name, value)
        came_back = source.left_inventory_at is not None
        source.left_inventory_at = None
        if before != said:
            source.listed = said
        return bool(changed) or came_back

    def fields(
        self, row: Group | Source, before: Mapping[str, Any], said: Mapping[str, Any], slug: str
    ) -> dict[str, Any]:
        """What the file changed since the last sync and nobody changed here."""
        moved = {name: value for name, value in said.items() if before.get(name, ...) != value}
        edited = set(row.edited_fields or ())
        self.kept += [f"{slug}.{name}" for name in moved if name in edited]
        return {name: value for name, value in moved.items() if name not in edited}

    def left(self, group: Group) -> bool:
        """Whether it left the file just now; a group that takes part stays by its own right."""
        if not group.listed or group.left_inventory_at is not None or _speaks_for_itself(group):
            return False
        group.left_inventory_at = group.updated_at = self.now
        for source in group.sources:
            if source.listed and source.left_inventory_at is None:
                source.left_inventory_at = self.now
        return True


def _speaks_for_itself(group: Group) -> bool:
    """Whether it takes part because it, or a moderator, said so here; not only the file."""
    return group.status == "participating" and "status" in (group.edited_fields or ())


def set_tags(group: Group, dimension: str, slugs: Iterable[str], *, origin: str) -> None:
    """Make these the group's tags of that origin in one dimension; other origins' stay."""
    wanted = set(slugs)
    for tag in [tag for tag in group.tags if tag.dimension == dimension]:
        if tag.origin == origin and tag.slug not in wanted:
            group.tags.remove(tag)
    for slug in sorted(wanted - set(group.terms(dimension))):
        group.tags.append(GroupTag(dimension=dimension, slug=slug, origin=origin))


def _said(listed: ListedGroup) -> dict[str, Any]:
    """What the file says of a group, as it is kept to compare with at the next sync."""
    return {
        "name": listed.name,
        "home": listed.home,
        "description": listed.description,
        "status": listed.status,
        "category": listed.category,
        "language": listed.language,
        "tags_proposed": listed.tags_proposed,
        "note": listed.note,
        **{dimension: list(slugs) for dimension, slugs in listed.terms.items()},
    }


def _said_of_source(one: ListedSource) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "url": one.url,
        "format": one.format,
        "hint": one.hint,
        "rights": one.rights,
        "language": one.language,
        "areas": list(one.areas),
    }
