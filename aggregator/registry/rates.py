"""How often one person may do what a form does; counted in the database, so that a restart forgets
nothing and all processes count together. Who it was is kept as a keyed hash, until the window ends.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry.signing_in import LINK
from aggregator.settings import Settings
from aggregator.store.tables import Rate

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

LIMITS: Final[dict[str, tuple[int, timedelta]]] = {
    "api": (120, MINUTE),
    "register": (20, HOUR),
    "confirm": (5, HOUR),
    "sign_in": (20, HOUR),
    # The window is as long as a link lives: whoever floods a mailbox leaves a good link in it.
    "letter": (3, LINK),
    "dead_link": (30, HOUR),
    "propose": (30, HOUR),
    "report": (20, HOUR),
    "claim": (10, DAY),
    "prove": (20, HOUR),
    "leave": (5, HOUR),
    "help": (3, DAY),
    "answer": (10, DAY),
}
"""What → how many times in which window, for one network, one address or one group."""


def require(session: Session, what: str, who: str, *, now: datetime, settings: Settings) -> None:
    """Count once more; raises Refused (`too_often`) beyond the limit of LIMITS."""
    if count(session, what, who, now=now, settings=settings) > LIMITS[what][0]:
        raise Refused("too_often")


def is_spent(session: Session, what: str, who: str, *, now: datetime, settings: Settings) -> bool:
    """Whether the limit is reached; counts nothing."""
    return counted(session, what, who, now=now, settings=settings) >= LIMITS[what][0]


def counted(session: Session, what: str, who: str, *, now: datetime, settings: Settings) -> int:
    """How often it was in this window; counts nothing."""
    key = _key(what, who, now, settings)
    return session.scalar(select(Rate.count).where(Rate.hash == key)) or 0


def count(
    session: Session, what: str, who: str, *, now: datetime, settings: Settings, times: int = 1
) -> int:
    """Count so many times more; how often it was in this window, these included."""
    key = _key(what, who, now, settings)
    more = update(Rate).where(Rate.hash == key).values(count=Rate.count + times)
    result = session.execute(more)
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        try:
            with session.begin_nested():
                session.add(Rate(hash=key, count=times, ends_at=window_end(what, now)))
        except IntegrityError:  # somebody counted the first one at the same moment
            session.execute(more)
    return session.scalar(select(Rate.count).where(Rate.hash == key)) or times


def forget(session: Session, now: datetime) -> int:
    """Drop the counts whose window is over; how many."""
    result = session.execute(delete(Rate).where(Rate.ends_at <= now))
    assert isinstance(result, CursorResult)
    return result.rowcount


def window_end(what: str, now: datetime) -> datetime:
    """When counting of `what` begins anew."""
    window = LIMITS[what][1].total_seconds()
    return datetime.fromtimestamp((now.timestamp() // window + 1) * window, UTC)


def network(address: str) -> str:
    """The network that an IP address is of: all that is counted of it, and one line's extent.

    >>> network("192.0.2.17"), network("2001:db8:1:2::3"), network("::ffff:192.0.2.17")
    ('192.0.2.0/24', '2001:db8:1::/48', '192.0.2.0/24')
    """
    try:
        ip = ip_address(address)
    except ValueError:  # a socket's name, or nothing: no person's address
        return address[:100]
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip
    return str(ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def _key(what: str, who: str, now: datetime, settings: Settings) -> str:
    said = f"{what}\n{who.strip().casefold()}\n{window_end(what, now).isoformat()}"
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
