"""What is measured, each behind the same verbs: build, ask, write a few more, tell how many it has.

Our engines as the portal uses them; SQLite FTS5 set up as lemon24/reader does; PostgreSQL set up
as Miniflux does, with French configured on the server.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from _search_collection import NEWEST, Asked

from aggregator.search.engine import IndexedEntry
from aggregator.search.engines import open_engine
from aggregator.search.highlight import excerpt
from aggregator.search.parser import parse
from aggregator.search.query import Between, Query, Tag, both

FACETS = ("topic", "source", "area")
PAGE = 20


class Ours:
    """One of our engines; texts for the excerpts come from a SQLite table, as in the portal."""

    def __init__(self, scheme: str, folder: Path) -> None:
        self.name = scheme
        self.folder = folder / scheme
        self.texts = folder / "texts.db"
        self._engine = None

    def open(self) -> None:
        self._engine = open_engine(f"{self.name}:{self.folder}")
        self._texts = sqlite3.connect(self.texts)

    def build(self, entries: Iterable[IndexedEntry]) -> None:
        self.open()
        # As `filcommun reindex` does.
        for some in batched_entries(entries, 20_000):
            self._engine.add(some)
            self._engine.commit()

    def write(self, entries: Iterable[IndexedEntry]) -> None:
        self._engine.add(entries)
        self._engine.commit()

    def ask(self, asked: Asked) -> int:
        query = understood(asked)
        results = self._engine.search(query, limit=PAGE, facets=FACETS)
        marks = ",".join("?" * len(results.ids))
        rows = self._texts.execute(f"SELECT text FROM entries WHERE id IN ({marks})", results.ids)
        for (text,) in rows.fetchall():
            excerpt(text, query, limit=240)
        return results.total

    def held(self) -> int:
        return self._engine.count()

    def matching(self, saved: Mapping[int, Asked], among: Sequence[int]) -> None:
        queries = {number: understood(asked) for number, asked in saved.items()}
        self._engine.matching(queries, among)

    def size(self) -> int:
        return folder_size(self.folder)


def understood(asked: Asked) -> Query:
    """A query of the mix as ours."""
    return both(
        parse(asked.words, now=NEWEST).query,
        Tag("topic", (asked.topic,)) if asked.topic else both(),
        Tag("area", (asked.area,)) if asked.area else both(),
        Between(asked.since, asked.until) if asked.since else both(),
    )


def keep_texts(folder: Path, entries: Iterable[IndexedEntry]) -> None:
    """The table that our engines' excerpts are made from."""
    with sqlite3.connect(folder / "texts.db") as texts:
        texts.execute("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, text)")
        texts.executemany(
            "INSERT OR REPLACE INTO entries VALUES (?, ?)", ((e.id, e.text) for e in entries)
        )


