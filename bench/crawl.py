"""First crawl and unchanged crawls of a farm of feeds on loopback, beside two peers.

    python bench/crawl.py [--feeds 2000] [--entries 25] [--no-reader] [--json FILE]

Each feed stands on an address of its own (127.x.y.z), so that politeness per host counts. In
the same run: the same bytes by bare aiohttp, and lemon24/reader from PyPI in an environment of
its own. Every measured run is a process of its own; printed are feeds a second, CPU seconds of
the client, peak memory, and ratios. Limits (DESIGN §7): first 34 s, unchanged 5 s, without
validators 7 s of CPU for 2,000 feeds; 200 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

PORT = 18431
LIMITS = {"first": 34.0, "unchanged": 5.0, "no validators": 7.0}
WORDS = re.findall(
    r"[\w-]+",
    """
la le les des une un dans pour avec sur par plus quartier association habitants mairie logement
réunion publique samedi atelier vélo rue collectif projet urbanisme budget participatif jardin
partagé école santé transports culture fête voisins solidarité métropole écologie concertation
enquête commune rénovation bénévoles inscription gratuite entrée libre rendez-vous place marché
conseil citoyen propositions espaces verts pollution bruit énergie climat jeunes parents
""",
)


def farm_address(number: int) -> str:
    """The address of one feed's host."""
    return f"127.{20 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def feed_body(number: int, entries: int) -> bytes:
    """A French feed of one group; RSS for two in three, Atom for the others."""
    dice = random.Random(number)
    now = datetime(2026, 11, 20, tzinfo=UTC)

    def sentence(least: int, most: int) -> str:
        words = dice.choices(WORDS, k=dice.randint(least, most))
        return " ".join(words).capitalize() + "."

    def html(entry: int) -> str:
        paragraphs = "".join(f"<p>{sentence(20, 50)}</p>" for _ in range(dice.randint(2, 4)))
        link = f'<a href="/lien/{entry}?utm_source=rss">En savoir plus</a>'
        return f'{paragraphs}<p><img src="/image/{entry}.jpg" alt="Photo"/>{link}</p>'

    host = f"groupe{number}.example"
    items = []
    for entry in range(entries):
        at = now - timedelta(hours=31 * entry + dice.randint(0, 30))
        title, url = sentence(5, 12), f"https://{host}/{at:%Y/%m}/article-{entry}/"
        if number % 3:
            items.append(
                f"<item><title>{title}</title><link>{url}</link><guid>{url}</guid>"
                f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
                f"<category>Actualités</category>"
                f"<description>{sentence(20, 40)}</description>"
                f"<content:encoded><![CDATA[{html(entry)}]]></content:encoded></item>"
            )
        else:
            content = html(entry).replace("&", "&amp;").replace("<", "&lt;")
            items.append(
                f'<entry><title>{title}</title><link href="{url}"/><id>{url}</id>'
                f"<updated>{at.isoformat()}</updated><summary>{sentence(20, 40)}</summary>"
                f'<content type="html">{content}</content></entry>'
            )
    name, body = f"Groupe {number}", "".join(items)
    head = '<?xml version="1.0" encoding="utf-8"?>'
    if number % 3:
        namespace = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        channel = f"<title>{name}</title><link>https://{host}/</link><description>d</description>"
        rss = f'<rss version="2.0" {namespace}><channel>{channel}{body}</channel></rss>'
        return f"{head}{rss}".encode()
    start = f"<title>{name}</title><id>https://{host}/</id><updated>{now.isoformat()}</updated>"
    return f'{head}<feed xmlns="http://www.w3.org/2005/Atom">{start}{body}</feed>'.encode()


