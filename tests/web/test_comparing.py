"""Searches side by side: what the page counts is what its links find, within the filters chosen."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return html.unescape(answer.get_data(as_text=True))


def found(client: FlaskClient, path: str) -> int:
    told = re.search(r"(\d+) nouvelles? trouvée", page(client, path))
    assert told is not None
    return int(told[1])


def cells(text: str) -> list[tuple[str, int]]:
    """Address and count of each cell that counts something."""
    pairs = re.findall(r'<a class="count" href="([^"]+)" rel="nofollow">(\d+)</a>', text)
    return [(url, int(count)) for url, count in pairs]


def totals(text: str) -> list[int]:
    foot = text.partition("<tfoot>")[2].partition("</tfoot>")[0]
    return [int(count) for count in re.findall(r'<td class="count">(\d+)</td>', foot)]


@pytest.mark.parametrize("filters", ["", "&territoire=seine-saint-denis&depuis=2026-11-03"])
def test_each_count_is_what_its_link_finds_and_they_add_up(
    client: FlaskClient, filters: str
) -> None:
    text = page(client, f"/comparer?q=le+OU+la&q=loyer+OU+piste{filters}")
    counted = cells(text)
    assert len(counted) > 1
    for url, count in counted:
        assert found(client, url) == count, url
    alone = [found(client, f"/recherche?q={q}{filters}") for q in ("le+OU+la", "loyer+OU+piste")]
    assert totals(text) == alone
    assert sum(count for _, count in counted) == sum(alone)


def test_search_takes_its_filters_along_and_one_click_takes_them_off(client: FlaskClient) -> None:
    text = page(client, "/recherche?q=piste&territoire=ile-de-france&tri=pertinence")
    link = re.search(r'href="(/comparer\?[^"]+)"', text)
    assert link is not None
    text = page(client, link[1])
    assert 'type="hidden" name="territoire" value="ile-de-france"' in text
    assert '<a class="chip" href="/comparer?q=piste">' in text
    assert "«\u202fpiste\u202f»" in text


def test_what_was_not_understood_is_pointed_at(client: FlaskClient) -> None:
    assert "<mark>(</mark>" in page(client, "/comparer?q=loyer&q=piste+(velo")


def test_nothing_asked_and_nothing_found_are_told_apart(client: FlaskClient) -> None:
    assert "Rien de trouvé" not in page(client, "/comparer?q=&q=+")
    text = page(client, "/comparer?q=xylophone")
    assert "Rien de trouvé" in text
    assert 'value="xylophone"' in text
