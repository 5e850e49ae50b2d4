"""How often one person may do what a form does; counted in the database, so a restart forgets
nothing. Who it was is kept as a hash only, and only until the window ends."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.store.tables import Rate

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

LIMITS: Final[dict[str, tuple[int, timedelta]]] = {
    "register": (10, HOUR),
    "confirm": (5, HOUR),
    "sign_in": (5, HOUR),
    "propose": (30, HOUR),
    "report": (20, HOUR),
    "claim": (5, DAY),
    "prove": (20, HOUR),
    "leave": (5, HOUR),
    "help": (3, DAY),
    "answer": (10, DAY),
}
"""What → how many times in which window, for one client or one address."""


def require(session: Session, what: str, who: str, *, now: datetime) -> None:
    """Count once more; raises Refused (`too_often`) beyond the limit of LIMITS."""
    most, window = LIMITS[what]
    if _count(session, what, who, window, now) > most:
        raise Refused("too_often")


def forget(session: Session, now: datetime) -> int:
    """Drop the counts whose window is over; how many."""
    result = session.execute(delete(Rate).where(Rate.ends_at <= now))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _count(session: Session, what: str, who: str, window: timedelta, now: datetime) -> int:
    number = int(now.timestamp() // window.total_seconds())
    key = hashlib.sha256(f"{what}\n{who.strip().casefold()}\n{number}".encode()).hexdigest()
    ends_at = datetime.fromtimestamp((number + 1) * window.total_seconds(), UTC)
    more = update(Rate).where(Rate.hash == key).values(count=Rate.count + 1)
    result = session.execute(more)
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        try:
            with session.begin_nested():
                session.add(Rate(hash=key, count=1, ends_at=ends_at))
        except IntegrityError:  # somebody counted the first one at the same moment
            session.execute(more)
    return session.scalar(select(Rate.count).where(Rate.hash == key)) or 1
