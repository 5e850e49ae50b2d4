"""The pages that need a session, in Chromium: they fit, complain of nothing and pass axe."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from aggregator.parts import Parts
from aggregator.registry import desk, moderators
from aggregator.store.tables import Letter

pytestmark = pytest.mark.slow

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
    "/moderation/pages",
    "/demandes",
    "/demandes/1",
    "/ateliers/nouveau",
    WORKSHOP,
    f"{WORKSHOP}/groupes/lilas-a-velo",
)
KEEPING = ("/espace/lilas-a-velo", "/demandes/1")


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
    browser: Browser,
    address: str,
    busy: Parts,
    width: int,
    theme: str,
    looks: Callable[..., list[str]],
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
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(address) else faults.append(asked.url),
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    with busy.sessions.begin() as session:
        moderators.ask_link(session, "alice@m.example", now=busy.clock())
    enter(page, busy, address)
    faults += looked_at(page, address, MODERATION, partial(looks, width=width))
    with busy.sessions.begin() as session:
        desk.ask_link(session, "carole@lilas.example", now=busy.clock())
    enter(page, busy, address)
    faults += looked_at(page, address, KEEPING, partial(looks, width=width))
    context.close()
    assert faults == []


def looked_at(
    page: Page, address: str, paths: tuple[str, ...], looks: Callable[[Page], list[str]]
) -> list[str]:
    """What is wrong with each page, all its details open."""
    faults = []
    for path in paths:
        answer: Any = page.goto(address + path)
        if answer.status != 200 or "/entrer" in page.url:
            faults.append(f"{path} answers {answer.status} at {page.url}")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        faults += [f"{path} {fault}" for fault in looks(page)]
    return faults
