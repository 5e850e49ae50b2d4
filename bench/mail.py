"""Digests for thousands of subscribers, against the same number of finished mails.

`python bench/mail.py [SUBSCRIBERS]`: 500 different filters over 2,000 new entries, one real SMTP
server in a process of its own. Prints messages per second of (a) writing and sending our digests
from the database and (b) handing finished mails of the same size to the same server with smtplib,
their ratio (aim ≥ 0.5), and how memory grew while sending.
"""

from __future__ import annotations

import random
import resource
import smtplib
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import digest, outbox
from aggregator.mail.smtp import SmtpMailer
from aggregator.search.engines import open_engine
from aggregator.search.indexing import index_pending
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.store.tables import (
    Entry,
    EntryTag,
    Group,
    Issue,
    Source,
    Subscriber,
    Subscription,
)
from aggregator.taxonomy import areas, terms

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DUE = NOW.replace(hour=6)
ENTRIES, FILTERS = 2_000, 500

SERVER = """
import asyncio
from aiosmtpd.smtp import SMTP

class Post:
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Post(), hostname="post.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

WORDS = (
    "vélo marché jardin réunion quartier enquête permanence logement cantine place atelier "
    "bibliothèque collectif budget école transport arbre canal tramway budget participatif "
    "compost fête mémoire friche coopérative emploi santé accès droits piste eau"
).split()


def main() -> None:
    """Run the bench and print its table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    subscribers = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder, _post_office() as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        run(Path(folder), port, subscribers)
        server.terminate()


def run(folder: Path, port: int, subscribers: int) -> None:
    """Fill a database, write, send, compare."""
    engine = database.open_database(f"sqlite:///{folder}/bench.db")
    database.upgrade(engine)
    sessions = database.sessions(engine)
    index = open_engine(f"whoosh:{folder}/index")
    settings = read_settings(
        base_url="https://fil.example",
        secret_key="k" * 32,
        mail_from="Fil commun <fil@fil.example>",
        mail_per_minute=100_000,
    )
    _fill(sessions, subscribers)
    with sessions() as session:
        while index_pending(session, index):
            pass

    size = 26_000
    plain = [_plain(port, size, 1_000)]
    started, cpu = time.perf_counter(), time.process_time()
    written = digest.write_due(sessions, index, lambda: NOW, settings=settings)
    writing = time.perf_counter() - started
    before = _peak()
    started = time.perf_counter()
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}")
    report = outbox.send_due(sessions, mailer, lambda: NOW, settings=settings)
    sending = time.perf_counter() - started
    cpu = time.process_time() - cpu
    grown = _peak() - before
    # Before and after, for other programs on the machine come and go.
    plain.append(_plain(port, size, 1_000))
    assert report.sent == written.written, report
    with sessions() as session:
        issues = session.query(Issue).count()
        html = len(session.query(Issue).first().html.encode())
    per_second = len(plain) / sum(1 / rate for rate in plain)
    ours = report.sent / (writing + sending)
    print(f"subscribers {subscribers}, filters {FILTERS}, entries {ENTRIES}")
    print(f"digests written {written.written} ({issues} different ones, {html:,} bytes of HTML)")
    print(f"nothing new for {written.nothing_new}")
    print(f"writing          {writing:8.1f} s")
    print(f"sending          {sending:8.1f} s   {report.sent / sending:8.0f} messages/s")
    print(f"both             {writing + sending:8.1f} s   {ours:8.0f} messages/s")
    print(f"our CPU          {cpu:8.1f} s   {1000 * cpu / report.sent:8.2f} ms for each message")
    print(f"finished mails   {report.sent / per_second:8.1f} s   {per_second:8.0f} messages/s")
    print(f"ratio            {ours / per_second:8.2f}     (aim ≥ 0.5)")
    print(f"memory           {before:8.0f} MB, grew {grown:.0f} MB while sending")
    index.close()
    engine.dispose()


def _post_office() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)


def _plain(port: int, size: int, count: int) -> float:
    """Messages per second of smtplib with finished mails of the same size, one connection."""
    line = b"x" * 74 + b"\r\n"
    body = b"Subject: x\r\nFrom: fil@fil.example\r\n\r\n" + line * (size * 5 // 4 // len(line))
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(count):
            smtp.sendmail("fil@fil.example", f"a{number}@d.example", body)
    return count / (time.perf_counter() - started)


def _fill(sessions: sessionmaker[Session], subscribers: int) -> None:
    chance = random.Random(8)
    topics = [term.slug for term in terms.terms("topic")]
    places = [area.slug for area in areas.areas("commune")]
    with sessions.begin() as session:
        sources = [_source(number) for number in range(100)]
        session.add_all(sources)
        session.flush()
        for number in range(ENTRIES):
            session.add(_entry(number, chance.choice(sources), chance, topics, places))
    filters = [_filter(number, chance, topics, places) for number in range(FILTERS)]
    with sessions.begin() as session:
        people = [
            {
                "id": number, "address": f"a{number}@d{number % 500}.example",
                "address_key": f"a{number}@d{number % 500}.example", "nonce": "n",
                "created_at": NOW, "confirmed_at": NOW - timedelta(days=9),
            }
            for number in range(1, subscribers + 1)
        ]  # fmt: skip
        session.execute(insert(Subscriber), people)
        follow = [
            {
                "subscriber_id": number, "view": filters[number % FILTERS],
                "title": filters[number % FILTERS], "rhythm": "daily", "created_at": NOW,
                "confirmed_at": NOW - timedelta(days=9), "next_digest_at": DUE,
                "covered_until": DUE - timedelta(days=1),
            }
            for number in range(1, subscribers + 1)
        ]  # fmt: skip
        session.execute(insert(Subscription), follow)


def _source(number: int) -> Source:
    group = Group(slug=f"g{number}", name=f"Collectif {number}", created_at=NOW, updated_at=NOW)
    return Source(
        slug=f"s{number}",
        group=group,
        url=f"https://g{number}.example/feed",
        created_at=NOW,
        next_crawl_at=NOW,
    )


def _entry(
    number: int, source: Source, chance: random.Random, topics: list[str], places: list[str]
) -> Entry:
    at = DUE - timedelta(hours=chance.uniform(0.1, 23))
    words = [chance.choice(WORDS) for _ in range(60)]
    tags = [
        EntryTag(dimension="topic", slug=slug, origin="text", evidence=[{"words": words[0]}])
        for slug in chance.sample(topics, 2)
    ]
    tags.append(EntryTag(dimension="area", slug=chance.choice(places), origin="source"))
    return Entry(
        source=source,
        uid=str(number),
        url=f"https://{source.slug}.example/{number}",
        title=" ".join(words[:8]).capitalize(),
        summary=" ".join(words),
        text=" ".join(words),
        published=at,
        first_seen_at=at,
        last_seen_at=at,
        content_hash=str(number),
        tags=tags,
    )


def _filter(number: int, chance: random.Random, topics: list[str], places: list[str]) -> str:
    if number % 3 == 0:
        return f"q={chance.choice(WORDS)}+{chance.choice(WORDS)}&theme={chance.choice(topics)}"
    if number % 3 == 1:
        return f"theme={chance.choice(topics)}&territoire={chance.choice(places)}"
    return f"territoire={','.join(chance.sample(places, 3))}"


def _peak() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
