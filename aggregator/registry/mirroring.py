"""The worker's part in mirrors: every list that is due is fetched, held against the inventory, and
shown or taken.

A list that suddenly says something quite different changes nothing by itself: a person looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import reasons
from aggregator.collect.fetch import Response, fetch_over
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError, Refused
from aggregator.registry import exchange, importing, mirrors, places_listed, planning
from aggregator.registry.planning import Planned
from aggregator.settings import Settings
from aggregator.store.tables import Amendment, Mirror, Record

log = structlog.get_logger()

LEASE: Final = timedelta(minutes=10)
PATIENCE: Final = 60.0
"""Seconds for one list."""
MOST_SHOWN: Final = 500
"""Rows of a plan that are kept for its page."""
_ELEMENTS: Final = "/api/elements.json"
_SOME: Final = 4
"""From so many groups on, losing most of them at once may be a mistake of the list's."""
_FEW: Final = 20
"""So many changes at once are nothing sudden, however short the list."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a list answered."""

    response: Response
    names: dict[str, str]
    """Its categories by id, where it tells them."""


def look_due(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime]
) -> int:
    """Look at every list that is due; how many. A job of the worker, run in a thread."""
    done = 0
    while (id_ := _claim(sessions, clock())) is not None:
        look_at(sessions, settings, clock, id_)
        done += 1
    return done


def look_at(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime], id_: int
) -> None:
    """Look at one list, whether due or not; its failure is written down, never raised."""
    with sessions() as session:
        mirror = session.get_one(Mirror, id_)
        wanted = _Wanted(mirror.address, mirror.bounds, mirror.etag, mirror.last_modified)
    try:
        fetched = asyncio.run(_fetch(wanted, settings))
        with sessions.begin() as session:
            mirror = session.get_one(Mirror, id_, with_for_update=True)
            take(session, mirror, fetched, settings, clock())
    except (FetchError, Refused) as error:
        with sessions.begin() as session:
            _fail(session.get_one(Mirror, id_), error, clock())


def take(
    session: Session, mirror: Mirror, fetched: Fetched, settings: Settings, now: datetime
) -> None:
    """Hold what a list answered against the inventory: show it, or take it. Raises Refused."""
    if mirror.state not in {"asked", "active"}:
        # Stopped or paused while we were reading.
        return
    response = fetched.response
    if response.status == 200:
        within = places_listed.boxes(mirror.bounds)
        read = exchange.read_whole(response.body, within=within, names=fetched.names)
        follows = mirror.mode == "follow"
        planned = planning.plan(
            session,
            read.records,
            origin=mirror.address,
            mirror=follows,
            base_url=settings.base_url,
        )
        mirror.licence = mirror.licence or read.licence
        made = _propose(session, mirror, planned, now) if mirror.state == "active" else []
        _note(mirror, planned, made)
        mirror.etag = response.headers.get("etag", "")[:500] or None
        mirror.last_modified = response.headers.get("last-modified", "")[:100] or None
    elif mirror.reason not in _OF_LISTS:
        mirror.reason, mirror.values = "", {}
    mirror.looked_at = mirror.ok_at = now
    mirror.failures, mirror.claimed_until = 0, None
    if mirror.state == "asked":
        mirror.state, mirror.next_look_at = "shown", None
        return
    mirror.next_look_at = mirrors.next_after(mirror, now)
    if mirror.next_look_at is None:
        mirror.state = "ended"
    log.info("mirror looked at", id=mirror.id, **mirror.plan.get("counts", {}))


@dataclass(frozen=True, slots=True)
class _Wanted:
    address: str
    bounds: str
    etag: str | None
    last_modified: str | None


