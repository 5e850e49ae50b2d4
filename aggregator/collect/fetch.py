"""The guarded fetcher for everything that is not a crawl: previews, proofs, peers, hubs, hooks.

Each call follows redirects under the guard and may ask robots.txt first. Knows no database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from aggregator.collect import robots
from aggregator.collect.guard import Guard
from aggregator.collect.wire import MAX_WIRE, TIMEOUT, Response, Wire
from aggregator.errors import FetchError
from aggregator.settings import Settings

__all__ = ["Response", "fetch", "fetch_over"]

MAX_HOPS = 6


async def fetch(
    url: str,
    *,
    settings: Settings,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = TIMEOUT,
    max_bytes: int = MAX_WIRE,
    obey_robots: bool = False,
    follow: bool = True,
    guard: Guard | None = None,
) -> Response:
    """One exchange with its redirects, whatever the final status; `timeout` seconds in all.

    With `obey_robots`, robots.txt of each hop's host is read first. Only GET and HEAD are
    redirected; the answer to a redirected POST is the redirect itself. Raises ForbiddenAddress
    and FetchError, both with a `reason`; nothing else.
    """
    async with Wire(settings, guard) as wire:
        return await fetch_over(
            wire,
            url,
            method=method,
            headers=headers,
            body=body,
            timeout=timeout,
            max_bytes=max_bytes,
            obey_robots=obey_robots,
            follow=follow,
        )


async def fetch_over(
    wire: Wire,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = TIMEOUT,
    max_bytes: int = MAX_WIRE,
    obey_robots: bool = False,
    follow: bool = True,
    whole: bool = True,
) -> Response:
    """Like `fetch`, over a session that is already open, for several exchanges in a row.

    Without `whole` a body of more than `max_bytes` is cut there, not refused.
    """
    try:
        async with asyncio.timeout(timeout):
            hops: list[tuple[int, str]] = []
            while True:
                if obey_robots:
                    await _ask_robots(wire, url)
                response = await wire.exchange(
                    url,
                    method=method,
                    headers=headers,
                    body=body,
                    timeout=timeout,
                    max_wire=max_bytes,
                    whole=whole,
                )
                target = _target(response) if follow and method in {"GET", "HEAD"} else None
                if target is None:
                    return replace(response, redirects=tuple(hops))
                hops.append((response.status, target))
                if len(hops) > MAX_HOPS:
                    raise endless(hops[0][1])
                if urlsplit(target).netloc != urlsplit(url).netloc and headers:
                    # What was meant for one host is not told to another.
                    headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
                url = target
    except TimeoutError as error:
        raise FetchError(
            f"{urlsplit(url).hostname} did not answer within {timeout:g} seconds.",
            reason="timeout",
        ) from error


def endless(url: str) -> FetchError:
    """What is said of an address whose redirects are more than MAX_HOPS."""
    return FetchError(
        f"{url[:200]} redirects more than {MAX_HOPS} times.", reason="redirect_loop", permanent=True
    )


def _target(response: Response) -> str | None:
    """Where a redirect leads, absolute; None when it is none."""
    location = response.headers.get("location")
    if response.status not in {301, 302, 303, 307, 308} or not location:
        return None
    try:
        return urljoin(response.url, location).partition("#")[0]
    except ValueError as error:
        raise FetchError(
            f"The redirect to {location[:100]!r} is no address.", reason="bad_redirect"
        ) from error


async def _ask_robots(wire: Wire, url: str) -> None:
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    answer = await fetch_over(
        wire, address, max_bytes=robots.LONGEST, timeout=TIMEOUT / 2, whole=False
    )
    rules = robots.read(answer.status, answer.body)
    if not rules.allows(url):
        unreachable = rules.state == "unreachable"
        raise FetchError(
            f"{address} does not allow {parts.path or '/'}.",
            reason="robots_unreachable" if unreachable else "robots",
            permanent=not unreachable,
        )
