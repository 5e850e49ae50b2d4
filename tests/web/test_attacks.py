"""Attacks by name, each tried: planted sessions, guessing by time, templates, formulas."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.mail import links as signed_links
from aggregator.parts import Parts
from aggregator.registry import moderators
from aggregator.store import directory
from aggregator.store.tables import Entry, Group, Letter
from web import create_app

ROOT = Path(__file__).parents[2]
TEMPLATES = "{{7*7}} {%print(7*7)%} ${7*7} #{7*7} <%=7*7%> %(name)s {0.__class__}"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", "=cmd|'/c calc'!A1")


def test_signing_in_replaces_any_cookie_that_somebody_planted(
    visitor: Any, invited: Callable[..., str]
) -> None:
    visitor.client.set_cookie("moderation", "planted-by-mallory")
    visitor.send(invited())
    cookie = visitor.client.get_cookie("moderation")
    assert cookie is not None
    assert cookie.value != "planted-by-mallory"
    assert len(cookie.value) == 32
    assert cookie.http_only
    assert visitor.status("/moderation") == 200


def test_a_session_that_was_signed_out_stays_ended(alice: Any, own_parts: Parts) -> None:
    value = alice.client.get_cookie("moderation").value
    alice.send("/moderation", to="/moderation/sortir")
    thief = create_app(own_parts).test_client()
    thief.set_cookie("moderation", value)
    assert thief.get("/moderation").status_code == 303


def test_a_secret_is_looked_up_by_its_hash_so_time_tells_nothing(
    own_parts: Parts, visitor: Any
) -> None:
    """The database compares hashes: how far a guess agrees says nothing of the secret."""
    told: list[str] = []

    def hear(_c: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
        told.append(str(parameters))

    engine = own_parts.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", hear)
    guess = "g" * 32
    visitor.client.set_cookie("moderation", guess)
    visitor.get("/moderation")
    visitor.get(f"/moderation/entrer/{guess}")
    event.remove(engine, "before_cursor_execute", hear)
    assert any(hashlib.sha256(guess.encode()).hexdigest() in parameters for parameters in told)
    assert not any(guess in parameters for parameters in told)


@pytest.mark.parametrize("name", ["verify", "bounced"])
def test_what_we_sign_is_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(
        signed_links.hmac, "compare_digest", lambda *both: compared.append(both) or False
    )
    if name == "verify":
        assert not signed_links.verify("key", "leave", f"1.{'a' * 22}", "nonce")
    else:
        assert signed_links.bounced("key", "1-abcd") is None
    assert len(compared) == 1


def test_words_of_strangers_are_no_template(own_parts: Parts) -> None:
    with own_parts.sessions.begin() as session:
        group = directory.by_slug(session, "lilas-a-velo")
        assert group is not None
        group.name = group.description = TEMPLATES
        entry = session.query(Entry).order_by(Entry.id).first()
        assert entry is not None
        entry.title = TEMPLATES
    client = create_app(own_parts).test_client()
    for path in ("/groupes", "/groupes/lilas-a-velo", "/entrees/1", f"/recherche?q={TEMPLATES}"):
        html = client.get(path).get_data(as_text=True)
        assert "{{7*7}}" in html or "{{7*7" in html, path
        assert "49 49" not in html
        assert "<class" not in html


def test_no_template_is_made_of_a_text() -> None:
    """Templates come from files: what strangers write only ever fills them."""
    made = [
        f"{file}:{node.lineno}"
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and re.search(r"template_string|\bfrom_string|\beval$|\bexec$", ast.unparse(node.func))
    ]
    assert made == []


def test_no_table_holds_a_formula(own_parts: Parts) -> None:
    with own_parts.sessions.begin() as session:
        for number, entry in enumerate(session.query(Entry).order_by(Entry.id)):
            entry.title = entry.summary = FORMULAS[number % len(FORMULAS)]
        for number, group in enumerate(session.query(Group).order_by(Group.id)):
            group.name = group.description = group.category = FORMULAS[number % len(FORMULAS)]
    client = create_app(own_parts).test_client()
    paths = ("/fil.csv", "/export.csv", "/groupes.csv", "/inventaire.csv", "/ateliers/tableau.csv",
             "/kumu-elements.csv", "/kumu-liens.csv")  # fmt: skip
    for path in paths:
        answer = client.get(path, buffered=True)
        if answer.status_code == 303:  # for moderators
            continue
        text = answer.get_data().decode("utf-8-sig")
        separator = max(",;", key=text.partition("\n")[0].count)
        cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
                 for cell in row]  # fmt: skip
        assert len(cells) > 20, path
        assert [c for c in cells if c.strip().startswith(("=", "+", "-", "@", "＝"))] == [], path


def sources() -> Iterator[Path]:
    for package in ("aggregator", "web"):
        yield from (ROOT / package).rglob("*.py")


def test_a_mailed_link_is_for_one_door_only(
    own_parts: Parts, visitor: Any, invited: Callable[..., str], letters: Callable[[], list[Letter]]
) -> None:
    secret = invited().rsplit("/", 1)[-1]
    for path in ("/espace/entrer/", "/espace/reprendre/", "/espace/preuve/", "/quitter/",
                 "/demandes/confirmer/", "/demandes/gerer/", "/inscrire/confirmer/",
                 "/abonnement/confirmer/"):  # fmt: skip
        assert visitor.status(path + secret) == 410
    with own_parts.sessions() as session:
        assert moderators.look_link(session, secret, now=own_parts.clock()) is not None