def _claim(sessions: sessionmaker[Session], now: datetime) -> int | None:
    is_free = or_(Mirror.claimed_until.is_(None), Mirror.claimed_until <= now)
    due = (
        select(Mirror.id)
        .where(Mirror.next_look_at <= now, Mirror.state.in_(("asked", "active")), is_free)
        .order_by(Mirror.next_look_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with sessions.begin() as session:
        # One statement: SQLite locks no row that is only read, so two would both find it free.
        return session.scalar(
            update(Mirror)
            .where(Mirror.id == due.scalar_subquery(), is_free)
            .values(claimed_until=now + LEASE)
            .returning(Mirror.id)
            .execution_options(synchronize_session=False)
        )


async def _fetch(wanted: _Wanted, settings: Settings) -> Fetched:
    headers = {"Accept": "application/json, text/csv;q=0.9, text/x-opml;q=0.9, */*;q=0.5"}
    if wanted.etag:
        headers["If-None-Match"] = wanted.etag
    if wanted.last_modified:
        headers["If-Modified-Since"] = wanted.last_modified
    address = _asking(wanted.address, wanted.bounds)
    async with Wire(settings) as wire:
        response = await fetch_over(
            wire,
            address,
            headers=headers,
            timeout=PATIENCE,
            max_bytes=exchange.LARGEST,
            obey_robots=True,
        )
        names = {}
        if response.status == 200 and urlsplit(address).path.endswith(_ELEMENTS):
            names = await _category_names(wire, response.url)
    if response.status not in {200, 304}:
        raise FetchError(
            f"{wanted.address} answered {response.status}.",
            reason=reasons.for_status(response.status),
        )
    return Fetched(response, names)


def _asking(address: str, bounds: str) -> str:
    """The address with the boxes that the list is asked for, where it understands them.

    >>> _asking("https://carte.example/api/elements.json?limit=9", "2,48,3,49")
    'https://carte.example/api/elements.json?limit=9&bounds=2%2C48%2C3%2C49'
    """
    parts = urlsplit(address)
    if not bounds or not parts.path.endswith(_ELEMENTS) or "bounds=" in parts.query:
        return address
    query = "&".join(filter(None, (parts.query, urlencode({"bounds": bounds}))))
    return urlunsplit(parts._replace(query=query))


async def _category_names(wire: Wire, address: str) -> dict[str, str]:
    """A map's own words for its categories; without them only what we know is understood."""
    parts = urlsplit(address)
    path = parts.path.removesuffix("elements.json") + "taxonomy.json"
    try:
        answer = await fetch_over(
            wire, urlunsplit(parts._replace(path=path, query="")), obey_robots=True
        )
        return places_listed.category_names(exchange.parsed(answer.body))
    except (FetchError, Refused):
        return {}


_OF_LISTS: Final = frozenset({"sudden_list"})
"""Reasons that a list which did not change since keeps."""


def _propose(
    session: Session, mirror: Mirror, planned: Sequence[Planned], now: datetime
) -> list[Amendment]:
    sudden = _is_sudden(session, mirror, planned)
    terms = importing.Terms(
        origin=mirror.address,
        mirror=mirror.mode == "follow",
        by_itself=mirror.mode == "follow" and not sudden,
        workshop_id=mirror.workshop_id,
        licence=mirror.licence,
        charter_version=mirror.charter_version,
        charter_accepted_at=mirror.charter_accepted_at,
    )
    # A workshop gets the first look; what comes later is everybody's.
    mirror.workshop_id = None
    made = importing.propose(session, planned, terms, now=now)
    mirror.reason = "sudden_list" if sudden else ""
    mirror.values = {"count": len(made)} if sudden else {}
    return made


def _is_sudden(session: Session, mirror: Mirror, planned: Sequence[Planned]) -> bool:
    """Whether a followed list lost or changed so much at once that it may be a mistake of its."""
    if mirror.mode != "follow":
        return False
    known = session.scalar(
        select(func.count(Record.id)).where(
            Record.origin == mirror.address, Record.vanished_at.is_(None)
        )
    )
    if not known:
        # Somebody has just seen all of it and agreed.
        return False
    gone = sum(one.outcome == "gone" for one in planned)
    moved = sum(one.change is not None for one in planned)
    return (known >= _SOME and 2 * gone > known) or moved > max(_FEW, known)


def _note(mirror: Mirror, planned: Sequence[Planned], made: Sequence[Amendment]) -> None:
    rows = planning.rows(planned)
    mirror.plan = {
        "counts": planning.counts(planned),
        "rows": rows[:MOST_SHOWN],
        "more": max(0, len(rows) - MOST_SHOWN),
        "proposed": sum(one.state == "open" for one in made),
        "done": sum(one.state == "accepted" for one in made),
    }
    if mirror.state == "asked":
        mirror.reason, mirror.values = "", {}


def _fail(mirror: Mirror, error: FetchError | Refused, now: datetime) -> None:
    mirror.failures += 1
    mirror.looked_at, mirror.claimed_until = now, None
    mirror.next_look_at = mirrors.retry_after(mirror.failures, now)
    mirror.reason = error.reason
    mirror.values = dict(error.values) if isinstance(error, Refused) else {}
    log.warning("mirror failed", id=mirror.id, reason=error.reason, failures=mirror.failures)
