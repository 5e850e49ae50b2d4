"""The map back on the table: workshops, snapshots of the inventory, and calls for help."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base


class Snapshot(Base):
    """The public inventory as it was at one moment."""

    __tablename__ = "snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    hash: Mapped[str] = mapped_column(String(64))
    groups: Mapped[dict[str, Any]]
    """Slug → what a page shows of it; see `aggregator.registry.snapshots`."""


class Workshop(Base):
    """One dated meeting that goes through the inventory together."""

    __tablename__ = "workshops"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    place: Mapped[str] = mapped_column(String(300), default="")
    held_on: Mapped[date] = mapped_column(Date)
    participants: Mapped[str] = mapped_column(default="")
    """As the workshop wants to be named; public."""
    minutes: Mapped[str] = mapped_column(default="")
    """Plain text with blank lines between paragraphs; public once closed."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    before_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id"))

    before: Mapped[Snapshot] = relationship(foreign_keys=[before_id])
    after: Mapped[Snapshot | None] = relationship(foreign_keys=[after_id])


class HelpRequest(Base):
    """A resident's short public request to the groups that offer a skill in an area."""

    __tablename__ = "help_requests"
    __table_args__ = (Index("ix_help_requests_state", "state", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    skill: Mapped[str] = mapped_column(String(100))
    area: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100), default="")
    """As the author wants to be named; public."""
    email: Mapped[str] = mapped_column(String(320))
    """Private: groups answer through us."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    state: Mapped[str] = mapped_column(String(20), default="confirming")
    """`confirming`, `waiting`, `published`, `refused` or `closed`."""
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    told: Mapped[int] = mapped_column(default=0)
    """Groups that were told of it."""
    reason: Mapped[str] = mapped_column(String(40), default="")
