"""Where else our groups are listed, and the lists elsewhere that are looked at again and again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base
from aggregator.store.tables.deciding import Amendment, Moderator
from aggregator.store.tables.inventory import Group


class Record(Base):
    """One group as another tool has it: the provenance of what an import brought."""

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("origin", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), index=True
    )
    """None while a person has not decided whether the group is taken."""
    amendment_id: Mapped[int | None] = mapped_column(
        ForeignKey("amendments.id", ondelete="SET NULL"), index=True
    )
    """The proposal that would bring the group here, or that did."""
    origin: Mapped[str] = mapped_column(String(300))
    """Which map or address it came from."""
    external_id: Mapped[str] = mapped_column(String(300))
    """Its id there; its label where there are no ids."""
    tool: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """What wrote the list: one of `aggregator.registry.listed.TOOLS`; empty in old rows."""
    kept: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Fields that we have no word for, as they came, so that an export gives them back."""
    said: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What the list said at the last look, field by field: who changed it since is told by it."""
    brought: Mapped[bool] = mapped_column(default=False, server_default="0")
    """The group is here because this list has it, not only listed there too."""
    source_key: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """Whom the list itself names as the record's source; empty: the list's own."""
    licence: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """As the record says; empty: that of the list."""
    charter_version: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """Of our charter, which those who keep the list had accepted; empty: they had not."""
    charter_accepted_at: Mapped[datetime | None]
    page: Mapped[str | None] = mapped_column(String(2000))
    """The record's page there, where it names one."""
    seen_at: Mapped[datetime]
    vanished_at: Mapped[datetime | None]
    """When it was no longer there."""

    group: Mapped[Group | None] = relationship()
    amendment: Mapped[Amendment | None] = relationship()


class KeptMap(Base):
    """One Kumu map as it came, for the way back: ids, positions and what we have no word for."""

    __tablename__ = "kept_maps"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), unique=True)
    document: Mapped[dict[str, Any]]
    """A blueprint or project export, without what Kumu calls private."""
    seen_at: Mapped[datetime]


class Mirror(Base):
    """One list of groups at an address: looked at, shown, and then followed or taken once."""

    __tablename__ = "mirrors"
    __table_args__ = (Index("ix_mirrors_due", "next_look_at", "claimed_until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(300))
    """Where to ask; the `origin` of its records."""
    name: Mapped[str] = mapped_column(String(200))
    """Whose list it is, as pages name it."""
    mode: Mapped[str] = mapped_column(String(10))
    """`follow` (its changes and departures happen here too) or `respect` (all is proposed, and
    what people changed here stays)."""
    rhythm: Mapped[str] = mapped_column(String(10))
    """`once`, `daily` or `weekly`."""
    bounds: Mapped[str] = mapped_column(String(300), default="")
    """West, south, east, north in degrees; several boxes joined by `;`; empty: everywhere."""
    licence: Mapped[str] = mapped_column(String(100), default="")
    """Under which the list is given, where its records do not say."""
    charter_version: Mapped[str] = mapped_column(String(20), default="")
    """Of our charter, which those who keep the list accepted; empty: they did not."""
    charter_accepted_at: Mapped[datetime | None]
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("workshops.id", ondelete="SET NULL"))
    """Whose proposals the first look makes; None: the general queue's."""
    state: Mapped[str] = mapped_column(String(10), default="asked")
    """`asked` (to be looked at), `shown` (a person has yet to agree), `active`, `paused` or
    `ended`."""
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the last look would change or did: see `aggregator.registry.mirrors`."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderators.id", ondelete="SET NULL")
    )
    agreed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderators.id", ondelete="SET NULL")
    )
    """Who saw what it would change and agreed."""
    next_look_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    ok_at: Mapped[datetime | None]
    """The last look that went well."""
    failures: Mapped[int] = mapped_column(default=0)
    """In a row."""
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why the last look failed or waits for a person: a code of `registry.wording` or
    `collect.reasons`."""
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the words of `reason` leave open."""
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None] = mapped_column(String(100))

    created_by: Mapped[Moderator | None] = relationship(foreign_keys=[created_by_id])
    agreed_by: Mapped[Moderator | None] = relationship(foreign_keys=[agreed_by_id])
