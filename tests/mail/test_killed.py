"""Killed thirty times while it writes and sends, everybody gets their digest once.

One instant cannot be closed (two generals): between writing down that a letter is handed over and
the last line's arrival. A letter killed right there is not sent twice but counted as sent, and its
row says so; of thirty kills at most two may hit it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from aggregator.search.engine import Engine
from aggregator.store.tables import Entry, Letter, Subscriber, Subscription

pytestmark = pytest.mark.slow

SUBSCRIBERS = 400
KILLS = 30
CONNECTIONS = 4
PATIENCE = 60.0
"""Seconds until a worker that does nothing is called broken."""

WORKER = """
import sys
from datetime import datetime
from aggregator.mail import digest, outbox
from aggregator.mail.smtp import SmtpMailer
from aggregator.search.engines import open_engine
from aggregator.settings import read_settings
from aggregator.store import database
from aggregator.store import outbox as store
from datetime import timedelta

url, index, port, at, connections = sys.argv[1:]
store.LEASE = timedelta(0)  # the process that held it is dead: the test killed it
sessions = database.sessions(database.open_database(url))
settings = read_settings(
    base_url="https://fil.example", secret_key="k" * 32, mail_per_minute=100_000,
    mail_from="fil@fil.example", _env_file=None,
)
clock = lambda: datetime.fromisoformat(at)
print("ready", flush=True)
digest.write_due(sessions, open_engine(index), clock, settings=settings)
mailers = [SmtpMailer(f"smtp://127.0.0.1:{port}") for _ in range(int(connections))]
report = outbox.send_due(sessions, mailers, clock, settings=settings)
print("done", report.stopped, flush=True)
"""


def test_killed_thirty_times_nobody_is_skipped_and_nobody_gets_two(
    sessions: sessionmaker[Session], index: Engine, post_office: Any, tmp_path: Path,
    published: Callable[..., Entry], subscribed: Callable[..., Subscription], session: Session,
    database_url: str, now: datetime,
) -> None:  # fmt: skip
    published("1", title="Vélorution", topic=["transports"])
    one = subscribed()
    _many(session, one, now)
    index.commit()
    due = now + timedelta(days=1)
    command = [
        sys.executable, "-c", WORKER, database_url, f"whoosh:{tmp_path / 'index'}",
        str(post_office.port), due.isoformat(), str(CONNECTIONS),
    ]  # fmt: skip
    random = Random(os.environ.get("PYTHONHASHSEED", "fil"))
    kills = 0
    while kills < KILLS:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            if kills % 3 == 0:
                # While it writes, or begins to send.
                time.sleep(random.uniform(0.02, 0.25))
            else:
                _wait_for(post_office, random.randint(1, 60), worker)
            is_done = worker.poll() is not None
            if not is_done:
                worker.send_signal(signal.SIGKILL)
                kills += 1
            worker.wait()
        if is_done:
            # All have it: begin the next day, so that there is something to kill.
            _everybody_once(post_office, session)
            _next_day(session, now)
            post_office.envelopes.clear()
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
    _everybody_once(post_office, session)


def _wait_for(post_office: Any, more: int, worker: subprocess.Popen[str]) -> None:
    """Until so many more letters have arrived, or the worker has ended."""
    wanted, give_up = len(post_office.envelopes) + more, time.monotonic() + PATIENCE
    while len(post_office.envelopes) < wanted and worker.poll() is None:
        assert time.monotonic() < give_up, "the worker does nothing"
        time.sleep(0.001)


def _everybody_once(post_office: Any, session: Session) -> None:
    give_up = time.monotonic() + PATIENCE
    while post_office.talking:
        assert time.monotonic() < give_up, "the post office still reads"
        time.sleep(0.01)
    got = Counter(recipient for _, recipient in post_office.envelopes)
    session.expire_all()
    written = session.scalars(select(Letter)).all()
    told = {letter.address for letter in written if "the answer was lost" in letter.last_error}
    missing = {letter.address for letter in written} - got.keys()
    assert len(written) == SUBSCRIBERS
    assert max(got.values()) == 1, f"{sum(count > 1 for count in got.values())} got it twice"
    assert missing <= told, f"{len(missing - told)} were skipped without a word"
    assert len(missing) <= 2


def _many(session: Session, one: Subscription, now: datetime) -> None:
    for number in range(1, SUBSCRIBERS):
        address = f"a{number}@d{number % 40}.example"
        subscriber = Subscriber(
            address=address, address_key=address, nonce="n", created_at=now, confirmed_at=now
        )
        session.add(
            Subscription(
                subscriber=subscriber,
                rhythm="daily",
                created_at=now,
                confirmed_at=now,
                next_digest_at=one.next_digest_at,
                covered_until=one.covered_until,
            )
        )
    session.commit()


def _next_day(session: Session, now: datetime) -> None:
    session.execute(delete(Letter))
    session.execute(
        update(Subscription).values(next_digest_at=now, covered_until=now - timedelta(days=7))
    )
    session.commit()
