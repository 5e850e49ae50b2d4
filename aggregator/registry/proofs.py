"""Looking for proofs of ownership where groups were asked to put them.

All pages pass the guarded fetcher; a TXT record is asked of the system's name servers. What a
found or missing proof means is in `ownership`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.resolver
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import reasons
from aggregator.collect.fetch import fetch_over
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError
from aggregator.parse.webpage import read_page
from aggregator.registry import ownership
from aggregator.settings import Settings
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Ownership

LEASE: Final = timedelta(minutes=2)
_BYTES: Final = 3 * 1024 * 1024


def check_due(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime]
) -> int:
    """Look for every proof that is due; how many. A job of the worker, run in a thread."""
    done = 0
    while _check_one(sessions, settings, clock):
        done += 1
    return done


def _check_one(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime]
) -> bool:
    with sessions.begin() as session:
        proof = ownership.claim_due(session, clock(), LEASE)
        if proof is None:
            return False
        id_ = proof.id
        page = f"{settings.base_url}/groupes/{proof.group.slug}"
        asked = (proof.method, proof.address, proof.code)
    reason = asyncio.run(_look_for(settings, *asked, page))
    with sessions.begin() as session:
        proof = session.get(Ownership, id_)
        if proof is None:
            return True
        proof.claimed_until = None
        if reason is None:
            ownership.found(session, proof, clock())
        else:
            ownership.not_found(session, proof, reason, clock())
    return True


async def _look_for(
    settings: Settings, method: str, address: str, code: str, page: str
) -> str | None:
    """None when the proof is there, else why it is not."""
    if method == "dns_txt":
        return await _look_in_dns(ownership.host_of(address).partition(":")[0], code)
    parts = urlsplit(address)
    url = address
    if method == "well_known":
        url = f"{parts.scheme}://{parts.netloc}{ownership.WELL_KNOWN}"
    try:
        async with Wire(settings) as wire:
            answer = await fetch_over(wire, url, max_bytes=_BYTES, timeout=20)
    except FetchError as error:
        return error.reason
    if answer.status >= 400:
        return reasons.for_status(answer.status)
    # A proof that a redirect brought from another site proves that other site.
    if not _same_site(answer.url, url):
        return "proof_not_there"
    if method == "rel_me":
        there = links_to(answer.body, answer.url, page)
    else:
        there = code.encode() in answer.body
    return None if there else "proof_not_there"


def links_to(body: bytes, url: str, page: str) -> bool:
    """Whether a page links to `page` with rel="me" (in `a` or `link`); spelling apart."""
    document = read_page(body, url)
    wanted = address_key(page)
    return any(
        "me" in (element.get("rel") or "").lower().split() and address_key(link) == wanted
        for name in ("a", "link")
        for element, link in document.links(name)
    )


async def _look_in_dns(host: str, code: str) -> str | None:
    resolver = dns.asyncresolver.Resolver()
    resolver.lifetime = 10.0
    for name in (f"_filcommun.{host}", host):
        try:
            answer = await resolver.resolve(name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except (dns.exception.DNSException, OSError):
            return "dns"
        for record in answer:
            if code.encode() in b"".join(record.strings):
                return None
    return "proof_no_record"


def _same_site(first: str, second: str) -> bool:
    one, other = ownership.host_of(first), ownership.host_of(second)
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
