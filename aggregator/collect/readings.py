"""Entries' own pages, read once where the feed is cut: for the index and for tags, not to show.

Only where rights, robots.txt and reservations allow, one page per host and call. Knows no
schedule: the timetable calls `read_due` again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import reasons
from aggregator.collect.fetch import fetch_over
from aggregator.collect.hosts import Hosts
from aggregator.collect.ingest import deepen
from aggregator.collect.settle import host_of
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError, ParseError
from aggregator.parse import clean, pages, reservations
from aggregator.parse.webpage import WebPage, read_page
from aggregator.settings import Settings
from aggregator.store import sources, visits
from aggregator.store.tables import Entry

log = structlog.get_logger()
CUT = 500
"""Characters; a feed that gives fewer of an article has cut it, or has little to say."""
BATCH = 30


def read_due(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    limit: int = 10,
) -> int:
    """Read the pages of new entries whose feed is cut, one per host; how many were asked for.

    A page that fails is not asked for again; why is kept with the entry.
    """
    with sessions() as session:
        due = visits.unread(session, clock(), shortest=CUT, limit=BATCH)
    chosen = one_per_host(due, lambda entry: entry.url, limit)
    if chosen:
        asyncio.run(_read_all(sessions, settings, clock, chosen))
    return len(chosen)


def one_per_host(
    entries: Sequence[Entry], address: Callable[[Entry], str | None], limit: int
) -> list[Entry]:
    """At most one entry of each host, in their order: one call asks no host twice."""
    by_host: dict[str, Entry] = {}
    for entry in entries:
        by_host.setdefault(host_of(address(entry) or ""), entry)
    return list(by_host.values())[:limit]


async def _read_all(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    entries: Sequence[Entry],
) -> None:
    async with Wire(settings) as wire:
        for entry in entries:
            with sessions() as session:
                if not visits.claim_reading(session, entry.id, clock()):
                    continue
            text, reason = "", None
            try:
                text = await _text(sessions, wire, clock, entry)
            except FetchError as error:
                reason = error.reason
            except ParseError:
                reason = "no_article"
            _keep(sessions, entry.id, text, reason, clock())


async def _text(
    sessions: sessionmaker[Session], wire: Wire, clock: Callable[[], datetime], entry: Entry
) -> str:
    """The article's plain text; FetchError or ParseError says why there is none."""
    assert entry.url is not None
    trusted = entry.source.group.status == "participating"
    page = await read_allowed(sessions, wire, clock, entry.url, trusted=trusted)
    return clean.plain_text(pages.article(page).content, 100_000)


async def read_allowed(
    sessions: sessionmaker[Session],
    wire: Wire,
    clock: Callable[[], datetime],
    url: str,
    *,
    trusted: bool,
) -> WebPage:
    """A page, where its host is not quiet and neither robots nor reservations forbid it.

    What was learned of the host, and the requests, are kept.
    """
    body, headers, final = await fetch_allowed(sessions, wire, clock, url, trusted=trusted)
    page = read_page(body, final, headers)
    if reservations.from_page(page).tdm and not trusted:
        raise FetchError(f"{url[:200]} reserves its text.", reason="tdm_reserved", permanent=True)
    return page


async def fetch_allowed(
    sessions: sessionmaker[Session],
    wire: Wire,
    clock: Callable[[], datetime],
    url: str,
    *,
    trusted: bool,
) -> tuple[bytes, dict[str, str], str]:
    """Body, headers and final address of one GET under the host's rules."""
    now = clock()
    host = host_of(url)
    hosts = Hosts(wire, clock)
    with sessions() as session:
        hosts.load(sources.hosts(session, {host}))
    if hosts.quiet_until(host, now) is not None:
        raise FetchError(f"{host} asked us to wait.", reason="rate_limited")
    sizes: list[int] = []
    try:
        await hosts.check(host, url, trusted=trusted, count=sizes.append)
        answer = await fetch_over(wire, url)
        sizes.append(answer.size)
    finally:
        _count(sessions, hosts, host, sizes, now)
    if answer.status != 200:
        code = reasons.for_status(answer.status)
        raise FetchError(f"{url[:200]} answered {answer.status}.", reason=code)
    return answer.body, dict(answer.headers), answer.url


def _count(
    sessions: sessionmaker[Session], hosts: Hosts, host: str, sizes: list[int], now: datetime
) -> None:
    with sessions.begin() as session:
        if sizes:
            sources.count_requests(session, host, now.date(), requests=len(sizes), size=sum(sizes))
        learned = hosts.learned(host)
        if learned:
            sources.keep_host(session, host, **learned)


def _keep(
    sessions: sessionmaker[Session], entry_id: int, text: str, reason: str | None, now: datetime
) -> None:
    with sessions.begin() as session:
        entry = session.get(Entry, entry_id, with_for_update=True)
        if entry is None or not visits.note_reading(session, entry_id, reason, now):
            # The source edited the entry, or its group left, while we were reading.
            return
        if len(text) > len(entry.text):
            deepen(session, entry, text, now=now)
    log.info("page read", entry=entry_id, reason=reason, characters=len(text))
