"""From a home page to the feed behind it: candidates by `parse.discovery`, tried in their order.

The way to the net comes in as a function, so that crawls (through the spider, with its hosts'
manners) and previews (through `fetch`) discover alike. Knows no database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.collect import health, reasons
from aggregator.collect.fetch import fetch_over
from aggregator.collect.readers import read_feed
from aggregator.collect.wire import Response, Wire
from aggregator.errors import FetchError, ParseError
from aggregator.parse import discovery
from aggregator.parse.connecting import FEED
from aggregator.parse.discovery import Candidate
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.webpage import read_page
from aggregator.settings import Settings

MOST_TRIED = 8
"""Requests that one discovery costs a site at most, besides the page itself."""
_CLOSED = frozenset(
    {
        *("dns", "refused", "connection", "timeout", "tls", "tls_expired"),
        *("robots", "robots_unreachable", "tdm_reserved"),
        *("forbidden", "bot_wall", "rate_limited", "unavailable", "server_error"),
    }
)
"""Outcomes of a feed that may well be there, behind a door that is closed to us."""
Get = Callable[[str], Awaitable[Response]]
"""Fetches one address; raises FetchError."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One candidate and what came of it."""

    candidate: Candidate
    outcome: str
    """`feed`, `empty` (a feed without entries), a code of `reasons`, or `untried`."""
    feed: ParsedFeed | None = None
    answer: Response | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found from one address."""

    home: str
    """The page's address after redirects."""
    platform: str | None
    tried: tuple[Tried, ...]
    """In the candidates' order."""
    page: Response | None = None
    """What stands at `home`."""

    @property
    def feeds(self) -> tuple[Tried, ...]:
        """Those that can be read, with entries first; comments last."""
        read = [tried for tried in self.tried if tried.feed is not None]
        return tuple(
            sorted(read, key=lambda tried: (tried.candidate.is_comments, tried.outcome != "feed"))
        )

    @property
    def best(self) -> Tried | None:
        """The one to crawl; None when there is none, or only comments."""
        best = self.feeds[0] if self.feeds else None
        return None if best is None or best.candidate.is_comments else best

    def failure(self) -> FetchError:
        """Why there is no feed to crawl: what keeps us from one that the site has, if anything."""
        for tried in self.tried:
            if tried.outcome in _CLOSED and tried.candidate.origin != discovery.GUESS:
                answer = tried.answer
                wall = answer and health.bot_wall(answer.status, answer.headers, answer.body)
                return FetchError(
                    f"{tried.candidate.url[:200]} ({wall or tried.outcome}).",
                    reason=tried.outcome,
                    permanent=reasons.reason(tried.outcome).permanent,
                )
        first = ", ".join(f"{one.candidate.url} ({one.outcome})" for one in self.tried[:4])
        return FetchError(f"Tried: {first}.", reason="no_feed_found", permanent=True)

    def proposals(self) -> list[dict[str, str]]:
        """What can be read, as `Source.proposals` keeps it."""
        return [
            {
                "url": tried.candidate.url,
                "title": tried.feed.title if tried.feed else "",
                "why": tried.candidate.why,
            }
            for tried in self.feeds[:5]
        ]


async def discover(
    url: str, *, settings: Settings, now: datetime, hint: str | None = None
) -> Discovery:
    """What can be followed from an address that somebody typed: a page or already a feed.

    robots.txt is obeyed. Raises FetchError when the page itself cannot be read.
    """
    async with Wire(settings) as wire:

        async def get(address: str) -> Response:
            return await fetch_over(wire, address, obey_robots=True)

        return await discover_over(get, url, now=now, hint=hint)


async def discover_over(
    get: Get, url: str, *, now: datetime, hint: str | None = None, page: Response | None = None
) -> Discovery:
    """As `discover`, over any way to the net; `page` when the address was already fetched."""
    page = await _forwarded(get, page or await get(url))
    if not 200 <= page.status < 300:
        code = _why_not(page)
        why = reasons.reason(code)
        message = f"{url[:200]} answered {page.status}. {why.sentence('en')}"
        raise FetchError(message, reason=code, permanent=why.permanent)
    itself = Candidate(page.url, FEED, "itself", "the address is itself a feed", 0)
    feed = _read(page, now)
    if feed is not None:
        return Discovery(page.url, None, (Tried(itself, _outcome(feed), feed, page),), page)
    found = _with_hint(discovery.candidates(page.body, page.url, page.headers), hint)
    platform = discovery.detect_platform(page.body, page.headers, page.url)
    return Discovery(page.url, platform, await _try_all(get, found, now), page)


async def _forwarded(get: Get, page: Response) -> Response:
    """The page that an empty front page sends its visitors on to, else the page itself."""
    target = discovery.forward(read_page(page.body, page.url, page.headers))
    if target is None:
        return page
    try:
        answer = await get(target)
    except FetchError:
        return page
    return answer if 200 <= answer.status < 300 else page


def _why_not(answer: Response) -> str:
    """The code of `reasons` for an answer other than 2xx."""
    wall = health.bot_wall(answer.status, answer.headers, answer.body)
    return "bot_wall" if wall else reasons.for_status(answer.status)


def _with_hint(found: Sequence[Candidate], hint: str | None) -> list[Candidate]:
    """The guess of whoever listed the group, after what the site declares, before our guesses."""
    if hint is None or any(one.url == hint for one in found):
        return list(found)
    guess = Candidate(hint, FEED, discovery.GUESS, "the inventory guesses it", len(found))
    declared = [one for one in found if one.origin != discovery.GUESS]
    return [*declared, guess, *(one for one in found if one.origin == discovery.GUESS)]


async def _try_all(get: Get, found: Sequence[Candidate], now: datetime) -> tuple[Tried, ...]:
    """Each candidate's outcome; guesses end with the first that is right."""
    tried: list[Tried] = []
    asked = 0
    satisfied = False
    for candidate in found:
        guessing = candidate.origin == discovery.GUESS
        if asked >= MOST_TRIED or (satisfied and (guessing or candidate.is_comments)):
            tried.append(Tried(candidate, "untried"))
            continue
        asked += 1
        outcome = await _try(get, candidate, now)
        satisfied = satisfied or outcome.outcome == "feed"
        tried.append(outcome)
    return tuple(tried)


async def _try(get: Get, candidate: Candidate, now: datetime) -> Tried:
    try:
        answer = await get(candidate.url)
    except FetchError as error:
        return Tried(candidate, error.reason)
    if not 200 <= answer.status < 300:
        return Tried(candidate, _why_not(answer), answer=answer)
    feed = _read(answer, now)
    if feed is None:
        wall = health.bot_wall(answer.status, answer.headers, answer.body)
        return Tried(candidate, "bot_wall" if wall else "not_a_feed", answer=answer)
    return Tried(candidate, _outcome(feed), feed, answer)


def _read(answer: Response, now: datetime) -> ParsedFeed | None:
    try:
        return read_feed(answer, now=now)
    except ParseError:
        return None


def _outcome(feed: ParsedFeed) -> str:
    return "feed" if feed.entries else "empty"
