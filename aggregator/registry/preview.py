"""What a site says of the group behind it: one page, a few feeds or pages of news. No database.

All exchanges pass the guarded fetcher. What is found is plain JSON: home, name, description,
logo, language, platform; feeds `[{"url", "title", "format", "kind", "entries", "newest", "why"}]`,
the best first; tags by dimension and areas `[{"slug", "weight", "evidence"}]`; entries (the last
five) `[{"title", "url", "published", "summary", "type"}]`; tried `[{"url", "outcome"}]`; without a
feed also pages, what could be watched, `[{"url", "links": [{"title", "url", "published"}]}]`, and
advice, a code of `wording`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from aggregator.collect import reasons
from aggregator.collect.discover import Discovery, discover_over
from aggregator.collect.fetch import Response, fetch_over
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError, ParseError
from aggregator.parse import lists
from aggregator.parse.clean import plain_text
from aggregator.parse.connecting import API, FEED, is_host
from aggregator.parse.discovery import Candidate
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.webpage import WebPage, read_page
from aggregator.registry import guessing, sitecard
from aggregator.understand.tags import Rules

PAGE_BYTES: Final = 3 * 1024 * 1024
MOST_FOUND: Final = 3
"""Feeds offered; more are hardly ever meant for readers."""
ITSELF: Final = "itself"
"""The origin of a candidate that is the very address somebody pasted."""
MOST_PAGES: Final = 3
"""Pages of news asked for where there is no feed."""
FEWEST_LINKS: Final = 3
"""A page with fewer articles is no list."""
NO_ADVICE: Final = "advice_none"
"""What `advice` says of a host and platform that it does not know."""
_ADVICE: Final = {
    "facebook.com": "advice_facebook",
    "instagram.com": "advice_instagram",
    "helloasso.com": "advice_helloasso",
}
_NEWS: Final = re.compile(
    r"\b(?:actu\w*|agenda|blog|news|nouvelles|journal|articles?|événements?|evenements?|presse|"
    r"infos?|publications?)\b",
    re.IGNORECASE,
)
_PLATFORMS: Final = frozenset({"wordpress", "spip", "wix", "squarespace"})

Note = Callable[..., Awaitable[None]]
"""`await note("feed", address=…)`: a step for the one who waits."""


async def look(
    wire: Wire, address: str, note: Note, now: datetime, *, rules: Rules | None = None
) -> dict[str, Any]:
    """All that can be found at an address (see the module), its terms by the rules in force here.

    Raises FetchError when the page itself cannot be had.
    """

    async def get(url: str) -> Response:
        await note("feed", address=url)
        return await _get(wire, url)

    await note("page", address=address)
    answer = await _get(wire, address)
    if answer.status >= 400:
        raise FetchError(
            f"{answer.url} answered {answer.status}.", reason=reasons.for_status(answer.status)
        )
    await note("feeds")
    discovery = await discover_over(get, address, now=now, page=answer)
    answer = discovery.page or answer
    looked = _Looked(discovery)
    if any(tried.candidate.origin == ITSELF for tried in discovery.tried):
        # The address is a feed: the page that it names tells the rest.
        page = await _page_of(wire, looked, answer)
    else:
        page = read_page(answer.body, answer.url, answer.headers)
        if not looked.feeds:
            await _try_pages(wire, page, answer, looked, note)
    await note("tags")
    return _told(page, looked, rules)


class _Looked:
    """What discovery found, and pages of news where it found nothing."""

    def __init__(self, discovery: Discovery) -> None:
        self.platform = discovery.platform
        self.feeds = _worth_a_choice(
            (tried.candidate, tried.answer.url, tried.feed)
            for tried in discovery.feeds
            if tried.feed is not None
            and tried.answer is not None
            and not tried.candidate.is_comments
        )[:MOST_FOUND]
        self.tried = [
            {"url": tried.candidate.url, "outcome": tried.outcome}
            for tried in discovery.tried
            if tried.outcome != "untried"
        ]
        self.pages: list[dict[str, Any]] = []


def _worth_a_choice(
    feeds: Iterable[tuple[Candidate, str, ParsedFeed]],
) -> list[tuple[Candidate, str, ParsedFeed]]:
    """Those that bring something: the same news as Atom, or once more as a platform's JSON, is a
    choice that nobody needs."""
    kept: list[tuple[Candidate, str, ParsedFeed]] = []
    seen: set[str] = set()
    for candidate, url, feed in feeds:
        told = {entry.url or entry.title for entry in feed.entries}
        is_said_already = candidate.kind == API and any(one.kind == FEED for one, _, _ in kept)
        if kept and (is_said_already or told <= seen):
            continue
        seen |= told
        kept.append((candidate, url, feed))
    return kept


async def _try_pages(
    wire: Wire, page: WebPage, answer: Response, looked: _Looked, note: Note
) -> None:
    """Which pages of the site list its news, so that one can be watched instead of a feed."""
    _add_page(page.url, answer.body, looked)
    for url in _news_pages(page):
        await note("page", address=url)
        try:
            news = await _get(wire, url)
        except FetchError as error:
            looked.tried.append({"url": url, "outcome": error.reason})
            continue
        if news.status < 400:
            _add_page(news.url, news.body, looked)


def _add_page(url: str, body: bytes, looked: _Looked) -> None:
    try:
        found = lists.article_links(body, url)
    except ParseError:
        return
    if len(found.links) < FEWEST_LINKS or any(one["url"] == url for one in looked.pages):
        return
    links = [
        {
            "title": link.title,
            "url": link.url,
            "published": link.published.isoformat() if link.published else None,
        }
        for link in found.links[:10]
    ]
    looked.pages.append({"url": url, "links": links})


def _news_pages(page: WebPage) -> list[str]:
    """Pages of the same site whose link says that news are there, at most MOST_PAGES."""
    own = urlsplit(page.url).netloc
    found: dict[str, None] = {}
    for element, url in page.links("a"):
        words = plain_text("".join(element.itertext())[:200], 100)
        if urlsplit(url).netloc == own and _NEWS.search(words) and url != page.url:
            found.setdefault(url.partition("#")[0], None)
    return list(found)[:MOST_PAGES]


async def _page_of(wire: Wire, looked: _Looked, answer: Response) -> WebPage:
    feed = looked.feeds[0][2] if looked.feeds else None
    site = urlsplit(answer.url)
    home = (feed.home if feed else None) or f"{site.scheme}://{site.netloc}/"
    try:
        page = await _get(wire, home)
    except FetchError as error:
        looked.tried.append({"url": home, "outcome": error.reason})
        return WebPage(home, "", {})
    return read_page(page.body, page.url, page.headers)


async def _get(wire: Wire, url: str) -> Response:
    return await fetch_over(wire, url, max_bytes=PAGE_BYTES, timeout=15, obey_robots=True)


def _told(page: WebPage, looked: _Looked, rules: Rules | None) -> dict[str, Any]:
    best = looked.feeds[0][2] if looked.feeds else None
    card = sitecard.card(page, best)
    entries = sorted(best.entries, key=_when, reverse=True) if best else []
    guessed = guessing.proposed(card.name, f"{card.description} {card.text}", entries, rules=rules)
    return {
        "home": page.url,
        "name": card.name,
        "description": card.description,
        "logo": card.logo,
        "language": card.language,
        "platform": looked.platform,
        "feeds": [_feed(candidate, url, feed) for candidate, url, feed in looked.feeds],
        "areas": guessed.pop("area"),
        "tags": guessed,
        "entries": [_entry(entry) for entry in entries[:5]],
        "tried": looked.tried,
        "pages": looked.pages,
        "advice": None if looked.feeds else advice(page.url, looked.platform),
    }


def advice(url: str, platform: str | None) -> str:
    """What to tell a group whose site has no feed: a code of `wording`, by host or platform."""
    for known, code in _ADVICE.items():
        if is_host(url, known):
            return code
    return f"advice_{platform}" if platform in _PLATFORMS else NO_ADVICE


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
