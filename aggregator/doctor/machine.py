"""The machine under the program: room on the disk, names, the way out, and the clock."""

from __future__ import annotations

import asyncio
import socket
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator import watch
from aggregator.collect.fetch import Response, fetch
from aggregator.doctor.finding import Finding
from aggregator.errors import FetchError
from aggregator.settings import Settings
from aggregator.store import database
from aggregator.store.tables import Source

ASKED = 3
"""Servers outside that are asked, one source each."""
WRONG = timedelta(minutes=1)
"""How far the clock may be from what other servers say (their Date has whole seconds)."""


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for the data now; how long it lasts is said of the database's growth."""
    free = watch.free_bytes(settings)
    if free < watch.ENOUGH_DISK:
        yield Finding(
            "disk", "fault", f"{free / 1e9:.1f} GB are free: almost full.",
            "Free some space, or move the data to a larger disk.",
        )  # fmt: skip
    else:
        yield Finding("disk", "good", f"{free / 1e9:.1f} GB are free.")


def outside(settings: Settings) -> Iterator[Finding]:
    """Whether names are found, servers answer, and what they say of the time."""
    with Session(database.open_database(settings.database_url)) as session:
        query = select(Source).where(Source.paused_at.is_(None))
        found = session.scalars(query.order_by(Source.failures, Source.id).limit(100))
        # One source a host: nobody is asked twice.
        by_host = {urlsplit(source.address).hostname or "": source.address for source in found}
    if not by_host:
        yield Finding("sources", "advice", "There is no source.", "Run `filcommun sources sync`.")
        return
    hosts = list(by_host)[:ASKED]
    lost = [host for host in hosts if not _is_known(host)]
    if len(lost) == len(hosts):
        yield Finding(
            "names", "fault", f"No name can be looked up, {hosts[0]} for one.",
            "Check /etc/resolv.conf and the network.",
        )  # fmt: skip
        return
    yield Finding("names", "good", f"{len(hosts) - len(lost)} of {len(hosts)} names are found.")
    answers = asyncio.run(_asked([by_host[host] for host in hosts], settings))
    yield from _answered(answers)


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return False
    return True


async def _asked(addresses: Sequence[str], settings: Settings) -> list[Response | FetchError]:
    exchanges = (fetch(address, settings=settings) for address in addresses)
    answers = await asyncio.gather(*exchanges, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, FetchError):
            raise answer
    return [answer for answer in answers if isinstance(answer, Response | FetchError)]


def _answered(answers: Sequence[Response | FetchError]) -> Iterator[Finding]:
    good = [answer for answer in answers if isinstance(answer, Response)]
    if not good:
        yield Finding(
            "outside", "fault", f"No server outside answers: {answers[0]}",
            "Check the firewall and the network; /sante shows each source.",
        )  # fmt: skip
        return
    yield Finding("outside", "good", f"{len(good)} of {len(answers)} servers asked answer.")
    ahead = _ahead(good, datetime.now(UTC))
    if ahead is None:
        return
    if abs(ahead) > WRONG:
        way = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding(
            "clock", "fault", f"This machine's clock is {abs(ahead)} {way} what {len(good)} "
            "servers say.", "Set the clock: install Debian's package systemd-timesyncd.",
        )  # fmt: skip
    else:
        yield Finding("clock", "good", "The clock agrees with other servers'.")


def _ahead(answers: Sequence[Response], now: datetime) -> timedelta | None:
    """How far `now` is ahead of the middle one of the answers' Date; None without any."""
    ahead = []
    for answer in answers:
        try:
            said = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            continue
        # A cache in between may give an answer again with the Date of its first time.
        if "age" not in answer.headers:
            ahead.append((now - said.astimezone(UTC)).total_seconds())
    return timedelta(seconds=round(statistics.median(ahead))) if ahead else None
