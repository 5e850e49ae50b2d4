"""The directory of groups: narrowed, sorted, and read page by page without missing a group."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from aggregator.parts import Parts
from aggregator.store import directory
from aggregator.store.tables import Group, GroupTag
from aggregator.taxonomy.areas import folded_name
from web import create_app
from web.groups import PAGE


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.get_data(as_text=True)


def test_directory_narrows_by_area_with_what_lies_inside(client: FlaskClient) -> None:
    html = page(client, "/groupes?territoire=plaine-commune")
    assert "Plaine verte" in html
    assert "Des toits à Montreuil" not in html
    page(client, "/groupes?territoire=atlantide", status=404)


def many_groups(parts: Parts) -> set[str]:
    """A hundred and fifty groups more, some with a theme; the slugs of all public ones."""
    with parts.sessions.begin() as session:
        now = parts.clock()
        for number in range(150):
            tags = [GroupTag(dimension="topic", slug="logement")] if number % 2 else []
            session.add(
                Group(
                    slug=f"groupe-{number}",
                    name=f"{'ABCDEFGHIJ'[number % 10]} numéro {number}",
                    created_at=now - timedelta(days=number % 7),
                    updated_at=now,
                    tags=tags,
                )
            )
        session.flush()
        return {group.slug for group in directory.groups(session)}


def walked(client: FlaskClient, path: str) -> list[str]:
    """The slugs of a directory's pages, each followed to the next."""
    slugs = []
    while path:
        html = page(client, path)
        slugs += re.findall(r'<h2 class="name"><a href="/groupes/([^"]+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html.partition("</head>")[2])
        path = unescape(following[1]) if following else ""
    return slugs


@pytest.mark.parametrize("sort", ["", "?tri=activite", "?tri=arrivee"])
def test_directory_pages_on_without_missing_or_repeating_a_group(
    own_parts: Parts, sort: str
) -> None:
    slugs = many_groups(own_parts)
    found = walked(create_app(own_parts).test_client(), f"/groupes{sort}")
    assert len(found) == len(slugs)
    assert set(found) == slugs


def test_directory_keeps_its_filter_from_page_to_page(own_parts: Parts) -> None:
    many_groups(own_parts)
    client = create_app(own_parts).test_client()
    first = page(client, "/groupes?theme=logement&tri=arrivee")
    found = walked(client, "/groupes?theme=logement&tri=arrivee")
    assert len(found) > PAGE
    assert f"{len(found)} groupes" in first
    assert not any(slug.startswith("groupe-") and int(slug[7:]) % 2 == 0 for slug in found)


def test_a_letter_leads_to_where_its_groups_begin(own_parts: Parts) -> None:
    many_groups(own_parts)
    client = create_app(own_parts).test_client()
    index = dict(re.findall(r'href="([^"]+)#liste">([A-Z#])</a>', page(client, "/groupes")))
    for path, letter in index.items():
        html = page(client, unescape(path))
        name = re.search(r'<h2 class="name"><a [^>]+>([^<]+)</a>', html)
        assert name is not None
        assert folded_name(name[1])[0].upper() == letter


def test_directory_begins_again_after_a_group_that_has_left(client: FlaskClient) -> None:
    assert walked(client, "/groupes?apres=parti-depuis") == walked(client, "/groupes")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_of_the_directory_fits(
    browser: Browser, address: str, own_parts: Parts, width: int
) -> None:
    many_groups(own_parts)
    window = browser.new_page(viewport={"width": width, "height": 800}, locale="fr-FR")
    window.goto(f"{address}/groupes?theme=logement")
    window.get_by_role("link", name="Dérouler la suite").click()
    window.wait_for_url("**/groupes?apres=*")
    assert "theme=logement" in window.url
    assert window.get_by_role("link", name="Depuis le début").is_visible()
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    window.close()
