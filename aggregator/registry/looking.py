"""What the worker does with a pasted address: one page, a few feeds, and what they tell.

All exchanges pass the guarded fetcher. Each step is written down, so that the page that waits
can show it; a killed worker leaves the registration to the next one. `found` is plain JSON:

home, name, description, logo, language, platform; feeds `[{"url", "title", "format", "kind",
"entries", "newest", "why"}]`, the best first; tags by dimension and areas `[{"slug", "weight",
"evidence"}]`; entries (the last five) `[{"title", "url", "published", "summary", "type"}]`;
duplicates `[{"slug", "name", "why"}]`; tried `[{"url", "outcome"}]`; advice, a code of `wording`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import reasons
from aggregator.collect.fetch import Response, fetch_over
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError, ParseError
from aggregator.parse import discovery, feeds
from aggregator.parse.connecting import FEED
from aggregator.parse.discovery import Candidate
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.webpage import WebPage, read_page
from aggregator.registry import guessing, similar, sitecard
from aggregator.settings import Settings
from aggregator.store.suppressions import covers
from aggregator.store.tables import Registration

LEASE: Final = timedelta(minutes=2)
PATIENCE: Final = 40.0
"""Seconds for one registration in all; people wait."""
PAGE_BYTES: Final = 3 * 1024 * 1024
MOST_TRIED: Final = 6
"""Feeds asked for."""
MOST_FOUND: Final = 3
AT_ONCE: Final = 4
MOST_TRIES: Final = 3
"""Workers that may die over one address before it is given up."""

_ADVICE: Final = {
    "facebook.com": "advice_facebook",
    "instagram.com": "advice_instagram",
    "helloasso.com": "advice_helloasso",
}
_PLATFORMS: Final = frozenset({"wordpress", "spip", "wix", "squarespace"})

Note = Callable[..., Awaitable[None]]
"""`await note("feed", address=…)`: a step for the one who waits."""


def look_due(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime]
) -> int:
    """Look at every address that waits; how many. A job of the worker, run in a thread."""
    done = 0
    while claimed := _claim(sessions, clock()):
        asyncio.run(_look_at_all(sessions, settings, clock, claimed))
        done += len(claimed)
    return done


async def look(wire: Wire, address: str, note: Note) -> dict[str, Any]:
    """All that can be found at an address (see the module); raises FetchError when the page
    itself cannot be had."""
    await note("page", address=address)
    answer = await _get(wire, address)
    if answer.status >= 400:
        raise FetchError(
            f"{answer.url} answered {answer.status}.", reason=reasons.for_status(answer.status)
        )
    own = _parsed(answer)
    looked = _Looked(answer.url)
    if own is not None:
        # The address is a feed itself: its page, if it names one, tells the rest.
        looked.add(Candidate(answer.url, FEED, discovery.LINK, "", 0), answer.url, own)
        page = await _page_of(wire, own, answer, looked)
    else:
        page = read_page(answer.body, answer.url, answer.headers)
        await _try_candidates(wire, page, looked, note)
    await note("tags")
    return _told(page, looked)


@dataclass
class _Looked:
    address: str
    feeds: list[tuple[Candidate, str, ParsedFeed]] = field(default_factory=list)
    """How it was found, the address after redirects, what it holds."""
    tried: list[dict[str, str]] = field(default_factory=list)

    def add(self, candidate: Candidate, url: str, feed: ParsedFeed) -> None:
        if all(url != other for _, other, _ in self.feeds):
            self.feeds.append((candidate, url, feed))
        self.tried.append({"url": candidate.url, "outcome": "found"})


async def _try_candidates(wire: Wire, page: WebPage, looked: _Looked, note: Note) -> None:
    found = discovery.candidates_of(page, discovery.platform_of(page))
    wanted = [one for one in found if not one.is_comments][:MOST_TRIED]
    await note("feeds", count=len(wanted))
    for candidate in wanted:
        if len(looked.feeds) >= MOST_FOUND:
            break
        await note("feed", address=candidate.url)
        try:
            answer = await _get(wire, candidate.url)
        except FetchError as error:
            looked.tried.append({"url": candidate.url, "outcome": error.reason})
            continue
        feed = _parsed(answer) if answer.status < 400 else None
        if feed is None:
            outcome = reasons.for_status(answer.status) if answer.status >= 400 else "not_a_feed"
            looked.tried.append({"url": candidate.url, "outcome": outcome})
        else:
            looked.add(candidate, answer.url, feed)


async def _page_of(wire: Wire, feed: ParsedFeed, answer: Response, looked: _Looked) -> WebPage:
    home = feed.home or f"{urlsplit(answer.url).scheme}://{urlsplit(answer.url).netloc}/"
    try:
        page = await _get(wire, home)
    except FetchError as error:
        looked.tried.append({"url": home, "outcome": error.reason})
        return WebPage(home, "", {})
    return read_page(page.body, page.url, page.headers)


async def _get(wire: Wire, url: str) -> Response:
    return await fetch_over(wire, url, max_bytes=PAGE_BYTES, timeout=15, obey_robots=True)


def _parsed(answer: Response) -> ParsedFeed | None:
    try:
        return feeds.parse(answer.body, answer.url, answer.content_type)
    except ParseError:
        return None


def _told(page: WebPage, looked: _Looked) -> dict[str, Any]:
    best = looked.feeds[0][2] if looked.feeds else None
    card = sitecard.card(page, best)
    entries = sorted(best.entries, key=_when, reverse=True) if best else []
    guessed = guessing.proposed(card.name, f"{card.description} {card.text}", entries)
    platform = discovery.platform_of(page)
    return {
        "home": page.url,
        "name": card.name,
        "description": card.description,
        "logo": card.logo,
        "language": card.language,
        "platform": platform.name if platform else None,
        "feeds": [_feed(candidate, url, feed) for candidate, url, feed in looked.feeds],
        "areas": guessed.pop("area"),
        "tags": guessed,
        "entries": [_entry(entry) for entry in entries[:5]],
        "tried": looked.tried,
        "advice": None if looked.feeds else advice(page.url, platform.name if platform else None),
    }


def advice(url: str, platform: str | None) -> str:
    """What to tell a group whose site has no feed: a code of `wording`, by host or platform."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    for known, code in _ADVICE.items():
        if host == known or host.endswith(f".{known}"):
            return code
    return f"advice_{platform}" if platform in _PLATFORMS else "advice_none"


