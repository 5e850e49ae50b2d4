"""What every answer carries, and what is refused: headers, cookies, hosts, tokens, caches."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

from web import desk, languages, moderators
from web.assets import FOLDER

PAGES = ("/", "/recherche?q=piste", "/entrees/1", "/groupes", "/agenda", "/sante", "/proposer")


@pytest.mark.parametrize("path", PAGES)
def test_page_runs_only_its_own_script(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    html = answer.get_data(as_text=True)
    assert all(nonce[1] in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.search(r"<style|<[^<>]*\s(style|on[a-z]+)=|javascript:", html)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_nonce_is_another_one_each_time(client: FlaskClient) -> None:
    first, second = (client.get("/").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


def test_reader_who_has_the_page_gets_304_without_a_new_policy(client: FlaskClient) -> None:
    etag = client.get("/").headers["ETag"]
    again = client.get("/", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert "Content-Security-Policy" not in again.headers


@pytest.mark.parametrize("ending", ["atom", "rss", "json", "ics"])
def test_feed_answers_conditional_requests(client: FlaskClient, ending: str) -> None:
    first = client.get(f"/fil.{ending}")
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = client.get(f"/fil.{ending}", headers={name: first.headers[header]})
        assert again.status_code == 304, name
    assert first.headers["Cache-Control"] == "public, max-age=300"


def test_feed_in_two_languages_says_that_it_varies(client: FlaskClient) -> None:
    for path in ("/fil.atom", "/themes/transports.rss", "/carte.svg", "/fil.webmanifest"):
        french = client.get(path, headers={"Accept-Language": "fr"})
        english = client.get(path, headers={"Accept-Language": "en"})
        assert french.data != english.data, path
        assert {"Accept-Language", "Cookie"} <= set(french.vary), path


def test_what_says_the_same_to_all_varies_by_no_language(client: FlaskClient) -> None:
    for path in ("/groupes.json", "/robots.txt", "/api/v1/taxonomy"):
        assert "Accept-Language" not in client.get(path).vary, path


@pytest.mark.parametrize(
    "path", ["/groupes.opml", "/groupes.geojson", "/sitemap.xml", "/api/v1/groups", "/fil.csv"]
)
def test_every_long_text_is_compressed(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.vary


@pytest.mark.parametrize("path", ["/inscrire", "/proposer", "/abonnement/lien", "/espace/entrer"])
def test_form_answers_head_as_it_answers_get(client: FlaskClient, path: str) -> None:
    assert client.head(path).status_code == client.get(path).status_code == 200


def test_reading_sets_no_cookie(client: FlaskClient) -> None:
    for path in ("/", "/entrees/1", "/groupes", "/fil.atom"):
        assert "Set-Cookie" not in client.get(path).headers


def test_every_cookie_is_told_of(client: FlaskClient) -> None:
    told = client.get("/vie-privee").get_data(as_text=True)
    doors = (desk._door.cookie, moderators._door.cookie)
    for name in (languages.COOKIE, client.application.config["SESSION_COOKIE_NAME"], *doors):
        assert f"<code>{name}</code>" in told


def test_form_is_private_and_its_cookie_guarded(client: FlaskClient) -> None:
    answer = client.get("/proposer")
    assert answer.headers["Cache-Control"] == "private, no-store"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_form_without_its_token_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/proposer", data={"url": "https://un-groupe.example"})
    assert answer.status_code == 400
    assert "expiré" in answer.get_data(as_text=True)


def test_foreign_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "malin.example"}).status_code == 400


def test_links_for_feeds_come_from_the_settings_only(client: FlaskClient) -> None:
    feed = client.get("/fil.atom", headers={"Host": "localhost"}).get_data(as_text=True)
    assert "http://127.0.0.1:8000/fil.atom" in feed
    assert "//localhost" not in feed


def test_page_travels_compressed_and_small(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 15_000
    assert b"Fil commun" in gzip.decompress(answer.data)


def test_what_does_not_exist_says_so_kindly(client: FlaskClient) -> None:
    answer = client.get("/nulle-part")
    assert answer.status_code == 404
    assert "Ce fil ne mène nulle part" in answer.get_data(as_text=True)


def test_embedded_list_may_be_framed_and_nothing_else(client: FlaskClient) -> None:
    embedded = client.get("/integrer/liste?theme=logement")
    assert "X-Frame-Options" not in embedded.headers
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/integrer").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static/0/", "/static/0/../wsgi.py", "/static/0/%2e%2e/wsgi.py", "/media/"),
        *("/static/0/..%5cwsgi.py", "/static//etc/passwd", "/media/..%2ffilcommun.db"),
        *("/media/%2e%2e/%2e%2e/filcommun.db", "/.git/config", "/.env", "/static/0/fil.css~"),
    ],
)
def test_what_lies_beside_static_files_is_not_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path, follow_redirects=True)
    assert answer.status_code == 404


def test_health_checks_answer(client: FlaskClient) -> None:
    assert client.get("/healthz").data == b"ok\n"
    assert client.get("/readyz").json == {"ready": True, "faults": []}
    metrics = client.get("/metrics").data
    assert b"filcommun_request_seconds_bucket" in metrics
    assert b"python_info" not in metrics


def test_first_visit_travels_in_sixty_kilobytes(client: FlaskClient) -> None:
    packed = {"Accept-Encoding": "gzip"}
    page = client.get("/", headers=packed)
    html = gzip.decompress(page.data).decode()
    release = re.search(r"/static/[0-9a-f]+/", html)
    assert release is not None
    scripts = [path.name for path in FOLDER.glob("*.js") if path.name != "offline.js"]
    total = len(page.data)
    for name in (*scripts, "fil.css", "icon.svg"):
        answer = client.get(release[0] + name, headers=packed, buffered=True)
        assert "immutable" in answer.headers["Cache-Control"]
        total += len(answer.data)
    assert total < 60_000
