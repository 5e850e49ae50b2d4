"""A moderator tries words on the past, saves them, sees them in the log and takes them back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from aggregator import jobs
from aggregator.parts import Parts
from aggregator.store.tables import Entry, LexiconEdit

PATH = "/moderation/lexique"
ASKED = {"terme": "topic/culture", "mots": "zinzoline", "poids": "4"}


@pytest.fixture(autouse=True)
def zinzoline(own_parts: Parts) -> None:
    """The newest entry tells of one."""
    with own_parts.sessions.begin() as session:
        entry = session.query(Entry).order_by(Entry.id.desc()).first()
        entry.title, entry.text = "La <b>zinzoline</b>", "Zinzoline, zinzoline !"


def tried(**asked: str) -> str:
    return f"{PATH}?{urlencode(ASKED | asked)}"


def test_lexicon_is_closed_to_strangers(visitor: Any) -> None:
    assert "Recevoir le lien" in visitor.get(tried())
    visitor.send("/moderation/entrer", to=PATH, **ASKED)
    assert "Recevoir le lien" in visitor.get(PATH)


def test_words_are_tried_saved_logged_and_taken_back_without_script(
    alice: Any, own_parts: Parts, clock: Any
) -> None:
    assert "le lexique est celui du programme" in alice.get(PATH)
    html = alice.get(tried())
    assert "1 nouvelle changerait" in html
    assert re.search(r"Gagne : <ins>[^<]*Culture", html.replace("\xa0", " "))
    assert "<mark >zinzoline</mark>" in html
    assert "La &lt;b&gt;zinzoline" in html
    assert '<option value="topic/culture" selected>' in html
    assert "0 nouvelle changerait" in alice.get(tried(mots="introuvable")).replace("\xa0", " ")
    with own_parts.sessions() as session:
        assert session.query(LexiconEdit).count() == 0

    html = alice.send(tried(), to=PATH, why="Une danse", **ASKED).get_data(as_text=True)
    assert "C’est enregistré" in html
    assert "<strong>zinzoline</strong>" in html
    assert "en cours de relecture" in html
    clock.forward(10)
    jobs.retag(own_parts)
    with own_parts.sessions() as session:
        edit = session.query(LexiconEdit).one()
        decision = f"/journal/{edit.amendment_id}"
    assert "en cours de relecture" not in alice.get(PATH)
    assert "Mots du classement" in alice.get("/journal")
    assert "Une danse" in alice.get(decision)
    assert "absent du lexique → poids\xa04" in alice.get(decision)
    html = alice.send(PATH, to=f"{PATH}/{edit.id}").get_data(as_text=True)
    assert "C’est annulé" in html
    assert "<strong>zinzoline</strong>" not in html
    assert "ne peut" in alice.send(PATH, to=f"{PATH}/{edit.id}").get_data(as_text=True)
    assert alice.send(PATH, to=f"{PATH}/999").status_code == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"mots": "un, deux"}, "ni virgule"),
        ({"poids": "oter"}, "rien à ôter"),
        ({"poids": "<script>"}, "le poids"),
        ({"poids": "nan"}, "le poids"),
        ({"terme": "area/pantin"}, "le terme"),
        ({"terme": "autre"}, "le terme"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_when_tried_and_when_saved(
    alice: Any, own_parts: Parts, asked: dict[str, str], said: str
) -> None:
    answer = alice.client.get(tried(**asked))
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    html = alice.send(PATH, to=PATH, **ASKED | asked).get_data(as_text=True)
    assert said in html
    assert "<script>" not in re.sub(r"<script (type|src)[^>]*>", "", html)
    with own_parts.sessions() as session:
        assert session.query(LexiconEdit).count() == 0


def test_saving_needs_the_forms_token(alice: Any) -> None:
    assert alice.client.post(PATH, data=ASKED).status_code == 400


def test_page_speaks_english(alice: Any) -> None:
    html = alice.get(f"{tried()}&langue=en")
    assert "1 entry of the last" in html
    assert "Words found:" in html