def _feed(candidate: Candidate, url: str, feed: ParsedFeed) -> dict[str, Any]:
    dates = [entry.published for entry in feed.entries if entry.published]
    return {
        "url": url,
        "title": feed.title or candidate.title,
        "format": feed.format,
        "kind": candidate.kind,
        "entries": len(feed.entries),
        "newest": max(dates).isoformat() if dates else None,
        "why": candidate.origin,
    }


def _entry(entry: ParsedEntry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "url": entry.url,
        "published": entry.published.isoformat() if entry.published else None,
        "summary": entry.summary[:1000],
        "type": entry.type,
    }


def _when(entry: ParsedEntry) -> float:
    return entry.published.timestamp() if entry.published else 0.0


# The job


def _claim(sessions: sessionmaker[Session], now: datetime) -> list[int]:
    """Ids of some that wait, held for the lease."""
    with sessions.begin() as session:
        due = session.scalars(
            select(Registration)
            .where(
                Registration.state.in_(("waiting", "looking")),
                or_(Registration.claimed_until.is_(None), Registration.claimed_until <= now),
            )
            .order_by(Registration.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for registration in due:
            registration.tries += 1
            registration.state = "looking"
            registration.claimed_until = now + LEASE
            if registration.tries > MOST_TRIES:
                registration.state, registration.claimed_until = "failed", None
                _step(registration, "failed", now, why="timeout")
        return [one.id for one in due if one.state == "looking"]


async def _look_at_all(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    ids: list[int],
) -> None:
    async with Wire(settings) as wire:
        await asyncio.gather(*(_look_at(sessions, wire, clock, id_) for id_ in ids))


async def _look_at(
    sessions: sessionmaker[Session], wire: Wire, clock: Callable[[], datetime], id_: int
) -> None:
    with sessions() as session:
        address = session.get_one(Registration, id_).address

    async def note(code: str, **values: object) -> None:
        await asyncio.to_thread(_write_step, sessions, id_, code, clock(), values)

    try:
        async with asyncio.timeout(PATIENCE):
            found = await look(wire, address, note)
    except TimeoutError:
        await asyncio.to_thread(_fail, sessions, id_, "timeout", clock())
        return
    except FetchError as error:
        await asyncio.to_thread(_fail, sessions, id_, error.reason, clock())
        return
    await asyncio.to_thread(_finish, sessions, id_, found, clock())


def _write_step(
    sessions: sessionmaker[Session],
    id_: int,
    code: str,
    now: datetime,
    values: dict[str, object],
) -> None:
    with sessions.begin() as session:
        _step(session.get_one(Registration, id_), code, now, **values)


def _step(registration: Registration, code: str, now: datetime, **values: object) -> None:
    step = {"code": code, "values": values, "at": now.isoformat()}
    registration.steps = [*registration.steps, step][-50:]


def _fail(sessions: sessionmaker[Session], id_: int, reason: str, now: datetime) -> None:
    with sessions.begin() as session:
        registration = session.get_one(Registration, id_)
        registration.state, registration.claimed_until = "failed", None
        host_advice = advice(registration.address, None)
        registration.found = {
            "reason": reason,
            "tried": [{"url": registration.address, "outcome": reason}],
            "advice": host_advice,
        }
        _step(registration, "failed", now, why=reason)


def _finish(
    sessions: sessionmaker[Session], id_: int, found: dict[str, Any], now: datetime
) -> None:
    with sessions.begin() as session:
        registration = session.get_one(Registration, id_)
        addresses = [feed["url"] for feed in found["feeds"]]
        registration.claimed_until = None
        if covers(session, found["home"], *addresses):
            # A redirect may lead to a site that left.
            registration.state, registration.found = "failed", {"reason": "left", "tried": []}
            _step(registration, "failed", now, why="left")
            return
        same = similar.duplicates(session, home=found["home"], feeds=addresses, name=found["name"])
        registration.found = {**found, "duplicates": [asdict(one) for one in same]}
        registration.state = "found" if found["feeds"] else "nothing"
        _step(registration, "done", now)
