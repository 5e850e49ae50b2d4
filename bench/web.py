"""Speed of the portal: server time per page, and requests per second beside a static answer.

    python bench/web.py                                20,000 entries of 1,000 groups, Whoosh
    python bench/web.py --size 100000 --index tantivy

Fills a database and an index in a temporary folder (or in `--keep FOLDER`, to measure again), asks
each kind of page many times with other filters each time, prints p50 and p95 of the server's time,
its mean processor time (what is left of it on a machine that does nothing else) and the bytes that
travel; then has gunicorn serve the front page and, in the same run, the same
bytes from a program that does nothing, and prints both rates and their ratio. Ends with 1 when a
page's p95 is over the limit of 50 ms.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from _portal import filled, path  # noqa: E402

from aggregator.parts import Parts  # noqa: E402
from web import create_app  # noqa: E402

LIMIT = 50.0
"""Milliseconds at p95."""
MEASURED = ("accueil", "trois filtres", "recherche", "nouvelle", "groupe", "territoire", "flux")


def main() -> int:
    """Fill, measure, compare; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=20_000, help="entries")
    parser.add_argument("--index", default="whoosh", choices=("whoosh", "tantivy"))
    parser.add_argument("--keep", type=Path, help="a folder to fill once and measure again")
    parser.add_argument("--times", type=int, default=120, help="requests of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="filcommun-bench-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["FILCOMMUN_DATABASE_URL"] = f"sqlite:///{folder}/bench.db"
        os.environ["FILCOMMUN_INDEX_URL"] = f"{options.index}:{folder}/{options.index}"
        os.environ["FILCOMMUN_SECRET_KEY"] = "b" * 40
        parts = filled(folder, options.size, options.index)
        slow = _pages(parts, options.times)
        _rates(parts)
    return 1 if slow else 0


def _pages(parts: Parts, times: int) -> list[str]:
    """Print the time of each kind of page; the kinds over the limit."""
    app = create_app(parts)
    client = app.test_client()
    chance = random.Random(7)
    slow = []
    print(f"{'page':16}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'gzip kB':>9}")
    for kind in MEASURED:
        spent, travelled, cpu = [], 0, 0.0
        for number in range(times + 5):
            address = path(kind, chance)
            begun, busy = time.perf_counter(), time.thread_time()
            answer = client.get(address, headers={"Accept-Encoding": "gzip"})
            took = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200, (address, answer.status_code)
            if number >= 5:  # the first ones warm caches that a portal keeps warm
                spent.append(took)
                cpu += (time.thread_time() - busy) * 1000 / times
                travelled = max(travelled, len(answer.data))
        spent.sort()
        p95 = spent[len(spent) * 95 // 100]
        print(f"{kind:16}{spent[len(spent) // 2]:9.1f}{p95:9.1f}{cpu:9.1f}{travelled / 1000:9.1f}")
        if p95 > LIMIT:
            slow.append(kind)
    print(f"limit {LIMIT:.0f} ms at p95: " + (f"missed by {', '.join(slow)}" if slow else "kept"))
    return slow


def _rates(parts: Parts) -> None:
    """Requests per second of the front page, and of the same bytes from a program doing nothing."""
    page = create_app(parts).test_client().get("/", headers={"Accept-Encoding": "gzip"}).data
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page").write_bytes(page)
        (Path(folder) / "still.py").write_text(
            "from pathlib import Path\n"
            "BODY = (Path(__file__).parent / 'page').read_bytes()\n"
            "def app(environ, start):\n"
            "    start('200 OK', [('Content-Length', str(len(BODY)))])\n"
            "    return [BODY]\n"
        )
        with _served("still:app", folder) as port:
            still = _rate(port)
    with _served("web.wsgi:app", str(Path(__file__).parents[1])) as port:
        ours = _rate(port)
    print(f"front page {ours:.0f}/s · the same {len(page):,} bytes from nothing {still:.0f}/s · "
          f"ratio {ours / still:.3f}")  # fmt: skip


@contextmanager
def _served(application: str, folder: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4",
               "-b", f"127.0.0.1:{port}", "--chdir", folder, "--log-level", "error",
               application]  # fmt: skip
    server = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": folder})
    try:
        _warm(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _warm(port: int) -> None:
    """Wait until both workers have answered: they listen before they have loaded."""
    answered, until = 0, time.perf_counter() + 60
    while answered < 12 and time.perf_counter() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            answered += 1
        except OSError:
            time.sleep(0.2)


def _rate(port: int, *, clients: int = 4, seconds: float = 5.0) -> float:
    """Answers per second to a few clients that ask one after the other."""
    until = time.perf_counter() + seconds
    counts = [0] * clients

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < until:
            try:
                connection.request("GET", "/", headers={"Accept-Encoding": "gzip"})
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                connection.close()  # the server ends connections that it kept for long
                continue
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    sys.exit(main())
