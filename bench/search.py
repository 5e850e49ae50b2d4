"""Speed of search over a deterministic French collection, side by side with two peers.

    python bench/search.py                     20,000 entries, alone
    python bench/search.py --size 100000 --beside-writer
    python bench/search.py --engines tantivy --size 500000

Prints per engine: build rate, size, memory, and milliseconds per query (p50, p95, p99) for each
kind of the query mix; every query is a page of 20 with excerpts and exact counts over topic,
source and area. `--beside-writer` adds four reading processes beside one that commits every three
seconds, and tells how soon readers see a commit. Ends with 1 when a target of DESIGN §6 is missed
at its size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from _search_beside import beside  # noqa: E402
from _search_collection import Asked, Collection, percentile  # noqa: E402
from _search_peers import (  # noqa: E402
    Fts5,
    Ours,
    Peer,
    Postgresql,
    keep_texts,
    postgresql_server,
)

TARGETS = {("whoosh", "alone"): 100, ("whoosh", "beside"): 400} | {
    ("tantivy", "alone"): 20,
    ("tantivy", "beside"): 30,
}
"""Milliseconds at p95, at 100,000 entries."""


def main() -> int:
    """Runs all that was asked for; the exit status."""
    options = _options()
    collection = Collection(options.size)
    queries = collection.queries()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="filcommun-bench-") as name:
        folder = Path(name)
        keep_texts(folder, collection)
        with postgresql_server() as address:
            for peer in _peers(options.engines, folder, address):
                failures += _measure(peer, collection, queries, options)
    return min(failures, 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=20_000, help="entries in the collection")
    parser.add_argument("--beside-writer", action="store_true", help="also beside a writer")
    parser.add_argument(
        "--engines",
        default="whoosh,tantivy,fts5,postgresql",
        help="which, by commas: whoosh, tantivy, fts5, postgresql",
    )
    return parser.parse_args()


def _peers(names: str, folder: Path, address: str | None) -> list[Peer]:
    peers: list[Peer] = []
    for name in names.split(","):
        if name == "fts5":
            peers.append(Fts5(folder))
        elif name == "postgresql":
            if address:
                peers.append(Postgresql(address))
            else:
                print("postgresql: not installed, not measured")
        else:
            peers.append(Ours(name, folder))
    return peers


def _measure(
    peer: Peer,
    collection: Collection,
    queries: list[Asked],
    options: argparse.Namespace,
) -> int:
    """Prints one engine's table; how many targets it missed."""
    # In a process of its own, so that memory is its own.
    context = multiprocessing.get_context("fork")
    built: multiprocessing.Queue[tuple[float, int]] = context.Queue()
    builder = context.Process(target=_build, args=(peer, collection, built))
    builder.start()
    rate, size = built.get()
    builder.join()
    load = os.getloadavg()[0]
    print(f"\n(load {load:.1f} on {os.cpu_count()} cores)")
    print(f"{peer.name}: {collection.size:,} entries, {rate:,.0f} built/s, {size / 1e6:,.0f} MB")
    answers: multiprocessing.Queue[object] = context.Queue()
    reader = context.Process(target=_alone, args=(peer, queries, answers))
    reader.start()
    times, memory = answers.get()
    reader.join()
    _table(times)
    print(f"  memory of the reading process, shared pages apart: {memory} MB")
    every = [clock for values in times.values() for clock, _ in values]
    missed = _judge(peer.name, "alone", every, collection.size)
    if isinstance(peer, Ours):
        saved = context.Process(target=_saved, args=(peer, collection, queries))
        saved.start()
        saved.join()
    if options.beside_writer:
        happened = beside(peer, collection, queries)
        print(happened)
        missed += _judge(peer.name, "beside", happened.times, collection.size)
    return missed


def _build(peer: Peer, collection: Collection, built: object) -> None:
    entries = list(collection)
    start = time.perf_counter()
    peer.build(entries)
    built.put((len(entries) / (time.perf_counter() - start), peer.size()))


def _alone(peer: Peer, queries: list[Asked], answers: object) -> None:
    before = _own_memory()
    peer.open()
    peer.ask(Asked("everything"))  # a portal has answered before
    times: dict[str, list[tuple[float, float]]] = {}
    shuffled = random.Random("order").sample(queries, len(queries))
    for asked in shuffled:
        start, busy = time.perf_counter(), time.process_time()
        peer.ask(asked)
        spent = (time.perf_counter() - start) * 1000, (time.process_time() - busy) * 1000
        times.setdefault(asked.kind, []).append(spent)
    answers.put((times, (_own_memory() - before) // 1024))


def _own_memory() -> int:
    """Kilobytes that only this process has: not the pages of files that all readers share."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = (line.split() for line in rollup.read_text().splitlines())
    return next(int(line[1]) for line in lines if line[0] == "Anonymous:")


def _table(times: dict[str, list[tuple[float, float]]]) -> None:
    """Time on the clock, and of this process alone: a busy machine slows only the first."""
    print(f"  {'kind':<12} {'queries':>7} {'p50':>8} {'p95':>8} {'p99':>8} {'CPU p95':>8}   ms")
    every = {"all": [value for values in times.values() for value in values]}
    for kind, values in {**dict(sorted(times.items())), **every}.items():
        clock, busy = zip(*values, strict=True)
        figures = "".join(f" {percentile(clock, share):8.1f}" for share in (0.5, 0.95, 0.99))
        print(f"  {kind:<12} {len(values):>7}{figures} {percentile(busy, 0.95):8.1f}")


def _judge(name: str, how: str, times: Sequence[float], size: int) -> int:
    limit = TARGETS.get((name, how))
    if limit is None:
        return 0
    reached = percentile(times, 0.95)
    verdict = "reached" if reached <= limit else "MISSED"
    print(f"  target p95 {limit} ms {how} at 100,000: {verdict} ({reached:.1f} ms at {size:,})")
    return int(size == 100_000 and reached > limit)


def _saved(peer: Ours, collection: Collection, asked: list[Asked]) -> None:
    """Prints how long a thousand saved searches take over a hundred new entries."""
    peer.open()
    saved = dict(enumerate((asked * 5)[:1000]))
    spent = []
    for _ in range(5):
        start, busy = time.perf_counter(), time.process_time()
        peer.matching(saved, range(collection.size - 99, collection.size + 1))
        clock, cpu = time.perf_counter() - start, time.process_time() - busy
        spent.append((clock * 1000, cpu * 1000))
    clock, cpu = min(spent)
    print(f"  {len(saved):,} saved searches on 100 entries: {clock:,.0f} ms, CPU {cpu:,.0f}")


if __name__ == "__main__":
    raise SystemExit(main())
