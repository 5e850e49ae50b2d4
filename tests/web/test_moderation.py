"""Moderators sign in by mail, decide side by side, undo; readers see who decides and appeal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from aggregator.parts import Parts
from aggregator.registry import amendments, registration
from aggregator.store.tables import Amendment, Entry, Group, Hold, Letter, Moderator
from aggregator.taxonomy import terms
from web import create_app

Letters = Callable[[], list[Letter]]
HOSTILE = "<script>alert('é')</script>\u202e\"'& {{ 7*7 }}"


def propose(parts: Parts, kind: str = "profile", **options: Any) -> int:
    """Put a proposal in the queue; its number."""
    with parts.sessions.begin() as session:
        group = session.query(Group).order_by(Group.id).first()
        entry = session.query(Entry).order_by(Entry.id).first()
        about = {"entry": entry} if kind in {"report", "tag"} else {"group": group}
        if kind in {"missing_group", "rule"}:
            about = {}
        options.setdefault("change", {"description": f"Un texte {kind}"})
        return amendments.propose(session, kind, now=parts.clock(), **about, **options).id


def state(parts: Parts, id: int) -> str:
    with parts.sessions() as session:
        return session.get(Amendment, id).state


def test_queue_is_closed_to_strangers(visitor: Any, own_parts: Parts) -> None:
    id = propose(own_parts)
    for path in ("/moderation", "/moderation/decidees", "/moderation/retenues"):
        assert "Recevoir le lien" in visitor.get(path)
    visitor.client.set_cookie("moderation", "forged")
    assert "Recevoir le lien" in visitor.get("/moderation")
    visitor.send("/moderation/entrer", to="/moderation/decider", id=id, verdict="accept")
    assert state(own_parts, id) == "open"


def test_asking_for_a_link_says_the_same_to_everybody(
    visitor: Any, own_parts: Parts, letters: Letters, invited: Callable[..., str]
) -> None:
    invited()
    before = len(letters())
    known = visitor.send("/moderation/entrer", email="alice@m.example")
    unknown = visitor.send("/moderation/entrer", email="personne@ailleurs.example")
    assert told(known) == told(unknown)
    assert "Si cette adresse est celle" in known.get_data(as_text=True)
    assert [letter.kind for letter in letters()[before:]] == ["moderator_link"]


def test_link_signs_in_once_and_only_when_its_button_is_pressed(
    visitor: Any, own_parts: Parts, invited: Callable[..., str]
) -> None:
    link = invited()
    assert visitor.status(link) == 200
    assert "Recevoir le lien" in visitor.get("/moderation")
    answer = visitor.send(link)
    assert "Propositions à décider" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert visitor.status(link) == 410
    visitor.send("/moderation", to="/moderation/sortir")
    assert "Recevoir le lien" in visitor.get("/moderation")


def test_moderator_sees_both_sides_accepts_and_undoes(alice: Any, own_parts: Parts) -> None:
    id = propose(own_parts, why="Leur site le dit.")
    html = alice.get("/moderation")
    assert "<ins>Un texte profile</ins>" in html
    assert "Leur site le dit." in html
    html = decide(alice, id, verdict="accept").get_data(as_text=True)
    assert "Accepté" in html
    assert state(own_parts, id) == "accepted"
    assert "Vérifié" in alice.get("/journal")
    html = alice.send(f"/moderation?fait={id}", to="/moderation/annuler").get_data(as_text=True)
    assert state(own_parts, id) == "undone"
    assert "<ins>Un texte profile</ins>" in html


def test_refusing_takes_one_button_with_its_reason(alice: Any, own_parts: Parts) -> None:
    id = propose(own_parts)
    decide(alice, id, refuser="off_topic", note="Voir la règle 2.")
    with own_parts.sessions() as session:
        row = session.get(Amendment, id)
        assert (row.state, row.reason, row.note) == ("refused", "off_topic", "Voir la règle 2.")
    assert "Hors sujet" in alice.get("/journal")
    other = propose(own_parts, change={"category": "collectif"})
    assert "Choisissez une raison" in decide(alice, other, refuser="parce que").get_data(
        as_text=True
    )


def test_postponed_waits_apart_and_comes_back(alice: Any, own_parts: Parts) -> None:
    id = propose(own_parts)
    decide(alice, id, verdict="postpone")
    assert "Un texte profile" not in alice.get("/moderation")
    assert "Un texte profile" in alice.get("/moderation?etat=postponed")
    alice.send(f"/moderation?fait={id}", to="/moderation/annuler", id=id)
    assert state(own_parts, id) == "open"


def test_several_are_decided_by_one_form(alice: Any, own_parts: Parts) -> None:
    ids = [propose(own_parts, change={"description": f"Texte {n}"}) for n in range(4)]
    answer = alice.send(
        "/moderation",
        to="/moderation/decider",
        id=[*ids, 999_999],
        verdict="refuse",
        reason="unclear",
        seconds="8",
    )
    html = answer.get_data(as_text=True)
    assert "et 3 autres" in html
    assert "n’existe plus" in html
    with own_parts.sessions() as session:
        rows = session.query(Amendment).filter(Amendment.id.in_(ids)).all()
        assert {row.state for row in rows} == {"refused"}
        assert sum(row.seconds for row in rows) == pytest.approx(6.4)


def test_script_gets_an_answer_of_its_own(alice: Any, own_parts: Parts) -> None:
    id = propose(own_parts)
    answer = decide(alice, id, accept="application/json", verdict="accept", seconds="2.5")
    assert answer.json == {"said": "Accepté.", "done": [id], "failed": {}, "again": {}}
    answer = decide(alice, id, accept="application/json", verdict="accept")
    assert "déjà été décidée" in answer.json["failed"][str(id)]
    with own_parts.sessions() as session:
        assert session.get(Amendment, id).seconds == 2.5


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "beaucoup", ""])
def test_seconds_come_from_the_page_where_the_script_says_nonsense(
    alice: Any, own_parts: Parts, seconds: str
) -> None:
    id = propose(own_parts)
    decide(alice, id, verdict="accept", seconds=seconds)
    with own_parts.sessions() as session:
        assert session.get(Amendment, id).seconds == pytest.approx(5)


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "accept", "id": "abc"},
        {"verdict": "accept", "id": str(10**40)},
        {"verdict": "accept", "id": "-1", "malgre": "1"},
        {"verdict": "detruire", "id": "1"},
        {"refuser": "<script>", "id": "1"},
        {"id": "1"},
    ],
)
def test_forged_decisions_decide_nothing(
    alice: Any, own_parts: Parts, fields: dict[str, str]
) -> None:
    id = propose(own_parts)
    answer = alice.send("/moderation", to="/moderation/decider", **fields)
    assert answer.status_code in {200, 400}
    assert state(own_parts, id) == "open"
    for path in ("/moderation?nature=<script>", "/moderation?etat=toutes"):
        assert alice.status(path) == 404
    assert alice.status(f"/moderation?fait={10**40}&fait=x") == 200


def test_what_changed_meanwhile_is_shown_before_it_is_decided(alice: Any, own_parts: Parts) -> None:
    first, second = (propose(own_parts, change={"description": text}) for text in ("Un", "Deux"))
    decide(alice, first, verdict="accept")
    html = alice.get("/moderation")
    assert "Devenu entre-temps" in html
    assert "a changé entre-temps" in decide(alice, second, verdict="accept").get_data(as_text=True)
    assert state(own_parts, second) == "open"
    decide(alice, second, verdict="accept", malgre="1")
    assert state(own_parts, second) == "accepted"


def test_hostile_words_stay_words(alice: Any, own_parts: Parts) -> None:
    propose(own_parts, change={"description": HOSTILE}, why=HOSTILE, author_name=HOSTILE[:90])
    propose(
        own_parts,
        "missing_group",
        change={"url": "https://ailleurs.example/?q='onload=alert(1)&%22", "name": HOSTILE},
    )
    for path in ("/moderation", "/moderation/retenues?mots=<script>alert(1)</script>"):
        html = alice.get(path)
        assert "<script>alert" not in html
        assert "{{ 7*7 }}" in html or "retenues" in path
        assert "\u202e" not in html


def test_moderator_is_not_offered_what_administrators_decide(
    visitor: Any, own_parts: Parts, invited: Callable[..., str]
) -> None:
    visitor.send(invited("Bob", "moderator"))
    id = propose(own_parts, "rule", change={"kind": "tag", "who": "moderator", "threshold": 2})
    assert "À décider par" in visitor.get("/moderation")
    html = decide(visitor, id, verdict="accept").get_data(as_text=True)
    assert "Il faut être administrateur ou administratrice" in html
    assert state(own_parts, id) == "open"
    answer = visitor.send("/moderation/equipe", email="x@y.example", name="X", role="administrator")
    assert answer.status_code == 403


def test_rule_needs_the_voices_it_says(
    alice: Any, own_parts: Parts, clock: Any, a_visitor: Any, invited: Callable[..., str]
) -> None:
    dora = a_visitor(create_app(own_parts), clock)
    dora.send(invited("Dora"))
    answer = alice.send("/gouvernance", kind="tag", who="moderator", threshold="2")
    assert "Merci, c’est noté" in answer.get_data(as_text=True)
    with own_parts.sessions() as session:
        id = session.query(Amendment).filter_by(kind="rule").one().id
    assert ">Étiquette d’un article</h2>" in alice.get("/moderation"), "in words, not « tag »"
    assert "il en faut une autre" in decide(alice, id, verdict="accept").get_data(as_text=True)
    assert state(own_parts, id) == "open"
    decide(dora, id, verdict="accept")
    assert state(own_parts, id) == "accepted"
    assert re.search(r"Étiquette d’un article</th><td>[^<]+</td><td>2", alice.get("/gouvernance"))


def test_rule_on_words_shows_what_it_would_have_caught(alice: Any, own_parts: Parts) -> None:
    html = alice.get("/moderation/retenues?mots=piste")
    assert "aurai" in html
    assert "/entrees/" in html
    alice.send("/moderation/retenues?mots=piste", to="/moderation/retenues", why="Essai")
    with own_parts.sessions() as session:
        hold = session.query(Hold).one()
        assert (hold.words, hold.why) == ("piste", "Essai")
    alice.send("/moderation/retenues", to="/moderation/retenues/1")
    with own_parts.sessions() as session:
        assert session.query(Hold).one().ended_at is not None


def test_administrator_appoints_and_the_last_one_stays(
    alice: Any, own_parts: Parts, letters: Letters
) -> None:
    alice.send("/moderation/equipe", email="bob@m.example", name="Bob", role="moderator")
    assert letters()[-1].kind == "moderator_invited"
    html = alice.send("/moderation/equipe", to="/moderation/equipe/1").get_data(as_text=True)
    assert "dernière personne qui administre" in html
    html = alice.send("/moderation/equipe", to="/moderation/equipe/2").get_data(as_text=True)
    assert "Bob ne modère plus" in html
    with own_parts.sessions() as session:
        assert session.query(Moderator).filter(Moderator.left_at.is_(None)).count() == 1


def test_health_tells_how_moderation_keeps_up(alice: Any, own_parts: Parts) -> None:
    done, _waiting = propose(own_parts), propose(own_parts, "report", change={"reason": "hate"})
    decide(alice, done, verdict="accept", seconds="4")
    html = alice.get("/sante")
    assert "Une proposition attend." in html
    assert re.search(r"et 4.secondes de travail", html)


def test_author_appeals_and_nobody_learns_who_that_is(
    alice: Any, own_parts: Parts, clock: Any
) -> None:
    id = propose(own_parts, author_email="carole@courrier.example")
    decide(alice, id, refuser="unclear")
    wrong = alice.send(f"/journal/{id}/recours", email="autre@courrier.example", why="Relisez.")
    with own_parts.sessions() as session:
        assert session.query(Amendment).filter_by(kind="appeal").count() == 0
    right = alice.send(f"/journal/{id}/recours", email="carole@courrier.example", why="Relisez.")
    assert told(wrong) == told(right)
    with own_parts.sessions() as session:
        appeal = session.query(Amendment).filter_by(kind="appeal").one()
        assert (appeal.appeal_of_id, appeal.why) == (id, "Relisez.")
    html = alice.get("/moderation")
    assert "Décision contestée" in html
    decide(alice, appeal.id, verdict="accept")
    assert state(own_parts, id) == "undone"
    assert alice.status("/journal/999999/recours") == 404


def told(answer: Any) -> str:
    """What a page says, without the nonce of its script."""
    return re.sub(r'nonce="[^"]+"', "", answer.get_data(as_text=True))


def decide(visitor: Any, id: int, *, accept: str = "text/html", **fields: Any) -> Any:
    """Press a button of one card."""
    html = visitor.get("/moderation")
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    found.pop("malgre", None)
    visitor._clock.forward(5)
    return visitor.client.post(
        "/moderation/decider",
        data=found | fields | {"id": id},
        headers={"Accept": accept},
        follow_redirects=True,
    )


def test_the_card_of_a_report_says_whose_entry_it_is(alice: Any, own_parts: Parts) -> None:
    propose(own_parts, "report", change={"reason": "advertising"})
    with own_parts.sessions() as session:
        entry = session.query(Entry).order_by(Entry.id).first()
        whose = entry.source.group.name
    card = alice.get("/moderation").partition("data-card")[2]
    assert f"{whose}, " in card


def test_the_card_of_a_proposed_site_shows_what_was_seen_there(
    alice: Any, own_parts: Parts
) -> None:
    change = {"url": "https://four.example/", "name": "Le four", "language": "pt"}
    propose(own_parts, "missing_group", change=change)
    with own_parts.sessions.begin() as session:
        seen = registration.start(session, change["url"], now=own_parts.clock())
        seen.state = "found"
        seen.found = {
            "name": "Le four à pain", "description": "Un four partagé.", "tried": [],
            "feeds": [{"url": "https://four.example/feed", "newest": "2026-11-23T10:00:00+00:00"}],
            "entries": [{"title": f"Fournée {n}"} for n in range(5)],
            "duplicates": [{"slug": "lilas-a-velo", "name": "Les Lilas", "why": "same_name"}],
        }  # fmt: skip
    html = alice.get("/moderation")
    for words in ("Un flux", "Un four partagé.", "Fournée 2", "Peut-être le même", "Portugais"):
        assert words in html
    assert "Fournée 3" not in html


def test_the_log_says_what_was_decided_but_publishes_nothing_that_was_refused(
    alice: Any, visitor: Any, own_parts: Parts
) -> None:
    with own_parts.sessions() as session:
        tags = session.query(Entry).order_by(Entry.id).first().tags
        topic = next(tag.slug for tag in tags if tag.dimension == "topic")
    wrong = propose(own_parts, "tag", change={"dimension": "topic", "remove": [topic]})
    decide(alice, wrong, verdict="accept")
    rude = propose(
        own_parts,
        "missing_group",
        change={"url": "https://rude.example/", "name": "Untel est un voleur"},
        author_name="Quelqu’un de rude",
    )
    text = propose(own_parts, change={"description": "Untel est un escroc"})
    for id in (rude, text):
        decide(alice, id, refuser="hate")
    pages = [visitor.get("/journal"), *(visitor.get(f"/journal/{id}") for id in (rude, text))]
    for html in pages:
        for words in ("voleur", "escroc", "rude"):
            assert words not in html
    assert f"− {terms.term('topic', topic).label_fr}" in pages[0]
    assert "La description" in pages[2]