async def serve(feeds: int, entries: int, validators: bool) -> None:
    """The farm: one bare socket server for all addresses; says `ready` when it listens."""
    bodies = {farm_address(n): feed_body(n, entries) for n in range(feeds)}
    etags = {host: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for host, body in bodies.items()}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split(b" ", 2)[1]
                tagged = f"ETag: {etags.get(host, '')}\r\n" if validators else ""
                if path != b"/feed":
                    head, body = "HTTP/1.1 404 Not Found\r\n", b""
                elif validators and etags[host].encode() in request:
                    head, body = f"HTTP/1.1 304 Not Modified\r\n{tagged}", b""
                else:
                    kind = "Content-Type: application/xml; charset=utf-8\r\n"
                    head, body = f"HTTP/1.1 200 OK\r\n{kind}{tagged}", bodies[host]
                writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "0.0.0.0", PORT, backlog=4096)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def report(feeds: int, started: float) -> None:
    """One line of JSON for the parent: seconds, CPU seconds, MB of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "cpu": round(used.ru_utime + used.ru_stime - START_CPU, 2),
                "mb": round(used.ru_maxrss / 1024),
                "feeds/s": round(feeds / seconds),
            }
        )
    )


START_CPU = 0.0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_ours(folder: Path, feeds: int, tagged: bool) -> None:
    """One round of this program over the farm; the first fills the database."""
    import logging

    import structlog

    from aggregator.collect.crawl import crawl
    from aggregator.settings import read_settings
    from aggregator.store import database
    from aggregator.store.tables import Group, GroupTag, Source

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    settings = read_settings(allow_private_networks=True, _env_file=None)
    engine = database.open_database(f"sqlite:///{folder}/bench.db")
    database.upgrade(engine)
    sessions = database.sessions(engine)
    now = datetime.now(UTC)
    with sessions.begin() as session:
        if session.get(Source, 1) is None:
            for n in range(feeds):
                tags = [GroupTag(dimension="topic", slug="urbanisme")]
                group = Group(slug=f"g{n}", name=f"Groupe {n}", created_at=now, updated_at=now)
                group.tags = tags
                session.add(
                    Source(
                        slug=f"s{n}",
                        group=group,
                        url=f"http://{farm_address(n)}:{PORT}/feed",
                        created_at=now,
                        next_crawl_at=now,
                    )
                )
    global START_CPU
    START_CPU, started = _cpu(), time.perf_counter()
    done = asyncio.run(
        crawl(sessions, settings, lambda: datetime.now(UTC), all_=True, tagged=tagged)
    )
    report(feeds, started)
    print(json.dumps(done.as_json()), file=sys.stderr)
    assert done.failed == 0, done


def run_bare(feeds: int, concurrency: int = 32) -> None:
    """The same bytes by aiohttp alone: the floor of this HTTP stack."""
    import aiohttp

    async def main() -> None:
        gate = asyncio.Semaphore(concurrency)

        async def get(session: aiohttp.ClientSession, url: str) -> None:
            async with gate, session.get(url) as answer:
                await answer.read()

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            urls = [f"http://{farm_address(n)}:{PORT}/feed" for n in range(feeds)]
            await asyncio.gather(*(get(session, url) for url in urls))

    global START_CPU
    START_CPU, started = _cpu(), time.perf_counter()
    asyncio.run(main())
    report(feeds, started)


READER = """
import json, resource, sys, time
from reader import make_reader
folder = sys.argv[1]
urls = open(folder + "/urls").read().split()
feeds = len(urls)
reader = make_reader(folder + "/reader.db")
for url in urls:
    reader.add_feed(url, exist_ok=True)
used = resource.getrusage(resource.RUSAGE_SELF); before = used.ru_utime + used.ru_stime
started = time.perf_counter()
for _ in reader.update_feeds_iter(workers=32, scheduled=False):
    pass
used = resource.getrusage(resource.RUSAGE_SELF); seconds = time.perf_counter() - started
cpu = used.ru_utime + used.ru_stime - before
print(json.dumps({"seconds": round(seconds, 2), "cpu": round(cpu, 2),
    "mb": round(used.ru_maxrss / 1024), "feeds/s": round(feeds / seconds)}))
