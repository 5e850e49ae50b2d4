"""What holds on every route there is, and on those to come: headers, tokens, hosts, no third party.

Each route is asked with real values, by a stranger and by somebody signed in everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from aggregator.parts import Parts
from aggregator.registry import desk, moderators
from aggregator.settings import Settings
from aggregator.store.tables import Letter
from web import create_app

VALUES: dict[str, Any] = {
    "slug": "lilas-a-velo",
    "group": "lilas-a-velo",
    "id": 1,
    "entry": 1,
    "year": 2026,
    "number": 11,
    "secret": "s" * 32,
    "link": f"1.{'s' * 22}",
    "key": "k" * 24,
    "token": "t" * 24,
    "element": "groupe-lilas-a-velo",
    "name": "0.jpg",
    "asked": "0",
    "filename": "fil.css",
    "path": "nulle-part",
}
"""Argument of a route → a value; a new argument needs one here."""
ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
WORKSHOP = "2026-11-24-atelier-de-pantin"
BY_MACHINES = {"websub.receive", "subscription.leave"}
"""Posted to without a page of ours: a hub signs, a mail program carries the signed link."""
FRAMED = {"follow.embed", "subscription.preview"}
FORGED = (
    *("X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Forwarded-Scheme"),
    *("X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-HTTP-Method-Override"),
)
"""Headers that proxies and frameworks believe, and that no cache has in its key."""
NAMES = (
    *("next", "url", "to", "retour", "groupe", "slug", "atelier", "lien", "filename", "q"),
    *("endpoint", "_external", "_scheme", "_anchor", "_method", "apres", "avant"),
)
"""Parameters that lead somewhere on other sites, or that `url_for` takes itself."""
LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|input)\b[^>]*?"
    r"\s(?:src|srcset|data|poster)=\"([^\"]*)\""
    r"|<link\b(?=[^>]*rel=\"(?:stylesheet|icon|manifest|preload|preconnect|dns-prefetch|modulepreload)"
    r"[^\"]*\")[^>]*?\shref=\"([^\"]*)\""
    r"|<form\b[^>]*?\saction=\"([^\"]*)\"",
    re.IGNORECASE,
)


def addresses(app: Flask, method: str) -> list[tuple[str, str]]:
    """Endpoint and address of each route that takes a method."""
    with app.test_request_context():
        return [
            (rule.endpoint, url_for(rule.endpoint, **values))
            for rule in app.url_map.iter_rules()
            if method in (rule.methods or ())
            for values in filled_in(rule)
        ]


def filled_in(rule: Rule) -> Iterator[dict[str, Any]]:
    values = {name: VALUES[name] for name in rule.arguments if name in VALUES}
    if rule.endpoint.startswith(("workshops.", "workshop_desk.")) and "slug" in values:
        values["slug"] = WORKSHOP
    choices = {
        name: sorted(converter.items)
        for name, converter in rule._converters.items()
        if isinstance(converter, AnyConverter)
    }
    for chosen in product(*choices.values()):
        yield values | dict(zip(choices, chosen, strict=True))


@pytest.fixture(scope="module")
def portal(shared_busy: Parts) -> Flask:
    """Where something of everything waits."""
    return create_app(shared_busy)


@pytest.fixture(scope="module")
def stranger(portal: Flask) -> FlaskClient:
    """Somebody who never has a cookie."""
    return portal.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def insider(portal: Flask, shared_busy: Parts) -> FlaskClient:
    """Alice, who moderates and keeps a group, signed in to both."""
    client = portal.test_client()
    with shared_busy.sessions.begin() as session:
        now = shared_busy.clock()
        moderators.ask_link(session, "alice@m.example", now=now)
        desk.ask_link(session, "carole@lilas.example", now=now)
        session.flush()
        links = [one.values["path"] for one in session.query(Letter).order_by(Letter.id)][-2:]
    for link in links:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(link).text)
        assert token is not None
        assert client.post(link, data={"csrf_token": token[1]}).status_code == 303
    for path in ("/moderation", "/espace/lilas-a-velo"):
        assert client.get(path).status_code == 200
    return client


def asked(
    client: FlaskClient, paths: list[tuple[str, str]] | None = None, **options: Any
) -> Iterator[tuple[str, str, TestResponse]]:
    """Endpoint, address and answer of every route that can be read, or of some."""
    for endpoint, path in paths or addresses(client.application, "GET"):
        yield endpoint, path, client.get(path, buffered=True, **options)


def behind_doors(stranger: FlaskClient) -> list[tuple[str, str]]:
    """Endpoint and address of what sends strangers to a door."""
    found = [
        (endpoint, path)
        for endpoint, path in addresses(stranger.application, "GET")
        if path.startswith(("/moderation", "/espace", "/ateliers"))
        and stranger.get(path).headers.get("Location", "").endswith("/entrer")
    ]
    assert len(found) > 10
    return found


def faults_of(endpoint: str, path: str, answer: TestResponse) -> Iterator[str]:
    """What an answer lacks."""
    headers, type_ = answer.headers, answer.headers.get("Content-Type", "")
    if answer.status_code >= 500:
        yield f"{path} answers {answer.status_code}"
    for name in ("Content-Security-Policy", "Referrer-Policy", "Permissions-Policy"):
        if name not in headers:
            yield f"{path} lacks {name}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield f"{path} may be sniffed"
    if endpoint not in FRAMED and (
        "frame-ancestors 'none'" not in headers["Content-Security-Policy"]
        or headers.get("X-Frame-Options") != "DENY"
    ):
        yield f"{path} may be framed"
    if not type_ or (re.match("text/|.*xml", type_) and "charset=" not in type_):
        yield f"{path} is of type {type_!r}"
    if type_.startswith("text/html"):
        yield from (f"{path} loads {url}" for url in foreign(answer.text))
    if type_.startswith("text/css"):
        yield from re.findall(r"@import|url\(\s*['\"]?(?:https?:)?//", answer.text)


def test_every_path_that_the_docs_name_is_a_route(app: Flask) -> None:
    routes = app.url_map.bind("fil.example")
    named = {
        (page.name, path)
        for page in DOCS
        for path in re.findall(r"`(/[a-z][^`?\s]*)[^`]*`", page.read_text())
    }
    assert len(named) > 30
    missing = [
        (page, path)
        for page, path in sorted(named)
        if not routes.test(re.sub(r"<id>|ID|NUMÉRO|NOM", "1", path))
    ]
    assert missing == []


def test_every_answer_is_protected_and_asks_no_third_party(stranger: FlaskClient) -> None:
    answers = list(asked(stranger))
    assert [fault for answer in answers for fault in faults_of(*answer)] == []
    assert sum(answer.mimetype == "text/html" for _, _, answer in answers) > 60


def test_what_is_behind_a_door_is_protected_too_and_kept_by_nobody(
    stranger: FlaskClient, insider: FlaskClient
) -> None:
    for endpoint, path, answer in asked(insider, behind_doors(stranger)):
        assert list(faults_of(endpoint, path, answer)) == []
        assert answer.headers["Cache-Control"] in {"private, no-store", "no-store"}, path


def foreign(html: str) -> list[str]:
    """Addresses that a page loads or sends to, and that are not ours."""
    found = [unescape(next(filter(None, groups), "")) for groups in LOADS.findall(html)]
    ours = urlsplit(Settings(_env_file=None).base_url).netloc
    return [url for url in found if urlsplit(url).netloc not in {"", ours}]


def test_what_a_page_loads_is_seen() -> None:
    html = (
        '<img alt="" src="https://a.example/x"><script async src="//b.example/y"></script>'
        '<link href="https://c.example/z" rel="stylesheet"><form action="https://d.example">'
        '<a href="https://e.example">elsewhere</a><img src="/media/1.jpg">'
    )
    hosts = {urlsplit(url).netloc for url in foreign(html)}
    assert hosts >= {"a.example", "b.example", "d.example"}
    assert "e.example" not in hosts


def test_no_form_is_taken_without_its_token(insider: FlaskClient) -> None:
    taken = [
        path
        for endpoint, path in addresses(insider.application, "POST")
        if endpoint not in BY_MACHINES and insider.post(path).status_code != 400
    ]
    assert taken == []
    posted = {endpoint for endpoint, _ in addresses(insider.application, "POST")}
    assert posted >= BY_MACHINES


def test_no_route_answers_to_a_foreign_host(stranger: FlaskClient) -> None:
    for _, path, answer in asked(stranger, headers={"Host": "malin.example"}):
        assert (path, answer.status_code) == (path, 400)
        assert "malin" not in answer.get_data(as_text=True)


def test_no_parameter_or_header_leads_out_or_breaks_a_page(
    stranger: FlaskClient, insider: FlaskClient
) -> None:
    asking: dict[str, Any] = {
        "query_string": [(name, "//malin.example/\r\nSet-Cookie: a=b") for name in NAMES],
        "headers": dict.fromkeys(FORGED, "forged.example"),
    }
    for client, paths in ((stranger, None), (insider, behind_doors(stranger))):
        for _, path, answer in asked(client, paths, **asking):
            assert answer.status_code < 500, path
            assert not leads_out(answer), path
            assert "a=b" not in str(answer.headers.getlist("Set-Cookie")), path
            # A cache would give it to everybody: it has no header of these in its key.
            assert "forged" not in answer.get_data().decode("latin-1") + str(answer.headers), path


def leads_out(answer: TestResponse) -> bool:
    location = answer.headers.get("Location", "")
    return bool(urlsplit(location).netloc) or location.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "path", ["//malin.example", "//malin.example/%2e%2e", "/%5cmalin.example", "///malin.example/"]
)
def test_no_path_leads_out(stranger: FlaskClient, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(stranger, method)(path)
        assert not leads_out(answer)
        assert 'href="//' not in answer.get_data(as_text=True)


def test_methods_that_no_route_takes_are_refused(stranger: FlaskClient) -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
        for path in ("/", "/groupes/lilas-a-velo", "/api/v1/entries", "/moderation"):
            assert stranger.open(path, method=method).status_code == 405


@pytest.mark.parametrize(
    "path", ["/journal?avant={}", "/carte?page={}", "/api/v1/stories?apres={}", "/?apres={}-0"]
)
@pytest.mark.parametrize("number", ["-1", "2147483648", "9" * 40])
def test_number_that_no_row_can_have_is_no_error(
    client: FlaskClient, path: str, number: str
) -> None:
    assert client.get(path.format(number)).status_code in {200, 404}
