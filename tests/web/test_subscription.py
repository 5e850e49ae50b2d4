"""Letters: seen first, confirmed by a button, left in one click; a GET changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.mail.outbox import leave_url
from aggregator.mail.subscribing import PER_PLACE
from aggregator.parts import Parts
from aggregator.store.tables import Letter, Subscriber

Letters = Callable[[], list[Letter]]


def path_of(url: str) -> str:
    return urlsplit(url).path


def subscribe(visitor: Any, letters: Letters) -> str:
    """Ask for a letter about housing; the path of the mailed link."""
    answer = visitor.send(
        "/abonnement?theme=logement", "/abonnement", adresse="nadia@lecture.example"
    )
    assert "Regardez vos courriels" in answer.get_data(as_text=True)
    return path_of(letters()[-1].values["confirm_url"])


def test_letter_is_seen_before_an_address_is_given(visitor: Any) -> None:
    html = visitor.get("/abonnement?theme=logement")
    assert "La lettre que vous auriez reçue aujourd’hui" in html
    letter = visitor.client.get("/abonnement/apercu?theme=logement&rythme=weekly")
    assert "Permanence logement" in letter.get_data(as_text=True)
    assert "sandbox" in letter.headers["Content-Security-Policy"]
    assert "La dernière alerte que vous auriez reçue" in visitor.get("/abonnement?rythme=alert")


def test_what_is_chosen_counts_whether_the_letter_is_looked_at_again_or_not(
    visitor: Any, own_parts: Parts
) -> None:
    chosen = {"rythme": "monthly", "jour_mois": "15", "langue_lettre": "en"}
    answer = visitor.send("/abonnement?theme=logement", "/abonnement", acte="voir", **chosen)
    assert "theme=logement&rythme=monthly" in answer.request.url
    html = answer.get_data(as_text=True)
    assert 'value="monthly" checked' in html
    assert "What the groups published" in html
    visitor.send(
        "/abonnement?theme=logement", "/abonnement", adresse="nadia@lecture.example", **chosen
    )
    with own_parts.sessions() as session:
        (one,) = session.query(Subscriber).one().subscriptions
        assert (one.view, one.rhythm, one.day) == ("theme=logement", "monthly", 15)
        assert one.consent["text"].startswith("J’accepte"), "the words that were read"


def test_a_household_with_a_whole_ipv6_network_is_one_place(visitor: Any, letters: Letters) -> None:
    for number in range(PER_PLACE + 2):
        visitor.client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:{number}::1"
        address = f"a{number}@lecture.example"
        visitor.send("/abonnement?theme=logement", "/abonnement", adresse=address)
    assert len(letters()) == PER_PLACE


def test_nothing_new_means_no_letter(visitor: Any) -> None:
    assert "sans nouvelle il n’y a pas de lettre" in visitor.get("/abonnement?q=xylophone")


def test_opening_the_mailed_link_changes_nothing_its_button_does(
    visitor: Any, letters: Letters, own_parts: Parts
) -> None:
    path = subscribe(visitor, letters)
    for _ in range(3):  # a mail scanner opens it again and again
        assert visitor.status(path) == 200
        assert visitor.client.head(path).status_code == 200
    with own_parts.sessions() as session:
        assert session.query(Subscriber).one().confirmed_at is None
    html = visitor.send(path).get_data(as_text=True)
    assert "C’est fait" in html
    (manage,) = re.findall(r"/abonnement/gerer/[^\"]+", html)
    assert "Mes lettres" in visitor.get(manage)
    with own_parts.sessions() as session:
        assert session.query(Subscriber).one().confirmed_at is not None
    assert visitor.status(path) == 410


def test_one_click_of_a_mail_program_ends_it_without_a_token(
    visitor: Any, letters: Letters, own_parts: Parts
) -> None:
    visitor.send(subscribe(visitor, letters))
    with own_parts.sessions() as session:
        subscriber = session.query(Subscriber).one()
        one = subscriber.subscriptions[0]
        path = path_of(leave_url(own_parts.settings, one.id, subscriber.nonce))
    assert "Ne plus recevoir cette lettre" in visitor.get(path)
    answer = visitor.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "Cette lettre ne partira plus" in answer.get_data(as_text=True)
    with own_parts.sessions() as session:
        assert session.query(Subscriber).count() == 0


def test_all_is_managed_and_taken_away_by_the_signed_link(
    visitor: Any, letters: Letters, own_parts: Parts
) -> None:
    visitor.send(subscribe(visitor, letters))
    visitor.send("/abonnement/lien", adresse="nadia@lecture.example")
    path = path_of(letters()[-1].values["manage_url"])
    assert "thème : Logement et habitat" in visitor.get(path)
    with own_parts.sessions() as session:
        number = session.query(Subscriber).one().subscriptions[0].id
    html = visitor.send(path, acte="pause", abonnement=number).get_data(as_text=True)
    assert "en pause depuis" in html
    html = visitor.send(
        path, acte="changer", abonnement=number, rythme="daily", heure="18", q="loyer"
    ).get_data(as_text=True)
    assert "« loyer »" in html
    told = visitor.client.get(f"{path}/donnees.json").get_json()
    assert told["address"] == "nadia@lecture.example"
    assert "est effacé" in visitor.send(path, acte="tout-effacer").get_data(as_text=True)
    assert visitor.status(path) == 410


def test_topics_are_ticked_other_filters_unticked_and_the_clock_is_ones_own(
    visitor: Any, letters: Letters, own_parts: Parts
) -> None:
    visitor.send(
        "/abonnement?theme=logement&territoire=pantin", "/abonnement",
        adresse="nadia@lecture.example", theme="logement", territoire="pantin",
        fuseau="Indian/Reunion", langue_lettre="fr",
    )  # fmt: skip
    visitor.send(path_of(letters()[-1].values["confirm_url"]))
    visitor.send("/abonnement/lien", adresse="nadia@lecture.example")
    path = path_of(letters()[-1].values["manage_url"])
    html = visitor.get(path)
    assert 'value="Indian/Reunion" selected>La Réunion' in html
    assert re.search(r'name="theme" value="logement" checked> <span>Logement et habitat<', html)
    assert re.search(r'name="territoire" value="pantin" checked> <span>Pantin<', html)
    with own_parts.sessions() as session:
        number = session.query(Subscriber).one().subscriptions[0].id
    visitor.send(path, acte="changer", abonnement=number, theme=["logement", "culture"])
    visitor.send(path, acte="reglages", langue_lettre="en", fuseau="America/Martinique")
    with own_parts.sessions() as session:
        subscriber = session.query(Subscriber).one()
        assert subscriber.subscriptions[0].view == "theme=culture&theme=logement"
        assert (subscriber.language, subscriber.time_zone) == ("en", "America/Martinique")
        assert subscriber.subscriptions[0].title.startswith("topic:")


def test_a_zone_we_do_not_list_is_kept_by_the_form(
    visitor: Any, letters: Letters, own_parts: Parts
) -> None:
    visitor.send(subscribe(visitor, letters))
    with own_parts.sessions.begin() as session:
        session.query(Subscriber).one().time_zone = "US/Eastern"
    visitor.send("/abonnement/lien", adresse="nadia@lecture.example")
    path = path_of(letters()[-1].values["manage_url"])
    assert '<option value="US/Eastern" selected>' in visitor.get(path)


@pytest.mark.parametrize("address", ["pas une adresse", "a@b", "x\r\nBcc: y@z.fr", "a" * 400])
def test_wrong_address_is_told_and_nothing_is_sent(
    visitor: Any, letters: Letters, address: str
) -> None:
    answer = visitor.send("/abonnement", adresse=address)
    assert answer.status_code == 422
    assert "Pas encore envoyé" in answer.get_data(as_text=True)
    assert letters() == []


def test_program_that_fills_the_bait_is_refused(visitor: Any, letters: Letters) -> None:
    answer = visitor.send("/abonnement", adresse="nadia@lecture.example", site_internet="x")
    assert answer.status_code == 422
    assert letters() == []
