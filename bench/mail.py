"""Digests for thousands of subscribers, against the same mails, finished.

`python bench/mail.py [SUBSCRIBERS] [HOST:PORT]`: 500 different filters over 2,000 new entries, one
real SMTP server in a process of its own, or the one named (which must throw away what it takes, as
Postfix's `smtp-sink` does). Prints messages per second of (a) writing and sending our digests from
the database and (b) handing a thousand of the very same mails, finished, to the same server with
smtplib, on one connection and on as many as we use; their ratio (aim ≥ 0.5), and how memory grew
while sending.
"""

from __future__ import annotations

import random
import resource
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import digest, outbox
from aggregator.mail.message import LEAVE_MARK, MANAGE_MARK, Content, Outgoing, prepare
from aggregator.mail.smtp import SmtpMailer
from aggregator.search.engines import open_engine
from aggregator.search.indexing import index_pending
from aggregator.settings import Settings, read_settings
from aggregator.store import database
from aggregator.store.tables import (
    Entry,
    EntryTag,
    Group,
    Issue,
    Letter,
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
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address = sys.argv[2] if len(sys.argv) > 2 else stack.enter_context(_post_office())
        run(Path(folder), address, subscribers)


def run(folder: Path, address: str, subscribers: int) -> None:
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

    started, cpu = time.perf_counter(), time.process_time()
    written = digest.write_due(sessions, index, lambda: NOW, settings=settings)
    writing = time.perf_counter() - started
    cpu = time.process_time() - cpu
    mails = _finished(sessions, settings, 1_000)
    size = sum(len(mail.body) for mail in mails) // len(mails)
    # Before and after, for other programs on the machine come and go.
    plain = [_plain(address, mails, 1)]
    together = [_plain(address, mails, settings.mail_connections)]
    before = _peak()
    started, sending_cpu = time.perf_counter(), time.process_time()
    mailers = [SmtpMailer(f"smtp://{address}") for _ in range(settings.mail_connections)]
    report = outbox.send_due(sessions, mailers, lambda: NOW, settings=settings)
    sending = time.perf_counter() - started
    cpu += time.process_time() - sending_cpu
    grown = _peak() - before
    plain.append(_plain(address, mails, 1))
    together.append(_plain(address, mails, settings.mail_connections))
    assert report.sent == written.written, report
    with sessions() as session:
        issues = session.query(Issue).count()
    one, several = (len(rates) / sum(1 / rate for rate in rates) for rates in (plain, together))
    ours = report.sent / (writing + sending)
    print(f"subscribers {subscribers}, filters {FILTERS}, entries {ENTRIES}")
    print(f"digests written {written.written} ({issues} different ones), {size:,} bytes each")
    print(f"nothing new for {written.nothing_new}")
    print(f"writing          {writing:8.1f} s")
    print(f"sending          {sending:8.1f} s   {report.sent / sending:8.0f} messages/s")
    print(f"both             {writing + sending:8.1f} s   {ours:8.0f} messages/s")
    print(f"our CPU          {cpu:8.1f} s   {1000 * cpu / report.sent:8.2f} ms for each message")
    print("finished mails, handed to the same server with smtplib")
    for connections, rate in ((1, one), (settings.mail_connections, several)):
        print(f"  {connections} at once     {rate:20.0f} messages/s   ratio {ours / rate:.2f}")
    print("  (aim ≥ 0.5 of one at once)")
    print(f"memory           {before:8.0f} MB, grew {grown:.0f} MB while sending")
    index.close()
    engine.dispose()


@contextmanager
def _post_office() -> Iterator[str]:
    """A server of our own, by host and port."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"127.0.0.1:{server.stdout.readline().strip()}"
        server.terminate()


def _finished(sessions: sessionmaker[Session], settings: Settings, count: int) -> list[Outgoing]:
    """The mails of the letters that wait, as any program would have them ready to send."""
    with sessions() as session:
        rows = session.execute(
            select(Letter.address, Issue)
            .join(Issue, Issue.id == Letter.issue_id)
            .order_by(Letter.id)
            .limit(count)
        ).all()
    marks = dict.fromkeys((MANAGE_MARK, LEAVE_MARK), "https://fil.example/" + "x" * 60)
    return [
        prepare(
            Content(issue.subject, issue.text, issue.html),
            mail_from=settings.mail_from,
            language="fr",
        ).to(
            address,
            sender="fil@fil.example",
            message_id=f"<{number}@fil.example>",
            date=NOW,
            marks=marks,
            headers={},
        )
        for number, (address, issue) in enumerate(rows)
    ]


def _plain(address: str, mails: list[Outgoing], connections: int) -> float:
    """Messages per second of smtplib with finished mails."""
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(
            pool.map(
                _send, [address] * connections, (mails[n::connections] for n in range(connections))
            )
        )
    return len(mails) / (time.perf_counter() - started)


def _send(address: str, mails: list[Outgoing]) -> None:
    with smtplib.SMTP(address) as smtp:
        for mail in mails:
            smtp.sendmail(mail.sender, mail.recipient, mail.body)


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
