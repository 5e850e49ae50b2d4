"""What people see and do, in Debian's Chromium: every page, both sizes and themes, by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from aggregator.parts import Parts
from web import create_app

pytestmark = pytest.mark.slow

PAGES = (
    "/",
    "/?theme=transports&territoire=les-lilas",
    "/recherche",
    "/recherche?q=piste",
    "/recherche?q=la+OU+le&recits=deplies",
    "/recherche?q=xylophone",
    "/comparer?q=piste&q=loyer",
    "/entrees/1",
    "/entrees/8",
    "/entrees/10",
    "/entrees/64",
    "/recits/1",
    "/groupes",
    "/groupes/lilas-a-velo",
    "/groupes/sante-pour-tous-93",
    "/themes-et-lieux",
    "/themes/transports",
    "/objectifs/rendre-visible",
    "/savoir-faire/gouvernance",
    "/territoires/plaine-commune",
    "/agenda",
    "/agenda/2026-11",
    "/carte",
    "/carte?carte=territoires",
    "/sante",
    "/suivre?theme=logement",
    "/integrer?theme=logement",
    "/integrer/liste?theme=logement",
    "/abonnement?theme=logement",
    "/abonnement/lien",
    "/inscrire",
    "/espace/entrer",
    "/groupes/lilas-a-velo/partir",
    "/moderation/entrer",
    "/gouvernance",
    "/demandes",
    "/demandes/nouvelle",
    "/entraide",
    "/entraide?savoir_faire=gouvernance&territoire=plaine-commune",
    "/ateliers",
    "/ateliers/comparer",
    "/proposer",
    "/corriger/entrees/1",
    "/signaler/entrees/1",
    "/corriger/groupes/lilas-a-velo",
    "/journal",
    "/a-propos",
    "/regles",
    "/vie-privee",
    "/accessibilite",
    "/mentions-legales",
    "/hors-ligne",
    "/api/v1/",
    "/nulle-part",
)


@pytest.fixture(scope="module")
def address(parts: Parts) -> Iterator[str]:
    """The portal, served on loopback from a thread."""
    server = make_server("127.0.0.1", 0, create_app(parts), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(browser: Browser, **options: Any) -> tuple[Page, list[str]]:
    """A page in a context of its own, and what its console complains of."""
    context = browser.new_context(**({"locale": "fr-FR", "service_workers": "block"} | options))
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type in {"error", "warning"} and "Service Worker" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_page_fits_asks_nobody_else_complains_of_nothing_and_passes_axe(
    browser: Browser, address: str, width: int, theme: str, looks: Callable[..., list[str]]
) -> None:
    page, complaints = opened(browser, viewport={"width": width, "height": 800}, color_scheme=theme)
    faults: list[str] = []
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(address) else faults.append(asked.url),
    )
    for path in PAGES:
        page.goto(address + path)
        faults += [f"{path} {fault}" for fault in looks(page, width)]
    expected = ("410", "404")
    faults += [said for said in complaints if not any(code in said for code in expected)]
    page.context.close()
    assert faults == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("width", [360, 1280])
def test_reader_narrows_in_one_click_and_follows_in_two(
    browser: Browser, address: str, width: int, scripts: bool
) -> None:
    page, _ = opened(browser, viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    page.goto(address)
    if width < 900:
        page.click("text=Affiner")
        if scripts:
            page.keyboard.press("Escape")
            page.wait_for_selector(".facets", state="hidden")
            assert page.evaluate("document.activeElement.textContent") == "Affiner"
            page.keyboard.press("Enter")
        page.wait_for_selector(".facets", state="visible")
        assert not page.is_visible(".masthead"), "the keyboard reaches nothing that is covered"
    page.click(".facets a:has-text('Logement et habitat')")
    assert "theme=logement" in page.url
    page.click("summary:has-text('Suivre')")
    page.click("a:has-text('une lettre régulière')")
    assert "/abonnement?theme=logement" in page.url
    page.frame_locator("iframe").locator("text=Permanence logement").first.wait_for()
    page.context.close()


def test_reader_goes_through_the_thread_by_keyboard(browser: Browser, address: str) -> None:
    page, _ = opened(browser, viewport={"width": 1280, "height": 800})
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("j")
    second = page.locator(".entry h3 a").nth(1).inner_text()
    assert page.evaluate("document.activeElement.textContent") == second
    page.keyboard.press("k")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "seek"
    page.keyboard.type("loyer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?q=loyer")
    assert page.locator("mark").first.inner_text() == "loyer"
    page.context.close()


def test_focus_is_always_seen(browser: Browser, address: str) -> None:
    page, _ = opened(browser, viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/groupes")
    for _ in range(30):
        page.keyboard.press("Tab")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", page.evaluate("document.activeElement.outerHTML")
    page.context.close()


def test_visitor_corrects_a_tag_in_the_browser(browser: Browser, address: str) -> None:
    page, complaints = opened(browser, viewport={"width": 360, "height": 800})
    page.goto(f"{address}/entrees/5")
    page.click(".why-tag summary")
    page.click("a:has-text('corriger') >> visible=true")
    page.check("text=Culture, médias et fêtes")
    page.click("button:has-text('Proposer la correction')")
    # The portal's clock stands still in tests: the form says that it went too fast, in words.
    assert page.locator("[role=alert]").is_visible()
    assert complaints == [] or all("422" in said for said in complaints)
    page.context.close()


def test_last_thread_is_read_again_without_a_network(browser: Browser, address: str) -> None:
    page, _ = opened(browser, service_workers="allow")
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{address}/groupes")
    page.goto(address)
    page.context.set_offline(True)
    page.goto(f"{address}/groupes")
    assert "Les Lilas à vélo" in page.content()
    page.goto(f"{address}/carte")
    assert "Pas de réseau" in page.content()
    page.click("text=Le dernier fil lu")
    assert "piste cyclable" in page.content()
    page.context.close()


def test_nothing_moves_while_the_page_loads(browser: Browser, address: str) -> None:
    page, _ = opened(browser, viewport={"width": 360, "height": 800})
    page.goto(address)
    shift = page.evaluate(
        """new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 600);
        })"""
    )
    assert shift < 0.01
    page.context.close()


def test_english_is_whole_to_the_eye(browser: Browser, address: str, app: Flask) -> None:
    page, _ = opened(browser, locale="en-GB", viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/groupes")
    assert page.locator("h1").inner_text() == "The groups"
    page.click("text=Français")
    assert page.locator("h1").inner_text() == "Les groupes"
    page.context.close()
