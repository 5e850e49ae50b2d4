"""Moderators judge doubtful entries by one button, and see what a list would change first."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.parts import Parts
from aggregator.registry import workshops
from aggregator.store.tables import Amendment, Entry, Group, Lesson, Source, Workshop


@pytest.fixture
def doubtful(own_parts: Parts) -> list[int]:
    """Three recent entries that are probably off topic."""
    with own_parts.sessions.begin() as session:
        session.query(Entry).update({"relevance": 1.0})
        newest = session.scalars(select(Entry).order_by(Entry.published.desc()).limit(3)).all()
        for entry in newest:
            entry.relevance, entry.hidden_at, entry.deleted_at = 0.2, None, None
        return [entry.id for entry in newest]


def test_one_button_hides_what_is_off_topic_and_another_keeps_the_rest(
    alice: Any, own_parts: Parts, doubtful: list[int]
) -> None:
    assert alice.get("/moderation/a-verifier").count("Hors sujet, masquer") == 3
    answer = alice.send("/moderation/a-verifier", juge=f"non:{doubtful[0]}")
    assert "Une nouvelle est masquée." in answer.get_data(as_text=True)
    page = alice.get("/moderation/a-verifier")
    assert page.count("Hors sujet, masquer") == 2
    alice.send("/moderation/a-verifier", juge=f"oui:{doubtful[1]}")
    with own_parts.sessions() as session:
        hidden = session.get_one(Entry, doubtful[0])
        kept = session.get_one(Entry, doubtful[1])
        assert (hidden.hidden_reason, kept.hidden_at, kept.relevance) == ("off_topic", None, 1.0)
        assert len(session.scalars(select(Lesson)).all()) == 2
    for wrong in ("", "oui:", "non:x", "oui:99999999", "oui:1' OR 1"):
        assert alice.send("/moderation/a-verifier", juge=wrong).status_code == 200


def test_strangers_judge_and_import_nothing(visitor: Any, doubtful: list[int]) -> None:
    for path in ("/moderation/a-verifier", "/moderation/importer"):
        assert "Recevoir le lien" in visitor.get(path)


def test_a_list_is_shown_as_a_plan_and_then_waits_in_the_queue(
    alice: Any, own_parts: Parts
) -> None:
    with own_parts.sessions() as session:
        group = session.scalars(select(Group).order_by(Group.id)).first()
        assert group is not None
        name, before = group.name, len(session.scalars(select(Amendment)).all())
    listed = {"elements": [{"label": name, "description": "Vu ailleurs <b>"}, {"label": "Rien"}]}
    html = alice.get("/moderation/importer")
    assert "Voir ce qui changerait" in html
    answer = alice.send(
        "/moderation/importer",
        liste=(io.BytesIO(json.dumps(listed).encode()), "kumu.json"),
        origine="kumu",
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "changerait" in page
    assert "description" in page
    with own_parts.sessions() as session:
        assert len(session.scalars(select(Amendment)).all()) == before
    answer = alice.client.post(
        "/moderation/importer/proposer", data=hidden(page), follow_redirects=True
    )
    assert "Une proposition attend dans la file." in answer.get_data(as_text=True)
    with own_parts.sessions() as session:
        assert len(session.scalars(select(Amendment)).all()) == before + 1


def test_a_list_of_feeds_is_taken_too(alice: Any) -> None:
    opml = (
        '<opml version="2.0"><body><outline text="Vergers" type="rss" '
        'htmlUrl="https://vergers.example/" xmlUrl="https://vergers.example/feed"/></body></opml>'
    )
    answer = alice.send("/moderation/importer", liste=(io.BytesIO(opml.encode()), "fils.opml"))
    assert "Vergers" in answer.get_data(as_text=True)
    assert "serait ajouté" in answer.get_data(as_text=True)


@pytest.mark.parametrize("body", [b"", b"{", b"\x00\x01", b"PK\x03\x04", b"<html>"])
def test_what_is_no_list_is_refused_with_a_sentence(alice: Any, body: bytes) -> None:
    answer = alice.send("/moderation/importer", liste=(io.BytesIO(body), "x.json"))
    assert answer.status_code == 422
    assert "ichier" in answer.get_data(as_text=True)


@pytest.mark.parametrize("packed", ["", "é", "AAAA", "eJwDAAAAAAE="])
def test_a_forged_second_form_is_refused(alice: Any, packed: str) -> None:
    answer = alice.send(
        "/moderation/importer", to="/moderation/importer/proposer", liste=packed, origine="x"
    )
    assert answer.status_code == 422


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the last form of a page."""

    last = page[page.rindex("/moderation/importer/proposer") :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', last))


def test_a_watched_page_gets_a_volunteers_selector(alice: Any, own_parts: Parts) -> None:
    assert "Aucune page n’est suivie" in alice.get("/moderation/pages")
    with own_parts.sessions.begin() as session:
        source = session.scalars(select(Source).order_by(Source.id)).first()
        assert source is not None
        source.format, number = "page", source.id
        source.sample = {"selector": "li a", "links": 4, "titles": ["Un article"], "at": ""}
    page = alice.get("/moderation/pages")
    assert "Un article" in page
    assert 'value="li a"' in page
    path = f"/moderation/pages/{number}"
    wrong = alice.send("/moderation/pages", to=path, selecteur="h2 >").get_data(as_text=True)
    assert "n’est pas un sélecteur CSS" in wrong
    alice.send("/moderation/pages", to=path, selecteur="main h2 a")
    with own_parts.sessions() as session:
        assert session.get_one(Source, number).sample == {"selector": "main h2 a"}
        assert session.query(Amendment).one().change["selector"]["to"] == "main h2 a"
    assert alice.status("/moderation/pages/99999") in {404, 405}


def test_a_list_can_be_a_workshops(alice: Any, own_parts: Parts) -> None:
    with own_parts.sessions.begin() as session:
        now = own_parts.clock()
        number = workshops.open_workshop(session, "Atelier", now.date(), now=now).id
    listed = json.dumps([{"id": "1", "name": "Jardin", "website": "https://jardin.example"}])
    page = alice.send(
        "/moderation/importer", liste=(io.BytesIO(listed.encode()), "l.json"), atelier=str(number)
    ).get_data(as_text=True)
    alice.client.post("/moderation/importer/proposer", data=hidden(page))
    with own_parts.sessions.begin() as session:
        (proposal,) = session.scalars(select(Amendment).where(Amendment.author == "import"))
        assert proposal.workshop_id == number
        session.get_one(Workshop, number).closed_at = own_parts.clock()
    refused = alice.send(
        "/moderation/importer", liste=(io.BytesIO(listed.encode()), "l.json"), atelier=str(number)
    )
    assert refused.status_code == 422
    assert "Cet atelier est clos" in refused.get_data(as_text=True)
