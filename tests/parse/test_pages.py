"""Web pages: the article or the events they hold, and the articles they list."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse import lists, pages
from aggregator.parse.webpage import read_page

URL = "https://voisins.example/agenda/soupe"
TEXT = "<p>" + "Chacun apporte ses légumes et son couteau, on épluche ensemble. " * 6 + "</p>"


def html(head: str = "", body: str = "", lang: str = "fr") -> bytes:
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>'
    ).encode()


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def test_article_has_title_text_date_author_and_picture() -> None:
    head = (
        "<title>Fête de la soupe - Les Voisins</title>"
        '<meta property="og:site_name" content="Les Voisins">'
        '<meta property="og:image" content="/soupe.jpg"><meta name="author" content="Zoé">'
        '<meta property="article:published_time" content="2026-11-20T10:00:00+01:00">'
        '<meta name="description" content="On épluche">'
    )
    banner = "<header><h1><a href='/'>Les Voisins</a></h1></header>"
    body = f"{banner}<article><h1>Fête de la soupe</h1>{TEXT}</article>"
    (entry,) = pages.read(html(head, body), URL).entries
    assert (entry.title, entry.author, entry.language) == ("Fête de la soupe", "Zoé", "fr")
    assert entry.published == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert entry.image == "https://voisins.example/soupe.jpg"
    assert entry.url == URL
    assert entry.summary == "On épluche"
    assert "ses légumes" in entry.content


def test_banner_of_the_site_is_no_title() -> None:
    head = "<title>Les Voisins &raquo; Marche des savoirs</title>"
    body = f"<h1><a href='/'>Les Voisins</a></h1><div><h2>Marche des savoirs</h2>{TEXT}</div>"
    assert "Marche des savoirs" in pages.read(html(head, body), URL).entries[0].title


def test_page_without_text_is_refused() -> None:
    with pytest.raises(ParseError, match="no text"):
        pages.read(html("", "<p>Bonjour</p>"), URL)
    with pytest.raises(ParseError):
        pages.read(b"", URL)


def test_page_whose_root_is_no_page_is_read_or_refused() -> None:
    # htmldate asserts that what it drops has a parent; here it is the root.
    with pytest.raises(ParseError):
        pages.read(b"<html><footer><p>Bonjour</p></footer>", URL)
    with pytest.raises(ParseError):
        pages.read(b"<footer>" + b"x" * 30 + b"</footer>", URL)


EVENT = """{"@context": "https://schema.org", "@graph": [{"@type": ["TheaterEvent"],
 "name": "Soupe &amp; théâtre",
 "startDate": "2026-12-05T14:00+01:00", "endDate": "2026-12-05T17:00+01:00",
 "url": "/agenda/soupe", "eventStatus": "https://schema.org/EventCancelled",
 "location": {"@type": "Place", "name": "Maison du peuple",
   "address": {"streetAddress": "3 quai", "postalCode": "93500", "addressLocality": "Pantin"}},
 "organizer": {"name": "Les Voisins"}, "image": ["/s.jpg"]}]}"""
MICRODATA = """<div itemscope itemtype="https://schema.org/Event">
 <a itemprop="url" href="/agenda/soupe">
 <span itemprop="name">Soupe</span></a>
 <time itemprop="startDate" datetime="2026-12-05T14:00+01:00">5 déc.</time>
 <div itemprop="location" itemscope itemtype="https://schema.org/Place">
 <span>Maison du peuple</span></div></div>"""
HCALENDAR = """<div class="vevent"><a class="url summary" href="/agenda/soupe">Soupe</a>
 <abbr class="dtstart" title="2026-12-05T14:00+01:00">samedi</abbr>
 <span class="location">Maison du peuple</span></div>"""
H_EVENT = """<div class="h-event"><a class="u-url p-name" href="/agenda/soupe">Soupe</a>
 <time class="dt-start" datetime="2026-12-05T14:00+01:00">samedi</time>
 <p class="p-location">Maison du peuple</p></div>"""


@pytest.mark.parametrize(
    "body",
    [ld(EVENT), MICRODATA, HCALENDAR, H_EVENT],
    ids=["json-ld", "microdata", "hcal", "h-event"],
)
def test_events_of_a_page_are_read_however_it_marks_them(body: str) -> None:
    (event,) = pages.read(html("", body + TEXT), "https://voisins.example/agenda").entries
    assert event.type == "event"
    assert event.starts_at == datetime(2026, 12, 5, 13, tzinfo=UTC)
    assert event.url == URL or "Soupe" in event.title
    assert event.place is not None
    assert event.place.startswith("Maison du peuple")


def test_json_ld_event_comes_out_whole() -> None:
    (event,) = pages.read(html("", ld(EVENT)), URL).entries
    assert event.title == "[Annulé] Soupe & théâtre"
    assert event.place == "Maison du peuple, 3 quai 93500 Pantin"
    assert event.author == "Les Voisins"
    assert event.image == "https://voisins.example/s.jpg"


def test_events_without_address_of_their_own_stay_apart() -> None:
    body = "".join(
        '<li class="vevent"><b class="summary">Atelier</b>'
        f'<abbr class="dtstart" title="2026-12-0{n}">x</abbr></li>'
        for n in (1, 2, 3)
    )
    assert len({event.uid for event in pages.read(html("", body), URL).entries}) == 3


def test_broken_json_ld_costs_only_itself() -> None:
    body = ld('{"@type": "Event", ') + ld(EVENT)
    assert pages.read(html("", body), URL).entries[0].type == "event"


LIST = """<nav class="main-menu"><a href="/a-propos-de-nous">Qui sommes nous vraiment</a></nav>
<main>{items}</main><aside><a href="/vieux-billet-tres-lu">Un vieux billet très lu ici</a></aside>
<footer><a href="/mentions">Mentions légales du site</a></footer>"""
ITEM = """<article class="post post-{n}"><h2 class="entry-title">
 <a href="/2026/11/0{n}/billet-{n}?utm_source=x"> Le billet numéro {n} du quartier</a></h2>
 <a class="tag" rel="tag" href="/tag/velo">vélo et mobilité douce</a>
 <time datetime="2026-11-0{n}">{n} nov.</time>
 <a href="/2026/11/0{n}/billet-{n}">Lire la suite</a></article>"""
ITEMS = "".join(ITEM.format(n=n) for n in range(1, 7))


def test_articles_of_a_list_page_are_found_and_nothing_else() -> None:
    found = lists.article_links(html("", LIST.format(items=ITEMS)), "https://voisins.example/actus")
    assert [link.url for link in found.links] == [
        f"https://voisins.example/2026/11/0{n}/billet-{n}" for n in range(1, 7)
    ]
    assert found.links[0].title == "Le billet numéro 1 du quartier"
    # A day without a zone is a day in Paris.
    assert found.links[0].published == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_proposed_selector_finds_the_same_articles_next_time() -> None:
    page = html("", LIST.format(items=ITEMS))
    first = lists.article_links(page, "https://voisins.example/actus")
    again = lists.article_links(page, "https://voisins.example/actus", selector=first.selector)
    assert again.links == first.links


def test_redesigned_page_gives_nothing_for_the_old_selector() -> None:
    first = lists.article_links(html("", LIST.format(items=ITEMS)), "https://voisins.example/actus")
    new = (
        "<div><section><p><a href='/x-y-z'>Tout est nouveau ici maintenant</a></p></section></div>"
    )
    again = lists.article_links(
        html("", new), "https://voisins.example/actus", selector=first.selector
    )
    assert again.links == ()


def test_read_more_links_take_the_title_of_their_item() -> None:
    items = "".join(
        f'<div class="item"><div class="titre">Réunion de quartier {n}</div><p>Texte.</p>'
        f'<a href="/reunion-{n}">Lire la suite…</a></div>'
        for n in "abcd"
    )
    found = lists.article_links(html("", f"<div>{items}</div>"), "https://voisins.example/actus")
    assert [link.title for link in found.links] == [f"Réunion de quartier {n}" for n in "abcd"]


def test_selector_that_is_no_css_is_refused() -> None:
    with pytest.raises(ParseError, match="no CSS"):
        lists.article_links(html("", ITEMS), URL, selector="h2 >> ::nonsense(")


_soup = st.lists(
    st.sampled_from(
        ["<a href='/x'>", "</a>", "<div class='menu'>", "</div>", "<h2>", "</h2>", "<article>",
         "<time datetime='x'>", "<script type='application/ld+json'>", "</script>",
         '{"@type":"Event","name":"x","startDate":"2026-01-01"}', "<base href='http://['>",
         "<div itemscope itemtype='https://schema.org/Event'>", "<p>Bonjour à tous</p>" * 9,
         "<div class='vevent'>", "<b class='dtstart'>2026</b>", "<b class='summary'>x"]
    )
    | st.text(max_size=6),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(_soup)
def test_any_page_gives_entries_links_or_a_parse_error(soup: str) -> None:
    body = html("", soup)
    found = lists.article_links(body, URL)
    assert all(link.url.startswith("http") and link.title for link in found.links)
    try:
        feed = pages.read(body, URL)
    except ParseError:
        return
    assert all(entry.uid and entry.title for entry in feed.entries)


@pytest.mark.corpora
def test_list_pages_and_discovery_of_the_corpora_hold_their_floors(shared: Path) -> None:
    corpora = shared / "corpora"

    def score(part: str) -> str:
        command = [
            sys.executable, str(corpora / "score_lists.py"), "--folder", str(corpora / part),
            "--manifest", f"{corpora / part}.csv", "--truth", f"{corpora / part}_truth.json",
            "--callable", "bench.parse:found_on_page",
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "autodiscovery right 49/49" in score("public/autodiscovery")
    if (corpora / "local_only/lists.csv").exists():
        told = score("local_only/lists")
        assert "autodiscovery right 28/28" in told
        recall, precision = (
            float(told.partition(f"{word} ")[2].split()[0])
            for word in ("recall", "precision against site-wide links")
        )
        assert recall >= 0.93
        assert precision >= 0.94


@pytest.mark.corpora
@pytest.mark.slow
def test_articles_of_the_corpora_hold_their_floors(shared: Path) -> None:
    corpora = shared / "corpora"
    command = [
        sys.executable, str(corpora / "score_pages.py"), "--folder", str(corpora / "public/pages"),
        "--manifest", str(corpora / "public/pages.csv"),
        "--truth", str(corpora / "public/pages_truth.json"),
        "--callable", "bench.parse:article_of_page",
    ]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    first = next(line for line in told.splitlines() if line.startswith("  fulltext  "))
    assert float(first.partition("F1 ")[2].split()[0]) >= 0.95


def test_page_remembers_where_its_addresses_start() -> None:
    page = read_page(html('<base href="/blog/">', '<a href="x">y</a>'), URL)
    assert [url for _element, url in page.links("a")] == ["https://voisins.example/blog/x"]
