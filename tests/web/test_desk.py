"""A group's desk: what its keepers may do, what nobody else can, and what a GET never does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from aggregator.parts import Parts
from aggregator.registry import desk, leaving
from aggregator.store import directory
from aggregator.store.tables import Amendment, Entry, Group, Keeper, Letter, Ownership, Source
from web import create_app

Letters = Callable[[], list[Letter]]
CAROLE = "carole@lilas.example"
DESK = "/espace/lilas-a-velo"
HOSTILE = "<script>alert(1)</script>\u202e\"' {{ 7*7 }}"


@pytest.fixture
def kept(own_parts: Parts) -> Group:
    """The group that Carole keeps; its site is proved."""
    with own_parts.sessions.begin() as session:
        group = directory.by_slug(session, "lilas-a-velo")
        now = own_parts.clock()
        keeper = Keeper(group=group, email=CAROLE, added_at=now, proved_at=now)
        session.add(
            Ownership(
                group=group,
                keeper=keeper,
                method="well_known",
                address=group.home,
                code="filcommun-1",
                state="proved",
                asked_at=now,
                proved_at=now,
            )
        )
        return group


def link(parts: Parts) -> str:
    """A fresh link to Carole's desk."""
    with parts.sessions.begin() as session:
        desk.ask_link(session, CAROLE, now=parts.clock())
        session.flush()
        return str(session.query(Letter).order_by(Letter.id.desc()).first().values["path"])


@pytest.fixture
def carole(visitor: Any, own_parts: Parts, kept: Group) -> Any:
    """Carole at her desk."""
    assert "L’espace de" in visitor.send(link(own_parts)).get_data(as_text=True)
    return visitor


def edit(carole: Any, **fields: Any) -> str:
    """Send the profile as a browser does: with every box that is checked."""
    boxes: dict[str, Any] = {}
    for name, value in re.findall(
        r'type="checkbox" name="(\w+)" value="([^"]+)" checked', carole.get(DESK)
    ):
        boxes.setdefault(name, []).append(value)
    return act(carole, "profil", **(boxes | fields))


def act(carole: Any, deed: str, **fields: Any) -> str:
    return str(carole.send(DESK, acte=deed, **fields).get_data(as_text=True))


def newest(parts: Parts, slug: str) -> Entry:
    with parts.sessions() as session:
        return (
            session.query(Entry)
            .join(Source)
            .join(Group)
            .filter(Group.slug == slug)
            .order_by(Entry.id)
            .first()
        )


def test_desk_is_private_and_its_cookie_guarded(
    visitor: Any, own_parts: Parts, kept: Group
) -> None:
    path = link(own_parts)
    html = visitor.client.get(path)
    assert html.headers["Cache-Control"] == "private, no-store"
    assert "espace=" not in str(html.headers.getlist("Set-Cookie"))
    visitor.get(path)
    visitor.send(path)
    cookie = visitor.client.get_cookie("espace")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    page = visitor.client.get(DESK)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert 'content="noindex"' in page.get_data(as_text=True)


def test_keeper_hides_an_entry_and_shows_it_again(carole: Any, own_parts: Parts) -> None:
    entry = newest(own_parts, "lilas-a-velo")
    assert "est masquée" in act(carole, "masquer", nouvelle=entry.id)
    assert carole.status(f"/entrees/{entry.id}") == 410
    assert "de nouveau visible" in act(carole, "montrer", nouvelle=entry.id)
    assert carole.status(f"/entrees/{entry.id}") == 200


def test_another_group_s_entry_source_and_desk_are_out_of_reach(
    carole: Any, own_parts: Parts
) -> None:
    entry = newest(own_parts, "plaine-verte")
    for deed, fields in (
        ("masquer", {"nouvelle": entry.id}),
        ("masquer", {"nouvelle": "9" * 30}),
        ("retirer", {"source": "plaine-verte"}),
        ("source", {"source": "plaine-verte", "url": "https://pirate.example"}),
        ("prouver", {"method": "rel_me", "address": "https://ailleurs.example/"}),
        ("n’importe quoi", {}),
    ):
        assert carole.send(DESK, acte=deed, **fields).status_code == 404
    assert carole.send(DESK, to="/espace/plaine-verte", acte="partir").status_code == 404
    assert carole.status("/groupes/plaine-verte") == 200


