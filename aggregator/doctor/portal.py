"""The portal as readers and search engines reach it. Asks the public address only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from aggregator.collect import robots
from aggregator.collect.fetch import Response, fetch
from aggregator.doctor.finding import Finding
from aggregator.errors import FetchError
from aggregator.settings import Settings


def addresses(settings: Settings) -> Iterator[Finding]:
    """Whether the public address, the contact and the fetcher's limits are a public portal's."""
    address = urlsplit(settings.base_url)
    if address.hostname in {"127.0.0.1", "localhost", "::1"}:
        yield Finding(
            "address", "advice", f"{settings.base_url} can be read on this machine only.",
            "Set FILCOMMUN_BASE_URL to the public address.",
        )  # fmt: skip
    elif address.scheme != "https":
        yield Finding(
            "address", "fault", f"{settings.base_url} is not encrypted: it can be read.",
            "Put nginx or Caddy before the portal and use https://.",
        )  # fmt: skip
    else:
        yield Finding("address", "good", f"The portal is {settings.base_url}.")
    if settings.contact.endswith("@localhost"):
        yield Finding(
            "contact", "advice", f"Nobody can be reached at {settings.contact}.",
            "Set FILCOMMUN_CONTACT: groups' webmasters see it in every request.",
        )  # fmt: skip
    if settings.allow_private_networks:
        yield Finding(
            "fetcher", "fault", "The fetcher may reach this machine's own network.",
            "Unset FILCOMMUN_ALLOW_PRIVATE_NETWORKS; it is for the demo and tests.",
        )  # fmt: skip


def reachable(settings: Settings) -> Iterator[Finding]:
    """Whether the public address answers as this portal, can serve, and lets crawlers in."""
    alive = f"{settings.base_url}/healthz"
    try:
        answer = _ask(alive, settings)
        ready = _ask(f"{settings.base_url}/readyz", settings)
    except FetchError as error:
        yield Finding(
            "portal", "fault", f"{alive} does not answer: {error}",
            "Start `filcommun run`, and check the proxy and the firewall.",
        )  # fmt: skip
        return
    if (answer.status, answer.body.strip()) != (200, b"ok"):
        yield Finding(
            "portal", "fault", f"{alive} answers {answer.status}, and not as Fil commun does.",
            "Check where the proxy sends this address: host, port and path.",
        )  # fmt: skip
        return
    if ready.status == 200:
        yield Finding("portal", "good", f"{settings.base_url} answers and can serve.")
    else:
        yield Finding(
            "portal", "fault", f"{settings.base_url} answers, but {ready.body.decode()[:200]}",
            "See what is said of the database and the index below.",
        )  # fmt: skip
    yield from _let_in(settings)


def _let_in(settings: Settings) -> Iterator[Finding]:
    """Crawlers read robots.txt at the host's root alone, also for a portal under a path."""
    address = urljoin(settings.base_url, "/robots.txt")
    try:
        answer = _ask(address, settings)
    except FetchError as error:
        yield Finding("robots", "advice", f"{address} does not answer: {error}")
        return
    if robots.read(answer.status, answer.body).allows(f"{settings.base_url}/"):
        yield Finding("robots", "good", "Search engines may read the portal.")
    else:
        yield Finding(
            "robots", "advice", f"{address} keeps search engines out.",
            "Let the proxy pass /robots.txt on, or allow the portal's path in the host's own.",
        )  # fmt: skip


def _ask(address: str, settings: Settings) -> Response:
    # The portal may well be this very machine.
    local = settings.model_copy(update={"allow_private_networks": True})
    return asyncio.run(fetch(address, settings=local))
