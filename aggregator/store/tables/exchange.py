"""Where else our groups are listed: their ids and fields in other tools, kept for the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aggregator.store.tables.base import Base
from aggregator.store.tables.inventory import Group


class Record(Base):
    """One group as another tool has it."""

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("origin", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    origin: Mapped[str] = mapped_column(String(300))
    """Which map or address it came from."""
    external_id: Mapped[str] = mapped_column(String(300))
    """Its id there; its label where there are no ids."""
    kept: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Fields that we have no word for, as they came, so that an export gives them back."""
    seen_at: Mapped[datetime]
    vanished_at: Mapped[datetime | None]
    """When it was no longer there."""

    group: Mapped[Group] = relationship()