def test_keeper_changes_profile_rights_and_pauses(carole: Any, own_parts: Parts) -> None:
    assert "Enregistré." in act(
        carole, "profil", description="Tout à vélo.", name="Les Lilas à vélo"
    )
    assert "Tout à vélo." in carole.get("/groupes/lilas-a-velo")
    url = "https://lilas-a-velo.example/feed"
    act(carole, "source", source="lilas-a-velo", rights="link", url=url)
    html = act(carole, "pause")
    assert "En pause" in html
    assert "Tout mettre en pause" not in html
    with own_parts.sessions() as session:
        source = session.query(Source).filter_by(slug="lilas-a-velo").one()
        assert (source.rights, source.paused_at is None) == ("link", False)
    assert "C’est reparti." in act(carole, "reprendre")


def test_another_site_waits_for_a_proof_of_its_own(carole: Any, own_parts: Parts) -> None:
    html = edit(carole, home="https://lilas.example/")
    assert "attend une preuve" in html
    assert "l’adresse du site : https://lilas.example/" in html.replace("\u00a0", " ").lower()
    assert "<option>https://lilas.example/</option>" in html
    html = act(carole, "prouver", method="well_known", address="https://lilas.example/")
    assert "https://lilas.example/.well-known/filcommun.txt" in html
    assert "Vérifier maintenant" in html
    with own_parts.sessions() as session:
        assert directory.by_slug(session, "lilas-a-velo").home == "https://lilas-a-velo.example/"
        assert session.query(Amendment).one().state == "open"


def test_hand_over_changes_nothing_before_its_link_is_followed(
    carole: Any, own_parts: Parts, letters: Letters, clock: Any, a_visitor: Any
) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', carole.get(DESK))
    assert token is not None
    fields = {"csrf_token": token[1], "acte": "transmettre", "to": "dora@lilas.example"}
    carole.client.post(DESK, data=fields)
    path = str(letters()[-1].values["path"])
    dora = a_visitor(create_app(own_parts), clock)
    assert dora.status(path) == 200
    with own_parts.sessions() as session:
        assert session.query(Keeper).count() == 1
    dora.send(path)
    dora.send(str(letters()[-1].values["path"]))
    assert "L’espace de" in dora.get("/espace")


def test_every_session_can_be_closed_at_once(
    carole: Any, own_parts: Parts, clock: Any, a_visitor: Any
) -> None:
    elsewhere = a_visitor(create_app(own_parts), clock)
    elsewhere.send(link(own_parts))
    act(carole, "tout-fermer")
    assert "Recevoir le lien" in elsewhere.get(DESK)
    assert "Recevoir le lien" in carole.get(DESK)


def test_group_leaves_by_its_mailed_link_and_is_counted(
    visitor: Any, own_parts: Parts, kept: Group, letters: Letters
) -> None:
    html = visitor.send("/groupes/lilas-a-velo/partir").get_data(as_text=True)
    assert "Le lien est parti" in html
    path = str(letters()[-1].values["path"])
    assert visitor.status(path) == 200
    assert visitor.status("/groupes/lilas-a-velo") == 200
    assert "est parti" in visitor.send(path).get_data(as_text=True)
    assert visitor.status("/groupes/lilas-a-velo") == 410
    assert visitor.status(path) == 410
    assert "Un groupe est parti." in visitor.get("/regles")
    with own_parts.sessions() as session:
        assert leaving.departures(session) == 1
    again = visitor.send("/inscrire", adresse="https://lilas-a-velo.example/")
    assert "ne plus figurer ici" in again.get_data(as_text=True)
    for page in ("/groupes", "/fil.atom", "/groupes.csv", "/"):
        assert "Les Lilas à vélo" not in visitor.get(page)


def test_hostile_words_stay_words(carole: Any) -> None:
    edit(carole, description=HOSTILE, category=HOSTILE[:60])
    for page in (DESK, "/groupes/lilas-a-velo"):
        html = carole.get(page)
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert "7*7" in html


@pytest.mark.slow
def test_keeper_works_from_a_phone_without_script(
    browser: Browser, address: str, own_parts: Parts, kept: Group
) -> None:
    context = browser.new_context(
        locale="fr-FR", java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(address + link(own_parts))
    page.get_by_role("button", name="Oui").press("Enter")
    page.get_by_label("Description").fill("Écrit au clavier.")
    page.get_by_role("button", name="Enregistrer le profil").press("Enter")
    page.get_by_text("Enregistré.").wait_for()
    page.get_by_role("button", name="Masquer").first.press("Enter")
    page.get_by_text("La nouvelle est masquée.").wait_for()
    page.get_by_text("Retirer le groupe de Fil commun").press("Enter")
    page.get_by_role("button", name="Oui, tout retirer").press("Enter")
    page.get_by_role("heading", name="est parti").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
