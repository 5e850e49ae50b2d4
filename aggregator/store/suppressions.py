"""Keeping out the groups that left: what imports, syncs, registrations and peers must ask."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from aggregator.store.tables import Suppression

_PASSING = "i-"
"""How the departures begin that only keep imports out."""


def address_key(url: str) -> str:
    """One spelling for all ways to write an address, to compare groups and sources by.

    Scheme, `www.`, its standard port, case of the host, trailing slash and fragment do not
    count; the query does, since it tells the feeds of one site apart. Empty for what is none.

    >>> address_key("HTTP://www.Les-Lilas.example:80/Blog/#top")
    'les-lilas.example/Blog'
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
        port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    except ValueError:
        return ""
    if not host:
        return ""
    host = f"{_ascii(host)}{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{re.sub('/+', '/', parts.path).rstrip('/')}{query}"


def suppress(
    session: Session, addresses: Iterable[str], *, now: datetime, for_good: bool = True
) -> str:
    """Keep one group's addresses out from now on; returns the departure, for `lift`.

    One that is not `for_good` (it keeps only imports out) is not counted among the departures.
    """
    departure = secrets.token_hex(16) if for_good else f"{_PASSING}{secrets.token_hex(15)}"
    for hash_ in sorted(_hashes(map(address_key, addresses))):
        session.merge(Suppression(hash=hash_, departure=departure, at=now))
    session.flush()
    return departure


def covers(session: Session, *addresses: str | None) -> bool:
    """Whether any of these home pages or feeds belongs to a group that left.

    What lies below a home page that left has left with it.
    """
    hashes = _hashes(above for address in addresses if address for above in _and_above(address))
    if not hashes:
        return False
    found = select(Suppression.hash).where(Suppression.hash.in_(hashes)).limit(1)
    return session.scalar(found) is not None


class Departed:
    """The same question for thousands of addresses in a row: the hashes are read once."""

    def __init__(self, session: Session) -> None:
        self._hashes = frozenset(session.scalars(select(Suppression.hash)))

    def covers(self, *addresses: str | None) -> bool:
        """As `covers`."""
        if not self._hashes:
            return False
        keys = (above for address in addresses if address for above in _and_above(address))
        return not self._hashes.isdisjoint(_hashes(keys))


def of_record(origin: str, external_id: str) -> str:
    """What stands for one record of another list among addresses: it may change its site."""
    return _stand_in("record", f"{origin}\n{external_id}")


def of_import(home: str) -> str:
    """What stands for a site that no list brings back, though its owner may register it."""
    return _stand_in("import", address_key(home)) if address_key(home) else ""


def lift(session: Session, *addresses: str) -> None:
    """Let an address in again, with all others of the same departure: only its owner may ask."""
    departures = select(Suppression.departure).where(
        Suppression.hash.in_(_hashes(map(address_key, addresses)))
    )
    session.execute(
        delete(Suppression).where(Suppression.departure.in_(departures)),
        execution_options={"synchronize_session": False},
    )


def departures(session: Session) -> int:
    """How many groups have left for good: the only thing told of them."""
    counted = select(func.count(Suppression.departure.distinct())).where(
        Suppression.departure.not_like(f"{_PASSING}%")
    )
    return session.scalar(counted) or 0


def _stand_in(kind: str, what: str) -> str:
    # `.invalid` is nobody's (RFC 2606), so that no group's address can be taken for it.
    hash_ = hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()
    return f"https://{hash_[:60]}.{kind}.invalid/"


def _hashes(keys: Iterable[str]) -> set[str]:
    return {hashlib.sha256(key.encode("utf-8", "replace")).hexdigest() for key in keys if key}


def _and_above(url: str) -> list[str]:
    key = address_key(url)
    host, *folders = key.partition("?")[0].split("/")
    return [
        key,
        *("/".join((host, *folders[:depth])) for depth in range(min(len(folders), 20) + 1)),
    ]


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.casefold()
