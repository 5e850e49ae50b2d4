"""What stays of groups that left: hashes, enough to keep them out and too little to name them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.store.tables.base import Base


class Suppression(Base):
    """One address of a group that left: no import, sync, registration or peer brings it back."""

    __tablename__ = "suppressions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of `store.suppressions.address_key`; the address itself is not kept."""
    departure: Mapped[str] = mapped_column(String(32), index=True)
    """Random; the same for all addresses of one group, so that departures can be counted."""
    at: Mapped[datetime]
