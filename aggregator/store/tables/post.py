"""What must leave by mail, and the single-use links that mails carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.store.tables.base import Base


class Letter(Base):
    """One mail to be sent, written in the transaction that makes it due.

    `aggregator.mail` renders it by `kind` and sends it; a killed process leaves it here.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "priority",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    """Names the mail's templates: `confirm_group`, `sign_in`, `confirm_subscription`, …"""
    address: Mapped[str] = mapped_column(String(320))
    domain: Mapped[str] = mapped_column(String(255), default="")
    """The address's, in lower case: mails to one domain are not sent faster than it likes."""
    language: Mapped[str] = mapped_column(String(35), default="fr")
    priority: Mapped[int] = mapped_column(default=0)
    """0 somebody waits for it, 1 an alert, 2 a digest; the lower goes first."""
    issue_id: Mapped[int | None] = mapped_column(
        ForeignKey("issues.id", ondelete="SET NULL"), index=True
    )
    """The digest it carries; None for other letters."""
    subscription_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True
    )
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the templates need; plain JSON."""
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    handed_at: Mapped[datetime | None]
    """When all but the last line had been given to the server; a process killed after that does
    not send again."""
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    """When it was given up."""
    last_error: Mapped[str] = mapped_column(default="")


class Token(Base):
    """One secret link: only its hash is kept, so a stolen database opens nothing."""

    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_subject", "purpose", "subject"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    """What it may do: `confirm_group`, `sign_in`, `manage_subscription`, …"""
    subject: Mapped[str] = mapped_column(String(320))
    """Whom or what it is about, in the purpose's own terms (a row's id, an address)."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
