"""The inventory: groups, what they say of themselves, and the sources they publish in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base

STATUSES = ("listed", "contacted", "participating", "declined", "withdrawn")
"""A group's place in the inventory; declined and withdrawn ones are shown and exported nowhere."""

RIGHTS = ("link", "excerpt", "full")
"""How much of a source's entries may be shown: title and link; 240 characters; everything."""


class Group(Base):
    """An organisation of the inventory."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(500))
    home: Mapped[str | None]
    """Home page, absolute; None for a group that has none."""
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(20), default="listed", index=True)
    category: Mapped[str] = mapped_column(String(100), default="")
    """What the group is, in French, in the inventory's words (association, collectif, presse…)."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    logo: Mapped[str | None]
    contact: Mapped[str | None]
    """A public page or address to write to."""
    note: Mapped[str] = mapped_column(default="")
    """What the inventory is unsure of; seen by moderators."""
    tags_proposed: Mapped[bool] = mapped_column(default=False)
    """Its tags were proposed by us and not yet confirmed by the group."""
    provisional: Mapped[bool] = mapped_column(default=False)
    """It registered itself and has not proved that it owns its site."""
    edited_fields: Mapped[list[str]] = mapped_column(default=list)
    """Columns and tag dimensions changed by a person here; `sources sync` leaves them alone."""
    charter_version: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """Of the charter that the group accepted last; empty: none yet."""
    charter_accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    left_inventory_at: Mapped[datetime | None]
    """When `sources sync` no longer found it in sources.yaml; None while it is there, and always
    None for groups that registered themselves."""
    listed: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What sources.yaml said of it at the last sync, so that only what the file changed since is
    carried over; empty for groups that the file never had."""

    sources: Mapped[list[Source]] = relationship(back_populates="group", order_by="Source.id")
    tags: Mapped[list[GroupTag]] = relationship(
        back_populates="group", cascade="all, delete-orphan", order_by="GroupTag.slug"
    )

    @property
    def is_public(self) -> bool:
        """Whether pages, feeds, search and exports may name it."""
        return self.status not in {"declined", "withdrawn"}

    def terms(self, dimension: str) -> tuple[str, ...]:
        """The slugs it carries in one dimension, in alphabetical order; empty when none."""
        return tuple(sorted(tag.slug for tag in self.tags if tag.dimension == dimension))


class GroupTag(Base):
    """One term of the taxonomy on one group."""

    __tablename__ = "group_tags"
    __table_args__ = (Index("ix_group_tags_term", "dimension", "slug"),)

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    origin: Mapped[str] = mapped_column(String(20), default="inventory")
    """`inventory`, `group`, `moderator` or `learned`."""

    group: Mapped[Group] = relationship(back_populates="tags")


class Source(Base):
    """One feed or page of a group, with its schedule, its validators and its health."""

    __tablename__ = "sources"
    __table_args__ = (Index("ix_sources_due", "next_crawl_at", "claimed_until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    url: Mapped[str]
    """As declared: a feed, a page to watch, or a home page when `format` is `discover`."""
    format: Mapped[str] = mapped_column(String(30), default="auto")
    """`auto` (what the body turns out to be), `discover` (find the feed from the home page),
    `page` (watch for article links), or a connector's name."""
    found_url: Mapped[str | None]
    """The feed that discovery chose; crawled instead of `url`."""
    hint: Mapped[str | None]
    """A feed address that somebody guessed; discovery tries it after all that the site declares."""
    rights: Mapped[str] = mapped_column(String(10), default="excerpt")
    language: Mapped[str | None] = mapped_column(String(35))
    areas: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Slugs of the areas it tells of, where a group's sources differ; empty: those of the group."""
    title: Mapped[str] = mapped_column(default="")
    """As its feed calls itself."""
    edited_fields: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    left_inventory_at: Mapped[datetime | None]
    listed: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What sources.yaml said of it at the last sync; empty where the file never had it."""
    paused_at: Mapped[datetime | None]
    """Set by its group or a moderator; it is not crawled meanwhile."""

    # The schedule is data: a restart loses nothing.
    next_crawl_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    """While a worker holds it; a killed worker's claim ends by itself."""
    interval: Mapped[int] = mapped_column(default=3600)
    """Seconds between visits, learned from its rhythm."""
    pace: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the source asks for: ttl, skip_hours, skip_days, max_age."""
    rhythm: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """When it publishes, learned from its entries (`aggregator.collect.schedule.Rhythm`)."""
    failures: Mapped[int] = mapped_column(default=0)
    """In a row, since the last success."""
    read_at: Mapped[datetime | None]
    """When its whole body was last read, not only its validators compared."""
    proposals: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """Feeds that might take its place, for a moderator to choose: `{"url", "title", "why"}`."""
    sample: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What a watched page looked like when it was last right; a redesign shows against it."""

    # Validators, echoed byte for byte (RFC 9110 §13).
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    body_hash: Mapped[str | None] = mapped_column(String(64))
    moved_to: Mapped[str | None]
    """Where permanent redirects lead; becomes `url` after 7 consistent days."""
    moved_since: Mapped[datetime | None]

    # Health, as /sante tells it.
    state: Mapped[str] = mapped_column(String(20), default="new", index=True)
    """One of `aggregator.collect.health.STATES`."""
    last_crawled_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_new_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    """HTTP status of the last exchange; None when there was no answer."""
    last_reason: Mapped[str | None] = mapped_column(String(40))
    """A code of `aggregator.collect.reasons`; None after a success."""
    last_detail: Mapped[str] = mapped_column(default="")
    """The technical cause, for the curious; may be English."""
    requests: Mapped[int] = mapped_column(default=0)
    not_modified: Mapped[int] = mapped_column(default=0)

    group: Mapped[Group] = relationship(back_populates="sources")

    @property
    def address(self) -> str:
        """What is fetched: the discovered feed if there is one, else `url`."""
        return self.found_url or self.url
