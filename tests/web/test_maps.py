"""The maps on their pages: a list for phones, a table for everybody, and every state an address."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from aggregator.parts import Parts
from aggregator.publish.maps import network
from aggregator.store import directory
from aggregator.store.tables import Group, GroupTag
from aggregator.taxonomy import terms
from web import create_app, maps

NOW = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
VIEWS = (*network.VIEWS, maps.PLACES)


def page_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("view", VIEWS)
def test_map_is_also_a_list_and_a_table(client: FlaskClient, view: str) -> None:
    html = page_of(client, f"/carte?carte={view}")
    drawn, listed = html.index("<svg xmlns"), html.index('class="map-list')
    assert listed < drawn < html.index("<table>"), "on a phone the list comes first"
    assert html.count("Les Lilas à vélo") >= (1 if view == maps.PLACES else 3)
    assert "remis sur la table" in html


def test_legend_narrows_the_map_and_the_other_maps_keep_what_was_narrowed(
    client: FlaskClient,
) -> None:
    html = page_of(client, "/carte?territoire=les-lilas")
    assert "/carte?territoire=les-lilas&amp;carte=objectifs&amp;forme=forum" in html
    assert "/carte?territoire=les-lilas&amp;carte=territoires" in html
    html = page_of(client, "/carte?forme=contenu-actualites")
    assert re.search(r'href="/carte\?carte=objectifs" aria-current="true"', html)
    assert "/carte-affiche.pdf?format=a0&amp;forme=contenu-actualites&amp;carte=objectifs" in html
    drawn = page_of(client, "/carte-affiche.svg?format=a0&forme=forum&carte=objectifs")
    assert "/carte?carte=objectifs&amp;forme=forum" in drawn, "the code leads to what is printed"


def test_counts_lead_to_the_news(client: FlaskClient) -> None:
    html = page_of(client, "/carte")
    assert 'href="/?groupe=lilas-a-velo"' in html
    html = page_of(client, "/carte?carte=territoires")
    assert 'href="/?territoire=les-lilas"' in html


@pytest.mark.parametrize("view", VIEWS)
def test_map_is_a_file_and_a_poster(client: FlaskClient, view: str) -> None:
    assert client.get(f"/carte.svg?carte={view}").data.startswith(b"<svg")
    assert client.get(f"/carte-affiche.pdf?carte={view}&format=a3").data.startswith(b"%PDF")
    assert client.get(f"/carte-affiche.svg?carte={view}&format=a3").data.startswith(b"<svg")


@pytest.mark.parametrize("number", ["0", "2", "-1"])
def test_page_of_the_table_that_there_is_not_is_not_found(client: FlaskClient, number: str) -> None:
    assert client.get(f"/carte?page={number}").status_code == 404


def test_a_thousand_groups_with_odd_names_fill_several_pages_of_the_table(own_parts: Parts) -> None:
    names = ("Le même nom", "x" * 500, "جمعية سكان الضاحية", "<script>alert(1)</script>\u202e")
    with own_parts.sessions.begin() as session:
        for number in range(1000):
            tag = GroupTag(dimension="objective", slug="rendre-visible")
            name = names[number % len(names)]
            session.add(
                Group(
                    slug=f"odd-{number}", name=name, status="listed", tags=[tag],
                    created_at=NOW, updated_at=NOW,
                )
            )  # fmt: skip
    client = create_app(own_parts).test_client()
    html = page_of(client, "/carte?page=2")
    assert "Page 2 sur 3" in html
    assert "tableau seulement" not in html
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert html.count('class="node"') > 1000
    assert page_of(client, "/carte?page=3").count('<th scope="row">') < 500


def test_outline_of_a_group_says_what_its_row_says(own_parts: Parts) -> None:
    with own_parts.sessions() as session:
        for wanted in ({}, {"area": ("les-lilas", "pantin")}, {"topic": ("transports",)}):
            rows = directory.groups(session, wanted)
            outlines = directory.outlines(session, wanted)
            assert [one.slug for one in outlines] == [row.slug for row in rows]
            assert outlines
            for one, row in zip(outlines, rows, strict=True):
                assert (one.id, one.name, one.is_public) == (row.id, row.name, row.is_public)
                for dimension in terms.DIMENSIONS:
                    assert tuple(one.terms(dimension)) == row.terms(dimension)


@pytest.mark.slow
def test_map_is_searched_followed_and_enlarged_and_each_state_is_an_address(
    browser: Browser, address: str
) -> None:
    page, errors = opened(browser, width=1280)
    page.goto(f"{address}/carte")
    page.get_by_label("Trouver un groupe").fill("VELO")
    assert page.locator(".node:not(.faint)").count() == 1
    assert "cherche=VELO" in here(page)
    page.get_by_label("Trouver un groupe").press("Enter")
    assert "Les Lilas à vélo" in str(page.evaluate("document.activeElement.ariaLabel"))
    page.goto(here(page))
    assert page.locator(".node:not(.faint)").count() == 1

    page.goto(f"{address}/carte")
    page.get_by_label("Suivre un fil").select_option(label="Rendre visible")
    assert here(page).endswith("#h-rendre-visible")
    lit = page.locator(".links .lit").count()
    assert lit == page.locator(".links path[data-hub=rendre-visible]").count() > 0
    page.goto(f"{address}/groupes")
    page.goto(f"{address}/carte#h-rendre-visible")
    assert page.locator(".links .lit").count() == lit

    page.locator(".map").focus()
    page.keyboard.press("+")
    assert "vue=1.50" in here(page)
    wide = page.locator(".map svg").bounding_box()
    page.keyboard.press("0")
    assert "vue=" not in here(page)
    normal = page.locator(".map svg").bounding_box()
    assert wide is not None
    assert normal is not None
    assert wide["width"] > normal["width"] * 1.4
    assert letters(page) >= 12

    page.get_by_role("link", name="Passer la carte").focus()
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Tableau des groupes").wait_for()
    page.goto(f"{address}/groupes/lilas-a-velo")
    page.get_by_role("link", name="Le voir sur la carte").click()
    page.locator(".node.lit[data-group=lilas-a-velo]").wait_for()
    assert errors == []
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])
def test_map_is_read_on_a_phone(browser: Browser, address: str, scripts: bool) -> None:
    page, errors = opened(browser, width=360, java_script_enabled=scripts)
    for view in VIEWS:
        page.goto(f"{address}/carte?carte={view}")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        first = page.locator(".map-list summary").first
        assert first.is_visible()
        first.click()
        assert page.locator(".map-list details[open] a:visible").count() > 1
        assert letters(page) >= 12
    assert errors == []
    page.context.close()


def opened(browser: Browser, *, width: int, **options: Any) -> tuple[Page, list[str]]:
    context = browser.new_context(
        locale="fr-FR", viewport={"width": width, "height": 800}, service_workers="block", **options
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


def here(page: Page) -> str:
    """The address as it is now; `page.url` hears of it a moment later."""
    return str(page.evaluate("location.href"))


def letters(page: Page) -> float:
    """The height of a name's letters on the screen, in pixels of the page."""
    return float(
        page.evaluate(
            """() => {
              const text = document.querySelector(".map .groups text, .map .tile text");
              return parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
            }"""
        )
    )
