"""A worker may be killed at any moment, or asked to stop: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import desk
from aggregator.collect.crawl import Manners, work
from aggregator.collect.ingest import MAX_VERSIONS
from aggregator.errors import DatabaseError
from aggregator.settings import Settings
from aggregator.store import sources
from aggregator.store.tables import Crawl, Entry, EntryTag, Source

KILLER = """
import asyncio, os, random, select, signal, sys, time
from datetime import UTC, datetime, timedelta
from aggregator.collect.crawl import Manners, crawl
from aggregator.settings import read_settings
from aggregator.store import database
import structlog, logging
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
url, kills = sys.argv[1], int(sys.argv[2])
settings = read_settings(allow_private_networks=True, _env_file=None)
manners = Manners(delay=0.001, timeout=5, lease=timedelta(seconds=0.3), look=0.02)

def clock():
    return datetime.now(UTC)

def crawl_for_ever(told):
    engine = database.open_database(url)
    sessions = database.sessions(engine)
    while True:
        asyncio.run(
            crawl(
                sessions,
                settings,
                clock,
                all_=True,
                manners=manners,
                progress=lambda done, due: os.write(told, b"."),
            )
        )

for number in range(kills):
    seen, told = os.pipe()
    child = os.fork()
    if child == 0:
        crawl_for_ever(told)
    os.close(told)
    if number % 3:
        # In two of three cases it has begun to settle; else the kill may come before.
        select.select([seen], [], [], 20)
    time.sleep(random.uniform(0.0, 0.5))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(seen)
