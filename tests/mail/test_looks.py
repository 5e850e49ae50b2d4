"""Mails hold on a phone and on a desk, by day and by night, and fetch nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from aggregator.mail import render
from aggregator.mail.compose import Section
from aggregator.mail.voices import Told

pytestmark = pytest.mark.slow

LONG = "Anticonstitutionnellement" * 12

# Contrast of each text with what lies behind it (WCAG 2.2, 1.4.3), computed in the page.
POOR = """
() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255,255,255)'; };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    if (!node.data.trim()) continue;
    const style = getComputedStyle(node.parentElement);
    const [a, b] = [light(style.color), light(behind(node.parentElement))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push([node.data.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return poor;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
        except Exception as error:
            pytest.skip(f"no Chromium here: {error}")
        yield opened
        opened.close()


def _told(title: str) -> Told:
    return Told(
        title=title, url=f"https://lilas.example/{title[:30]}", group="Les Lilas à vélo",
        when="lundi 23 novembre", excerpt=f"{title} : venez nombreux. " * 4,
        also=("Mairie",), why="Transports et mobilités (« vélorution »)",
    )  # fmt: skip


def _digest(*, long: bool = True) -> dict[str, Any]:
    second = LONG if long else "Vélorution de l’hiver"
    return {
        "headline": "Thème : Transports et mobilités", "short": "Thème : Transports",
        "count": 5, "told": 2, "day": "mercredi 25 novembre",
        "period": "Ce que les groupes ont publié du 18 au 25 novembre.", "first": "Vélorution",
        "sections": [Section("Transports", (_told("Vélorution"), _told(second)))],
        "agenda": [_told("مرحبا بكم في الاجتماع")], "more": 3, "rhythm": "chaque mercredi à 7 h",
        "more_url": f"https://fil.example/recherche?q={LONG}&apres=1-1",
        "agenda_url": f"https://fil.example/agenda?q={LONG}",
        "view_url": f"https://fil.example/recherche?q={LONG}",
        "manage_url": "https://fil.example/abonnement/gerer/1.abc",
        "leave_url": "https://fil.example/abonnement/quitter/1.abc",
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 700])
@pytest.mark.parametrize("kind", ["digest", "alert", "manage_subscriptions"])
def test_a_mail_fits_and_can_be_read(browser: Browser, kind: str, width: int, scheme: Any) -> None:
    values = {"digest": _digest(), "manage_url": f"https://fil.example/{LONG}"}
    content = render.render(kind, values, language="fr", base_url="https://fil.example")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(content.html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(POOR) == []
    assert asked == []
    page.close()


def test_without_its_style_element_a_mail_is_still_dressed(browser: Browser) -> None:
    values = {"manage_url": "https://fil.example/abonnement/gerer/x"}
    content = render.render(
        "manage_subscriptions", values, language="fr", base_url="https://fil.example"
    )
    page = browser.new_page(viewport={"width": 360, "height": 900})
    page.set_content(content.html)
    page.evaluate("document.querySelectorAll('style').forEach(style => style.remove())")
    button = "getComputedStyle(document.querySelector('.button')).backgroundColor"
    assert page.evaluate(button) == "rgb(195, 18, 47)"
    page.close()


@pytest.mark.parametrize("kind", ["digest", "manage_subscriptions"])
def test_without_any_style_a_mail_still_fits_a_phone(browser: Browser, kind: str) -> None:
    values = {"digest": _digest(long=False), "manage_url": "https://fil.example/abonnement/x"}
    content = render.render(kind, values, language="fr", base_url="https://fil.example")
    page = browser.new_page(viewport={"width": 360, "height": 900})
    page.set_content(content.html)
    page.evaluate("document.querySelectorAll('style').forEach(style => style.remove())")
    page.evaluate("document.querySelectorAll('[style]').forEach(e => e.removeAttribute('style'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()
