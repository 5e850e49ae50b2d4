"""What a reader finds: the thread by day, searches, entries, groups, terms, the agenda, feeds."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from aggregator.collect.health import STATES
from aggregator.collect.reasons import REASONS
from aggregator.parts import Parts
from aggregator.store.tables import Source
from web import create_app

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.get_data(as_text=True)


def test_home_shows_news_by_day_with_its_group_and_original(client: FlaskClient) -> None:
    html = page(client, "/")
    assert "Aujourd’hui, mardi 24 novembre" in html
    assert "La piste cyclable de la rue de Paris sera élargie dès janvier" in html
    assert 'href="https://lilas-a-velo.example/0"' in html


def test_story_told_by_three_groups_is_shown_once(client: FlaskClient) -> None:
    html = page(client, "/")
    assert html.count("piste cyclable s’élargit enfin") == 0
    assert "Aussi chez" in html
    assert "La Gazette du 18e</a>" in html


def test_one_click_narrows_and_another_takes_it_back(client: FlaskClient) -> None:
    html = page(client, "/")
    narrowed = re.search(r'href="(/\?theme=logement)"', html)
    assert narrowed is not None
    html = page(client, narrowed[1])
    assert "Permanence logement" in html
    assert "Cartopartie" not in html
    assert 'class="chip" href="/"' in html


def test_filters_combine_and_stay_in_the_address(client: FlaskClient) -> None:
    html = page(client, "/?theme=culture&territoire=paris-19e")
    assert "éclusier" in html
    assert "Exposition" not in html
    assert "theme=culture&amp;territoire=paris-19e" in html


def test_territory_shows_what_lies_in_it(client: FlaskClient) -> None:
    html = page(client, "/territoires/plaine-commune")
    assert "Canicule" in html
    assert "Permanence logement" not in html


def test_chosen_filter_keeps_its_count_and_what_narrows_nothing_is_not_offered(
    client: FlaskClient,
) -> None:
    html = page(client, "/?territoire=montreuil")
    told = re.search(r'aria-current="true"[^§]*?Montreuil[^§]*?class="count">(\d+)<', html)
    assert told is not None
    assert int(told[1]) > 0
    assert "territoire=metropole-du-grand-paris" not in page(client, "/")


def test_every_page_of_the_list_is_reached_and_no_entry_comes_twice(client: FlaskClient) -> None:
    seen: list[str] = []
    path = "/"
    while path:
        html = page(client, path)
        seen += re.findall(r'id="e(\d+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen))
    # 65 entries, one of a group that left, two more folded into a story.
    assert len(seen) == 62


def test_search_finds_without_accents_and_says_how_many(client: FlaskClient) -> None:
    html = page(client, "/recherche?q=velo+ecole")
    assert "<mark>Vélo</mark>-<mark>école</mark>\xa0: vingt nouvelles inscrites" in html
    assert re.search(r"\d+ nouvelles? trouvées?", html)


def test_search_without_words_explains_itself(client: FlaskClient) -> None:
    assert "Comment chercher" in page(client, "/recherche")


def test_search_that_finds_nothing_helps(client: FlaskClient) -> None:
    assert "Rien de trouvé" in page(client, "/recherche?q=xylophone")


@pytest.mark.parametrize("query", ["(((", '"', "NON", "a" * 20_000, "\x00", "%", "🙂" * 50])
def test_no_query_breaks_the_search(client: FlaskClient, query: str) -> None:
    assert client.get("/recherche", query_string={"q": query}).status_code == 200


def test_entry_of_the_press_shows_no_excerpt(client: FlaskClient) -> None:
    html = page(client, "/entrees/2")
    assert "la piste cyclable s’élargit enfin" in html
    assert "ne nous laisse pas citer" not in html


def test_rights_hold_in_every_format(client: FlaskClient) -> None:
    for path in ("/", "/fil.atom", "/fil.rss", "/fil.json", "/fil.csv", "/recherche?q=piste"):
        assert "ne nous laisse pas citer" not in page(client, path), path


def test_full_text_is_shown_where_the_group_agreed(client: FlaskClient) -> None:
    assert "roulements" in page(client, "/entrees/8")


def test_entry_tells_why_it_has_its_tags(client: FlaskClient) -> None:
    html = page(client, "/entrees/1")
    assert "<mark>piste cyclable</mark>" in html
    assert "pourquoi" in html
    assert "/corriger/entrees/1?" in html


def test_entry_shows_what_its_source_changed(client: FlaskClient) -> None:
    html = page(client, "/entrees/1")
    assert "sera <del>peut-être</del> élargie <ins>dès janvier</ins>" in html


def test_canonical_page_of_an_entry_is_its_original(client: FlaskClient) -> None:
    html = page(client, "/entrees/1")
    assert '<link rel="canonical" href="https://lilas-a-velo.example/0">' in html
    told = re.search(r'<script type="application/ld\+json"[^>]*>(.+?)</script>', html)
    assert told is not None
    assert json.loads(told[1])["url"] == "https://lilas-a-velo.example/0"


def test_arabic_entry_is_set_from_right_to_left(client: FlaskClient) -> None:
    assert '<h1 lang="ar" dir="rtl">' in page(client, "/entrees/10")


def test_hostile_title_stays_text(client: FlaskClient) -> None:
    html = page(client, "/?groupe=voix-du-bled")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<img" not in html


def test_feeds_of_all_groups_of_a_view_are_one_file(client: FlaskClient) -> None:
    outline = ElementTree.fromstring(page(client, "/recherche.opml?theme=logement"))
    kept = {one.get("xmlUrl") for one in outline.iter("outline") if one.get("xmlUrl")}
    told = client.get("/api/v1/entries?theme=logement&limite=100").get_json()["entries"]
    assert kept == {f"https://{entry['group']['slug']}.example/feed" for entry in told}
    assert 'href="/recherche.opml?theme=logement"' in page(client, "/suivre?theme=logement")


def test_group_that_left_is_nowhere(client: FlaskClient) -> None:
    page(client, "/groupes/parti-sans-laisser", status=410)
    page(client, "/entrees/64", status=410)
    paths = ("/", "/groupes", "/groupes.csv", "/groupes.json", "/groupes.opml", "/fil.atom",
             "/fil.csv", "/sante", "/sitemap.xml", "/recherche?q=parti")  # fmt: skip
    for path in paths:
        assert "sans-laisser" not in page(client, path), path
        assert "rien de lui" not in page(client, path), path


def test_story_page_says_who_told_it_first(client: FlaskClient) -> None:
    html = page(client, "/recits/1")
    assert "Raconté d’abord par Plaine verte" in html
    assert html.index("douze arbres de plus") < html.index("s’élargit enfin")


def test_date_that_nobody_can_read_is_said_and_can_be_removed(client: FlaskClient) -> None:
    html = page(client, "/?depuis=un-de-ces-jours&theme=logement")
    assert "«\u202fun-de-ces-jours\u202f», date non comprise" in html
    assert 'class="chip" href="/?theme=logement"' in html


def test_agenda_has_what_is_to_come_only(client: FlaskClient) -> None:
    html = page(client, "/agenda")
    assert "Permanence logement" in html
    assert "Maison du peuple" not in page(client, "/agenda?theme=alimentation")
    assert "BEGIN:VEVENT" in page(client, "/agenda.ics?theme=logement")


def test_agenda_is_narrowed_in_one_click_and_followed_in_two(client: FlaskClient) -> None:
    html = page(client, "/agenda")
    narrowed = re.search(
        r'href="(/agenda\?theme=logement)"[^>]*>.*?class="count">(\d+)<', html, re.DOTALL
    )
    assert narrowed is not None
    only = page(client, narrowed[1])
    assert f"{narrowed[2]} rendez-vous" in only
    assert 'class="chip" href="/agenda"' in only
    assert 'href="/recherche.atom?theme=logement&amp;type=event"' in only
    assert "Permanence logement" in page(client, "/recherche.atom?theme=logement&type=event")


def test_agenda_tells_the_hours_under_the_day(client: FlaskClient) -> None:
    html = page(client, "/agenda")
    one = html[html.index("Permanence logement") - 600 : html.index("Permanence logement")]
    assert re.search(r'class="when">(de )?\d+\u202fh', one)
    assert "annoncé" not in one


def test_month_shows_the_event_on_its_day(client: FlaskClient) -> None:
    html = page(client, "/agenda/2026-11")
    assert "Permanence logement" in html
    assert 'rel="prev" href="/agenda/2026-10"' in html
    assert 'rel="next" href="/agenda/2026-12"' in html
    assert 'rel="next" href="/agenda/2027-01"' in page(client, "/agenda/2026-12")
    assert 'rel="next" href="/agenda/2027-03"' in page(client, "/agenda/2027-02")
    page(client, "/agenda/2026-13", status=404)
    page(client, "/agenda/1000-01", status=404)


def test_every_term_has_a_page(client: FlaskClient) -> None:
    html = page(client, "/themes-et-lieux")
    paths = set(re.findall(r'href="(/(?:themes|objectifs|savoir-faire|territoires)/[^"]+)"', html))
    assert len(paths) > 12 + 3 + 4 + 150
    for path in sorted(paths)[::7]:
        page(client, path)
    page(client, "/themes/licornes", status=404)


def test_feed_of_a_list_holds_the_same_entries(client: FlaskClient) -> None:
    for path in ("/fil", "/themes/transports", "/groupes/lilas-a-velo", "/territoires/les-lilas"):
        feed = ElementTree.fromstring(page(client, f"{path}.atom"))
        assert feed.findall("a:entry", ATOM), path
        assert "<rss" in page(client, f"{path}.rss")
        assert json.loads(page(client, f"{path}.json"))["items"]


def test_export_holds_as_many_rows_as_the_page_counts(client: FlaskClient) -> None:
    counted = re.search(r"(\d+) nouvelles? trouvée", page(client, "/recherche?q=piste"))
    assert counted is not None
    rows = page(client, "/recherche.csv?q=piste").strip().splitlines()
    assert len(rows) - 1 == int(counted[1])


def test_export_tells_its_question_and_its_date(client: FlaskClient) -> None:
    told = json.loads(page(client, "/export.json?q=piste"))
    assert "q=piste" in told["requete"]
    assert told["exporte_le"].startswith("2026-11-24")
    assert len(told["entrees"]) == 3
    assert client.get("/export.ods?q=piste").data.startswith(b"PK")


def test_what_was_not_understood_is_pointed_at(client: FlaskClient) -> None:
    html = page(client, "/recherche?q=piste+(velo")
    assert "<mark>(</mark>" in html


def test_health_page_says_what_ails_a_source_and_what_to_do(client: FlaskClient) -> None:
    html = page(client, "/sante")
    assert "Le certificat de sécurité du site a expiré." in html
    assert "12 minutes" in html


def test_health_page_names_the_wall_and_tells_what_the_very_cause_asks_for(
    own_parts: Parts,
) -> None:
    with own_parts.sessions.begin() as session:
        walled, failing, broken = session.query(Source).order_by(Source.id).limit(3)
        walled.state, walled.last_reason = "blocked", "bot_wall"
        walled.last_detail = "Cloudflare answered 403."
        failing.state, failing.last_reason = "failing", "robots_unreachable"
        broken.state, broken.last_reason = "broken", "refused"
    html = page(create_app(own_parts).test_client(), "/sante")
    assert "bloque la lecture du flux (Cloudflare)." in html
    assert REASONS["robots_unreachable"].remedy_fr in html
    assert STATES["broken"].remedy_fr in html


@pytest.mark.slow
@pytest.mark.parametrize("code", ["fr", "en"])
def test_every_internal_link_answers(client: FlaskClient, code: str) -> None:
    waiting, seen, broken = ["/", "/recherche?q=piste", "/agenda"], set(), []
    client.get(f"/?langue={code}")
    while waiting and len(seen) < 250:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        if answer.status_code >= 400:
            broken.append((path, answer.status_code))
        if answer.mimetype != "text/html":
            continue
        found = re.findall(
            r'(?:href|src|action)="(/(?!static)[^"#]*)', answer.get_data(as_text=True)
        )
        # Every kind of address, and of each kind a few.
        for link in dict.fromkeys(found):
            link = link.replace("&amp;", "&")
            kind = re.sub(r"[\d]+|(?<=/)[a-z0-9-]{3,}$|=[^&]*", "*", link)
            if sum(1 for other in (*seen, *waiting) if kind_of(other) == kind) < 4:
                waiting.append(link)
    assert broken == []
    assert len(seen) > 60


def kind_of(link: str) -> str:
    return re.sub(r"[\d]+|(?<=/)[a-z0-9-]{3,}$|=[^&]*", "*", link)


@pytest.mark.parametrize("path", ["/groupes", "/carte"])
def test_empty_directory_invites_too_and_blames_no_filter(empty_parts: Parts, path: str) -> None:
    html = page(create_app(empty_parts).test_client(), path)
    assert 'class="button" href="/inscrire"' in html
    assert "Tout retirer" not in html
    assert "ces choix" not in html


def test_empty_portal_invites_the_first_group(empty_parts: Parts) -> None:
    html = page(create_app(empty_parts).test_client(), "/")
    assert "Pas encore de groupe" in html
