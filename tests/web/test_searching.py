"""What searching promises: the same view means the same on page, feed, API and table."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.taxonomy import areas

STORY = ("piste", 3)
"""A word that a story's three entries hold, and how many entries hold it."""


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def shown(html: str) -> list[int]:
    """The entries that a page lists, in its order."""
    return [int(number) for number in re.findall(r'<article[^>]* aria-labelledby="e(\d+)"', html)]


def counted(html: str) -> int:
    """How many entries a search page says it found."""
    told = re.search(r"(\d+) nouvelles? trouvée", html)
    assert told is not None
    return int(told[1])


def rows(client: FlaskClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page(client, path).removeprefix("\ufeff"))))


def items(client: FlaskClient, path: str) -> list[Any]:
    feed = client.get(path).get_json(force=True)
    return list(feed["items"])


def test_story_is_folded_and_one_click_unfolds_it_and_another_folds_it_again(
    client: FlaskClient,
) -> None:
    word, entries = STORY
    folded = page(client, f"/recherche?q={word}")
    assert len(shown(folded)) == 1
    unfold = re.search(r'href="([^"]+)"[^>]*>Déplier les récits<', folded)
    assert unfold is not None
    unfolded = page(client, unfold[1].replace("&amp;", "&"))
    assert len(shown(unfolded)) == entries
    fold = re.search(r'href="([^"]+)"[^>]*>Replier les récits<', unfolded)
    assert fold is not None
    assert page(client, fold[1].replace("&amp;", "&")).count("Déplier les récits") == 1


@pytest.mark.parametrize("recits", ["", "&recits=plies", "&recits=deplies"])
def test_folding_changes_no_count_and_no_table(client: FlaskClient, recits: str) -> None:
    word, entries = STORY
    query = f"q={word}{recits}"
    assert counted(page(client, f"/recherche?{query}")) == entries
    assert client.get(f"/api/v1/entries?{query}").get_json()["total"] == entries
    table = rows(client, f"/export.csv?{query}")
    assert len(table) == entries
    assert len({row["recit"] for row in table}) == 1


def test_page_feed_and_api_fold_alike_when_told_to(client: FlaskClient) -> None:
    word, entries = STORY
    for recits, listed in (("plies", 1), ("deplies", entries)):
        query = f"q={word}&recits={recits}"
        assert len(shown(page(client, f"/recherche?{query}"))) == listed
        assert len(items(client, f"/recherche.json?{query}")) == listed
        found = client.get(f"/api/v1/entries?{query}").get_json()["entries"]
        assert len(found) == listed
        assert len(found[0]["folded"]) == entries - listed


def test_home_and_term_pages_unfold_as_well(client: FlaskClient) -> None:
    for path in ("/", "/themes/transports"):
        folded, unfolded = page(client, path), page(client, f"{path}?recits=deplies")
        assert "Déplier les récits" in folded
        assert len(shown(unfolded)) >= len(shown(folded))
        assert "s’élargit enfin" in unfolded
        assert "s’élargit enfin" not in folded


@pytest.mark.parametrize(
    ("parameter", "value", "dimension", "label"),
    [
        ("ecrit_en", "ar", "language", "Arabe"),
        ("type", "event", "type", "Événement"),
        ("forme", "contenu-actualites", "kind", None),
    ],
)
def test_facet_counts_what_its_link_finds_everywhere(
    client: FlaskClient, parameter: str, value: str, dimension: str, label: str | None
) -> None:
    query = f"{parameter}={value}"
    told = client.get(f"/api/v1/entries?facettes={dimension}").get_json()
    count = told["facets"][dimension].get(value, 0)
    html = page(client, f"/recherche?{query}")
    assert counted(html) == count == len(rows(client, f"/export.csv?{query}"))
    assert client.get(f"/api/v1/entries?{query}").get_json()["total"] == count
    assert len(items(client, f"/recherche.json?{query}")) == min(count, 50)
    if label is not None:
        assert f'href="/?{query}"' in page(client, "/")
        assert re.search(rf'class="chip" href="/recherche">[^§]*?{label}', html)


def test_every_example_of_the_help_page_is_understood(client: FlaskClient) -> None:
    examples = re.findall(r'href="(/recherche\?q=[^"]+)"', page(client, "/recherche"))
    assert len(examples) >= 15
    for example in examples:
        assert "notice warn" not in page(client, example.replace("&amp;", "&")), example


def test_search_that_finds_nothing_offers_what_would_find_something(client: FlaskClient) -> None:
    html = page(client, "/recherche?q=piste+xylophone")
    assert counted(html) == 0
    offered = re.search(r'<li><a href="([^"]+)">«.piste.»</a> <span class="count">(\d+)<', html)
    assert offered is not None
    assert counted(page(client, offered[1].replace("&amp;", "&"))) == int(offered[2]) == STORY[1]


def test_excerpt_shows_the_words_sought_within_the_rights(client: FlaskClient) -> None:
    assert "<mark>six</mark> semaines" in page(client, "/recherche?q=six+lilas")
    hidden = page(client, "/recherche?q=citer")
    assert "Ces mots sont dans le texte" in hidden
    assert "ne nous laisse pas" not in hidden


def test_entry_gives_a_dated_copy_to_cite_and_one_that_left_gives_none(client: FlaskClient) -> None:
    html = page(client, "/entrees/1")
    assert 'href="/entrees/1/copie.json"' in html
    cited = html.partition('id="citer"')[2].partition("</section>")[0]
    assert "2026 à" in cited.partition("Vu par")[0]
    copy = client.get("/entrees/1/copie.json").get_json()
    assert copy["shown"]["original"] in cited
    assert copy["taken_at"] == "2026-11-24T09:00:00Z"
    assert copy["shown"]["title"].startswith("La piste cyclable")
    assert client.get("/entrees/64/copie.json").status_code == 410
    assert client.get("/entrees/9999/copie.json").status_code == 404


