"""A resident asks for help; a moderator reads it, groups are told and answer, its author closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from aggregator.parts import Parts
from aggregator.registry import desk
from aggregator.store import directory
from aggregator.store.tables import HelpRequest, Keeper, Letter
from aggregator.taxonomy import terms

Letters = Callable[[], list[Letter]]
SKILL = terms.terms("skill")[0].slug
AREA = "paris-18e"
ASKED = {
    "title": "Qui sait faire un petit site ?",
    "text": "Le nôtre ne marche plus.",
    "skill": SKILL,
    "area": AREA,
    "email": "zoe@courrier.example",
    "name": "Zoé",
}
HOSTILE = "<script>alert(1)</script>\u202e\"' {{ 7*7 }}"


@pytest.fixture
def helper(own_parts: Parts) -> str:
    """A group that has the skill there, its site proved; the keeper's address."""
    with own_parts.sessions.begin() as session:
        group = directory.by_slug(session, "lilas-a-velo")
        now = own_parts.clock()
        group.tags.extend(
            type(group.tags[0])(dimension=dimension, slug=slug)
            for dimension, slug in (("skill", SKILL), ("area", AREA))
            if slug not in group.terms(dimension)
        )
        session.add(Keeper(group=group, email="carole@lilas.example", added_at=now, proved_at=now))
    return "carole@lilas.example"


def path_of(letters: Letters, kind: str) -> str:
    return next(str(one.values["path"]) for one in letters()[::-1] if one.kind == kind)


def publish(visitor: Any, alice: Any, letters: Letters) -> str:
    """Ask, confirm, publish: the request's page."""
    visitor.send("/demandes/nouvelle", **ASKED)
    visitor.send(path_of(letters, "help_confirm"))
    html = alice.get("/moderation")
    assert "Demande d’aide" in html
    alice.send("/moderation", to="/moderation/demandes/1", verdict="accept")
    return "/demandes/1"


def test_a_request_goes_from_question_to_answer_to_close(
    visitor: Any, alice: Any, letters: Letters, helper: str, own_parts: Parts
) -> None:
    answer = visitor.send("/demandes/nouvelle", **ASKED)
    assert "Regardez vos courriels" in answer.get_data(as_text=True)
    link = path_of(letters, "help_confirm")
    assert visitor.status(link) == 200
    assert "petit site" not in visitor.get("/demandes")
    assert "petit site" not in alice.get("/moderation")
    assert "Merci" in visitor.send(link).get_data(as_text=True)
    assert visitor.status("/demandes/1") == 404
    alice.send("/moderation", to="/moderation/demandes/1", verdict="accept")
    html = visitor.get("/demandes/1")
    assert "Le nôtre ne marche plus." in html
    assert "zoe@" not in html
    assert "Un groupe a été prévenu." in html
    assert path_of(letters, "help_told") == "/demandes/1"

    with own_parts.sessions.begin() as session:
        desk.ask_link(session, helper, now=own_parts.clock())
    visitor.send(path_of(letters, "desk_link"))
    answer = visitor.send("/demandes/1", group="lilas-a-velo", text="Venez samedi !")
    assert "Votre réponse est partie" in answer.get_data(as_text=True)
    sent = letters()[-1]
    assert (sent.kind, sent.address) == ("help_answer", "zoe@courrier.example")
    assert sent.values["reply_to"] == helper

    link = path_of(letters, "help_published")
    assert visitor.status(link) == 200
    assert "petit site" in visitor.get("/demandes")
    assert "est close" in visitor.send(link).get_data(as_text=True)
    assert "petit site" not in visitor.get("/demandes")
    assert visitor.status(link) == 410