"""


def peer_python(folder: Path) -> str | None:
    """An environment with lemon24/reader; None when it cannot be made."""
    kept = Path(tempfile.gettempdir()) / "filcommun-bench-reader"
    python = kept / "bin" / "python"
    if not python.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(kept)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", "reader", "sgmllib3k"]
            subprocess.run(install, check=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"reader is not measured: {error}", file=sys.stderr)
            return None
    return str(python)


def measured(*command: str) -> dict[str, float]:
    """The figures that a run printed as its last line."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


class Farm:
    """The farm in a process of its own."""

    def __init__(self, feeds: int, entries: int, *, validators: bool) -> None:
        self._command = [sys.executable, __file__, "--serve", str(feeds), str(entries)]
        self._command.append("yes" if validators else "no")

    def __enter__(self) -> Farm:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def compare(feeds: int, entries: int, with_reader: bool) -> dict[str, dict[str, dict[str, float]]]:
    """All runs, by client and kind."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    here = [sys.executable, __file__]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = peer_python(folder) if with_reader else None
        urls = [f"http://{farm_address(n)}:{PORT}/feed" for n in range(feeds)]
        (folder / "urls").write_text("\n".join(urls))

        def note(client: str, kind: str, *command: str) -> None:
            table.setdefault(client, {})[kind] = measured(*command)
            print(f"{client:22} {kind:14} {table[client][kind]}", flush=True)

        plain, tagged = folder / "plain", folder / "tagged"
        plain.mkdir()
        tagged.mkdir()
        ours = [*here, "--ours", str(plain), str(feeds), "no"]
        theirs = [peer or "", "-c", READER, name]
        with Farm(feeds, entries, validators=True):
            note("bare aiohttp", "first", *here, "--bare", str(feeds))
            for kind in ("first", "unchanged"):
                note("filcommun", kind, *ours)
                if peer:
                    note("reader", kind, *theirs)
        with Farm(feeds, entries, validators=False):
            note("filcommun", "no validators", *ours)
            if peer:
                note("reader", "no validators", *theirs)
        with Farm(feeds, entries, validators=True):
            # Last, since understanding 50,000 texts takes longer than all else together.
            for kind in ("first", "unchanged"):
                command = (*here, "--ours", str(tagged), str(feeds), "yes")
                note("filcommun, tagging", kind, *command)
    return table


def verdicts(table: dict[str, dict[str, dict[str, float]]], feeds: int) -> list[str]:
    """Ratios to the peers, and each limit with whether it is kept (scaled to the farm)."""
    lines = []
    for kind, figures in table["filcommun"].items():
        limit = LIMITS[kind] * feeds / 2000
        kept = "kept" if figures["cpu"] <= limit and figures["mb"] <= 200 else "NOT kept"
        line = f"{kind}: {figures['cpu']} s CPU, limit {limit:.1f} s and 200 MB {kept}"
        bare = table["bare aiohttp"]["first"]["cpu"]
        line += f"; {figures['cpu'] / bare:.1f}× bare aiohttp"
        if kind in table.get("reader", {}):
            line += f"; {figures['cpu'] / table['reader'][kind]['cpu']:.2f}× reader"
        lines.append(line)
    return lines


def main() -> None:
    """Parse the command line and run one part, or compare all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--entries", type=int, default=25)
    parser.add_argument("--no-reader", action="store_true")
    parser.add_argument("--json", type=Path)
    for part, values in (("--serve", 3), ("--ours", 3), ("--bare", 1)):
        parser.add_argument(part, nargs=values, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, os.getcwd())
    if options.serve:
        feeds, entries, validators = options.serve
        asyncio.run(serve(int(feeds), int(entries), validators == "yes"))
    elif options.ours:
        folder, feeds, tagged = options.ours
        run_ours(Path(folder), int(feeds), tagged == "yes")
    elif options.bare:
        run_bare(int(options.bare[0]))
    else:
        table = compare(options.feeds, options.entries, not options.no_reader)
        print(*verdicts(table, options.feeds), sep="\n")
        if options.json:
            options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
