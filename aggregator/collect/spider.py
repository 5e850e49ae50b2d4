"""Scrapy's side of the crawl: its settings, its downloader on our wire, its one spider.

Scrapy 2.19 runs on asyncio without Twisted's reactor. It schedules, follows redirects and keeps
the hosts' slots; the guard, sizes and times are the wire's, robots and quiet hosts the desk's.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response as ScrapyResponse

from aggregator.collect.desk import Desk
from aggregator.collect.discover import Get, discover_over
from aggregator.collect.fetch import MAX_HOPS, endless
from aggregator.collect.settle import host_of
from aggregator.collect.visits import Job, Manners
from aggregator.collect.watch import watch
from aggregator.collect.wire import Response
from aggregator.errors import FetchError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logging.getLogger("scrapy").setLevel(logging.WARNING)
# It wants a Referer middleware at each start; requests of ours carry no Referer.
logging.getLogger("scrapy.downloadermiddlewares.redirect").setLevel(logging.ERROR)


class Quiet(IgnoreRequest):
    """The host asked for silence until `until`; no request was made."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"quiet until {until.isoformat()}")
        self.until = until


def scrapy_settings(manners: Manners, concurrency: int) -> dict[str, Any]:
    """Scrapy stripped to what this crawl needs; everything else costs a third of the time."""
    here = f"{__name__}"
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "DOWNLOAD_HANDLERS": {
            "http": f"{here}.WireHandler",
            "https": f"{here}.WireHandler",
            **dict.fromkeys(("file", "data", "ftp", "s3")),
        },
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "DOWNLOADER_MIDDLEWARES": {f"{here}.Courtesy": 100, f"{here}.Redirects": 200},
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "CONCURRENT_ITEMS": 1,
        # The desk hands out `concurrency` at most; redirects and robots files come on top.
        "CONCURRENT_REQUESTS": 4 * concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": manners.delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "REDIRECT_MAX_TIMES": MAX_HOPS,
        "LOG_ENABLED": False,
    }


def _desk_of(crawler: Crawler) -> Desk:
    spider = crawler.spider
    assert isinstance(spider, SourceSpider)
    return spider.desk


class WireHandler(BaseDownloadHandler):
    """Downloads through the desk's wire, so that there is one guarded place."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._desk = _desk_of(crawler)

    async def download_request(self, request: Request) -> ScrapyResponse:
        """One exchange; raises FetchError with its reason."""
        job: Job = request.meta["job"]
        sent = request.headers.to_unicode_dict()
        size = 0
        try:
            answer = await self._desk.wire.exchange(
                request.url,
                headers={str(name): value for name, value in sent.items()},
                timeout=self._desk.manners.timeout,
            )
            size = answer.size
        finally:
            job.tally.count(host_of(request.url), size)
        request.meta["answer"] = answer
        location = answer.headers.get("location")
        return ScrapyResponse(
            request.url,
            status=answer.status,
            headers={"Location": location} if location else None,
            request=request,
        )

    async def close(self) -> None:
        """The wire is the desk's to close."""


class Courtesy:
    """Before each hop: is the host quiet, does its robots.txt allow it, how slowly?"""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._desk = _desk_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Courtesy:
        """Scrapy's way of making it."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise Quiet or FetchError, or let it pass with its host's slot set up."""
        job: Job = request.meta["job"]
        host = host_of(request.url)
        until = self._desk.hosts.quiet_until(host, self._desk.now())
        if until is not None:
            raise Quiet(until)
        self._desk.wire.guard.check_url(request.url)
        await self._desk.hosts.check(
            host, request.url, trusted=job.trusted, count=lambda size: job.tally.count(host, size)
        )
        request.meta["download_slot"] = host
        downloader = self._crawler.engine.downloader
        delay = max(self._desk.manners.delay, self._desk.hosts.delay(host))
        if host in downloader.slots:
            downloader.slots[host].delay = delay
        elif delay != self._desk.manners.delay:
            downloader.per_slot_settings[host] = {"delay": delay, "concurrency": 1, "jitter": 0}


class Redirects(RedirectMiddleware):
    """Scrapy's own, without the Referer that nobody here sends."""

    def handle_referer(self, request: Request, response: ScrapyResponse) -> None:
        """Nothing to do: no request of ours carries one."""


