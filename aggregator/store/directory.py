"""Questions that the directory asks about groups and their sources. Public groups only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, selectinload

from aggregator.store.tables import Group, GroupTag, Host, HostDay, Source

_GONE = ("declined", "withdrawn")


def public() -> ColumnElement[bool]:
    """True of a group that pages may name."""
    return Group.status.not_in(_GONE)


def names(session: Session, slugs: Sequence[str]) -> dict[str, str]:
    """Slug → name of these groups; the unknown and those that left are absent."""
    rows = session.execute(select(Group.slug, Group.name).where(Group.slug.in_(slugs), public()))
    return {row.slug: row.name for row in rows}


def by_slug(session: Session, slug: str) -> Group | None:
    """One group with its tags and sources, those that left too; None when there is none."""
    return session.scalar(
        select(Group)
        .where(Group.slug == slug)
        .options(selectinload(Group.tags), selectinload(Group.sources))
    )


def groups(
    session: Session,
    terms: Mapping[str, Sequence[str]] | None = None,
    *,
    sources: bool = True,
) -> list[Group]:
    """Public groups that carry, in each dimension given, any of its slugs; by name.

    Tags are loaded, and sources unless told not to. An area's slugs are taken as they are: give
    those inside too.
    """
    query = _matching(terms).options(selectinload(Group.tags))
    if sources:
        query = query.options(selectinload(Group.sources))
    return list(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Outline:
    """A public group with its terms and nothing else: ten thousand of them are quickly read."""

    id: int
    slug: str
    name: str
    tags: Mapping[str, Sequence[str]]
    """Dimension → slugs in alphabetical order."""
    is_public: bool = True

    def terms(self, dimension: str) -> Sequence[str]:
        """The slugs it carries in one dimension; empty when none."""
        return self.tags.get(dimension, ())


def outlines(session: Session, terms: Mapping[str, Sequence[str]] | None = None) -> list[Outline]:
    """The same groups as `groups`, in the same order, in outline."""
    found = _matching(terms).with_only_columns(Group.id, Group.slug, Group.name)
    wanted = _matching(terms).order_by(None).with_only_columns(Group.id)
    tags: dict[int, dict[str, list[str]]] = {}
    for group_id, dimension, slug in session.execute(
        select(GroupTag.group_id, GroupTag.dimension, GroupTag.slug)
        .where(GroupTag.group_id.in_(wanted))
        .order_by(GroupTag.slug)
    ):
        tags.setdefault(group_id, {}).setdefault(dimension, []).append(slug)
    return [Outline(id, slug, name, tags.get(id, {})) for id, slug, name in session.execute(found)]


def some(
    session: Session, terms: Mapping[str, Sequence[str]], *, limit: int
) -> tuple[list[Group], int]:
    """The first of the same groups, with nothing loaded beside, and how many there are in all."""
    query = _matching(terms)
    number = session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    return list(session.scalars(query.limit(limit))), number or 0


def last_news(session: Session) -> dict[int, datetime]:
    """When each group last brought something new, by its id; groups that never did are absent."""
    query = (
        select(Source.group_id, func.max(Source.last_new_at))
        .where(Source.last_new_at.is_not(None))
        .group_by(Source.group_id)
    )
    return {group: when for group, when in session.execute(query) if when is not None}


def _matching(terms: Mapping[str, Sequence[str]] | None) -> Select[Group]:
    query = select(Group).where(public()).order_by(func.lower(Group.name), Group.id)
    for dimension, slugs in (terms or {}).items():
        query = query.where(
            Group.tags.any((GroupTag.dimension == dimension) & GroupTag.slug.in_(slugs))
        )
    return query


def total(session: Session) -> int:
    """How many public groups there are."""
    return session.scalar(select(func.count()).select_from(Group).where(public())) or 0


def sources(session: Session) -> list[Source]:
    """Every source of a public group with its group, those that left the inventory last."""
    query = (
        select(Source)
        .join(Source.group)
        .where(public())
        .order_by(func.lower(Group.name), Source.id)
        .options(selectinload(Source.group))
    )
    return list(session.scalars(query))


def hosts(session: Session) -> dict[str, Host]:
    """What each host asked of us, by its name."""
    return {host.name: host for host in session.scalars(select(Host))}


def requests_by_host(session: Session, since: date) -> dict[str, int]:
    """How many requests each host received from us since a day (UTC), that day included."""
    query = (
        select(HostDay.name, func.sum(HostDay.requests))
        .where(HostDay.day >= since)
        .group_by(HostDay.name)
    )
    return {name: int(number) for name, number in session.execute(query)}
