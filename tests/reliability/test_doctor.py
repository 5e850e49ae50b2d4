"""The doctor names what is wrong here and its remedy, and finds nothing where nothing is."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from aggregator import watch
from aggregator.doctor import data, examination, keys, machine, portal
from aggregator.doctor.finding import Finding
from aggregator.search.engines import open_engine
from aggregator.search.indexing import keep_up
from aggregator.settings import Settings, read_settings
from aggregator.store import backup, database, figures
from aggregator.store.tables import Entry, Group, Source

RANDOM = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
Set = Callable[..., Settings]


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Path:
    """A data folder with a database in it."""
    shutil.copyfile(migrated, tmp_path / "filcommun.db")
    return tmp_path


@pytest.fixture
def set_(place: Path) -> Set:
    """Settings of that place, changed as named."""

    def make(**changes: Any) -> Settings:
        values = {
            "database_url": f"sqlite:///{place}/filcommun.db",
            "index_url": f"whoosh:{place}/index",
            "secret_file": place / "secret-key",
            "secret_key": RANDOM,
            "allow_private_networks": True,
            "_env_file": None,
        }
        return read_settings(**(values | changes))

    return make


@pytest.fixture
def stored(set_: Set) -> Iterator[Session]:
    engine = database.open_database(set_().database_url)
    with database.sessions(engine)() as session:
        yield session
    engine.dispose()


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, tuple[int, str]], timedelta], str]]:
    """A server that answers by path, its clock so far ahead of ours; gives its address."""
    servers = []

    def start(pages: dict[str, tuple[int, str]], ahead: timedelta = timedelta(0)) -> str:
        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = pages.get(self.path, (404, "no"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(datetime.now(UTC) + ahead, usegmt=True)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def told(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(one.subject, one.level) for one in findings]


def test_a_key_that_is_not_random_is_a_fault(set_: Set) -> None:
    assert told(keys.secrets(set_())) == [("secrets", "good")]
    for weak in ("-" * 40, "changeme" * 5, "abcabcabc" * 4):
        assert told(keys.secrets(set_(secret_key=weak))) == [("secrets", "fault")]


def test_a_key_that_others_can_read_is_a_fault(set_: Set, place: Path) -> None:
    (place / "secret-key").write_text(RANDOM)
    (place / "secret-key").chmod(0o644)
    (finding,) = keys.secrets(set_())
    assert "chmod 600" in finding.remedy


def test_a_short_password_to_another_machine_is_told(set_: Set) -> None:
    far = set_(database_url="postgresql://fil:fil@db.example/fil")
    assert told(keys.secrets(far)) == [("secrets", "advice")]


def test_a_public_portal_that_believes_no_proxy_is_told(set_: Set, place: Path) -> None:
    public = {"base_url": "https://fil.example", "sources_file": place / "filcommun.db"}
    subjects = told(keys.settings_in_use(set_(**public)))
    assert subjects == [("settings", "good"), ("proxy", "advice"), ("backup", "advice")]
    behind = set_(**public, trusted_proxies=1, backup_folder=place)
    assert told(keys.settings_in_use(behind)) == [("settings", "good")]


def test_a_misspelt_setting_is_named_with_what_it_may_mean(
    set_: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("FILCOMMUN_BACKUP_FOLDERS=/backups\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FILCOMMUN_PROT", "8080")
    monkeypatch.setenv("FILCOMMUN_ZZZ", "1")
    misspelt = [one for one in keys.settings_in_use(set_()) if "no setting" in one.says]
    assert [(one.says.split()[0], one.remedy) for one in misspelt] == [
        ("FILCOMMUN_BACKUP_FOLDERS", "Is it FILCOMMUN_BACKUP_FOLDER?"),
        ("FILCOMMUN_PROT", "Is it FILCOMMUN_PORT?"),
        ("FILCOMMUN_ZZZ", "Remove it; docs/operators.md lists them all."),
    ]


def test_a_portal_that_answers_and_lets_crawlers_in_is_good(set_: Set, serve: Any) -> None:
    address = serve({"/healthz": (200, "ok\n"), "/readyz": (200, "{}"), "/robots.txt": (200, "")})
    assert told(portal.reachable(set_(base_url=address))) == [
        ("portal", "good"),
        ("robots", "good"),
    ]


def test_another_site_at_the_public_address_is_a_fault(set_: Set, serve: Any) -> None:
    address = serve({"/healthz": (200, "<h1>Welcome to nginx!</h1>")})
    assert told(portal.reachable(set_(base_url=address))) == [("portal", "fault")]
    assert told(portal.reachable(set_(base_url="http://127.0.0.1:9"))) == [("portal", "fault")]


def test_a_portal_that_cannot_serve_or_keeps_crawlers_out_says_so(set_: Set, serve: Any) -> None:
    address = serve(
        {
            "/fil/healthz": (200, "ok\n"),
            "/fil/readyz": (503, '{"faults": ["database"]}'),
            "/robots.txt": (200, "User-agent: *\nDisallow: /fil/\n"),
        }
    )
    found = list(portal.reachable(set_(base_url=f"{address}/fil")))
    assert told(iter(found)) == [("portal", "fault"), ("robots", "advice")]
    assert "database" in found[0].says


@pytest.mark.parametrize(
    ("ahead", "level"), [(timedelta(0), "good"), (timedelta(hours=2), "fault")]
)
def test_the_clock_is_compared_with_what_servers_say(
    set_: Set, stored: Session, serve: Any, a_source_of: Any, ahead: timedelta, level: str
) -> None:
    a_source_of(stored, serve({"/feed": (200, "<rss/>")}, ahead) + "/feed")
    found = list(machine.outside(set_()))
    assert told(iter(found)) == [("names", "good"), ("outside", "good"), ("clock", level)]
    if level == "fault":
        assert "behind" in found[-1].says


def test_dead_name_servers_are_told_and_nothing_else_is_asked(
    set_: Set, stored: Session, a_source_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OSError("Temporary failure in name resolution")

    monkeypatch.setattr(machine.socket, "getaddrinfo", lost)
    a_source_of(stored, "https://lilas.example/feed")
    assert told(machine.outside(set_())) == [("names", "fault")]


def test_no_server_that_answers_is_a_fault(set_: Set, stored: Session, a_source_of: Any) -> None:
    a_source_of(stored, "http://127.0.0.1:9/feed")
    assert told(machine.outside(set_())) == [("names", "good"), ("outside", "fault")]


def test_an_index_astray_from_the_database_is_told(
    set_: Set, stored: Session, a_source_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source_of(stored, "https://lilas.example/feed")
    now = datetime.now(UTC)
    stored.add_all(
        Entry(source=source, uid=str(n), url=f"https://lilas.example/{n}", title=f"Vélo {n}",
              published=now, content_hash=str(n), first_seen_at=now, last_seen_at=now)
        for n in range(5)
    )  # fmt: skip
    stored.commit()
    settings = set_()
    engine = stored.get_bind()
    index = open_engine(settings.index_url)
    keep_up(database.sessions(engine), index, settings.index_url, lambda _done, _all: None)
    index.close()
    monkeypatch.setattr(data, "ASTRAY", 2)
    assert ("index", "good") in told(data.stored(settings))
    shutil.rmtree(settings.index_url.removeprefix("whoosh:"))
    assert ("index", "fault") in told(data.stored(settings))


def test_a_disk_that_fills_is_told_before_it_is_full(
    set_: Set, stored: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, today = set_(), datetime.now(UTC).date()
    for ago in range(10):
        figures.keep(stored, today - timedelta(days=ago), {"disk_free": 1e10 + ago * 1e9})
    stored.commit()
    monkeypatch.setattr(watch, "free_bytes", lambda _settings: 10_000_000_000)
    (finding,) = data.growth(settings)
    assert (finding.level, "full in 10 days" in finding.says) == ("advice", True)
    codes = [warning["code"] for warning in watch.warnings(stored, settings, datetime.now(UTC))]
    assert codes == ["disk"]
    monkeypatch.setattr(watch, "free_bytes", lambda _settings: 900_000_000_000)
    assert told(data.growth(settings)) == [("growth", "good")]


def test_a_backup_that_stopped_coming_is_told(set_: Set, place: Path) -> None:
    settings = set_(backup_folder=place / "backups")
    assert told(data.backups(settings)) == [("backup", "advice")]
    engine = database.open_database(settings.database_url)
    for ago, level in ((5, "fault"), (0, "good")):
        at = datetime.now(UTC) - timedelta(days=ago)
        backup.nightly(engine, place / "backups", extra={}, now=at)
        assert told(data.backups(settings)) == [("backup", level)]
    engine.dispose()


def of_the_database(settings: Settings) -> list[Finding]:
    found = list(examination.of_database(settings, examination.INSIDE))
    assert [one for one in found if one.subject == "database"] == found
    return found


def test_an_older_database_is_told_with_the_command_that_brings_it_up(
    set_: Set, stored: Session
) -> None:
    stored.execute(text("UPDATE alembic_version SET version_num = '0011'"))
    stored.commit()
    (finding,) = of_the_database(set_())
    assert finding.level == "fault"
    assert "filcommun db upgrade" in finding.says


def test_where_no_database_was_made_that_is_told_and_none_is_made(set_: Set, place: Path) -> None:
    (place / "filcommun.db").unlink()
    (finding,) = of_the_database(set_())
    assert finding.level == "fault"
    assert "no database" in finding.says
    assert "restore" not in finding.says + finding.remedy
    assert not (place / "filcommun.db").exists()


def test_a_backup_is_named_for_a_damaged_database_and_for_no_other_trouble(
    set_: Set, stored: Session, place: Path
) -> None:
    stored.execute(text("DROP TABLE job_runs"))
    stored.commit()
    *_, finding = examination.of_database(set_(), (data.worker,))
    assert (finding.level, finding.remedy) == ("fault", data.AGAIN)
    (place / "filcommun.db").write_bytes(b"no database " * 1000)
    (finding,) = of_the_database(set_())
    assert "restore" in finding.says


@pytest.fixture
def a_source_of() -> Callable[[Session, str], Source]:
    def make(session: Session, url: str) -> Source:
        now = datetime.now(UTC)
        group = Group(slug="lilas", name="Lilas", created_at=now, updated_at=now)
        source = Source(slug="lilas", url=url, created_at=now, next_crawl_at=now, group=group)
        session.add(source)
        session.commit()
        return source

    return make
