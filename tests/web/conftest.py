"""A portal over a real database and index, filled with news written for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from aggregator.parts import Parts
from aggregator.registry import (
    amendments,
    help_requests,
    holds,
    mirrors,
    moderators,
    workshop_sheets,
    workshops,
)
from aggregator.search.engines import open_engine
from aggregator.search.indexing import index_pending
from aggregator.settings import Settings
from aggregator.store import database, directory
from aggregator.store.tables import (
    Entry,
    EntryTag,
    EntryVersion,
    Group,
    GroupTag,
    Keeper,
    Letter,
    Source,
    Story,
)
from aggregator.taxonomy import terms
from web import create_app

NOW = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
NEWS = Path(__file__).parent / "news.json"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SHEET = "slug;nouveau nom;remarque\nlilas-a-velo;{};Dit par la table\nplaine-verte;;\n"


def fill(session: Session, now: datetime = NOW) -> None:
    """The groups, sources, entries and stories of `news.json`, dated back from `now`."""
    told = json.loads(NEWS.read_text("utf-8"))
    sources: dict[str, Source] = {}
    for row in told["groups"]:
        group = Group(
            slug=row["slug"],
            name=row["name"],
            home=f"https://{row['slug']}.example/",
            description=row.get("description", ""),
            category=row.get("category", "association"),
            status=row.get("status", "participating"),
            provisional=row.get("provisional", False),
            created_at=now - timedelta(days=90),
            updated_at=now - timedelta(days=3),
            tags=[
                GroupTag(dimension=dimension, slug=slug)
                for dimension, slugs in row["tags"].items()
                for slug in slugs
            ],
        )
        sources[row["slug"]] = Source(
            slug=row["slug"],
            group=group,
            url=f"https://{row['slug']}.example/feed",
            title=row["name"],
            rights=row.get("rights", "excerpt"),
            state=row.get("state", "ok"),
            last_reason=row.get("reason"),
            created_at=now - timedelta(days=90),
            next_crawl_at=now + timedelta(minutes=20),
            last_crawled_at=now - timedelta(minutes=10),
            last_ok_at=now - timedelta(minutes=10),
        )
        session.add(sources[row["slug"]])
    stories: dict[str, Story] = {}
    for number, row in enumerate(told["entries"]):
        published = now - timedelta(hours=row["hours"])
        story = row.get("story")
        if story and story not in stories:
            stories[story] = Story(created_at=published)
        entry = Entry(
            source=sources[row["group"]],
            uid=str(number),
            url=f"https://{row['group']}.example/{number}",
            title=row["title"],
            summary=row.get("summary", ""),
            content=row.get("content", ""),
            text=row.get("summary", ""),
            author=row.get("author"),
            language=row.get("language", "fr"),
            type="event" if "starts" in row else row.get("type", "article"),
            published=published,
            content_hash=f"{number:064x}",
            first_seen_at=published + timedelta(minutes=12),
            last_seen_at=now,
            story=stories.get(story) if story else None,
            place=row.get("place"),
            starts_at=now + timedelta(hours=row["starts"]) if "starts" in row else None,
            ends_at=now + timedelta(hours=row["ends"]) if "ends" in row else None,
            tags=[
                EntryTag(
                    dimension=dimension,
                    slug=slug,
                    origin="text" if words else "source",
                    weight=0.9,
                    evidence=[{"words": words, "field": "title"}] if words else [],
                )
                for dimension, slug, words in row["tags"]
            ],
        )
        if "before" in row:
            entry.versions.append(
                EntryVersion(
                    replaced_at=published + timedelta(hours=1),
                    url=entry.url,
                    title=row["before"],
                    summary=entry.summary,
                    content_hash="0" * 64,
                )
            )
        session.add(entry)
    session.commit()


def make_parts(
    folder: Path, clock: Callable[[], datetime] = lambda: NOW, **options: object
) -> Parts:
    """Parts over a fresh database and index below `folder`."""
    settings = Settings(
        database_url=f"sqlite:///{folder}/filcommun.db",
        index_url=f"whoosh:{folder}/index",
        contact="bonjour@filcommun.example",
        _env_file=None,
        **options,
    )
    is_new = not (folder / "filcommun.db").exists()
    engine = database.open_database(settings.database_url)
    if is_new:
        database.upgrade(engine)
    return Parts(
        settings=settings,
        sessions=database.sessions(engine),
        engine=open_engine(settings.index_url),
        clock=clock,
    )


def index_all(parts: Parts) -> None:
    """Bring every entry into the index."""
    with parts.sessions() as session:
        while index_pending(session, parts.engine):
            pass


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Iterator[Parts]:
    """Parts full of news; shared by a module's tests, which only read."""
    folder = tmp_path_factory.mktemp("portal")
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    made = make_parts(folder)
    yield made
    made.engine.close()
    made.sessions.kw["bind"].dispose()