HOSTILE = {
    "100 kB": "eau " * 25_000,
    "10,000 ORs": " OU ".join(f"mot{number}" for number in range(10_000)),
    "parentheses 1,000 deep": "(" * 1_000 + "eau" + ")" * 1_000,
    "wildcards alone": "* ** ?* *?*",
    "control characters": "\x00\x07\x1b[31m\u202e eau",
    "a bomb for regular expressions": "(a+)+$" * 500 + "(a|a)*b" * 500,
    "fields of fields": "titre:" * 5_000,
    "open quotes": '"«“' * 3_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "path", ["/recherche", "/recherche.atom", "/export.csv", "/comparer", "/recherche/suggestions"]
)
def test_hostile_question_is_answered_and_the_portal_stays_up(
    client: FlaskClient, path: str, kind: str
) -> None:
    answer = client.get(path, query_string={"q": HOSTILE[kind]}, buffered=True)
    assert answer.status_code == 200
    assert client.get("/recherche?q=piste").status_code == 200


def test_timeline_counts_what_its_months_find(client: FlaskClient) -> None:
    html = page(client, "/recherche?q=le+OU+la+OU+piste+OU+logement")
    months = re.findall(
        r'<th scope="row"><a rel="nofollow" href="([^"]+)">[^<]+</a></th><td>(\d+)<', html
    )
    assert len(months) > 1
    assert sum(int(count) for _, count in months) == counted(html)
    for url, count in months:
        assert counted(page(client, url.replace("&amp;", "&"))) == int(count)
    assert '<svg class="bars"' in html


def choices(html: str, dimension: str) -> list[tuple[str, int]]:
    """Address and count of what a facet offers and is not chosen yet."""
    facet = re.search(rf"<summary>{dimension}</summary>(.*?)</details>", html, re.DOTALL)
    assert facet is not None
    found = re.findall(
        r'<a href="([^"]+)" rel="nofollow">.*?class="count">(\d+)<', facet[1], re.DOTALL
    )
    return [(url.replace("&amp;", "&"), int(count)) for url, count in found]


def test_narrower_place_takes_the_place_of_the_wider_one(client: FlaskClient) -> None:
    html = page(client, "/recherche?territoire=seine-saint-denis")
    narrower = [pair for pair in choices(html, "Territoires") if "seine-saint-denis" not in pair[0]]
    assert len(narrower) > 2
    for url, count in narrower:
        assert counted(page(client, url)) == count < counted(html), url


def test_another_place_is_offered_beside_the_chosen_one(client: FlaskClient) -> None:
    html = page(client, "/recherche?territoire=montreuil")
    beside = choices(html, "Territoires")
    assert len(beside) > 2
    for url, count in beside:
        assert "territoire=montreuil" in url
        found = counted(page(client, url))
        assert max(count, counted(html)) <= found <= count + counted(html), url


def test_second_value_of_a_filter_is_counted_by_itself(client: FlaskClient) -> None:
    html = page(client, "/recherche?theme=logement&type=article")
    seconds = choices(html, "Thèmes")
    assert len(seconds) > 3
    for url, count in seconds:
        assert counted(page(client, url.replace("theme=logement&", "", 1))) == count, url
        assert counted(page(client, url)) >= max(count, counted(html))


def test_page_of_a_place_offers_what_lies_in_it_with_its_count(client: FlaskClient) -> None:
    offered = choices(page(client, "/territoires/seine-saint-denis"), "Territoires")
    assert len(offered) > 2
    for url, count in offered:
        slug = url.removeprefix("/territoires/")
        assert "seine-saint-denis" in areas.ancestors(slug)
        assert counted(page(client, f"/recherche?territoire={slug}")) == count


def test_long_question_leaves_room_for_its_answers(client: FlaskClient) -> None:
    asked = " OU ".join(f'"Hélène {n}"' for n in range(60))
    html = client.get("/recherche", query_string={"q": asked}).get_data(as_text=True)
    title = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert title is not None
    assert len(title[1]) < 250
    assert re.search(r"<summary>Tout ce qui a été compris</summary><p>[^<]*Hélène 59", html)
    assert f'value="{asked.replace(chr(34), "&#34;")}"' in html
    chip = re.search(r'class="chip"[^>]*>.*?</a>', html, re.DOTALL)
    assert chip is not None
    assert "Hélène 59" not in chip[0].partition(">")[2]


def test_mistyped_word_is_offered_as_it_is_written(client: FlaskClient) -> None:
    html = page(client, "/recherche?q=pisste&type=article")
    better = '<a href="/recherche?q=piste&amp;type=article"><strong>piste</strong></a>'
    assert re.search(rf"Vouliez-vous dire {re.escape(better)}\s\?", html)
    assert f"Did you mean {better}?" in page(client, "/recherche?q=pisste&type=article&langue=en")


def test_another_language_of_the_search_page_still_tells_how_to_search(client: FlaskClient) -> None:
    html = page(client, "/recherche?langue=fr")
    assert "Comment chercher" in html
    assert shown(html) == []


def test_following_everything_leads_to_the_front_page_and_its_feeds(client: FlaskClient) -> None:
    assert 'href="/fil.atom"' in page(client, "/suivre")
    assert '<a target="_blank" rel="noopener" href="/">' in page(client, "/integrer/liste")
    assert 'href="/recherche?theme=logement">' in page(client, "/integrer/liste?theme=logement")
