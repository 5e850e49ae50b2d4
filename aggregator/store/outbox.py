"""Letters waiting to be sent: written with the fact that causes them, claimed to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from aggregator.store.tables import Letter


def write(
    session: Session,
    kind: str,
    address: str,
    *,
    now: datetime,
    language: str = "fr",
    values: dict[str, Any] | None = None,
    priority: int = 0,
) -> Letter:
    """Put one letter in the outbox; it leaves after the caller's commit."""
    letter = Letter(
        kind=kind,
        address=address,
        domain=address.rpartition("@")[2].lower(),
        priority=priority,
        language=language,
        values=values or {},
        created_at=now,
        next_try_at=now,
    )
    session.add(letter)
    return letter