def test_refused_request_never_shows_and_its_author_learns_why(
    visitor: Any, alice: Any, letters: Letters
) -> None:
    visitor.send("/demandes/nouvelle", **ASKED)
    visitor.send(path_of(letters, "help_confirm"))
    alice.send("/moderation", to="/moderation/demandes/1", refuser="advertising")
    assert visitor.status("/demandes/1") == 404
    assert letters()[-1].kind == "help_refused"
    again = alice.send("/moderation", to="/moderation/demandes/1", verdict="accept")
    assert "déjà été décidée" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("text", ""),
        ("text", "x" * 3001),
        ("skill", "magie"),
        ("area", "atlantide"),
        ("email", "pas une adresse"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_lost(
    visitor: Any, field: str, value: str
) -> None:
    answer = visitor.send("/demandes/nouvelle", **(ASKED | {field: value}))
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Pas encore envoyé" in html
    assert field == "text" or "Le nôtre ne marche plus." in html


def test_nobody_answers_without_a_proved_group(
    visitor: Any, alice: Any, letters: Letters, helper: str
) -> None:
    page = publish(visitor, alice, letters)
    assert "Ouvrir l’espace du groupe" in visitor.get(page)
    before = len(letters())
    answer = visitor.send("/demandes/nouvelle", to=page, group="lilas-a-velo", text="Moi !")
    assert answer.status_code == 422
    assert len(letters()) == before


def test_hostile_words_stay_words(visitor: Any, alice: Any, letters: Letters) -> None:
    visitor.send(
        "/demandes/nouvelle",
        **(ASKED | {"title": HOSTILE, "text": HOSTILE, "name": HOSTILE}),
    )
    link = path_of(letters, "help_confirm")
    pages = [visitor.get(link)]
    visitor.send(link)
    pages.append(alice.get("/moderation"))
    alice.send("/moderation", to="/moderation/demandes/1", verdict="accept")
    pages += [visitor.get("/demandes"), visitor.get("/demandes/1")]
    for html in pages:
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert "7*7" in html


def test_a_fourth_request_of_the_day_waits(visitor: Any, own_parts: Parts) -> None:
    for number in range(3):
        visitor.send("/demandes/nouvelle", **(ASKED | {"title": f"Demande {number}"}))
    answer = visitor.send("/demandes/nouvelle", **ASKED)
    assert "un peu plus tard" in answer.get_data(as_text=True)
    with own_parts.sessions() as session:
        assert session.query(HelpRequest).count() == 3


def test_directory_tells_who_can_do_what_where(visitor: Any, helper: str) -> None:
    html = visitor.get(f"/entraide?savoir_faire={SKILL}&territoire={AREA}")
    assert "Les Lilas à vélo" in html
    assert visitor.status("/entraide?savoir_faire=magie") == 404
    for term in terms.terms("skill"):
        assert term.label_fr.split(",")[0] in visitor.get("/entraide")


@pytest.mark.slow
def test_a_phone_s_browser_asks_confirms_and_closes(
    browser: Browser, address: str, letters: Letters, alice: Any, clock: Any
) -> None:
    page = browser.new_page(locale="fr-FR", viewport={"width": 360, "height": 740})
    page.goto(f"{address}/entraide")
    page.get_by_role("link", name="Écrire une demande").click()
    page.get_by_label("En une phrase").fill(str(ASKED["title"]))
    page.get_by_label("De quoi avez-vous besoin").fill(str(ASKED["text"]))
    page.get_by_label("Quel savoir-faire").select_option(SKILL)
    page.get_by_label("Où").select_option(AREA)
    page.get_by_label("Votre adresse de courriel").fill(str(ASKED["email"]))
    clock.forward(30)
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_role("heading", name="Regardez vos courriels").wait_for()
    page.goto(address + path_of(letters, "help_confirm"))
    page.get_by_role("button", name="Oui, l’envoyer").click()
    page.get_by_role("heading", name="Merci, c’est noté").wait_for()
    alice.send("/moderation", to="/moderation/demandes/1", verdict="accept")
    page.goto(f"{address}/demandes")
    page.get_by_role("link", name=str(ASKED["title"])).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(address + path_of(letters, "help_published"))
    page.get_by_role("button", name="Clore").click()
    page.get_by_text("Cette demande est close").wait_for()
    page.close()


def test_one_address_asks_at_most_three_times_a_day(visitor: Any, letters: Letters) -> None:
    for number in range(4):
        answer = visitor.send("/demandes/nouvelle", **ASKED)
        assert answer.status_code == (200 if number < 3 else 422)
    assert len(letters()) == 3
