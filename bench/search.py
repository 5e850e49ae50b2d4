"""Speed of search over a deterministic French collection, side by side with two peers.

    python bench/search.py                     20,000 entries, alone
    python bench/search.py --size 100000 --beside-writer
    python bench/search.py --engines tantivy --size 500000

Prints per engine: build rate, size, memory, and milliseconds per query (p50, p95, p99) for each
kind of the query mix; every query is a page of 20 with excerpts and exact counts over topic,
source and area. `--beside-writer` adds four reading processes beside one that commits every three
seconds. Ends with 1 when a target of DESIGN §6 is missed at its size.
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
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from _search_collection import Asked, Collection, percentile  # noqa: E402
from _search_peers import Fts5, Ours, Postgresql, keep_texts, postgresql_server  # noqa: E402

TARGETS = {("whoosh", "alone"): 100, ("whoosh", "beside"): 400} | {
    ("tantivy", "alone"): 20,
    ("tantivy", "beside"): 30,
}
"""Milliseconds at p95, at 100,000 entries."""
SECONDS_BESIDE = 20
READERS = 4


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


def _peers(names: str, folder: Path, address: str | None) -> list[Ours | Fts5 | Postgresql]:
    peers: list[Ours | Fts5 | Postgresql] = []
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
    peer: Ours | Fts5 | Postgresql,
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
    if options.beside_writer:
        missed += _beside(peer, collection, queries)
    return missed


def _build(peer: Ours | Fts5 | Postgresql, collection: Collection, built: object) -> None:
    entries = list(collection)
    start = time.perf_counter()
    peer.build(entries)
    built.put((len(entries) / (time.perf_counter() - start), peer.size()))


def _alone(peer: Ours | Fts5 | Postgresql, queries: list[Asked], answers: object) -> None:
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


def _judge(name: str, how: str, times: list[float], size: int) -> int:
    limit = TARGETS.get((name, how))
    if limit is None:
        return 0
    reached = percentile(times, 0.95)
    verdict = "reached" if reached <= limit else "MISSED"
    print(f"  target p95 {limit} ms {how} at 100,000: {verdict} ({reached:.1f} ms at {size:,})")
    return int(size == 100_000 and reached > limit)


def _beside(peer: Ours | Fts5 | Postgresql, collection: Collection, queries: list[Asked]) -> int:
    """Four readers and a writer that commits twenty new entries every three seconds."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[tuple[str, list[float]]] = context.Queue()
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
    commits = [value for role, values in gathered if role == "writer" for value in values]
    times = [value for role, values in gathered if role == "reader" for value in values]
    per_minute = len(times) / READERS * 60 / SECONDS_BESIDE
    print(
        f"  beside a writer, {READERS} readers: {per_minute:,.0f} queries/min each, "
        f"p50 {percentile(times, 0.5):.1f} p95 {percentile(times, 0.95):.1f} "
        f"worst {max(times):.0f} ms; {len(commits)} commits, worst {max(commits):.0f} ms"
    )
    return _judge(peer.name, "beside", times, collection.size)


def _writer(
    peer: Ours | Fts5 | Postgresql, collection: Collection, ready: object, answers: object
) -> None:
    peer.open()
    ready.wait()
    end = time.monotonic() + SECONDS_BESIDE
    times = []
    number = collection.size + 1
    while time.monotonic() < end:
        entries = list(collection.entries(range(number, number + 20)))
        number += 20
        start = time.perf_counter()
        peer.write(entries)
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(3)
    answers.put(("writer", times))


def _reader(
    peer: Ours | Fts5 | Postgresql,
    queries: list[Asked],
    number: int,
    ready: object,
    answers: object,
) -> None:
    peer.open()
    peer.ask(Asked("everything"))  # a portal has answered before
    ready.wait()
    end = time.monotonic() + SECONDS_BESIDE
    chance = random.Random(number)
    times = []
    while time.monotonic() < end:
        asked = chance.choice(queries)
        start = time.perf_counter()
        peer.ask(asked)
        times.append((time.perf_counter() - start) * 1000)
    answers.put(("reader", times))


if __name__ == "__main__":
    raise SystemExit(main())