time.sleep(0.4)
engine = database.open_database(url)
sessions = database.sessions(engine)
asyncio.run(crawl(sessions, settings, clock, all_=True, manners=manners))
engine.dispose()
"""


@pytest.mark.slow
def test_thirty_kills_lose_nothing_and_double_nothing(
    session: Session, a_source, a_site, rss, item, database_url: str
) -> None:
    def growing(site) -> Callable:
        def page(_asked):
            # Each visit sees one more entry, and the first one edited again.
            hits = site.paths().count("/flux")
            feed = rss(item(0, f"Édition {hits}"), *(item(n) for n in range(1, hits + 3)))
            return site.pages["/modele"].__class__(feed.encode())

        return page

    sites = [a_site() for _ in range(8)]
    for number, site in enumerate(sites):
        site.says("/modele")
        site.pages["/flux"] = growing(site)
        a_source(f"s{number}", url=site.url("/flux"))
    session.commit()
    subprocess.run([sys.executable, "-c", KILLER, database_url, "30"], check=True, timeout=200)

    session.expire_all()
    visits = sum(site.paths().count("/flux") for site in sites)
    assert visits > 30
    sources = session.scalars(select(Source).order_by(Source.id))
    for source, site in zip(sources, sites, strict=True):
        hits = site.paths().count("/flux")
        mine = session.scalars(select(Entry).where(Entry.source_id == source.id)).all()
        # The last, undisturbed round has seen all that was ever published.
        assert sorted(int(entry.uid) for entry in mine) == list(range(hits + 3))
        assert (source.claimed_until, source.failures) == (None, 0)
        of_mine = Crawl.source_id == source.id
        assert session.scalar(select(func.sum(Crawl.entries_new)).where(of_mine)) == len(mine)
        edits = session.scalar(select(func.sum(Crawl.entries_updated)).where(of_mine))
        assert sum(len(entry.versions) for entry in mine) == min(edits, MAX_VERSIONS)
    count = select(func.count())
    orphans = count.select_from(EntryTag).where(EntryTag.entry_id.not_in(select(Entry.id)))
    assert session.scalar(orphans) == 0


def running(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable,
    manners: Manners,
    until: Callable[[], bool],
) -> None:
    """Let a worker run until something holds, then stop it and see it end."""

    async def main() -> None:
        stop = asyncio.Event()
        worker = asyncio.create_task(work(sessions, settings, clock, stop=stop, manners=manners))
        async with asyncio.timeout(60):
            while not until():
                await asyncio.sleep(0.02)
        stop.set()
        async with asyncio.timeout(60):
            await worker

    asyncio.run(main())


def test_a_worker_takes_sources_as_they_become_due_and_stops_when_asked(
    sessions, session, settings, clock, a_source, a_site, rss, item
):
    site = a_site()
    source = a_source(url=site.says("/flux", rss(item(1))))
    later = a_source("plus-tard", url=site.says("/tard", rss(item(1))))
    later.next_crawl_at = clock.now + timedelta(hours=1)
    session.commit()

    def both_seen() -> bool:
        if "/flux" in site.paths():
            clock.now = later.next_crawl_at + timedelta(seconds=1)
        return "/tard" in site.paths()

    manners = Manners(delay=0.01, timeout=30, look=0.05, grace=30)
    running(sessions, settings, clock, manners, both_seen)
    session.expire_all()
    assert (source.state, later.state) == ("ok", "ok")
    assert source.claimed_until is None


def test_what_a_stop_cuts_off_did_not_fail_and_is_due_for_the_next_worker(
    sessions, session, settings, clock, a_source, a_site, rss, item
):
    site = a_site()
    answered = threading.Event()

    def late(_asked):
        answered.wait(120)
        return site.pages["/modele"]

    site.says("/modele", rss(item(1)))
    site.pages["/lent"] = late
    source = a_source(url=site.url("/lent"))
    session.commit()
    manners = Manners(delay=0.01, timeout=120, look=0.05, grace=0.1)
    asked = lambda: "/lent" in site.paths()  # noqa: E731  said in the test's own words
    running(sessions, settings, clock, manners, asked)
    answered.set()  # only now: the worker has ended without the answer
    session.expire_all()
    assert (source.failures, source.claimed_until, source.last_crawled_at) == (0, None, None)
    assert source.next_crawl_at == clock.now
    assert session.scalars(select(Crawl)).all() == []


def test_a_claim_that_was_lost_meanwhile_settles_nothing(
    session, a_source, a_site, crawled, rss, item, sessions, clock
):
    site = a_site()

    def stolen(_asked):
        with sessions.begin() as other:
            other.scalars(select(Source)).one().claimed_until = clock.now + timedelta(days=1)
        return site.pages["/modele"]

    site.says("/modele", rss(item(1)))
    site.pages["/flux"] = stolen
    a_source(url=site.url("/flux"))
    assert crawled().entries_new == 0
    assert session.scalars(select(Entry)).all() == []


def test_an_endless_crawl_survives_a_database_that_is_away(
    monkeypatch, sessions, session, settings, clock, a_source, a_site, rss, item
):
    site = a_site()
    source = a_source(url=site.says("/flux", rss(item(1))))
    session.commit()
    due, away = sources.due_ids, []

    def sometimes_away(*arguments: object, **options: object) -> object:
        if len(away) < 2:
            away.append(OperationalError("SELECT", {}, Exception("the server went away")))
            raise away[-1]
        return due(*arguments, **options)

    monkeypatch.setattr(sources, "due_ids", sometimes_away)
    monkeypatch.setattr(desk, "RECOVERY", 0.05)
    manners = Manners(delay=0.01, timeout=30, look=0.05, grace=30)
    running(sessions, settings, clock, manners, lambda: "/flux" in site.paths())
    session.expire_all()
    assert source.state == "ok"


def test_a_round_says_in_a_sentence_that_the_database_is_away(
    monkeypatch, crawled, a_source, a_site, rss, item
):
    a_source(url=a_site().says("/flux", rss(item(1))))

    def away(*_: object, **__: object) -> object:
        raise OperationalError("UPDATE", {}, Exception("database or disk is full"))

    monkeypatch.setattr(sources, "hold", away)
    with pytest.raises(DatabaseError, match="disk is full"):
        crawled()


@pytest.mark.slow
def test_a_long_wait_keeps_its_claims(sessions, session, settings, a_source, a_site, rss, item):
    site = a_site()
    made = [a_source(f"s{n}", url=site.says(f"/{n}", rss(item(1)), seconds=0.8)) for n in range(8)]
    session.commit()
    manners = Manners(delay=0.01, timeout=30, look=0.05, grace=1, lease=timedelta(seconds=5))
    real = lambda: datetime.now(UTC)  # noqa: E731  leases are kept by the real clock here
    for source in made:
        source.next_crawl_at = real() - timedelta(hours=1)
    session.commit()

    def all_seen() -> bool:
        session.expire_all()
        return all(source.last_ok_at is not None for source in made)

    running(sessions, settings, real, manners, all_seen)
    assert sorted(site.paths().count(f"/{n}") for n in range(8)) == [1] * 8


def test_a_host_with_many_sources_keeps_no_other_from_being_visited(
    sessions, session, settings, clock, a_source, a_site, rss, item
):
    crowd, lone = a_site(), a_site()
    for number in range(40):
        url = crowd.says(f"/{number}", rss(item(1)), seconds=0.2)
        a_source(f"s{number}", url=url, next_crawl_at=clock.now - timedelta(hours=1))
    a_source("seul", url=lone.says("/flux", rss(item(1))))
    session.commit()
    small = settings.model_copy(update={"crawl_concurrency": 4})
    manners = Manners(delay=0.01, timeout=2, look=0.05, grace=1)
    running(sessions, small, clock, manners, lambda: "/flux" in lone.paths())
    assert len([path for path in crowd.paths() if path[1:].isdigit()]) < 12
