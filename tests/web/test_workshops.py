"""A workshop goes from print to tables to decisions to minutes, and dates can be compared."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from aggregator.parts import Parts
from aggregator.store.tables import Amendment, Group, Workshop

PAGE = "/ateliers/2026-11-24-atelier-de-pantin"
FIRST = """slug;nouveau nom;thèmes;remarque
lilas-a-velo;Les Lilas à bicyclette;logement|environnement;Dit par la table
"""
SECOND = """Nom,Site,Territoires,Nouveau nom
Les Lilas à vélo,,,Lilas vélo (association)
Vergers urbains,https://vergers.example/,Paris 18e,
"""
HOSTILE = "<script>alert(1)</script>\u202e\"' {{ 7*7 }}"


@pytest.fixture
def workshop(alice: Any) -> Any:
    """Alice at an open workshop."""
    html = alice.send(
        "/ateliers/nouveau",
        title="Atelier de Pantin",
        held_on="2026-11-24",
        place="Pantin",
        participants="Alice, Bob",
    ).get_data(as_text=True)
    assert "Les personnes présentes" in html
    return alice


def take(visitor: Any, table: str, body: bytes) -> str:
    answer = visitor.send(
        PAGE, to=f"{PAGE}/importer", table=table, tableau=(io.BytesIO(body), "table.csv")
    )
    return str(answer.get_data(as_text=True))


def waiting(parts: Parts) -> list[Amendment]:
    with parts.sessions() as session:
        return session.query(Amendment).filter_by(state="open").order_by(Amendment.id).all()


def test_a_workshop_is_played_from_two_tables_to_its_minutes(
    workshop: Any, own_parts: Parts, clock: Any
) -> None:
    html = take(workshop, "1", FIRST.encode("cp1252"))
    assert "2 propositions prises." in html
    assert "2 étaient déjà prises." in take(workshop, "1", FIRST.encode("cp1252"))
    html = take(workshop, "2", SECOND.encode())
    assert "Les tables ne disent pas la même chose" in html
    assert "table 1" in html
    clash = re.search(r'name="conflit" value="(\d+)"', html)
    second = re.search(r'value="(\d+)">Retenir ceci<span class="hidden-text"> 2<', html)
    assert clash is not None
    assert second is not None
    for nonsense in ("", "abc", "999999"):
        workshop.send(PAGE, to=f"{PAGE}/trancher", conflit=clash[1], garder=nonsense)
    assert len(waiting(own_parts)) == 4
    html = workshop.send(
        PAGE, to=f"{PAGE}/trancher", conflit=clash[1], garder="-1", note="Il manque l’association"
    ).get_data(as_text=True)
    assert "C’est remis à plus tard." in html
    assert len(waiting(own_parts)) == 2, "a conflict that is postponed keeps no workshop open"
    html = workshop.send(
        PAGE, to=f"{PAGE}/trancher", conflit=clash[1], garder=second[1], note="Vote à main levée"
    ).get_data(as_text=True)
    assert "C’est tranché." in html
    assert "Les tables ne disent pas la même chose" not in html

    html = workshop.send(PAGE, to=f"{PAGE}/clore", minutes="Bonne séance.").get_data(as_text=True)
    assert "Il reste 2 propositions" in html.replace("\u202f", " ")
    assert "Bonne séance." in html, "the minutes are kept as a draft"
    topics, vergers = sorted(waiting(own_parts), key=lambda one: one.kind, reverse=True)
    for id, verdict in ((topics.id, "postpone"), (vergers.id, "accept")):
        html = workshop.send(
            PAGE, to="/moderation/decider", id=id, verdict=verdict, atelier=PAGE.split("/")[-1]
        ).get_data(as_text=True)
        assert "Clore l’atelier" in html
    html = workshop.send(PAGE, to=f"{PAGE}/clore", minutes="Merci.").get_data(as_text=True)
    assert "est clos" in html
    html = html.replace("\u202f", " ").replace("\u00a0", " ")
    for words in (
        "Vergers urbains", "Lilas vélo (association)", "Vote à main levée", "Merci.",
        "Le nom : Les Lilas à bicyclette", "L’atelier a suivi une autre table.",
    ):  # fmt: skip
        assert words in html
    assert "Clore l’atelier" not in html
    assert "Thèmes" in workshop.get("/moderation?etat=postponed"), "what it postponed is not lost"
    paper = workshop.client.get(f"{PAGE}.pdf")
    assert paper.data.startswith(b"%PDF")
    html = workshop.get("/ateliers/comparer")
    assert "Vergers urbains" in html
    assert 'class="ring"' in html


def test_group_that_left_is_named_nowhere_any_more(workshop: Any, own_parts: Parts) -> None:
    take(workshop, "1", SECOND.encode())
    take(workshop, "2", b"slug;action\nplaine-verte;retirer\n")
    for one in waiting(own_parts):
        workshop.send(PAGE, to="/moderation/decider", id=one.id, verdict="accept", note=one.subject)
    workshop.send(PAGE, to=f"{PAGE}/clore", minutes="Merci.")
    pages = (PAGE, "/ateliers/comparer", "/journal", *(f"/journal/{id}" for id in (1, 2, 3)))
    told = "".join(map(workshop.get, pages))
    assert "Vergers urbains" in told
    assert "Plaine verte" not in told
    assert "Qui est parti n’est plus nommé ici." in told
    with own_parts.sessions.begin() as session:
        session.query(Group).filter_by(slug="vergers-urbains").one().status = "declined"
    for path in (*pages, "/carte", "/carte.svg", "/ateliers/tableau.csv", "/inventaire.csv"):
        assert "Vergers urbains" not in workshop.get(path), path


def test_workshops_are_run_by_moderators_and_read_by_everybody(
    workshop: Any, own_parts: Parts
) -> None:
    take(workshop, "1", FIRST.encode())
    workshop.client.delete_cookie("moderation")
    html = workshop.get(PAGE)
    assert "2 propositions attendent" in html.replace("\u202f", " ")
    assert "Retenir" not in html
    assert "Recevoir le lien" in workshop.get("/ateliers/nouveau")
    for act in ("importer", "manquant", "trancher", "clore", "groupes/lilas-a-velo"):
        answer = workshop.send("/proposer", to=f"{PAGE}/{act}", minutes="Pirate")
        assert "Recevoir le lien" in answer.get_data(as_text=True)
    with own_parts.sessions() as session:
        assert session.query(Workshop).one().closed_at is None


def test_sheet_with_a_fault_is_told_by_line_and_nothing_is_taken(
    workshop: Any, own_parts: Parts
) -> None:
    body = "slug;thèmes\nlilas-a-velo;environnement\nnulle-part;environnement\nplaine-verte;magie\n"
    html = take(workshop, "1", body.encode())
    assert "Rien n’a été pris" in html
    assert "pour thèmes" in html, "in the words of the sheet"
    assert "Logement et habitat" in html, "what is possible is said"
    assert '<th scope="row">3</th>' in html
    assert '<th scope="row">4</th>' in html
    assert waiting(own_parts) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"PK\x03\x04classeur", b"a;b\n\x00;1", b'nom;site\n"pas ferm\xe9;1\n', b"x" * 10],
)
def test_what_is_no_sheet_is_refused_in_words(workshop: Any, own_parts: Parts, body: bytes) -> None:
    html = take(workshop, "1", body)
    assert 'class="notice' in html or "Rien n’a été pris" in html
    assert "Une proposition attend" not in html, "nothing is not told as one"
    assert waiting(own_parts) == []


def test_a_table_s_words_are_typed_in_field_by_field(workshop: Any, own_parts: Parts) -> None:
    html = workshop.get(f"{PAGE}/groupe?groupe=lilas-a-velo")
    assert "Amender Les Lilas à vélo" in html
    with own_parts.sessions() as session:
        group = session.query(Group).filter_by(slug="lilas-a-velo").one()
        as_is = {dimension: list(group.terms(dimension)) for dimension in ("topic", "area")}
    answer = workshop.send(
        f"{PAGE}/groupes/lilas-a-velo",
        table="3",
        description="Tout à vélo.",
        category="collectif",
        skill="code-webdesign",
        **as_is,
    )
    assert "propositions prises" in answer.get_data(as_text=True)
    assert all(len(one.change) == 1 for one in waiting(own_parts))
    answer = workshop.send(PAGE, to=f"{PAGE}/manquant", url="https://neuf.example", name="Neuf")
    assert "Une proposition prise." in answer.get_data(as_text=True)
    answer = workshop.send(PAGE, to=f"{PAGE}/manquant", url="pas un site", name="Neuf")
    assert "pas une adresse de site" in answer.get_data(as_text=True)
    workshop.send(f"{PAGE}/groupes/plaine-verte", retirer="on", table="3")
    assert {one.kind for one in waiting(own_parts)} == {"profile", "missing_group"}


def test_sheet_to_fill_in_comes_back_without_changing_anything(
    workshop: Any, own_parts: Parts
) -> None:
    sheet = workshop.client.get("/ateliers/tableau.csv").data
    assert sheet.startswith(b"\xef\xbb\xbfslug;nom;")
    html = take(workshop, "1", sheet)
    assert "ne changent rien" in html
    assert waiting(own_parts) == []


def test_hostile_words_stay_words(alice: Any, own_parts: Parts) -> None:
    html = alice.send(
        "/ateliers/nouveau",
        title=HOSTILE,
        held_on="2026-11-24",
        place=HOSTILE,
        participants=HOSTILE,
    ).get_data(as_text=True)
    with own_parts.sessions() as session:
        path = f"/ateliers/{session.query(Workshop).one().slug}"
    body = f"slug;description\nlilas-a-velo;{HOSTILE}\n"
    alice.send(path, to=f"{path}/importer", table=HOSTILE, tableau=(io.BytesIO(body.encode()), "x"))
    for page in (html, alice.get(path), alice.get("/ateliers")):
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "7*7" in page


@pytest.mark.parametrize("dates", ["du=hier", "au=2026-13-45", "du=<script>"])
def test_what_is_no_date_is_not_found(visitor: Any, dates: str) -> None:
    assert visitor.status(f"/ateliers/comparer?{dates}") == 404


@pytest.mark.parametrize(
    "dates", ["", "du=0001-01-01", "au=9999-12-31", "du=2027-01-01&au=2020-01-01"]
)
def test_any_two_dates_can_be_compared(workshop: Any, dates: str) -> None:
    assert "Rien n’a changé." in workshop.get(f"/ateliers/comparer?{dates}")


@pytest.mark.parametrize("held_on", ["", "demain", "2026-02-31"])
def test_workshop_needs_a_date(alice: Any, held_on: str) -> None:
    answer = alice.send("/ateliers/nouveau", title="Atelier", held_on=held_on)
    assert answer.status_code == 422
    assert "Il manque" in answer.get_data(as_text=True)


@pytest.mark.slow
def test_a_workshop_is_played_in_a_browser(
    browser: Browser, address: str, own_parts: Parts, invited: Any
) -> None:
    page = browser.new_page(locale="fr-FR", viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address + invited())
    page.get_by_role("button", name="Oui").click()
    page.goto(f"{address}/ateliers")
    for name in ("La carte en affiche", "Une fiche par groupe", "Un tableau à remplir"):
        with page.expect_download() as printed:
            page.get_by_role("link", name=name).click()
        assert printed.value.failure() is None
    page.get_by_role("link", name="Ouvrir un atelier").click()
    page.get_by_label("Titre").fill("Atelier de Pantin")
    page.get_by_role("button", name="Ouvrir").click()
    # One table's spreadsheet writes Latin-1 with semicolons, the other UTF-8 with commas.
    for number, body in (("1", FIRST.encode("latin-1")), ("2", SECOND.encode())):
        page.locator("#t1").fill(number)
        page.locator("#tableau").set_input_files(
            {"name": "t.csv", "mimeType": "text/csv", "buffer": body}
        )
        page.get_by_role("button", name="Importer").click()
        page.locator(".notice.good").wait_for()
    page.get_by_role("button", name="Retenir ceci").last.click()
    page.get_by_text("C’est tranché.").wait_for()
    page.locator("[data-current]").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.wait_for_url("**fait=**")
    page.get_by_label("Le compte rendu").fill("Nous avons bien travaillé.")
    page.get_by_role("button", name="Clore").click()
    page.get_by_text("L’atelier est clos").wait_for()
    assert "Nous avons bien travaillé." in page.content()
    with page.expect_download() as printed:
        page.get_by_role("link", name="Le compte rendu en PDF").click()
    assert printed.value.failure() is None
    page.goto(f"{address}/ateliers/comparer")
    told = page.get_by_label("En liste")
    assert "Vergers urbains" in told.inner_text()
    told.locator("summary").first.click()
    assert told.locator("ins").first.is_visible()
    assert page.locator(".map .ring").count() == 2
    assert page.locator(".map .node.faint").count() > 0
    assert errors == []
    page.close()
