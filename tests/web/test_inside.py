"""The pages that need a session, in Chromium: they fit, complain of nothing and pass axe."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from aggregator.parts import Parts
from aggregator.registry import (
    amendments,
    desk,
    help_requests,
    holds,
    mirrors,
    moderators,
    workshops,
)
from aggregator.store import directory
from aggregator.store.tables import Entry, Keeper, Letter
from aggregator.taxonomy import terms

pytestmark = pytest.mark.slow

SHEET = "slug;nouveau nom;remarque\nlilas-a-velo;{};Dit par la table\nplaine-verte;;\n"
WORKSHOP = "/ateliers/2026-11-24-atelier-de-pantin"
MODERATION = (
    "/moderation",
    "/moderation?nature=report",
    "/moderation?etat=postponed",
    "/moderation/decidees",
    "/moderation/a-verifier",
    "/moderation/retenues",
    "/moderation/retenues?mots=piste",
    "/moderation/equipe",
    "/moderation/importer",
    "/moderation/listes",
    "/moderation/listes/1",
    "/demandes",
    "/demandes/1",
    "/ateliers/nouveau",
    WORKSHOP,
    f"{WORKSHOP}/groupes/lilas-a-velo",
)
KEEPING = ("/espace/lilas-a-velo", "/demandes/1")


@pytest.fixture
def busy(own_parts: Parts) -> Parts:
    """A portal where something of every kind waits; Alice moderates, Carole keeps a group."""
    with own_parts.sessions.begin() as session:
        now = own_parts.clock()
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
        mirrors.ask(
            session, address="https://carte.example/api/elements.json", name="La carte",
            mode="respect", rhythm="daily", by=alice, now=now, base_url="https://fil.example",
        ).reason = "robots"  # fmt: skip
        holds.save(session, "casino", why="Publicités", moderator=alice, now=now)
        workshop = workshops.open_workshop(
            session, "Atelier de Pantin", date(2026, 11, 24), now=now
        )
        for table in "12":
            body = SHEET.format(f"Lilas {table}").encode()
            workshops.propose_rows(session, workshop, table, body, now=now)
        session.add(Keeper(group=group, email="carole@lilas.example", added_at=now, proved_at=now))
    return own_parts


def enter(page: Page, parts: Parts, address: str) -> None:
    """Press the button of the newest mailed link."""
    with parts.sessions() as session:
        link = session.query(Letter).order_by(Letter.id.desc()).first().values["path"]
    page.goto(address + link)
    page.get_by_role("button", name="Oui").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_page_behind_a_sign_in_fits_and_passes_axe(
    browser: Browser, address: str, busy: Parts, width: int, theme: str
) -> None:
    context = browser.new_context(
        locale="fr-FR",
        color_scheme=theme,
        viewport={"width": width, "height": 800},
        service_workers="block",
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    with busy.sessions.begin() as session:
        moderators.ask_link(session, "alice@m.example", now=busy.clock())
    enter(page, busy, address)
    faults += looked_at(page, address, MODERATION, width)
    with busy.sessions.begin() as session:
        desk.ask_link(session, "carole@lilas.example", now=busy.clock())
    enter(page, busy, address)
    faults += looked_at(page, address, KEEPING, width)
    context.close()
    assert faults == []


def looked_at(page: Page, address: str, paths: tuple[str, ...], width: int) -> list[str]:
    """What is wrong with each page: too wide, or against WCAG 2.2 AA."""
    faults = []
    for path in paths:
        answer: Any = page.goto(address + path)
        if answer.status != 200 or "/entrer" in page.url:
            faults.append(f"{path} answers {answer.status} at {page.url}")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{path} is {wide} wide")
        results = Axe().run(
            page,
            options={
                "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            },
        )
        faults += [
            f"{path}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in results.response["violations"]
        ]
    return faults
