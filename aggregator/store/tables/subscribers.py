"""People with a confirmed address, what they want to read, and what was written for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base

RHYTHMS = ("alert", "daily", "weekly", "monthly")
"""As soon as something matches, or a digest at an hour in the subscriber's own time."""


class Subscriber(Base):
    """One address; nothing else is known of the person."""

    __tablename__ = "subscribers"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    """As typed, its domain in ASCII."""
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    """The address in lower case: one row per mailbox."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    time_zone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    nonce: Mapped[str] = mapped_column(String(32))
    """Goes into every signed link; a new one ends all links mailed before."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When one of its subscriptions was first confirmed; None: nobody may be written to but to
    ask."""
    suspended_at: Mapped[datetime | None]
    """When its mailbox refused for good; nothing is sent until a new confirmation."""
    suspended_reason: Mapped[str] = mapped_column(default="")
    bounces: Mapped[int] = mapped_column(default=0)
    """Temporary bounces since the last new confirmation."""

    subscriptions: Mapped[list[Subscription]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", order_by="Subscription.id"
    )


class Subscription(Base):
    """One view of the portal that a subscriber follows by mail."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("ix_subscriptions_due", "rhythm", "next_digest_at"),
        Index("ix_subscriptions_place", "place_hash", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), index=True
    )
    view: Mapped[str] = mapped_column(default="")
    """The view's filters as a canonical query string; empty for everything."""
    title: Mapped[str] = mapped_column(String(300), default="")
    """The view in words, as its page says it."""
    rhythm: Mapped[str] = mapped_column(String(10))
    """One of RHYTHMS."""
    hour: Mapped[int] = mapped_column(default=7)
    """0–23 in the subscriber's time zone."""
    weekday: Mapped[int] = mapped_column(default=0)
    """Of a weekly digest, Monday 0."""
    day: Mapped[int] = mapped_column(default=1)
    """Of a monthly digest, 1–31; the last day of shorter months."""
    maximum: Mapped[int] = mapped_column(default=20)
    """Entries in one mail at the most."""
    group_by: Mapped[str] = mapped_column(String(20), default="topic")
    """`topic` or `area`."""
    consent: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The proof: `text` agreed to, `form` version, `asked_at`, `confirmed_at` (ISO 8601)."""
    place_hash: Mapped[str] = mapped_column(String(64), default="")
    """Where the form was sent from, as a keyed hash; emptied after a day."""
    created_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    next_digest_at: Mapped[datetime | None]
    """UTC; None for alerts and while not confirmed or paused."""
    covered_until: Mapped[datetime | None]
    """What was first seen up to here has been looked through for it."""
    webhook: Mapped[str | None]
    """Of an alert: the address that is told too, http(s)."""
    webhook_secret: Mapped[str | None] = mapped_column(String(64))
    """Signs what the webhook is told."""

    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions")

    @property
    def is_active(self) -> bool:
        """Whether mails may leave for it."""
        return (
            self.confirmed_at is not None
            and self.paused_at is None
            and self.subscriber.suspended_at is None
        )


class Issue(Base):
    """One digest as written once for all who follow the same view in the same way."""

    __tablename__ = "issues"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """A hash of view, period, options and language."""
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    """Both with marks where each subscriber's own links go (`aggregator.mail.message`)."""
    entries: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What was told and why: `{"id", "why"}` in order."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class Match(Base):
    """One entry that an alert found; made once, so it is told once."""

    __tablename__ = "matches"
    __table_args__ = (
        Index(
            "ix_matches_waiting",
            "subscription_id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class MailDomain(Base):
    """How fast one domain's mail may go, whatever the process that sends it."""

    __tablename__ = "mail_domains"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    window_started_at: Mapped[datetime]
    sent: Mapped[int] = mapped_column(default=0)
    """Mails claimed for it since the window began."""
    quiet_until: Mapped[datetime | None]
    """Nothing goes to it before: it has said `too many`."""
