"""Groups that join: registrations under way, proofs of ownership, and who may act for a group."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base
from aggregator.store.tables.inventory import Group


class Registration(Base):
    """One pasted address on its way to a group: a job of the worker, then a form."""

    __tablename__ = "registrations"
    __table_args__ = (Index("ix_registrations_due", "state", "claimed_until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Random; names its page, so that nobody finds another's."""
    address: Mapped[str] = mapped_column(String(2000))
    """Where to look, absolute."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    """One of `aggregator.registry.registration.STATES`."""
    steps: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What the worker did so far, oldest first: `{"code", "values", "at"}`."""
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it found; see `aggregator.registry.looking`. Empty until then."""
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the registrant changed in it."""
    email: Mapped[str | None] = mapped_column(String(320))
    """Private; set when a confirmation was asked for."""
    charter_version: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """Of the charter that the registrant accepted; empty: not yet."""
    charter_accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None]
    live_key: Mapped[str | None] = mapped_column(String(2000), unique=True)
    """The site's key once it is live: of two people at once, one is first."""
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), index=True
    )


class Keeper(Base):
    """An address that may act for a group; private, shown and exported nowhere."""

    __tablename__ = "keepers"
    __table_args__ = (UniqueConstraint("group_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(320), index=True)
    language: Mapped[str] = mapped_column(String(35), default="fr")
    registered: Mapped[bool] = mapped_column(default=False, server_default="0")
    """Brought the group here; until somebody proves the site, it is theirs."""
    proved_at: Mapped[datetime | None]
    """When a proof with *their* code was found: without it, others' groups are not theirs."""
    added_at: Mapped[datetime]

    group: Mapped[Group] = relationship()


class Ownership(Base):
    """One proof, asked for or given, that a group owns its site."""

    __tablename__ = "ownerships"
    __table_args__ = (
        UniqueConstraint("group_id", "keeper_id", "method", "address"),
        Index("ix_ownerships_due", "next_check_at", "claimed_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("keepers.id", ondelete="CASCADE"))
    """Who asked: a proof speaks for nobody else."""
    method: Mapped[str] = mapped_column(String(20))
    """One of `aggregator.registry.ownership.METHODS`."""
    address: Mapped[str] = mapped_column(String(2000))
    """What is to be proved: a home page or a feed."""
    code: Mapped[str] = mapped_column(String(64))
    """What must be found there; public."""
    state: Mapped[str] = mapped_column(String(20), default="asked")
    """`asked`, `proved`, `missing` or `lapsed` (was proved, and is gone)."""
    detail: Mapped[str] = mapped_column(String(60), default="")
    """Why the last check found nothing: a code of `registry.ownership` or `collect.reasons`."""
    asked_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]

    group: Mapped[Group] = relationship()
    keeper: Mapped[Keeper | None] = relationship()
