"""A site without a feed: the articles its list page or sitemap names, read one by one.

What the page looked like when it was right is kept as a golden sample; a redesign shows against
it: where the same articles are found in the new form it is followed, else it is told, never
silently empty. The way to the net comes in as a function. Knows no database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aggregator.collect.wire import Response
from aggregator.errors import FetchError, ParseError
from aggregator.parse import documents, lists, pages, reservations, sitemaps
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.lists import ArticleLink
from aggregator.parse.webpage import read_page

MOST_READ = 8
"""Articles read in one visit; the others come with the next."""
MOST_SITEMAPS = 2
"""Files of a sitemap index that one visit opens, the last changed first."""
FRESH = timedelta(days=60)
"""Pages of a sitemap that changed before are its archive, not its news."""
_LEAST = 3
"""Articles that a list page has at least to be one."""
_LOST = 3
"""A list with so many times fewer articles than in the sample is no longer the same."""
Get = Callable[[str], Awaitable[Response]]
Known = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Which of these addresses the source already has entries for."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a visit to a watched page brought."""

    feed: ParsedFeed
    """Its new articles, the newest first."""
    sample: dict[str, Any] = field(default_factory=dict)
    """The golden sample: `{"selector", "links", "titles", "at"}`."""
    is_complete: bool = True
    """Whether all new articles were read; else the next visit goes on."""


async def watch(
    get: Get,
    page: Response,
    known: Known,
    *,
    sample: dict[str, Any],
    now: datetime,
    trusted: bool = False,
) -> Watched:
    """The new articles that a list page or a sitemap names.

    `trusted`: the group takes part, so that a reservation against mining does not hold for us.
    Raises FetchError `page_changed` where the page no longer fits its sample, `no_feed_found`
    where it never held a list, `tdm_reserved` where its texts are reserved.
    """
    _refuse_reserved(page, trusted)
    links, kept = await _links(get, page, known, sample, now)
    had = await known([link.url for link in links])
    fresh = [link for link in links if link.url not in had]
    entries = [await _article(get, link, trusted) for link in fresh[:MOST_READ]]
    feed = ParsedFeed(
        tuple(entries), title=_title(page), home=page.url, format="page", language=None
    )
    return Watched(feed, kept, is_complete=len(fresh) <= MOST_READ)


def _refuse_reserved(page: Response, trusted: bool) -> None:
    said = reservations.from_page(read_page(page.body, page.url, page.headers))
    if said.tdm and not trusted:
        raise FetchError(
            f"{page.url[:200]} reserves its texts.", reason="tdm_reserved", permanent=True
        )


async def _links(
    get: Get, page: Response, known: Known, sample: dict[str, Any], now: datetime
) -> tuple[list[ArticleLink], dict[str, Any]]:
    """The articles named, the first the newest, and the sample to keep."""
    usual = int(sample.get("links", 0))
    least = max(usual / _LOST, 1 if usual else _LEAST)
    try:
        kind = documents.kind_of(page.body, page.content_type)
        if kind == documents.SITEMAP:
            return await _of_sitemap(get, page, now), {}
        found = lists.article_links(page.body, page.url, selector=sample.get("selector") or None)
        if usual and len(found.links) < least:
            found = await _in_new_form(page, known, least) or found
    except ParseError as error:
        raise FetchError(str(error), reason="not_a_feed", permanent=True) from error
    if len(found.links) < least:
        if not usual:
            raise FetchError(
                f"{len(found.links)} articles are no list.", reason="no_feed_found", permanent=True
            )
        raise FetchError(
            f"{len(found.links)} articles where there were {usual}.",
            reason="page_changed",
            permanent=True,
        )
    kept = {
        "selector": found.selector,
        "links": max(len(found.links), usual // 2),
        "titles": [link.title for link in found.links[:5]],
        "at": now.isoformat(),
    }
    return list(found.links), kept


async def _in_new_form(page: Response, known: Known, least: float) -> lists.ArticleList | None:
    """The list of a redesigned page, if it still names an article that we know."""
    found = lists.article_links(page.body, page.url)
    if len(found.links) < max(least, _LEAST):
        return None
    return found if await known([link.url for link in found.links]) else None


async def _of_sitemap(get: Get, page: Response, now: datetime) -> list[ArticleLink]:
    """The pages of a sitemap that changed of late; of an index those of its newest files."""
    read = sitemaps.read(page.body, page.url, page.content_type)
    found = list(read.pages)
    for file in read.sitemaps[:MOST_SITEMAPS]:
        try:
            answer = await get(file.url)
            found += sitemaps.read(answer.body, answer.url, answer.content_type).pages
        except (FetchError, ParseError):
            # One file of an index may be missing; the others still count.
            continue
    dated = [one for one in found if one.changed or one.published]
    recent = [one for one in dated if now - _changed(one) <= FRESH]
    recent.sort(key=_changed, reverse=True)
    return [ArticleLink(one.url, one.title, one.published) for one in recent[: lists.MOST_LINKS]]


def _changed(page: sitemaps.SitemapPage) -> datetime:
    at = page.published or page.changed
    assert at is not None
    return at


async def _article(get: Get, link: ArticleLink, trusted: bool) -> ParsedEntry:
    """The article behind a link; what the list says of it where it cannot or may not be read."""
    listed = ParsedEntry(
        uid=link.url, url=link.url, title=link.title or link.url, published=link.published
    )
    try:
        answer = await get(link.url)
        if answer.status != 200:
            return listed
        page = read_page(answer.body, answer.url, answer.headers)
        if reservations.from_page(page).tdm and not trusted:
            return listed
        found = pages.article(page)
    except (FetchError, ParseError):
        return listed
    return replace(
        found,
        uid=link.url,
        url=link.url,
        title=link.title or found.title,
        published=link.published or found.published,
    )


def _title(page: Response) -> str:
    tree = read_page(page.body, page.url, page.headers).tree
    title = "" if tree is None else tree.findtext(".//title") or ""
    return " ".join(title.split())[:300]