def _whole(response: ScrapyResponse) -> Response:
    """What the wire brought, with the redirects that Scrapy followed."""
    assert response.request is not None
    meta = response.request.meta
    answer: Response = meta["answer"]
    targets = [*meta.get("redirect_urls", []), response.url][1:]
    hops = tuple(zip(meta.get("redirect_reasons", []), targets, strict=True))
    return replace(answer, redirects=hops)


class SourceSpider(Spider):
    """Visits what the desk hands out; lives as long as the desk does."""

    name = "filcommun"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    async def start(self) -> AsyncIterator[Request]:
        """One request per job."""
        async for job in self.desk.jobs():
            try:
                request = Request(
                    job.url,
                    headers=dict(job.headers),
                    callback=self.answered,
                    errback=self.failed,
                    dont_filter=True,
                    meta={"job": job, "handle_httpstatus_list": ()},
                )
            except ValueError as error:
                await self.desk.settle(
                    job, FetchError(str(error), reason="bad_url", permanent=True)
                )
            else:
                yield request

    async def answered(self, response: ScrapyResponse) -> None:
        """A whole answer, after its redirects."""
        assert response.request is not None
        job: Job = response.request.meta["job"]
        answer = _whole(response)
        if job.seeks:
            await self._seek(job, answer)
        elif job.watches and answer.status == 200:
            await self._watch(job, answer)
        elif self.desk.may_have_moved(job, answer):
            await self._look_again(job, answer)
        else:
            await self.desk.settle(job, answer)

    async def _seek(self, job: Job, page: Response) -> None:
        """From the home page to the feed; the visit ends with what the feed says."""
        try:
            found = await discover_over(
                self._getter(job), job.url, now=self.desk.now(), hint=job.hint, page=page
            )
        except FetchError:
            await self.desk.settle(job, page)
            return
        best = found.best
        if best is not None and best.answer is not None:
            await self.desk.settle(job, best.answer, found)
        else:
            await self.desk.settle(job, found.failure())

    async def _watch(self, job: Job, page: Response) -> None:
        """The list page has changed, it seems: what is new in it?"""
        if hashlib.sha256(page.body).hexdigest() == job.body_hash:
            await self.desk.settle(job, page)
            return

        async def known(urls: Sequence[str]) -> Collection[str]:
            return await self.desk.known(job, urls)

        try:
            watched = await watch(
                self._getter(job),
                page,
                known,
                sample=job.sample,
                now=self.desk.now(),
                trusted=job.trusted,
            )
        except FetchError as error:
            await self.desk.settle(job, error)
        else:
            await self.desk.settle(job, page, watched=watched)

    async def _look_again(self, job: Job, answer: Response) -> None:
        """The feed has ended; does the group's site offer another?"""
        assert job.home is not None
        found = None
        with suppress(FetchError):
            found = await discover_over(self._getter(job), job.home, now=self.desk.now())
        await self.desk.settle(job, answer, found)

    def _getter(self, job: Job) -> Get:
        """Further exchanges of one visit, with the same manners as the first."""

        async def get(url: str) -> Response:
            try:
                request = Request(url, dont_filter=True, meta={"job": job})
                assert self.crawler.engine is not None
                return _whole(await self.crawler.engine.download_async(request))
            except Quiet as error:
                raise FetchError(str(error), reason="rate_limited") from error
            except IgnoreRequest as error:
                raise endless(url) from error
            except ValueError as error:
                raise FetchError(str(error), reason="bad_url", permanent=True) from error

        return get

    async def failed(self, failure: Any) -> None:
        """No answer, or none that we were allowed to ask for."""
        job: Job = failure.request.meta["job"]
        error = failure.value
        if isinstance(error, Quiet):
            await self.desk.postpone(job, error.until)
        elif isinstance(error, FetchError):
            await self.desk.settle(job, error)
        elif isinstance(error, IgnoreRequest):
            await self.desk.settle(job, endless(job.url))
        else:
            logging.getLogger(__name__).error("exchange failed", exc_info=error)
            await self.desk.settle(job, FetchError(repr(error)[:300], reason="internal"))
