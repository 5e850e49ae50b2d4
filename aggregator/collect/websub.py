"""WebSub subscriber (W3C Recommendation 2018): hubs tell us at once, visits become a backup.

A hub is believed only where we asked it (verification of intent, §5.3) and where its signature
is right (§7.1); what it tells is ingested like a visit. Its reliability is tallied, and one that
forgets entries loses its privilege. The portal calls `verify` and `receive`; the worker calls
`ask_due`. Knows no web framework.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import schedule
from aggregator.collect.guard import Guard
from aggregator.collect.ingest import ingest
from aggregator.collect.readers import read_feed
from aggregator.collect.wire import Response, Wire
from aggregator.errors import FetchError, ForbiddenAddress, ParseError
from aggregator.parse.entries import ParsedFeed
from aggregator.settings import Settings
from aggregator.store import sources
from aggregator.store.tables import HubLease, Source

log = structlog.get_logger()
CALLBACK = "/websub/"
"""Where the portal mounts the callback; the lease's token follows."""
LEASE = timedelta(days=10)
"""What we ask for; the hub decides."""
RENEW_BEFORE = timedelta(days=1)
ANSWER_WITHIN = timedelta(hours=1)
"""After it an asked hub that never verified counts as a failure."""
REFUSED_FOR = timedelta(days=7)
LARGEST = 2 * 1024 * 1024
"""Bytes of one message; more is left to the backup visit."""
_METHODS = ("sha1", "sha256", "sha384", "sha512")


def want(session: Session, source: Source, feed: ParsedFeed, *, now: datetime) -> None:
    """Remember that the feed names a hub, to be asked by the worker; twice is once.

    A feed that names another hub or topic than before starts anew; one that names none any more
    ends its lease.
    """
    lease = session.scalar(select(HubLease).where(HubLease.source_id == source.id))
    if feed.hub is None or feed.self_url is None:
        if lease is not None:
            session.delete(lease)
            _push_until(source, None)
        return
    if lease is None:
        lease = HubLease(source_id=source.id, hub="", topic="", token="", secret="", pushes=0)
        session.add(lease)
    if (lease.hub, lease.topic) != (feed.hub, feed.self_url):
        lease.hub, lease.topic = feed.hub, feed.self_url
        lease.token, lease.secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        lease.state, lease.next_try_at, lease.failures = "wanted", now, 0
        lease.asked_at = lease.lease_until = None
        _push_until(source, None)


def count_missed(session: Session, source: Source, new: int, *, now: datetime) -> None:
    """A backup visit found `new` entries that the hub had promised to tell."""
    lease = session.scalar(select(HubLease).where(HubLease.source_id == source.id))
    if lease is None or lease.state != "active" or lease.lease_until is None:
        return
    lease.entries_missed += new
    _push_until(source, lease.lease_until if is_reliable(lease) else None)


def is_reliable(lease: HubLease) -> bool:
    """Whether its word lets us visit less: it told four of five entries, or too few to judge."""
    told = lease.entries_pushed + lease.entries_missed
    return told < 5 or lease.entries_missed <= 0.2 * told


def verify(
    session: Session,
    token: str,
    *,
    mode: str,
    topic: str,
    lease_seconds: str | None,
    now: datetime,
) -> bool:
    """Whether we did ask for this (§5.3); True: answer 200 and the challenge, False: 404.

    For `mode` `denied` the answer does not matter; the lease is put aside for a week.
    """
    lease = session.scalar(select(HubLease).where(HubLease.token == token))
    if lease is None or not hmac.compare_digest(lease.topic.encode(), topic.encode()):
        return False
    if mode == "denied":
        lease.state, lease.next_try_at = "refused", now + REFUSED_FOR
        return False
    if mode != "subscribe" or lease.state not in {"asked", "active"} or lease.asked_at is None:
        # We never unsubscribe; a hub that says so was asked by somebody else.
        return False
    granted = int(lease_seconds) if lease_seconds and lease_seconds.isdigit() else 0
    until = now + (timedelta(seconds=min(granted, 90 * 86400)) if granted else LEASE)
    lease.state, lease.lease_until, lease.failures = "active", until, 0
    lease.next_try_at = max(until - RENEW_BEFORE, now + (until - now) / 2)
    source = session.get_one(Source, lease.source_id)
    _push_until(source, until if is_reliable(lease) else None)
    return True


@dataclass(frozen=True, slots=True)
class Received:
    """What one message from a hub changed."""

    is_known: bool
    """False: there is no such callback (answer 404); else answer 202, whatever the message."""
    new: int = 0
    updated: int = 0


