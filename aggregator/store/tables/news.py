"""Entries, their earlier versions, their tags, and the stories they form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base
from aggregator.store.tables.inventory import Source


class Story(Base):
    """Entries that tell the same thing; derived, can be rebuilt."""

    __tablename__ = "stories"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]

    entries: Mapped[list[Entry]] = relationship(
        back_populates="story", order_by="Entry.published, Entry.id"
    )


class Entry(Base):
    """One news item of one source (RFC 4287)."""

    __tablename__ = "entries"
    __table_args__ = (
        # Identity is (source, uid): no source can touch an entry that another one brought.
        UniqueConstraint("source_id", "uid"),
        Index("ix_entries_newest", "published", "id"),
        Index("ix_entries_source_newest", "source_id", "published"),
        Index("ix_entries_pending", "indexed_at"),
        Index("ix_entries_first_seen", "first_seen_at"),
        Index(
            "ix_entries_unmatched",
            "indexed_at",
            sqlite_where=text("matched_at IS NULL"),
            postgresql_where=text("matched_at IS NULL"),
        ),
        Index("ix_entries_agenda", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    uid: Mapped[str]
    url: Mapped[str | None]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    """Plain text, the source's own."""
    content: Mapped[str] = mapped_column(default="")
    """Safe HTML, made so by `aggregator.parse.clean.safe_html`."""
    text: Mapped[str] = mapped_column(default="")
    """Plain text of everything we may read, for the index and tags; shown only as far as the
    source's rights go."""
    author: Mapped[str | None]
    published: Mapped[datetime]
    """UTC; at most the moment we first saw it; that moment where the source gives none."""
    published_claimed: Mapped[datetime | None]
    """What the source said, where `published` had to differ."""
    updated: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(35), default="fr")
    type: Mapped[str] = mapped_column(String(20), default="article")
    image: Mapped[str | None]
    categories: Mapped[list[str]] = mapped_column(default=list)
    enclosures: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    place: Mapped[str | None]
    relevance: Mapped[float] = mapped_column(default=1.0)
    """Probability that it is on topic; low ones wait in the moderators' queue, still shown."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of what the source wrote; a new one makes a new version."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    """None while the index does not know this version of it."""
    matched_at: Mapped[datetime | None]
    """When the saved searches were tried on it; None while they were not."""
    deleted_at: Mapped[datetime | None]
    """When the source said that it is gone; the page keeps a tombstone."""
    hidden_at: Mapped[datetime | None]
    """When its group or a moderator hid it."""
    hidden_reason: Mapped[str | None]
    story_id: Mapped[int | None] = mapped_column(
        ForeignKey("stories.id", ondelete="SET NULL"), index=True
    )

    source: Mapped[Source] = relationship()
    story: Mapped[Story | None] = relationship(back_populates="entries")
    tags: Mapped[list[EntryTag]] = relationship(
        back_populates="entry",
        cascade="all, delete-orphan",
        order_by="EntryTag.dimension, EntryTag.weight.desc()",
    )
    versions: Mapped[list[EntryVersion]] = relationship(
        back_populates="entry", cascade="all, delete-orphan", order_by="EntryVersion.id.desc()"
    )


class EntryVersion(Base):
    """An entry as it was before its source edited it."""

    __tablename__ = "entry_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    replaced_at: Mapped[datetime]
    url: Mapped[str | None]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    content: Mapped[str] = mapped_column(default="")
    content_hash: Mapped[str] = mapped_column(String(64))

    entry: Mapped[Entry] = relationship(back_populates="versions")


class EntryTag(Base):
    """One term of the taxonomy on one entry, with where it comes from and why."""

    __tablename__ = "entry_tags"
    __table_args__ = (Index("ix_entry_tags_term", "dimension", "slug", "entry_id"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True
    )
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    """`topic`, `objective`, `skill`, `kind` or `area`."""
    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    origin: Mapped[str] = mapped_column(String(20))
    """`source` (inherited from the group), `text`, `moderator` or `learned`."""
    weight: Mapped[float] = mapped_column(default=1.0)
    """Probability, 0 to 1."""
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """The words and where: `{"words", "field", "start", "end"}`; empty when inherited."""

    entry: Mapped[Entry] = relationship(back_populates="tags")
