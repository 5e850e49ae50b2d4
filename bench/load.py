"""How much one small machine bears: readers at rising rates while it crawls and writes letters.

    python bench/load.py                             20,000 entries, about three minutes
    python bench/load.py --size 100000 --soak 30     and half an hour at half the best rate

A worker crawls the demo village, indexes with Tantivy and writes 300 digests anew for each rate
while a mix of readers, each from an address of its own, asks the portal (two processes): pages,
searches, feeds with If-None-Match, the API, and registrations that the worker looks into. Each rate
is held for some seconds, open loop: an answer is as late as it is after the moment it was due.
Prints p50, p95 and errors for each rate, the highest that keeps p95 under 200 ms without error, the
memory and open files of portal and worker, and the ratio to the same procedure over static answers
in the same run; before all that, how long the portal itself needs for a feed that the reader has.
The load comes from the same two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

import aiohttp  # noqa: E402
from _portal import filled, path  # noqa: E402
from sqlalchemy import update  # noqa: E402
from werkzeug.test import Client  # noqa: E402

from aggregator.demo import village  # noqa: E402
from aggregator.demo.mailbox import Mailbox  # noqa: E402
from aggregator.parts import Parts  # noqa: E402
from aggregator.registry import inventory  # noqa: E402
from aggregator.store.tables import Source, Subscriber, Subscription  # noqa: E402
from web.application import create_app  # noqa: E402

ROOT = Path(__file__).parents[1]
LIMIT = 0.2
"""Seconds at p95."""
RATES = (5, 10, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1280)
MIX = (
    (20, "accueil"),
    (15, "trois filtres"),
    (15, "nouvelle"),
    (10, "groupe"),
    (15, "recherche"),
    (15, "flux"),
    (8, "api"),
    (2, "inscrire"),
)
DIGESTS = 300


@dataclass(frozen=True)
class Load:
    """Whom the readers ask, and what else goes on."""

    port: int
    parts: Parts | None = None
    """Of the portal; None for static answers."""
    site: str = ""
    """An address that nobody has registered yet."""

    def write_digests(self) -> None:
        """Make every digest due again."""
        if self.parts is None:
            return
        now = datetime.now(UTC)
        with self.parts.sessions.begin() as session:
            session.execute(
                update(Subscription).values(
                    next_digest_at=now, covered_until=now - timedelta(days=1)
                )
            )


@dataclass
class Held:
    """What one rate gave."""

    rate: float
    late: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    """What went wrong, such as `404 nouvelle`."""
    unchanged: list[float] = field(default_factory=list)
    registered: int = 0

    def percentile(self, percent: int) -> float:
        """Seconds; infinite when nothing was answered."""
        ordered = sorted(self.late)
        return ordered[len(ordered) * percent // 100] if ordered else float("inf")

    @property
    def errors(self) -> int:
        """How many requests were not answered as they should."""
        return self.faults.total()

    @property
    def is_good(self) -> bool:
        """Whether the rate was borne."""
        return self.errors == 0 and self.percentile(95) <= LIMIT


def main() -> None:
    """Fill, start, press, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=20_000, help="entries")
    parser.add_argument("--seconds", type=float, default=8, help="each rate is held")
    parser.add_argument("--soak", type=float, default=0, help="minutes, after the rising rates")
    parser.add_argument(
        "--soak-rate", type=float, help="readers/s; half the best rate if not given"
    )
    parser.add_argument("--keep", type=Path, help="a folder to fill once and use again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="filcommun-load-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with village.start(rhythm=1.0) as served, Mailbox() as mailbox:
            port = _free_port()
            _set(folder, mailbox.smtp_url, port)
            parts = filled(folder, options.size, "tantivy")
            _give_work(parts, served.sources_yaml())
            print(f"a feed the reader has: {_unchanged(parts) * 1000:.2f} ms in the portal")
            load = Load(port, parts, served.candidate())
            with _portal("web.wsgi:app", port) as portal, _worker() as worker:
                best = _rising(load, options.seconds, lambda: _memory(portal, worker))
                if options.soak:
                    rate = options.soak_rate or best / 2
                    _soak(load, rate, options.soak, lambda: _memory(portal, worker))
            print(f"letters sent meanwhile: {len(mailbox.mails)}")
            parts.engine.close()
        with _still() as application, _portal(application, port):
            still = _rising(Load(port), options.seconds / 2, lambda: "")
    print(f"highest rate {best:.0f}/s · static answers {still:.0f}/s · ratio {best / still:.2f}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _set(folder: Path, smtp_url: str, port: int) -> None:
    os.environ |= {
        "FILCOMMUN_BASE_URL": f"http://127.0.0.1:{port}",
        "FILCOMMUN_TRUSTED_PROXIES": "1",
        "FILCOMMUN_DATABASE_URL": f"sqlite:///{folder}/bench.db",
        "FILCOMMUN_INDEX_URL": f"tantivy:{folder}/tantivy",
        "FILCOMMUN_MEDIA_FOLDER": str(folder / "media"),
        "FILCOMMUN_SECRET_KEY": "b" * 40,
        "FILCOMMUN_ALLOW_PRIVATE_NETWORKS": "true",
        "FILCOMMUN_SHORTEST_INTERVAL": "1",
        "FILCOMMUN_SMTP_URL": smtp_url,
        "FILCOMMUN_MAIL_PER_MINUTE": "10000",
        "FILCOMMUN_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }


def _give_work(parts: Parts, village_inventory: str) -> None:
    """The village to crawl, none of the invented groups, and digests that are due."""
    now = datetime.now(UTC)
    with parts.sessions.begin() as session:
        session.execute(update(Source).values(paused_at=now))
        inventory.sync(session, inventory.read(village_inventory), now)
        if session.get(Subscriber, 1) is None:
            session.add_all(_subscriber(number, now) for number in range(DIGESTS))


def _subscriber(number: int, now: datetime) -> Subscriber:
    themes = ("logement", "transports", "culture", "environnement", "urbanisme", "alimentation")
    subscription = Subscription(
        view=f"theme={themes[number % len(themes)]}",
        rhythm="daily",
        created_at=now,
        confirmed_at=now,
        next_digest_at=now,
        covered_until=now - timedelta(days=1),
    )
    return Subscriber(
        address=f"abonnee{number}@fil{number % 50}.example",
        address_key=f"abonnee{number}@fil{number % 50}.example",
        nonce=f"{number:032x}",
        created_at=now,
        confirmed_at=now,
        subscriptions=[subscription],
    )


def _unchanged(parts: Parts) -> float:
    """Seconds that the whole application needs for a 304 from a copy, no socket between."""
    client = Client(create_app(parts))
    tag = client.get("/fil.atom?theme=logement").headers["ETag"]
    took = []
    for _ in range(1000):
        begun = time.perf_counter()
        answer = client.get("/fil.atom?theme=logement", headers={"If-None-Match": tag})
        took.append(time.perf_counter() - begun)
        assert answer.status_code == 304
    return statistics.median(took)


@contextmanager
def _portal(application: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gunicorn", application, "-w", "2", "--threads", "4"]
    folder, _, name = application.rpartition("/")
    if folder:
        command[3] = name
        command += ["--chdir", folder]
    started = subprocess.Popen([*command, "-b", f"127.0.0.1:{port}", "--log-level", "error"])
    try:
        asyncio.run(_answering(port))
        yield started
    finally:
        started.terminate()
        started.wait(20)


@contextmanager
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-m", "aggregator.cli", "work"])
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(30)


@contextmanager
def _still() -> Iterator[str]:
    """A program that answers every address with the same 8 kB."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "still.py").write_text(
            "BODY = b'.' * 8000\n"
            "def app(environ, start):\n"
            "    start('200 OK', [('Content-Length', str(len(BODY)))])\n"
            "    return [BODY]\n"
        )
        yield f"{folder}/still:app"


async def _answering(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            try:
                async with session.get(f"http://127.0.0.1:{port}/") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise SystemExit("the portal did not start")


def _rising(load: Load, seconds: float, memory: Callable[[], str]) -> float:
    """The highest rate that was borne; prints a line for each that was tried."""
    print(f"{'rate/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'errors':>8}{'304 ms':>8}  memory")
    best, missed = 0.0, 0
    asyncio.run(_hold(load, RATES[0], seconds))  # a portal that has served warms up once
    for rate in RATES:
        load.write_digests()
        held = asyncio.run(_hold(load, rate, seconds))
        unchanged = sorted(held.unchanged)
        middle = f"{unchanged[len(unchanged) // 2] * 1000:.1f}" if unchanged else "–"
        print(
            f"{rate:8}{held.percentile(50) * 1000:9.1f}{held.percentile(95) * 1000:9.1f}"
            f"{held.errors:8}{middle:>8}  {memory()}",
            flush=True,
        )
        for fault, times in held.faults.most_common(3):
            print(f"{'':8}{times} × {fault}")
        best, missed = (rate, 0) if held.is_good else (best, missed + 1)
        if missed == 2:
            break
    return best


def _soak(load: Load, rate: float, minutes: float, memory: Callable[[], str]) -> None:
    print(f"soak: {minutes:.0f} minutes at {rate:.0f}/s, digests anew each five")
    for minute in range(round(minutes)):
        if minute % 5 == 0:
            load.write_digests()
        held = asyncio.run(_hold(load, rate, 60))
        print(
            f"  minute {minute + 1:2}: p95 {held.percentile(95) * 1000:.0f} ms, "
            f"{held.errors} errors, {held.registered} registered, {memory()}, "
            f"machine's load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


async def _hold(load: Load, rate: float, seconds: float) -> Held:
    held, chance, tags = Held(rate), random.Random(rate), dict[str, str]()
    connector = aiohttp.TCPConnector(limit=200)
    timeout = aiohttp.ClientTimeout(total=20)
    jar = aiohttp.DummyCookieJar()
    root = f"http://127.0.0.1:{load.port}"
    async with aiohttp.ClientSession(
        root, connector=connector, timeout=timeout, cookie_jar=jar
    ) as session:
        begun = time.monotonic()
        asked = []
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            kind = chance.choices([kind for _, kind in MIX], [weight for weight, _ in MIX])[0]
            address = _address(kind, chance)
            reader = {
                "X-Forwarded-For": f"10.{'.'.join(str(chance.randrange(256)) for _ in '123')}"
            }
            if kind == "inscrire" and load.site:
                exchange = _register(session, load.site, reader, due, held)
            else:
                exchange = _ask(session, address, reader, due, held, tags)
            asked.append(asyncio.create_task(exchange))
        await asyncio.gather(*asked)
    return held


async def _ask(
    session: aiohttp.ClientSession,
    address: str,
    reader: dict[str, str],
    due: float,
    held: Held,
    tags: dict[str, str],
) -> None:
    headers = {"Accept-Encoding": "gzip", **reader}
    if address in tags:
        headers["If-None-Match"] = tags[address]
    try:
        async with session.get(address, headers=headers) as answer:
            await answer.read()
            late = time.monotonic() - due
            held.late.append(late)
            if answer.status == 304:
                held.unchanged.append(late)
            elif answer.status != 200:
                held.faults[f"{answer.status} {address.split('?')[0]}"] += 1
            elif ".atom" in address and "ETag" in answer.headers:
                tags[address] = answer.headers["ETag"]
    except (aiohttp.ClientError, TimeoutError) as error:
        held.faults[type(error).__name__] += 1


async def _register(
    session: aiohttp.ClientSession, site: str, reader: dict[str, str], due: float, held: Held
) -> None:
    """Open the form, read it, paste an address: two exchanges, both timed."""
    try:
        async with session.get("/inscrire", headers=reader) as form:
            page = await form.text()
            held.late.append(time.monotonic() - due)
        fields = dict(re.findall(r'name="(csrf_token|ouvert)" value="([^"]+)"', page))
        cookie = "; ".join(f"{morsel.key}={morsel.value}" for morsel in form.cookies.values())
        await asyncio.sleep(2.5)  # who fills the form in faster is taken for a program
        begun = time.monotonic()
        posted = session.post(
            "/inscrire",
            data={**fields, "adresse": site},
            headers={**reader, "Cookie": cookie},
            allow_redirects=False,
        )
        async with posted as answer:
            held.late.append(time.monotonic() - begun)
            held.registered += answer.status == 303
            if answer.status != 303:
                held.faults[f"{answer.status} POST /inscrire"] += 1
    except (aiohttp.ClientError, TimeoutError) as error:
        held.faults[type(error).__name__] += 1


def _address(kind: str, chance: random.Random) -> str:
    if kind == "inscrire":
        return "/inscrire"
    if kind == "api":
        return f"/api/v1/entries?theme={chance.choice(('logement', 'culture', 'transports'))}"
    return path(kind, chance)


def _memory(*processes: subprocess.Popen[bytes]) -> str:
    """Resident memory and open files of processes and their children, in words."""
    said = []
    for name, process in zip(("portal", "worker"), processes, strict=True):
        family = [process.pid, *_children(process.pid)]
        megabytes = sum(_resident(pid) for pid in family) / 1e6
        files = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in family)
        said.append(f"{name} {megabytes:.0f} MB, {files} files")
    return " · ".join(said)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
