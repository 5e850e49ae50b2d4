"""A group joins in a minute, keeps its desk, leaves in a minute: real sites on loopback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from aggregator.demo import village
from aggregator.demo.village import Village
from aggregator.parts import Parts
from aggregator.registry import registration
from aggregator.registry.looking import look_due
from aggregator.store.tables import Group, Keeper, Letter, Registration
from web import create_app

Letters = Callable[[], list[Letter]]


@pytest.fixture(scope="module")
def served() -> Iterator[Village]:
    """The demo village."""
    with village.start(rhythm=3600) as running:
        yield running


@pytest.fixture
def joining(tmp_path: Path, clock: Any, a_portal: Callable[..., Parts]) -> Parts:
    """A portal that may read loopback addresses."""
    return a_portal(tmp_path, clock, allow_private_networks=True)


@pytest.fixture
def someone(joining: Parts, clock: Any, a_visitor: Callable[..., Any]) -> Any:
    """Somebody of a group, at that portal."""
    app: Flask = create_app(joining)
    return a_visitor(app, clock)


def outbox(parts: Parts) -> list[Letter]:
    with parts.sessions() as session:
        return list(session.query(Letter).order_by(Letter.id))


def register(someone: Any, parts: Parts, address: str) -> tuple[str, str]:
    """Paste an address and let the worker look: the page's path and its HTML."""
    html = someone.send("/inscrire", adresse=address).get_data(as_text=True)
    assert "Nous regardons ce site" in html
    with parts.sessions() as session:
        key = session.query(Registration).order_by(Registration.id.desc()).first().key
    assert someone.client.get(f"/inscrire/{key}/etat.json").get_json()["working"] is True
    look_due(parts.sessions, parts.settings, parts.clock)
    assert someone.client.get(f"/inscrire/{key}/etat.json").get_json()["working"] is False
    return f"/inscrire/{key}", someone.get(f"/inscrire/{key}")


def go_live(someone: Any, parts: Parts, served: Village) -> Group:
    path, html = register(someone, parts, served.candidate())
    assert "Voici ce que nous avons trouvé" in html
    fields = form_fields(html)
    answer = someone.send(path, email="collectif@courrier.example", charte="1", **fields)
    assert "Regardez vos courriels" in answer.get_data(as_text=True)
    link = outbox(parts)[-1].values["path"]
    assert someone.status(link) == 200  # a scanner opens it: nothing happens
    with parts.sessions() as session:
        assert session.query(Group).filter_by(provisional=True).count() == 1
    assert "est en ligne" in someone.send(link).get_data(as_text=True)
    with parts.sessions() as session:
        return session.query(Group).order_by(Group.id.desc()).first()