def receive(
    session: Session,
    token: str,
    *,
    body: bytes,
    content_type: str | None,
    signature: str | None,
    now: datetime,
) -> Received:
    """Ingest what a hub tells, if its signature is right; the caller commits.

    A wrong or missing signature is counted and ignored (§7.1). A message that cannot be read
    makes the source due for a visit.
    """
    lease = session.scalar(select(HubLease).where(HubLease.token == token))
    if lease is None:
        return Received(is_known=False)
    if lease.state != "active" or not signed(body, signature, lease.secret):
        lease.forged += 1
        log.warning("hub message ignored", source=lease.source_id)
        return Received(is_known=True)
    source = sources.lock(session, lease.source_id)
    if not source.group.is_public or source.paused_at is not None:
        return Received(is_known=True)
    message = Response(200, {"content-type": content_type or ""}, body, source.address)
    try:
        if len(body) > LARGEST:
            raise ParseError(f"The message has {len(body)} bytes.")
        feed = read_feed(message, now=now)
    except ParseError:
        source.next_crawl_at = min(source.next_crawl_at, now)
        return Received(is_known=True)
    done = ingest(session, source, feed, now=now)
    lease.pushes += 1
    lease.last_push_at = now
    lease.entries_pushed += len(done.new)
    if done.new:
        source.last_new_at = now
    _push_until(source, lease.lease_until if is_reliable(lease) else None)
    return Received(is_known=True, new=len(done.new), updated=len(done.updated))


def signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Whether an X-Hub-Signature (`method=hex`) is the body's under our secret."""
    method, _, digest = (signature or "").partition("=")
    if method not in _METHODS:
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(right.encode(), digest.strip().lower().encode())


def ask_due(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    limit: int = 20,
) -> int:
    """Ask the hubs whose turn it is to tell us, or to go on doing so; how many were asked.

    Each lease is claimed by moving its next try first, so that two workers ask once. Does
    nothing where our own address is not reachable for a hub.
    """
    if not _is_reachable(settings):
        return 0
    claimed = [
        lease for lease in _due(sessions, clock(), limit) if _claim(sessions, lease, clock())
    ]
    if claimed:
        asyncio.run(_ask_all(sessions, settings, clock, claimed))
    return len(claimed)


def _due(sessions: sessionmaker[Session], now: datetime, limit: int) -> list[HubLease]:
    with sessions() as session:
        query = select(HubLease).where(HubLease.next_try_at <= now)
        return list(session.scalars(query.order_by(HubLease.next_try_at).limit(limit)))


def _claim(sessions: sessionmaker[Session], lease: HubLease, now: datetime) -> bool:
    with sessions.begin() as session:
        mine = session.scalar(
            update(HubLease)
            .where(HubLease.id == lease.id, HubLease.next_try_at == lease.next_try_at)
            .values(next_try_at=now + ANSWER_WITHIN)
            .returning(HubLease.id)
            .execution_options(synchronize_session=False)
        )
    return mine is not None


async def _ask_all(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    leases: list[HubLease],
) -> None:
    async with Wire(settings) as wire:
        for lease in leases:
            # The hub may verify before it answers: what we ask must be known by then.
            with sessions.begin() as session:
                row = session.get_one(HubLease, lease.id)
                unanswered = row.state == "asked"
                row.state = "active" if row.state == "active" else "asked"
                row.asked_at = clock()
                row.failures += unanswered
            failed = not await _ask(wire, settings, lease)
            if failed or unanswered:
                _put_off(sessions, lease.id, clock())


async def _ask(wire: Wire, settings: Settings, lease: HubLease) -> bool:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": lease.topic,
        "hub.callback": f"{settings.base_url}{CALLBACK}{lease.token}",
        "hub.secret": lease.secret,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
    }
    try:
        answer = await wire.exchange(
            lease.hub,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
    except FetchError as error:
        log.warning("hub not asked", source=lease.source_id, reason=error.reason)
        return False
    return 200 <= answer.status < 300


def _put_off(sessions: sessionmaker[Session], lease_id: int, now: datetime) -> None:
    """Another failure: one hour, two, … 7 days; the source is visited as if there were no hub."""
    with sessions.begin() as session:
        lease = session.get_one(HubLease, lease_id)
        if lease.state == "active" and lease.lease_until and lease.lease_until > now:
            lease.next_try_at = min(now + ANSWER_WITHIN, lease.lease_until)
            return
        lease.failures += 1
        lease.state = "wanted"
        lease.next_try_at = schedule.next_try(now, lease.failures, chance=0.5)


def _is_reachable(settings: Settings) -> bool:
    """Whether a hub could call us: a public address, or anything in the demo."""
    if settings.allow_private_networks:
        return True
    host = urlsplit(settings.base_url).hostname or ""
    try:
        Guard().check_url(f"http://{host}/")
    except ForbiddenAddress:
        return False
    return host != "localhost" and not host.endswith((".localhost", ".local", ".example"))


def _push_until(source: Source, until: datetime | None) -> None:
    pace = schedule.Pace.of_json(source.pace)
    if pace.pushed_until != until:
        source.pace = replace(pace, pushed_until=until).as_json()
