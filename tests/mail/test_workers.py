"""Two workers at once do everything once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import alerts, digest, outbox
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store.tables import Entry, Subscription


def _at_once(*work: Callable[[], object]) -> None:
    """Run all of them at the same time; a failure of one is raised."""
    failures: list[BaseException] = []
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        try:
            gate.wait(10)
            one()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_two_workers_send_each_digest_and_each_alert_once(
    subscribed: Callable[..., Subscription], published: Callable[..., Entry],
    sessions: sessionmaker[Session], index: Engine, clock: Any, settings: Settings, mailer: Any,
) -> None:  # fmt: skip
    for number in range(30):
        subscribed(f"a{number}@d{number}.example", view="theme=transports" if number % 2 else "")
    for number in range(10):
        subscribed(f"b{number}@d{number}.example", rhythm="alert", view="q=velo")
    published("1", topic=["transports"], title="Du vélo")
    clock.now = datetime.fromisoformat("2026-11-25T06:00Z")

    def work() -> None:
        digest.write_due(sessions, index, clock, settings=settings)
        alerts.write_due(sessions, index, clock, settings=settings)
        outbox.send_due(sessions, [mailer], clock, settings=settings)

    _at_once(work, work)
    # What one worker had just claimed when the other looked is sent by the one that claimed it.
    clock.now += timedelta(minutes=1)
    work()
    got = Counter(mail.recipient for mail in mailer.sent)
    assert len(got) == 40
    assert set(got.values()) == {1}
