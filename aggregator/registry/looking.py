"""The worker's part in registering: every pasted address that waits is looked at (`preview`).

Each step is written down, so that the page that waits can show it; a worker that dies leaves the
registration to the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect import learning
from aggregator.collect.wire import Wire
from aggregator.errors import FetchError
from aggregator.registry import glances, preview
from aggregator.registry.registration import compare
from aggregator.settings import Settings
from aggregator.store.suppressions import covers
from aggregator.store.tables import Registration

LEASE: Final = timedelta(minutes=2)
PATIENCE: Final = 40.0
"""Seconds for one registration in all; people wait."""
AT_ONCE: Final = 8
"""Sites read side by side."""
_GLANCE: Final = 1.0
"""Seconds between two looks at who has come meanwhile."""
MOST_TRIES: Final = 3
"""Workers that may die over one address before it is given up."""


def look_due(
    sessions: sessionmaker[Session], settings: Settings, clock: Callable[[], datetime]
) -> int:
    """Look at every address that waits; how many. A job of the worker, run in a thread.

    A slow site keeps one place of AT_ONCE, not the people behind it.
    """
    claimed = _claim(sessions, clock())
    return asyncio.run(_look_at_all(sessions, settings, clock, claimed)) if claimed else 0


async def _look_at_all(
    sessions: sessionmaker[Session],
    settings: Settings,
    clock: Callable[[], datetime],
    claimed: list[int],
) -> int:
    done = 0
    under_way: set[asyncio.Task[None]] = set()
    no_more_at = asyncio.get_running_loop().time() + LEASE.total_seconds()
    async with Wire(settings) as wire:
        while True:
            under_way |= {
                asyncio.create_task(_look_at(sessions, wire, clock, id_)) for id_ in claimed
            }
            if not under_way:
                return done
            ended, under_way = await asyncio.wait(
                under_way, timeout=_GLANCE, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                task.result()
            done += len(ended)
            free = AT_ONCE - len(under_way)
            has_time = asyncio.get_running_loop().time() < no_more_at
            claimed = (
                await asyncio.to_thread(_claim, sessions, clock(), free)
                if free and has_time
                else []
            )


def _claim(sessions: sessionmaker[Session], now: datetime, most: int = AT_ONCE) -> list[int]:
    """Ids of some that wait, `most` at most, held for the lease."""
    with sessions.begin() as session:
        due = session.scalars(
            select(Registration)
            .where(
                Registration.state.in_(("waiting", "looking")),
                or_(Registration.claimed_until.is_(None), Registration.claimed_until <= now),
            )
            .order_by(Registration.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        ).all()
        for registration in due:
            registration.tries += 1
            registration.state = "looking"
            registration.claimed_until = now + LEASE
            if registration.tries > MOST_TRIES:
                registration.state, registration.claimed_until = "failed", None
                _step(registration, "failed", now, why="timeout")
        return [one.id for one in due if one.state == "looking"]


async def _look_at(
    sessions: sessionmaker[Session], wire: Wire, clock: Callable[[], datetime], id_: int
) -> None:
    with sessions() as session:
        address = session.get_one(Registration, id_).address
        rules = learning.rules(session, clock())

    async def note(code: str, **values: object) -> None:
        await asyncio.to_thread(_write_step, sessions, id_, code, clock(), values)

    try:
        async with asyncio.timeout(PATIENCE):
            found = await preview.look(wire, address, note, clock(), rules=rules)
    except TimeoutError:
        await asyncio.to_thread(_fail, sessions, id_, "timeout", clock())
        return
    except FetchError as error:
        await asyncio.to_thread(_fail, sessions, id_, error.reason, clock())
        return
    await asyncio.to_thread(_finish, sessions, id_, found, clock())


def _write_step(
    sessions: sessionmaker[Session],
    id_: int,
    code: str,
    now: datetime,
    values: dict[str, object],
) -> None:
    with sessions.begin() as session:
        _step(session.get_one(Registration, id_), code, now, **values)


def _step(registration: Registration, code: str, now: datetime, **values: object) -> None:
    step = {"code": code, "values": values, "at": now.isoformat()}
    registration.steps = [*registration.steps, step][-50:]


def _fail(sessions: sessionmaker[Session], id_: int, reason: str, now: datetime) -> None:
    with sessions.begin() as session:
        registration = session.get_one(Registration, id_)
        registration.state, registration.claimed_until = "failed", None
        host_advice = preview.advice(registration.address, None)
        registration.found = {
            "reason": reason,
            "tried": [{"url": registration.address, "outcome": reason}],
            "advice": host_advice,
        }
        _step(registration, "failed", now, why=reason)


def _finish(
    sessions: sessionmaker[Session], id_: int, found: dict[str, Any], now: datetime
) -> None:
    with sessions.begin() as session:
        registration = session.get_one(Registration, id_)
        addresses = [feed["url"] for feed in found["feeds"]]
        registration.claimed_until = None
        if covers(session, found["home"], *addresses):
            # A redirect may lead to a site that left.
            registration.state, registration.found = "failed", {"reason": "left", "tried": []}
            _step(registration, "failed", now, why="left")
            return
        registration.found = found
        compare(session, registration)
        registration.state = "found" if found["feeds"] else "nothing"
        glances.complete(session, registration)
        _step(registration, "done", now)