def form_fields(html: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', html):
        fields[name] = value
    for name, value in re.findall(
        r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked', html
    ):
        fields.setdefault(name, []).append(value)
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', html):
        fields[name] = re.search(r'value="([^"]*)" selected', options)[1]
    description = re.search(r'<textarea id="description"[^>]*>([^<]*)<', html)
    if description:
        fields["description"] = description[1]
    return fields


@pytest.mark.slow
def test_group_goes_from_a_pasted_address_to_live(
    someone: Any, joining: Parts, served: Village
) -> None:
    group = go_live(someone, joining, served)
    assert group.provisional
    html = someone.get(f"/groupes/{group.slug}")
    assert "groupe provisoire" in html


@pytest.mark.slow
def test_keeper_edits_hides_pauses_and_leaves(
    someone: Any, joining: Parts, served: Village, clock: Any
) -> None:
    group = go_live(someone, joining, served)
    someone.send("/espace/entrer", email="collectif@courrier.example")
    link = outbox(joining)[-1].values["path"]
    desk = f"/espace/{group.slug}"
    assert "L’espace de" in someone.send(link).get_data(as_text=True)
    assert someone.status(link) == 410
    html = someone.send(desk, acte="profil", description="Un nouveau texte.").get_data(as_text=True)
    assert "Un nouveau texte." in html
    assert "C’est reparti." in someone.send(desk, acte="reprendre").get_data(as_text=True)
    html = someone.send(desk, acte="prouver", method="well_known").get_data(as_text=True)
    assert "/.well-known/filcommun.txt" in html
    with joining.sessions.begin() as session:
        # As after a proof: whoever has proved nothing shuts nobody out by leaving.
        session.get_one(Group, group.id).provisional = False
        session.query(Keeper).one().proved_at = clock.now
    html = someone.send(desk, acte="partir").get_data(as_text=True)
    assert "est parti" in html
    assert someone.status(f"/groupes/{group.slug}") == 410
    again = someone.send("/inscrire", adresse=served.candidate())
    assert "ne plus figurer ici" in again.get_data(as_text=True)
    assert f"écrivez à {joining.settings.contact}" in again.get_data(as_text=True)


@pytest.mark.slow
def test_the_confirming_link_opens_the_desk_and_may_be_pressed_twice(
    someone: Any, joining: Parts, served: Village
) -> None:
    group = go_live(someone, joining, served)
    link = next(row for row in outbox(joining) if row.kind == "confirm_group").values["path"]
    assert "est en ligne" in someone.get(link)
    assert someone.client.post(link).status_code in (200, 400)
    assert "Prouver que le site" in someone.get(f"/espace/{group.slug}")
    with joining.sessions() as session:
        assert session.query(Keeper).count() == 1


@pytest.mark.slow
def test_of_two_at_once_the_second_is_offered_to_join_the_first(
    someone: Any, joining: Parts, served: Village
) -> None:
    links = []
    for name in ("une", "deux"):
        path, html = register(someone, joining, served.candidate())
        email = f"{name}@courrier.example"
        someone.send(path, email=email, charte="1", **form_fields(html))
        links.append(outbox(joining)[-1].values["path"])
    assert "est en ligne" in someone.send(links[0]).get_data(as_text=True)
    html = someone.send(links[1]).get_data(as_text=True)
    assert "Ce site est déjà là" in html
    assert "C’est nous" in html
    someone.send(
        f"{path}?encore=1",
        f"{path}/cest-nous",
        groupe=re.search(r'name="groupe" value="([^"]+)"', html)[1],
        email=email,
    )
    claim = outbox(joining)[-1]
    assert (claim.kind, claim.address) == ("confirm_claim", email)
    assert "L’espace de" in someone.send(claim.values["path"]).get_data(as_text=True)


def test_what_was_typed_is_there_after_a_refusal(
    visitor: Any, own_parts: Parts, clock: Any
) -> None:
    with own_parts.sessions.begin() as session:
        row = registration.start(session, "https://four.example/", now=clock.now)
        row.state, path = "nothing", f"/inscrire/{row.key}"
        links = [{"title": "Du pain", "url": "https://four.example/1", "published": None}]
        row.found = {
            "home": "https://four.example/",
            "name": "Le four",
            "description": "",
            "feeds": [],
            "pages": [{"url": "https://four.example/actus", "links": links}],
            "tried": [],
        }
    html = visitor.get(path)
    assert re.search(r'name="watch" value="https://four.example/actus" checked', html)
    assert "<li>Du pain</li>" in html
    sent = {"name": "Le four", "home": "https://four.example/", "language": "fr", "charte": "1"}
    said = {"watch": "", "other_page": "https://four.example/x", "rights": "link"}
    answer = visitor.send(path, email="pas une adresse", topic=["environnement"], **sent, **said)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert (
        'name="other_page" maxlength="2000" inputmode="url" value="https://four.example/x"' in html
    )
    assert re.search(r'name="rights" value="link" checked', html)
    assert re.search(r'name="topic" value="environnement" checked', html)
    visitor.send(path, email="four@courrier.example", **sent, watch="https://four.example/actus")
    with own_parts.sessions() as session:
        kept = registration.by_key(session, path.rpartition("/")[2])
        assert (kept.state, kept.chosen["watch"]) == ("confirming", "https://four.example/actus")


def test_a_site_that_is_here_already_gets_no_form_to_fill_in(
    visitor: Any, own_parts: Parts, clock: Any
) -> None:
    with own_parts.sessions.begin() as session:
        group = session.query(Group).filter(Group.home.is_not(None)).first()
        row = registration.start(session, group.home, now=clock.now)
        row.state, path = "found", f"/inscrire/{row.key}"
        row.found = {"home": group.home, "name": group.name}
        registration.compare(session, row)
    html = visitor.get(path)
    assert "C’est nous" in html
    assert 'name="category"' not in html


def test_a_site_that_leads_to_one_that_left_says_so(
    visitor: Any, own_parts: Parts, clock: Any
) -> None:
    with own_parts.sessions.begin() as session:
        row = registration.start(session, "https://ailleurs.example/", now=clock.now)
        row.state, row.found, path = "failed", {"reason": "left"}, f"/inscrire/{row.key}"
        row.steps = [{"code": "failed", "values": {"why": "left"}}]
    html = visitor.get(path)
    assert "ne plus figurer ici" in html
    assert own_parts.settings.contact in html
    assert "tried_left" not in visitor.get(f"{path}/etat.json")


def test_desk_opens_to_keepers_only(visitor: Any) -> None:
    assert "Recevoir le lien" in visitor.get("/espace/lilas-a-velo")
    visitor.client.set_cookie("espace", "forged")
    assert "Recevoir le lien" in visitor.get("/espace/lilas-a-velo")


def test_asking_for_a_link_tells_nobody_which_addresses_are_known(
    visitor: Any, letters: Letters
) -> None:
    answer = visitor.send("/espace/entrer", email="inconnue@ailleurs.example")
    assert "Si cette adresse tient un groupe" in answer.get_data(as_text=True)
    assert letters() == []


@pytest.mark.parametrize(
    "address", ["", "pas un site", "javascript:alert(1)", "ftp://x.example", "http://аpple.example"]
)
def test_what_is_no_address_is_refused_in_words(visitor: Any, address: str) -> None:
    answer = visitor.send("/inscrire", adresse=address)
    assert answer.status_code == 422
    assert "Pas encore envoyé" in answer.get_data(as_text=True)


def test_local_addresses_are_looked_at_by_the_guard_only(visitor: Any, own_parts: Parts) -> None:
    _path, html = register(visitor, own_parts, "http://127.0.0.1:9/")
    assert "Cette adresse n’est pas une adresse publique du web" in html
    assert 'name="adresse"' in html
    assert 'name="category"' not in html


def test_visitor_proposes_a_correction_and_it_waits_for_a_moderator(
    visitor: Any, own_parts: Parts
) -> None:
    answer = visitor.send(
        "/corriger/entrees/1?dimension=topic", terms=["environnement"], why="On y parle d’arbres."
    )
    assert "Merci, c’est noté" in answer.get_data(as_text=True)
    answer = visitor.send("/signaler/entrees/1", reason="personal_data")
    assert "Merci, c’est noté" in answer.get_data(as_text=True)
    answer = visitor.send("/corriger/groupes/lilas-a-velo", about="duplicate", of="plaine-verte")
    assert "Merci, c’est noté" in answer.get_data(as_text=True)
    answer = visitor.send("/proposer", url="https://un-groupe-manquant.example", name="Manquant")
    assert "Merci, c’est noté" in answer.get_data(as_text=True)
    answer = visitor.send("/signaler/entrees/1", reason="jalousie")
    assert answer.status_code == 422


def test_a_refused_correction_keeps_what_it_was_about(visitor: Any) -> None:
    answer = visitor.send("/corriger/groupes/lilas-a-velo", about="duplicate", of="nulle-part")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(r'name="about" value="duplicate" checked', html)
    assert 'value="nulle-part"' in html