@pytest.fixture
def empty_parts(tmp_path: Path, migrated: Path) -> Iterator[Parts]:
    """Parts without any group."""
    shutil.copyfile(migrated, tmp_path / "filcommun.db")
    made = make_parts(tmp_path)
    yield made
    made.engine.close()
    made.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def app(parts: Parts) -> Flask:
    """The portal."""
    return create_app(parts)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A reader in French."""
    return app.test_client()


@pytest.fixture
def sessions(parts: Parts) -> sessionmaker[Session]:
    """Sessions on the portal's database."""
    return parts.sessions


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Visitor:
    """Somebody who opens forms, reads them and sends them, as a browser does."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.client = app.test_client()
        self._clock = clock

    def get(self, path: str) -> str:
        """The page, after any redirect."""
        return self.client.get(path, follow_redirects=True).get_data(as_text=True)

    def status(self, path: str) -> int:
        return self.client.get(path, buffered=True).status_code

    def send(self, path: str, to: str | None = None, **fields: object) -> TestResponse:
        """Open the form at `path`, take its hidden fields, fill in `fields`, send, follow."""
        html = self.get(path)
        values: dict[str, object] = dict(
            re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
        )
        self._clock.forward(5)
        return self.client.post(to or path, data=values | fields, follow_redirects=True)


@pytest.fixture
def clock() -> Clock:
    """Stands still until somebody fills a form in."""
    return Clock()


@pytest.fixture
def own_parts(tmp_path: Path, clock: Clock, a_portal: Callable[..., Parts]) -> Parts:
    """Parts full of news for one test that writes."""
    return a_portal(tmp_path, clock, smtp_url="smtp://127.0.0.1:1")


@pytest.fixture
def visitor(own_parts: Parts, clock: Clock) -> Visitor:
    """Somebody at a portal of their own."""
    return Visitor(create_app(own_parts), clock)


@pytest.fixture
def letters(own_parts: Parts) -> Callable[[], list[Letter]]:
    """What lies in the outbox now."""

    def read() -> list[Letter]:
        with own_parts.sessions() as session:
            return list(session.scalars(select(Letter).order_by(Letter.id)))

    return read


@pytest.fixture
def invited(own_parts: Parts) -> Callable[..., str]:
    """Makes somebody a moderator: `invited("Bob", role="moderator")`; the path of their link."""

    def appoint(name: str = "Alice", role: str = "administrator") -> str:
        with own_parts.sessions.begin() as session:
            email = f"{name.lower()}@m.example"
            moderators.appoint(session, email, name=name, role=role, now=own_parts.clock())
            return str(session.query(Letter).order_by(Letter.id.desc()).first().values["path"])

    return appoint


@pytest.fixture
def alice(own_parts: Parts, clock: Clock, invited: Callable[..., str]) -> Visitor:
    """An administrator, signed in, in a browser of her own."""
    hers = Visitor(create_app(own_parts), clock)
    assert "Propositions à décider" in hers.send(invited()).get_data(as_text=True)
    return hers


def make_busy(parts: Parts) -> None:
    """Let something of every kind wait; Alice moderates, Carole keeps a group."""
    with parts.sessions.begin() as session:
        now = parts.clock()
        alice = moderators.appoint(
            session, "alice@m.example", name="Alice", role="administrator", now=now
        )
        group = directory.by_slug(session, "lilas-a-velo")
        entry = session.query(Entry).order_by(Entry.id).first()
        for kind, about in (
            ("profile", {"group": group, "change": {"description": "mot" * 300}}),
            ("report", {"entry": entry, "change": {"reason": "hate"}, "why": "y" * 300}),
            ("missing_group", {"change": {"url": "https://manquant.example", "name": "Z" * 190}}),
            ("rule", {"change": {"kind": "tag", "who": "moderator", "threshold": 3}}),
        ):
            amendments.propose(session, kind, now=now, **about)
        for _ in range(2):
            asked = help_requests.ask(
                session,
                title="Qui sait faire un petit site ?",
                text="Le nôtre ne marche plus.\n\nMerci !",
                skill=terms.terms("skill")[0].slug,
                area="paris-18e",
                email="zoe@courrier.example",
                now=now,
            )
            asked.state = "waiting"
        session.flush()
        first = help_requests.waiting(session)[0]
        help_requests.publish(session, first, alice, now=now)
        mirror = mirrors.ask(
            session, address="https://carte.example/api/elements.json", name="É" * 200,
            mode="respect", rhythm="daily", by=alice, now=now, base_url="https://fil.example",
        )  # fmt: skip
        mirror.state, mirror.reason = "shown", "robots"
        row = {"name": "É" * 500, "outcome": "changed", "why": "", "slug": "", "home": ""}
        sides = {"description": ["x" * 500, "y" * 500]}
        mirror.plan = {"counts": {"changed": 1}, "rows": [{**row, "sides": sides}]}
        holds.save(session, "casino", why="Publicités", moderator=alice, now=now)
        workshop = workshops.open_workshop(
            session, "Atelier de Pantin", date(2026, 11, 24), now=now
        )
        for table in "12":
            body = SHEET.format(f"Lilas {table}").encode()
            workshop_sheets.propose_rows(session, workshop, table, body, now=now)
        session.add(Keeper(group=group, email="carole@lilas.example", added_at=now, proved_at=now))


@pytest.fixture
def busy(own_parts: Parts) -> Parts:
    """A portal where something of every kind waits."""
    make_busy(own_parts)
    return own_parts


@pytest.fixture(scope="module")
def shared_busy(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Iterator[Parts]:
    """The same for a module's tests, which change nothing that the others ask for."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    made = make_parts(folder, Clock(), smtp_url="smtp://127.0.0.1:1")
    make_busy(made)
    yield made
    made.engine.close()
    made.sessions.kw["bind"].dispose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and an index full of news, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    made = make_parts(folder)
    with made.sessions() as session:
        fill(session)
    index_all(made)
    made.engine.close()
    made.sessions.kw["bind"].dispose()
    return folder


