"""How long healthy sources wait when others are ill: a round over a farm with 20 % ill sources.

    python bench/faulty.py [--feeds 400]

One source in twenty never answers, one says 500, one sends what is no feed, and one is hostile:
a gzip bomb, a redirect loop, a body without end, or a drip. Both rounds visit the same healthy
sources for the first time. Prints when they had been read (p50, p95) beside a round of healthy
ones alone, with memory; ends with 1 when p95 is later than twice the healthy round's.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import quantiles

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import structlog  # noqa: E402
from crawl import farm_address, feed_body  # noqa: E402
from sqlalchemy import func, select  # noqa: E402

from aggregator.collect.crawl import crawl  # noqa: E402
from aggregator.settings import read_settings  # noqa: E402
from aggregator.store import database  # noqa: E402
from aggregator.store.tables import Crawl, Group, Source  # noqa: E402

PORT = 18437
LIMIT = 2.0
"""The healthy sources' p95 in the round with ill ones, in p95 of the round without."""
HOSTILE = ("bomb", "loop", "endless", "drip")


def illnesses(feeds: int) -> dict[str, str]:
    """The ill hosts of the farm and what ails each."""
    hostile = cycle(HOSTILE)
    kinds = {
        3: lambda: "silent",
        8: lambda: "500",
        13: lambda: "no feed",
        18: lambda: next(hostile),
    }
    return {farm_address(n): kinds[n % 20]() for n in range(feeds) if n % 20 in kinds}


async def serve(feeds: int) -> None:
    """The farm; says `ready` when it listens."""
    bodies = {farm_address(n): feed_body(n, 25) for n in range(feeds)}
    ill = illnesses(feeds)
    for host in (host for host, illness in ill.items() if illness == "bomb"):
        bodies[host] = gzip.compress(b"<rss>" + b" " * 60_000_000)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                if request.split(b" ", 2)[1] != b"/feed":
                    _say(writer, "404 Not Found")
                elif host in ill:
                    await _ail(writer, ill[host], bodies[host])
                else:
                    _say(writer, "200 OK", bodies[host])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    # Every address of 127.0.0.0/8 is asked, each as a host of its own.
    server = await asyncio.start_server(answer, "0.0.0.0", PORT, backlog=4096)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def _say(writer: asyncio.StreamWriter, status: str, body: bytes = b"", more: str = "") -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n{more}"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def _ail(writer: asyncio.StreamWriter, illness: str, body: bytes) -> None:
    if illness == "silent":
        await asyncio.sleep(3600)
    elif illness == "500":
        _say(writer, "500 Internal Server Error")
    elif illness == "no feed":
        _say(writer, "200 OK", b"<rss><channel><<<item>\x00" * 5000)
    elif illness == "bomb":
        _say(writer, "200 OK", body, "Content-Encoding: gzip\r\n")
    elif illness == "loop":
        _say(writer, "302 Found", more="Location: /feed\r\n")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<rss>")
        while True:
            writer.write(b"x" * (65536 if illness == "endless" else 1))
            await writer.drain()
            await asyncio.sleep(0 if illness == "endless" else 1)


def run_round(feeds: int, with_ill: bool) -> dict[str, float]:
    """A first round in an empty database: seconds until the healthy were read, and memory."""
    settings = read_settings(allow_private_networks=True, _env_file=None)
    ill = illnesses(feeds)
    with tempfile.TemporaryDirectory() as folder:
        engine = database.open_database(f"sqlite:///{folder}/bench.db")
        database.upgrade(engine)
        sessions = database.sessions(engine)
        now = datetime.now(UTC)
        with sessions.begin() as session:
            for n in range(feeds):
                host = farm_address(n)
                if host in ill and not with_ill:
                    continue
                group = Group(slug=f"g{n}", name=f"Groupe {n}", created_at=now, updated_at=now)
                slug = f"{'mal' if host in ill else 'bon'}{n}"
                address = f"http://{host}:{PORT}/feed"
                source = Source(slug=slug, group=group, url=address, created_at=now)
                source.next_crawl_at = now
                session.add(source)
        started, clock = datetime.now(UTC), time.perf_counter()
        asyncio.run(crawl(sessions, settings, lambda: datetime.now(UTC), all_=True, tagged=False))
        whole = time.perf_counter() - clock
        with sessions() as session:
            read = select(Crawl.at).join(Source).where(Source.slug.startswith("bon"))
            healthy = [(at - started).total_seconds() for at in session.scalars(read)]
            failed = session.scalar(select(func.count()).where(Crawl.outcome == "failed"))
        engine.dispose()
    parts = quantiles(healthy, n=20, method="inclusive")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "healthy": len(healthy),
        "failed": failed or 0,
        "p50 s": round(parts[9], 2),
        "p95 s": round(parts[18], 2),
        "round s": round(whole, 1),
        "MB": memory,
    }


def main() -> int:
    """Both rounds, each in a process of its own, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--feeds", type=int, default=400)
    parser.add_argument("--part", choices=("serve", "healthy", "ill"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if options.part == "serve":
        asyncio.run(serve(options.feeds))
        return 0
    if options.part:
        print(json.dumps(run_round(options.feeds, options.part == "ill")))
        return 0
    here = [sys.executable, __file__, "--feeds", str(options.feeds), "--part"]
    farm = subprocess.Popen([*here, "serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert farm.stdout is not None
        assert farm.stdout.readline().strip() == "ready"
        table = {}
        for part in ("healthy", "ill"):
            done = subprocess.run([*here, part], check=True, stdout=subprocess.PIPE, text=True)
            table[part] = json.loads(done.stdout.splitlines()[-1])
            print(f"{part:8} {table[part]}", flush=True)
    finally:
        farm.kill()
        farm.wait()
    ratio = table["ill"]["p95 s"] / table["healthy"]["p95 s"]
    kept = ratio <= LIMIT
    print(f"healthy sources at p95: {ratio:.2f}×, limit {LIMIT}× {'kept' if kept else 'NOT kept'}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
