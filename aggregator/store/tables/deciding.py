"""What people propose and who decides: amendments, moderators, rules, words, lessons, rates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base, Instant
from aggregator.store.tables.inventory import Group
from aggregator.store.tables.news import Entry


class Moderator(Base):
    """Someone who decides; signs in by a link sent to the address."""

    __tablename__ = "moderators"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    """Private."""
    name: Mapped[str] = mapped_column(String(100))
    """As the public log shows it."""
    role: Mapped[str] = mapped_column(String(20), default="moderator")
    """`moderator` or `administrator`."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Amendment(Base):
    """A proposed change to the inventory, a tag or a rule, and what became of it."""

    __tablename__ = "amendments"
    __table_args__ = (
        Index("ix_amendments_queue", "state", "risk", "created_at"),
        Index("ix_amendments_decided", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """One of `aggregator.registry.amendments.KINDS`."""
    state: Mapped[str] = mapped_column(String(20), default="open")
    """`open`, `postponed`, `accepted`, `refused` or `undone`."""
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("groups.id", ondelete="SET NULL"), index=True
    )
    source_id: Mapped[int | None] = mapped_column(ForeignKey("sources.id", ondelete="SET NULL"))
    entry_id: Mapped[int | None] = mapped_column(
        ForeignKey("entries.id", ondelete="SET NULL"), index=True
    )
    appeal_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("amendments.id", ondelete="SET NULL")
    )
    workshop_id: Mapped[int | None] = mapped_column(
        ForeignKey("workshops.id", ondelete="SET NULL"), index=True
    )
    workshop_table: Mapped[str] = mapped_column(String(100), default="")
    """Which table of the workshop it comes from."""
    subject: Mapped[str] = mapped_column(String(500), default="")
    """What it is about, in words that stay when the row is gone: a group's name, a title."""
    change: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What would change: `{field: {"from", "to"}}`, or as its kind says in `amendments`."""
    why: Mapped[str] = mapped_column(default="")
    """The author's own words, plain text."""
    author: Mapped[str] = mapped_column(String(20), default="visitor")
    """`visitor`, `group`, `moderator`, `workshop`, `import` or `program`."""
    author_name: Mapped[str] = mapped_column(String(100), default="")
    author_email: Mapped[str | None] = mapped_column(String(320))
    """Private; who wants to know what was decided."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    risk: Mapped[int] = mapped_column(default=50)
    """0 to 100; the riskiest are decided first."""
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderators.id", ondelete="SET NULL")
    )
    """None with `decided_at`: it passed by itself, by rule."""
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why so decided: a code of `aggregator.registry.wording`."""
    note: Mapped[str] = mapped_column(default="")
    """The moderator's own words; public."""
    seconds: Mapped[float | None]
    """Human time of the decision, as the page counted it; None without script."""
    undo: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was there before, as far as needed to go back; empty when nothing was applied."""

    group: Mapped[Group | None] = relationship()
    entry: Mapped[Entry | None] = relationship()
    decided_by: Mapped[Moderator | None] = relationship()
    approvals: Mapped[list[Approval]] = relationship(
        back_populates="amendment", cascade="all, delete-orphan", order_by="Approval.at"
    )

    @property
    def is_of_departed(self) -> bool:
        """Whether its group has left: then pages tell that it was decided, and not about whom."""
        group = self.group or (self.entry.source.group if self.entry else None)
        return group is not None and not group.is_public


# Nobody reads it any more, but the release before does while both run: the next one drops it.
Base.metadata.tables["amendments"].append_column(Column("first_shown_at", Instant(timezone=True)))


class Approval(Base):
    """One voice for an amendment whose rule asks for several."""

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("amendment_id", "moderator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendments.id", ondelete="CASCADE"))
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    at: Mapped[datetime]

    amendment: Mapped[Amendment] = relationship(back_populates="approvals")


class Rule(Base):
    """Who may accept one kind of amendment, where it differs from the rules we start with."""

    __tablename__ = "rules"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    who: Mapped[str] = mapped_column(String(20))
    threshold: Mapped[int]
    changed_at: Mapped[datetime]


class Hold(Base):
    """Words that keep an entry from being shown until a moderator has seen it."""

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(500))
    """All must occur, in any order; accents and case do not count; "…" keeps words together."""
    why: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderators.id", ondelete="SET NULL")
    )
    ended_at: Mapped[datetime | None]
    checked_entry_id: Mapped[int] = mapped_column(default=0)
    """The newest entry it has been held against."""


class Lesson(Base):
    """What a person said of one term on one text; the learned tagger and its examples read it."""

    __tablename__ = "lessons"
    __table_args__ = (UniqueConstraint("amendment_id", "dimension", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendments.id", ondelete="CASCADE"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="SET NULL"))
    dimension: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(100))
    belongs: Mapped[bool]
    """Whether the term belongs on the text."""
    title: Mapped[str]
    text: Mapped[str]
    """As it was when the person looked at it."""
    created_at: Mapped[datetime]


class LexiconEdit(Base):
    """One phrase that a moderator put into the tagger's lexicon, weighed anew or took out.

    Who and why is in its amendment. Of several for one phrase the last in force counts.
    """

    __tablename__ = "lexicon_edits"

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int] = mapped_column(
        ForeignKey("amendments.id", ondelete="CASCADE"), index=True
    )
    dimension: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(100))
    phrase: Mapped[str] = mapped_column(String(100))
    """As `aggregator.understand.lexicon` writes phrases."""
    weight: Mapped[float | None]
    """0.1 to 5, or as much against the term; None: the phrase is taken out."""
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    """None: in force."""
    retagged_at: Mapped[datetime | None]
    """When the last entries were tagged again for it; None: they are due."""

    amendment: Mapped[Amendment] = relationship()


class Rate(Base):
    """How often someone did something lately; outlives a restart."""

    __tablename__ = "rates"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of what, who and the window; the address is not kept."""
    count: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime] = mapped_column(index=True)