class Fts5:
    """SQLite FTS5: porter over unicode61 without diacritics, as lemon24/reader has it."""

    name = "sqlite fts5"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "fts5.db"

    def open(self) -> None:
        self._db = sqlite3.connect(self.file, timeout=60)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")

    def build(self, entries: Iterable[IndexedEntry]) -> None:
        self.open()
        self._db.executescript(
            """
            CREATE TABLE entries (id INTEGER PRIMARY KEY, published INTEGER, source INTEGER);
            CREATE TABLE tags (dimension TEXT, value TEXT, entry INTEGER,
                               PRIMARY KEY (dimension, value, entry)) WITHOUT ROWID;
            CREATE INDEX tags_entry ON tags (entry, dimension, value);
            CREATE INDEX newest ON entries (published DESC, id DESC);
            CREATE VIRTUAL TABLE search USING fts5(
                title, text, tokenize = "porter unicode61 remove_diacritics 1 tokenchars '_'");
            """
        )
        for some in batched_entries(entries, 4000):
            self.write(some)

    def write(self, entries: Iterable[IndexedEntry]) -> None:
        entries = list(entries)
        with self._db as db:
            db.executemany(
                "INSERT INTO entries VALUES (?, ?, ?)",
                ((e.id, int(e.published.timestamp()), e.source) for e in entries),
            )
            db.executemany(
                "INSERT INTO search (rowid, title, text) VALUES (?, ?, ?)",
                ((e.id, e.title, e.text) for e in entries),
            )
            db.executemany("INSERT INTO tags VALUES (?, ?, ?)", tags(entries))

    def ask(self, asked: Asked) -> int:
        db = self._db
        where, values = conditions(asked, "?", lambda day: int(day.timestamp()))
        if asked.words:
            where.insert(0, "e.id IN (SELECT rowid FROM search WHERE search MATCH ?)")
            values.insert(0, fts5_query(asked.words))
        found = f"FROM entries e WHERE {' AND '.join(where) or '1'}"
        db.execute(f"CREATE TEMP TABLE found AS SELECT e.id, e.published, e.source {found}", values)
        total = db.execute("SELECT count(*) FROM found").fetchone()[0]
        ids = [
            r[0]
            for r in db.execute("SELECT id FROM found ORDER BY published DESC, id DESC LIMIT 20")
        ]
        db.execute("SELECT source, count(*) FROM found GROUP BY source").fetchall()
        db.execute(
            "SELECT t.dimension, t.value, count(*) FROM found f JOIN tags t ON t.entry = f.id "
            "GROUP BY 1, 2"
        ).fetchall()
        if asked.words and ids:
            marks = ",".join("?" * len(ids))
            db.execute(
                "SELECT rowid, snippet(search, 1, '<b>', '</b>', '…', 32) FROM search "
                f"WHERE search MATCH ? AND rowid IN ({marks})",
                [fts5_query(asked.words), *ids],
            ).fetchall()
        db.execute("DROP TABLE found")
        db.rollback()
        return total

    def held(self) -> int:
        held = self._db.execute("SELECT max(id) FROM entries").fetchone()[0]
        self._db.rollback()
        return held

    def size(self) -> int:
        return sum(f.stat().st_size for f in self.file.parent.glob("fts5.db*"))


class Postgresql:
    """PostgreSQL: a weighted tsvector and a GIN index, as Miniflux has it; French configured."""

    name = "postgresql"

    def __init__(self, address: str) -> None:
        self.address = address

    def open(self) -> None:
        self._db = psycopg.connect(self.address, autocommit=True)

    def build(self, entries: Iterable[IndexedEntry]) -> None:
        self.open()
        self._db.execute(
            """
            CREATE TABLE entries (id bigint PRIMARY KEY, published timestamptz, source int,
                                  title text, text text, document_vectors tsvector);
            CREATE TABLE tags (dimension text, value text, entry bigint,
                               PRIMARY KEY (dimension, value, entry));
            CREATE INDEX ON tags (entry, dimension, value);
            CREATE INDEX ON entries (published DESC, id DESC);
            CREATE INDEX ON entries USING gin (document_vectors);
            """
        )
        for some in batched_entries(entries, 4000):
            self.write(some)
        self._db.execute("VACUUM ANALYZE")

    def write(self, entries: Iterable[IndexedEntry]) -> None:
        entries = list(entries)
        with self._db.transaction(), self._db.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO entries VALUES (%s, %s, %s, %s, %s, "
                "setweight(to_tsvector(left(%s, 500000)), 'A') || "
                "setweight(to_tsvector(left(%s, 500000)), 'B'))",
                [(e.id, e.published, e.source, e.title, e.text, e.title, e.text) for e in entries],
            )
            with cursor.copy("COPY tags FROM STDIN") as copy:
                for row in tags(entries):
                    copy.write_row(row)

    def ask(self, asked: Asked) -> int:
        where, values = conditions(asked, "%s", lambda day: day)
        ask, words = postgresql_query(asked.words)
        if asked.words:
            where.insert(0, f"document_vectors @@ {ask}")
            values.insert(0, words)
        condition = " AND ".join(where) or "true"
        found = f"SELECT e.id, e.published, e.source FROM entries e WHERE {condition}"
        execute = self._db.execute
        with self._db.transaction():
            execute(f"CREATE TEMP TABLE found ON COMMIT DROP AS {found}", values)
            total = execute("SELECT count(*) FROM found").fetchone()[0]
            ids = execute(
                "SELECT id FROM found ORDER BY published DESC, id DESC LIMIT 20"
            ).fetchall()
            execute("SELECT source, count(*) FROM found GROUP BY source").fetchall()
            execute(
                "SELECT t.dimension, t.value, count(*) FROM found f JOIN tags t ON t.entry = f.id "
                "GROUP BY 1, 2"
            ).fetchall()
            if asked.words and ids:
                execute(
                    f"SELECT ts_headline(text, {ask}) FROM entries WHERE id = ANY(%s)",
                    [words, [i for (i,) in ids]],
                ).fetchall()
        return total

    def held(self) -> int:
        return self._db.execute("SELECT max(id) FROM entries").fetchone()[0]

    def size(self) -> int:
        return self._db.execute("SELECT pg_database_size(current_database())").fetchone()[0]