@pytest.fixture
def a_portal(filled: Path) -> Iterator[Callable[..., Parts]]:
    """Makes parts full of news with settings of one's own; closes them afterwards."""
    opened: list[Parts] = []

    def make(folder: Path, clock: Clock, **options: object) -> Parts:
        shutil.copytree(filled, folder, dirs_exist_ok=True)
        made = make_parts(folder, clock, **options)
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.engine.close()
        made.sessions.kw["bind"].dispose()


@pytest.fixture
def a_visitor() -> type[Visitor]:
    """Makes somebody at a portal: `a_visitor(app, clock)`."""
    return Visitor


@pytest.fixture
def index() -> Callable[[Parts], None]:
    """Brings what was stored into the index: `index(parts)`."""
    return index_all


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def looks() -> Callable[..., list[str]]:
    """`looks(page, width)`: whether it is too wide, and what it does against WCAG 2.2 AA."""

    def faults(page: Page, width: int) -> list[str]:
        wide = page.evaluate("document.documentElement.scrollWidth")
        results = Axe().run(page, options={"runOnly": [*WCAG, "best-practice"]})
        return [f"is {wide} wide"] * (wide > width) + [
            f"{fault['id']} ×{len(fault['nodes'])} {fault['nodes'][0]['html'][:200]}"
            for fault in results.response["violations"]
        ]

    return faults


@pytest.fixture
def address(own_parts: Parts) -> Iterator[str]:
    """Where `own_parts` are served, on loopback."""
    server = make_server("127.0.0.1", 0, create_app(own_parts), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
