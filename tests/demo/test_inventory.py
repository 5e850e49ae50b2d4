"""The village's sources.yaml, its candidate, and the person who plays its webmaster."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aggregator.demo import directory
from aggregator.demo.village import Village
from aggregator.registry import inventory

Ask = Callable[..., Any]


def test_the_inventory_has_no_fault(demo: Village) -> None:
    assert inventory.check(demo.sources_yaml()) == []


def test_the_inventory_lists_every_group_but_the_candidate(demo: Village) -> None:
    listed = inventory.read(demo.sources_yaml())
    slugs = {group.slug for group in listed.groups}
    assert {group.slug for group in demo.groups} - slugs == {"les-rigoles-de-sevran"}
    assert all(group.sources for group in listed.groups)


def test_one_site_is_found_by_discovery_one_is_watched_and_the_press_is_linked(
    demo: Village,
) -> None:
    sources = {group.slug: group.sources[0] for group in inventory.read(demo.sources_yaml()).groups}
    assert sources["compagnie-du-trottoir"].format == "discover"
    assert sources["amicale-des-peupliers"].format == "page"
    assert sources["gazette-du-meandre"].rights == "link"
    assert {source.rights for source in sources.values()} == {"link", "excerpt", "full"}


def test_the_candidate_has_a_home_page_that_announces_its_feed(demo: Village, ask: Ask) -> None:
    page = ask(demo.candidate())
    assert 'type="application/rss+xml"' in page.text
    assert ask(demo.candidate() + "feed/").status == 200


def test_every_home_page_answers_and_names_its_group(demo: Village, ask: Ask) -> None:
    for group in demo.groups:
        if group.about.get("manners") not in {"refused", "wall"}:
            page = ask(demo.address(group.slug) + "/")
            assert page.status == 200
            assert group.name in html.unescape(page.text)


def paste(demo: Village, ask: Ask, line: str) -> None:
    form = urlencode({"ligne": line}).encode()
    assert ask(demo.candidate() + "secretariat", method="POST", body=form).status == 200


def test_whoever_plays_the_webmaster_puts_a_link_on_the_home_page(demo: Village, ask: Ask) -> None:
    assert "Mettre en ligne" in ask(demo.candidate() + "secretariat").text
    link = '<a rel="me" href="http://127.0.0.1:8000/groupes/rigoles">Fil commun</a>'
    paste(demo, ask, f"Voici : {link}")
    assert link in ask(demo.candidate()).text


def test_a_bare_code_becomes_the_well_known_file(demo: Village, ask: Ask) -> None:
    file = demo.candidate() + ".well-known/filcommun.txt"
    assert ask(file).status == 404
    paste(demo, ask, " filcommun-0123456789abcdef0123 ")
    assert ask(file).text == "filcommun-0123456789abcdef0123\n"


def test_the_webmaster_cannot_paste_a_script(demo: Village, ask: Ask) -> None:
    paste(demo, ask, '<script>x()</script><link rel="me" href="/a">')
    page = ask(demo.candidate()).text
    assert '<link rel="me" href="/a">' in page
    assert "x()" not in page


def test_a_page_lists_the_groups_and_who_is_ill_on_purpose(demo: Village, ask: Ask) -> None:
    page = html.unescape(ask(demo.directory()).text)
    for group in demo.groups:
        assert group.name in page
        assert demo.address(group.slug) in page
        if "manners" in group.about:
            assert directory.explained(group.about["manners"]) in page
