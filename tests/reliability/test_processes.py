"""Several workers and portals on one PostgreSQL, killed at random: nothing twice, nothing lost."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from aggregator.demo.mailbox import Mailbox
from aggregator.store import database
from aggregator.store.tables import (
    Crawl,
    Entry,
    Group,
    Issue,
    Letter,
    Match,
    Source,
    Subscriber,
    Subscription,
)

WORKERS = 4
PORTALS = 3
KILLS = 10
READERS = 15
"""Of a daily digest; as many have an alert."""


def subscribers(now: datetime) -> list[Subscriber]:
    """Half with a digest that is due, half with an alert on everything."""
    return [
        Subscriber(
            address=f"alice{n}@{rhythm}.example",
            address_key=f"alice{n}@{rhythm}.example",
            nonce=f"{rhythm}{n}",
            created_at=now,
            confirmed_at=now - timedelta(days=3),
            subscriptions=[
                Subscription(
                    rhythm=rhythm,
                    created_at=now,
                    confirmed_at=now - timedelta(days=3),
                    next_digest_at=now - timedelta(minutes=1) if rhythm == "daily" else None,
                    covered_until=now - timedelta(days=2) if rhythm == "daily" else None,
                )
            ],
        )
        for rhythm in ("daily", "alert")
        for n in range(READERS)
    ]


def yesterdays(now: datetime) -> list[Entry]:
    """Five entries for the digests, of a group that is read no more."""
    day = now - timedelta(days=1)
    source = Source(
        slug="hier", url="http://hier.example/feed", created_at=day, next_crawl_at=day,
        paused_at=day,
    )  # fmt: skip
    Group(slug="hier", name="Hier", created_at=day, updated_at=day, sources=[source])
    return [
        Entry(source=source, uid=f"hier-{n}", url=f"http://hier.example/{n}", title=f"Hier {n}",
              published=day, content_hash=str(n), first_seen_at=day, last_seen_at=day)
        for n in range(5)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_and_portals_killed_at_random_do_nothing_twice_and_hurt_no_host(
    farm: Any, database_url: str, engine: Engine, mother: Any, start: Any, free_port: Any,
    ask: Any, wait_until: Any,
) -> None:  # fmt: skip
    now, sessions = datetime.now(UTC), database.sessions(engine)
    with sessions.begin() as session:
        session.add_all([*farm.groups(now), *subscribers(now), *yesterdays(now)])
    chance, seen = random.Random(7), Counter[int | None]()
    ports = [free_port() for _ in range(PORTALS)]
    with Mailbox() as mailbox:
        mail = {"FILCOMMUN_SMTP_URL": mailbox.smtp_url, "FILCOMMUN_MAIL_PER_MINUTE": "9999"}
        places = [""] * WORKERS + ports

        def begin(port: str) -> int:
            if not port:
                return int(start("work", database_url, **mail))
            return int(start("serve", database_url, FILCOMMUN_PORT=port, **mail))

        running = [begin(port) for port in places]
        wait_until(lambda: all(ask(port, "/groupes")[0] == 200 for port in ports))
        for number in range(KILLS):
            time.sleep(chance.uniform(0.1, 1.0))
            # Workers and portals in turn, so that both are surely hit.
            who = chance.randrange(WORKERS) if number % 2 else WORKERS + chance.randrange(PORTALS)
            mother.kill(running[who])
            seen.update(ask(port, "/groupes")[0] for port in ports)
            running[who] = begin(places[who])
        statuses = {mother.stop(one) for one in running[:WORKERS]}
        wait_until(lambda: farm.is_quiet)
        # Leases of killed workers run out by themselves; here the test lets them run out at once.
        with sessions.begin() as session:
            session.execute(update(Source).values(claimed_until=None, next_crawl_at=now))
            session.execute(update(Letter).values(claimed_until=None))
        running[:WORKERS] = [begin("") for _ in range(WORKERS)]
        wait_until(lambda: all_is_done(engine, farm.entries + 5, len(farm.servers) * 2))
        statuses |= {mother.stop(one) for one in running}
        mails = list(mailbox.mails)
    assert max(farm.most_at_once.values()) == 1
    # A portal either answers or is gone, and the others go on.
    assert set(seen) <= {200, None}
    assert seen[200] >= KILLS
    # A worker that is only just starting has no handler for the signal yet.
    assert statuses <= {0, -15}
    with Session(engine) as session:
        crawled = session.scalar(select(func.count(func.distinct(Crawl.source_id))))
        assert crawled == len(farm.servers) * 2
        for address, told in told_by_reader(session).items():
            assert max(Counter(told).values()) == 1, f"{address} was told twice"
        letters = session.scalars(select(Letter)).all()
        digests = [letter for letter in letters if letter.kind == "digest"]
        assert Counter(letter.address for letter in digests) == {
            f"alice{n}@daily.example": 1 for n in range(READERS)
        }
    arrived = Counter(mail["Message-ID"] for mail in mails)
    assert max(arrived.values()) == 1
    # Killed between the last line and its answer, a letter counts as sent and is not sent again.
    assert len(letters) - KILLS <= len(arrived) <= len(letters)


def all_is_done(engine: Engine, entries: int, sources: int) -> bool:
    """Every source visited, everything stored, indexed, told and sent."""
    open_rows = (
        select(func.count()).select_from(Entry).where(Entry.matched_at.is_(None)),
        select(func.count()).select_from(Match).where(Match.told_at.is_(None)),
        select(func.count()).select_from(Letter).where(Letter.sent_at.is_(None)),
        select(func.count())
        .select_from(Subscription)
        .where(Subscription.next_digest_at < datetime.now(UTC)),
    )
    with Session(engine) as session:
        stored = session.scalar(select(func.count()).select_from(Entry))
        visited = session.scalar(select(func.count(func.distinct(Crawl.source_id))))
        return (stored, visited) == (entries, sources) and not any(
            session.scalar(query) for query in open_rows
        )


def told_by_reader(session: Session) -> dict[str, list[int]]:
    """Address → the entries that letters told it."""
    told: dict[str, list[int]] = {}
    query = select(Letter.address, Issue.entries).join(Issue, Letter.issue_id == Issue.id)
    for address, entries in session.execute(query):
        told.setdefault(address, []).extend(entry["id"] for entry in entries)
    return told
