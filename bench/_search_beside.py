"""Four readers beside one writer: how quick they stay, and how soon they see what is written.

Imported by `bench/search.py`; knows no engine.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from _search_collection import Asked, Collection, percentile
from _search_peers import Peer

SECONDS = 20
READERS = 4
PAUSE = 3
"""Seconds between commits."""
BATCH = 20
"""Entries of one commit."""

Moments = list[tuple[int, float]]
"""How many entries there were, and since when, by the clock that all processes share."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What happened meanwhile; milliseconds."""

    times: Sequence[float]
    """Of each query of each reader."""
    commits: Sequence[float]
    sights: Sequence[float]
    """From the end of each commit until a reader's next answer counts it."""

    def __str__(self) -> str:
        """Two lines of the bench's table."""
        per_minute = len(self.times) / READERS * 60 / SECONDS
        return (
            f"  beside a writer, {READERS} readers: {per_minute:,.0f} queries/min each, "
            f"p50 {percentile(self.times, 0.5):.1f} p95 {percentile(self.times, 0.95):.1f} "
            f"worst {max(self.times):.0f} ms\n"
            f"  {len(self.commits)} commits, worst {max(self.commits):.0f} ms; from a commit "
            f"until readers see it: p50 {percentile(self.sights, 0.5):.0f} "
            f"worst {max(self.sights):.0f} ms (limit 2,000)"
        )


def beside(peer: Peer, collection: Collection, queries: list[Asked]) -> Beside:
    """Runs all five processes until the time is over."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[tuple[str, list[float], Moments]] = context.Queue()
    ready = context.Barrier(READERS + 1)
    processes = [context.Process(target=_writer, args=(peer, collection, ready, answers))]
    for number in range(READERS):
        reader = (peer, queries, number, ready, answers)
        processes.append(context.Process(target=_reader, args=reader))
    for process in processes:
        process.start()
    gathered = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    by_role = {
        role: [(times, moments) for name, times, moments in gathered if name == role]
        for role in ("writer", "reader")
    }
    ((commits, written),) = by_role["writer"]
    return Beside(
        times=[value for times, _ in by_role["reader"] for value in times],
        commits=commits,
        sights=[delay for _, seen in by_role["reader"] for delay in _delays(written, seen)],
    )


def _delays(written: Moments, seen: Moments) -> list[float]:
    """For each commit that a reader lived to see, how long it took, in milliseconds."""
    return [
        max(0.0, next(at for held, at in seen if held >= count) - since) * 1000
        for count, since in written
        if seen and seen[-1][0] >= count
    ]


def _writer(peer: Peer, collection: Collection, ready: object, answers: object) -> None:
    peer.open()
    ready.wait()
    end = time.monotonic() + SECONDS
    times, moments = [], []
    number = collection.size + 1
    while time.monotonic() < end:
        entries = list(collection.entries(range(number, number + BATCH)))
        number += BATCH
        start = time.perf_counter()
        peer.write(entries)
        times.append((time.perf_counter() - start) * 1000)
        moments.append((number - 1, time.monotonic()))
        time.sleep(PAUSE)
    answers.put(("writer", times, moments))


def _reader(peer: Peer, queries: list[Asked], number: int, ready: object, answers: object) -> None:
    peer.open()
    peer.ask(Asked("everything"))  # a portal has answered before
    ready.wait()
    end = time.monotonic() + SECONDS
    chance = random.Random(number)
    times, moments = [], [(peer.held(), time.monotonic())]
    while time.monotonic() < end:
        asked = chance.choice(queries)
        start = time.perf_counter()
        peer.ask(asked)
        times.append((time.perf_counter() - start) * 1000)
        held = peer.held()
        if held > moments[-1][0]:
            moments.append((held, time.monotonic()))
    answers.put(("reader", times, moments))
