"""What hosts ask of their visitors: silence, robots.txt, reservations against mining.

Read from the database at first, fetched when it is too old, and given back to be kept. Knows
no source and writes nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aggregator.collect import robots
from aggregator.collect.fetch import fetch_over
from aggregator.collect.robots import Robots
from aggregator.collect.wire import Response, Wire
from aggregator.errors import FetchError, ForbiddenAddress, ParseError
from aggregator.parse import reservations
from aggregator.parse.connecting import is_host
from aggregator.parse.reservations import TdmRule
from aggregator.store.tables import Host

ROBOTS_AGE = timedelta(hours=24)
"""After it robots.txt is read again (RFC 9309 §2.4)."""
ROBOTS_STALE = timedelta(days=30)
"""Up to it the last known file counts while the host does not give a new one."""
TDM_AGE = timedelta(days=7)
LONGEST_TDM = 200_000
"""Bytes of a tdmrep.json."""
_NO_RULES = frozenset({"redirect_loop", "bad_redirect"})
"""What leads nowhere holds no rules (RFC 9309 §2.3.1.2)."""
_CLOSED_NETWORKS = ("facebook.com", "instagram.com", "linkedin.com", "tiktok.com", "x.com",
                    "twitter.com")  # fmt: skip
"""Their robots.txt forbids all, and no group can change that: they are not even asked."""
_WAIT = 15.0


@dataclass(slots=True)
class _Card:
    quiet_until: datetime | None = None
    robots: Robots | None = None
    robots_at: datetime | None = None
    tdm: tuple[TdmRule, ...] | None = None
    tdm_at: datetime | None = None
    fresh: dict[str, Any] | None = None
    """Columns learned since the last time they were kept."""


class Hosts:
    """The hosts that one crawl meets."""

    def __init__(self, wire: Wire, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._clock = clock
        self._cards: dict[str, _Card] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def load(self, known: Mapping[str, Host]) -> None:
        """Take over what the database knows, where it knows more."""
        for name, host in known.items():
            card = self._cards.setdefault(name, _Card())
            card.quiet_until = host.quiet_until
            if host.checked_at and (card.robots_at is None or card.robots_at < host.checked_at):
                card.robots_at = host.checked_at
                card.robots = robots.of_text(host.robots_txt) if host.robots_txt else robots.NONE
                if host.robots_state == "unreachable" and not host.robots_txt:
                    card.robots = robots.UNREACHABLE
            if host.tdm_checked_at:
                card.tdm_at = host.tdm_checked_at
                card.tdm = _rules((host.tdm_json or "").encode())

    def learned(self, name: str) -> dict[str, Any] | None:
        """Columns of `Host` to keep; None when there is nothing new. Given once."""
        card = self._cards.get(name)
        if card is None or card.fresh is None:
            return None
        fresh, card.fresh = card.fresh, None
        return fresh

    def quiet(self, name: str, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        self._cards.setdefault(name, _Card()).quiet_until = until

    def quiet_until(self, name: str, now: datetime) -> datetime | None:
        """When the host may be asked again; None when it may be now."""
        card = self._cards.get(name)
        if card is None or card.quiet_until is None or card.quiet_until <= now:
            return None
        return card.quiet_until

    def delay(self, name: str) -> float:
        """The Crawl-delay of its robots.txt in seconds; 0 where it asks for none."""
        card = self._cards.get(name)
        return (card.robots.delay or 0.0) if card and card.robots else 0.0

    async def check(
        self, name: str, url: str, *, trusted: bool, count: Callable[[int], None]
    ) -> None:
        """Raise FetchError unless the host lets us read `url`.

        `count` is told the bytes of each request that had to be made for it. A `trusted`
        group's reservation against mining does not hold for us; its robots.txt does.
        """
        if is_host(url, *_CLOSED_NETWORKS):
            raise FetchError(f"{name} lets nobody in.", reason="closed_network", permanent=True)
        card = self._cards.setdefault(name, _Card())
        async with self._locks.setdefault(name, asyncio.Lock()):
            now = self._clock()
            if card.robots is None or _older(card.robots_at, now, ROBOTS_AGE):
                await self._read_robots(card, url, now, count)
            assert card.robots is not None
            if not card.robots.allows(url):
                raise _refused(card.robots, url)
            if not trusted and (card.tdm is None or _older(card.tdm_at, now, TDM_AGE)):
                await self._read_tdm(card, url, now, count)
        if not trusted and card.tdm and reservations.for_address(card.tdm, url).tdm:
            raise FetchError(
                f"{name} reserves {urlsplit(url).path or '/'} in its tdmrep.json.",
                reason="tdm_reserved",
                permanent=True,
            )

    async def _read_robots(
        self, card: _Card, url: str, now: datetime, count: Callable[[int], None]
    ) -> None:
        try:
            answer = await self._get(url, "/robots.txt", robots.LONGEST, count, whole=False)
            found = robots.read(answer.status, answer.body)
        except ForbiddenAddress:
            raise
        except FetchError as error:
            found = robots.NONE if error.reason in _NO_RULES else robots.UNREACHABLE
            if error.reason in {"dns", "refused", "timeout", "tls", "tls_expired", "connection"}:
                # The host itself is ill, and that is the better explanation.
                raise
        stale = card.robots is not None and not _older(card.robots_at, now, ROBOTS_STALE)
        if found.state == "unreachable" and stale and card.robots is not robots.UNREACHABLE:
            return
        card.robots = found
        # An unreachable file is asked for again at the next visit.
        card.robots_at = None if found.state == "unreachable" else now
        card.fresh = (card.fresh or {}) | {
            "robots_state": found.state,
            "robots_txt": found.text or None,
            "crawl_delay": found.delay,
            "checked_at": now,
        }

    async def _read_tdm(
        self, card: _Card, url: str, now: datetime, count: Callable[[int], None]
    ) -> None:
        body = b""
        try:
            answer = await self._get(url, "/.well-known/tdmrep.json", LONGEST_TDM, count)
            if answer.status == 200:
                body = answer.body
        except FetchError:
            # Without the file nothing is reserved; the feed's own visit says what is wrong.
            body = b""
        card.tdm, card.tdm_at = _rules(body), now
        text = body.decode("utf-8", "replace").replace("\x00", "")
        card.fresh = (card.fresh or {}) | {
            "tdm_reserved": any(rule.reserved for rule in card.tdm),
            "tdm_json": text if card.tdm else None,
            "tdm_checked_at": now,
        }

    async def _get(
        self, url: str, path: str, limit: int, count: Callable[[int], None], *, whole: bool = True
    ) -> Response:
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc}{path}"
        size = 0
        try:
            answer = await fetch_over(
                self._wire, address, timeout=_WAIT, max_bytes=limit, whole=whole
            )
            size = answer.size
        finally:
            count(size)
        return answer


def _rules(body: bytes) -> tuple[TdmRule, ...]:
    try:
        return reservations.tdm_rules(body)
    except ParseError:
        # A soft 404 or a broken file: it reserves nothing that we could know of.
        return ()


def _older(at: datetime | None, now: datetime, age: timedelta) -> bool:
    return at is None or now - at > age


def _refused(found: Robots, url: str) -> FetchError:
    where = urlsplit(url)
    if found.state == "unreachable":
        return FetchError(
            f"The robots.txt of {where.hostname} does not answer.", reason="robots_unreachable"
        )
    return FetchError(
        f"The robots.txt of {where.hostname} does not allow {where.path or '/'}.",
        reason="robots",
        permanent=True,
    )