Peer = Ours | Fts5 | Postgresql


def conditions(asked: Asked, mark: str, day: object) -> tuple[list[str], list[object]]:
    """The filters as SQL."""
    where, values = [], []
    for dimension, value in (("topic", asked.topic), ("area", asked.area)):
        if value:
            where.append(
                "e.id IN (SELECT entry FROM tags "
                f"WHERE dimension = '{dimension}' AND value = {mark})"
            )
            values.append(value)
    if asked.since:
        where.append(f"e.published >= {mark} AND e.published < {mark}")
        values.extend([day(asked.since), day(asked.until)])
    return where, values


def fts5_query(words: str) -> str:
    """Quoted, so that hyphens and dots are no syntax; the star stays one."""
    if words.startswith('"'):
        return words
    return " ".join(f'"{w.rstrip("*")}"{"*" if w.endswith("*") else ""}' for w in words.split())


def postgresql_query(words: str) -> tuple[str, str]:
    """The function that Miniflux uses; prefixes need the other one."""
    if words.endswith("*"):
        return "to_tsquery(%s)", f"{words[:-1]}:*"
    return "websearch_to_tsquery(%s)", words


def tags(entries: Iterable[IndexedEntry]) -> Iterator[tuple[str, str, int]]:
    """Rows of the tag table."""
    for entry in entries:
        for dimension, values in (("topic", entry.topics), ("area", entry.areas)):
            for value in values:
                yield dimension, value, entry.id


def batched_entries(entries: Iterable[IndexedEntry], size: int) -> Iterator[list[IndexedEntry]]:
    """Lists of at most `size`."""
    some: list[IndexedEntry] = []
    for entry in entries:
        some.append(entry)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def folder_size(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@contextmanager
def postgresql_server() -> Iterator[str | None]:
    """A cluster of its own, in a temporary folder; None when PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="filcommun-bench-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    control = [*as_user, str(programs[-1] / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*control, "initdb", "-o", "-A trust -E UTF8 --no-sync"], **run)
    options = (
        f"-p {port} -h 127.0.0.1 -k {folder} -c default_text_search_config=pg_catalog.french "
        "-c shared_buffers=512MB -c work_mem=64MB -c max_wal_size=4GB"
    )
    subprocess.run([*control, "start", "-l", str(folder / "log"), "-o", options], **run)
    try:
        name = "postgres" if as_user else os.environ.get("USER", "postgres")
        yield f"postgresql://{name}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "stop", "-m", "immediate"], **run)
        shutil.rmtree(folder, ignore_errors=True)
