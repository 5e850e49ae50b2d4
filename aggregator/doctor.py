"""What is wrong with this installation, and what to do about each thing. Changes nothing.

Each check takes the settings and yields findings; it never raises for what it is there to find.
"""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dns.exception
import dns.resolver
from sqlalchemy import Engine, func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from aggregator.collect.fetch import fetch
from aggregator.errors import DatabaseError, FilcommunError
from aggregator.search.engines import open_engine
from aggregator.settings import Settings
from aggregator.store import database, upkeep
from aggregator.store.tables import Entry, Source

ENOUGH_DISK = 1_000_000_000
"""Bytes free below which the disk is called nearly full."""
OUTGROWN = 100_000
"""Entries up to which Whoosh was measured (docs/search.md); Tantivy is lighter beyond."""
DAMAGED = (
    "If it is damaged: stop Fil commun, move the file away, and `filcommun restore` the last "
    "good backup."
)
WORKER_SILENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    level: str
    """`good`, `advice` (works, could be better) or `fault`."""
    says: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order of `CHECKS`; safe to run at any time."""
    try:
        for check in CHECKS:
            yield from check(settings)
    except (DatabaseError, SQLAlchemyError) as error:
        # What follows would need the database too.
        yield Finding("database", "fault", str(error).split("\n")[0], DAMAGED)


def worker(settings: Settings) -> Iterator[Finding]:
    """Whether a worker runs: its timetable leaves a note every minute."""
    engine = database.open_database(settings.database_url)
    with Session(engine) as session:
        runs = upkeep.runs(session)
    last = max((run.finished_at for run in runs if run.finished_at), default=None)
    if last is None or datetime.now(UTC) - last > WORKER_SILENT:
        seen = "has never run here" if last is None else f"was last seen at {last:%Y-%m-%d %H:%M}"
        yield Finding("worker", "fault", f"The worker {seen}.", "Start `filcommun work`.")
    else:
        yield Finding("worker", "good", f"The worker was at work at {last:%H:%M} UTC.")
    for run in runs:
        if run.failures:
            yield Finding(
                f"job {run.name}",
                "fault",
                f"It failed {run.failures} times in a row: {run.last_error}",
                "The worker's log has the whole story.",
            )


def _addresses(settings: Settings) -> Iterator[Finding]:
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
            "contact", "advice", "Nobody can be reached at contact@localhost.",
            "Set FILCOMMUN_CONTACT: groups' webmasters see it in every request.",
        )  # fmt: skip
    if settings.allow_private_networks:
        yield Finding(
            "fetcher", "fault", "The fetcher may reach this machine's own network.",
            "Unset FILCOMMUN_ALLOW_PRIVATE_NETWORKS; it is for the demo and tests.",
        )  # fmt: skip


def _reachable(settings: Settings) -> Iterator[Finding]:
    target = f"{settings.base_url}/healthz"
    local = settings.model_copy(update={"allow_private_networks": True})
    try:
        answer = asyncio.run(fetch(target, settings=local))
    except FilcommunError as error:
        yield Finding(
            "portal", "fault", f"{target} does not answer: {error}",
            "Start `filcommun run`, and check the proxy and the firewall.",
        )  # fmt: skip
        return
    yield Finding("portal", "good", f"{target} answers {answer.status}.")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = Path(make_url(settings.database_url).database or ".").parent
    if not settings.database_url.startswith("sqlite") or not folder.is_dir():
        folder = Path()
    free = shutil.disk_usage(folder).free
    level, remedy = ("good", "")
    if free < ENOUGH_DISK:
        level, remedy = ("fault", "Free some space, or move the data to a larger disk.")
    yield Finding("disk", level, f"{free / 1e9:.1f} GB are free.", remedy)


def _database(settings: Settings) -> Iterator[Finding]:
    engine = database.open_database(settings.database_url)
    database.refuse_newer(engine)
    version = database.current_version(engine)
    if version != database.latest_version():
        yield Finding(
            "database", "fault", f"The database is at version {version}, not yet at "
            f"{database.latest_version()}.", "Run `filcommun db upgrade`.",
        )  # fmt: skip
        return
    yield from _integrity(engine)
    with Session(engine) as session:
        entries = session.scalar(select(func.count()).select_from(Entry)) or 0
        month_ago = datetime.now(UTC) - timedelta(days=30)
        recent = session.scalar(
            select(func.count()).select_from(Entry).where(Entry.first_seen_at > month_ago)
        )
        latest = session.scalar(select(func.max(Entry.first_seen_at)))
        waiting = session.scalar(
            select(func.count()).select_from(Entry).where(Entry.indexed_at.is_(None))
        )
    yield Finding("entries", "good", f"{entries} entries, {recent} of them in the last 30 days.")
    if latest is not None and latest > datetime.now(UTC) + timedelta(minutes=5):
        yield Finding(
            "clock", "fault", f"The newest entry was stored in the future ({latest:%F %H:%M} UTC).",
            "Set the clock: install Debian's package systemd-timesyncd.",
        )  # fmt: skip
    yield from _index(settings, entries, waiting or 0)


def _integrity(engine: Engine) -> Iterator[Finding]:
    if engine.dialect.name != "sqlite":
        yield Finding("database", "good", "PostgreSQL answers.")
        return
    with engine.connect() as connection:
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if verdict == "ok":
        yield Finding("database", "good", "SQLite is whole.")
    else:
        yield Finding("database", "fault", f"SQLite is damaged: {verdict}.", DAMAGED)


def _index(settings: Settings, entries: int, waiting: int) -> Iterator[Finding]:
    try:
        index = open_engine(settings.index_url)
        known = index.count()
        index.close()
    except FilcommunError as error:
        yield Finding("index", "fault", str(error), "Run `filcommun reindex`.")
        return
    if waiting > 1000:
        yield Finding(
            "index", "fault", f"{waiting} entries wait to be indexed; the index holds {known}.",
            "Start the worker; if it runs already, run `filcommun reindex`.",
        )  # fmt: skip
    else:
        yield Finding("index", "good", f"The index holds {known} entries; {waiting} wait.")
    if entries > OUTGROWN and settings.index_url.startswith("whoosh:"):
        yield Finding(
            "engine", "advice", f"{entries} entries are many for Whoosh.",
            "Set FILCOMMUN_INDEX_URL=tantivy:indexes-tantivy/ and run `filcommun reindex`.",
        )  # fmt: skip


def _outside(settings: Settings) -> Iterator[Finding]:
    engine = database.open_database(settings.database_url)
    if database.current_version(engine) != database.latest_version():
        return
    with Session(engine) as session:
        source = session.scalar(
            select(Source).where(Source.paused_at.is_(None)).order_by(Source.failures, Source.id)
        )
    if source is None:
        yield Finding("sources", "advice", "There is no source.", "Run `filcommun sources sync`.")
        return
    host = urlsplit(source.address).hostname or ""
    try:
        socket.getaddrinfo(host, 443)
    except OSError as error:
        yield Finding(
            "names", "fault", f"{host} cannot be looked up: {error}.",
            "Check /etc/resolv.conf and the network.",
        )  # fmt: skip
        return
    try:
        answer = asyncio.run(fetch(source.address, settings=settings))
        yield Finding("outside", "good", f"{host} answers {answer.status}.")
    except FilcommunError as error:
        yield Finding("outside", "advice", str(error), "If all sources fail, check the firewall.")


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding(
            "mail", "advice", "No mail server is set: no letter leaves, nobody can sign in.",
            "Set FILCOMMUN_SMTP_URL.",
        )  # fmt: skip
        return
    try:
        _sign_in(settings.smtp_url)
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            "mail", "fault", f"The mail server refuses us: {error}",
            "Check host, port, user and password in FILCOMMUN_SMTP_URL.",
        )  # fmt: skip
        return
    yield Finding("mail", "good", "The mail server takes our letters.")
    yield from _sender(parseaddr(settings.mail_from)[1].rpartition("@")[2])


def _sign_in(url: str) -> None:
    """Open a session with the mail server and close it."""
    address = urlsplit(url)
    assert address.hostname is not None
    kind = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with kind(address.hostname, address.port or 0, timeout=10) as server:
        if address.scheme == "smtp+starttls":
            server.starttls()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.noop()


def _sender(domain: str) -> Iterator[Finding]:
    """What receivers ask DNS about the sender's domain (RFC 7208 SPF, RFC 7489 DMARC)."""
    if "." not in domain:
        yield Finding(
            "sender", "fault", f"Nobody takes mail from {domain or 'nowhere'}.",
            "Set FILCOMMUN_MAIL_FROM to an address of your own domain.",
        )  # fmt: skip
        return
    for name, mark, remedy in (
        (domain, "v=spf1", "Publish a TXT record with the servers that may send for you."),
        (
            f"_dmarc.{domain}",
            "v=DMARC1",
            "Publish a TXT record, `v=DMARC1; p=quarantine` to begin.",
        ),
    ):
        if any(record.startswith(mark) for record in _texts(name)):
            yield Finding("sender", "good", f"{name} has a {mark} record.")
        else:
            yield Finding("sender", "advice", f"{name} has no {mark} record.", remedy)


def _texts(name: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=5)
    except (dns.exception.DNSException, OSError):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _addresses, _reachable, _mail, _disk, _database, worker, _outside,
)  # fmt: skip
