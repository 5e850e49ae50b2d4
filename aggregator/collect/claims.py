"""The claims of one crawl on its sources: taken, kept alive, given back.

Used by the crawl's one database thread only, so it needs no lock. Knows no exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect.settle import host_of
from aggregator.store import sources
from aggregator.store.tables import Source


class Claims:
    """Which sources are ours, and until when the database says so."""

    def __init__(self, sessions: sessionmaker[Session], lease: timedelta) -> None:
        self._sessions = sessions
        self._lease = lease
        self._held: dict[int, datetime] = {}

    def take(self, session: Session, ids: Sequence[int], now: datetime) -> Sequence[Source]:
        """Those of `ids` that were free; ours once the caller has committed."""
        taken = sources.claim(session, ids, now, lease=self._lease)
        self._held |= {source.id: now + self._lease for source in taken}
        return taken

    def hold(self, session: Session, source_id: int) -> Source | None:
        """The source, locked for this transaction; None when its claim was lost meanwhile."""
        held = self._held.get(source_id)
        return None if held is None else sources.hold(session, source_id, held)

    def hosts_of_others(self, session: Session, now: datetime) -> frozenset[str]:
        """Hosts that other workers may be asking; one host never gets two requests at once."""
        addresses = sources.claimed_addresses(session, now, besides=self._held)
        return frozenset(map(host_of, addresses))

    def drop(self, source_id: int) -> None:
        """Forget a source that was settled or given back."""
        self._held.pop(source_id, None)

    def lengthen(self, now: datetime) -> None:
        """Renew those that are half over: politeness can keep a source waiting for long."""
        half = now + self._lease / 2
        for held in {until for until in self._held.values() if until < half}:
            ids = [id_ for id_, until in self._held.items() if until == held]
            with self._sessions.begin() as session:
                kept = sources.renew(session, ids, held, now + self._lease)
            self._held |= dict.fromkeys(kept, now + self._lease)
            for lost in set(ids) - set(kept):
                self.drop(lost)

    def give_back(self) -> None:
        """Free all that are left, so that the next worker need not wait for their end."""
        with self._sessions.begin() as session:
            for held in set(self._held.values()):
                ids = [id_ for id_, until in self._held.items() if until == held]
                sources.release(session, ids, held)
        self._held.clear()
