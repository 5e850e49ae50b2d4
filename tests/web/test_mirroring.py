"""A moderator sees and steers the lists that are followed; of two portals one follows the other."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from aggregator.collect.wire import Response
from aggregator.parts import Parts
from aggregator.registry import (
    charter,
    exchange,
    kumu_kept,
    leaving,
    mirroring,
    mirrors,
    moderators,
)
from aggregator.registry.mirroring import Fetched
from aggregator.store import directory
from aggregator.store.tables import Entry, Keeper, Letter, Mirror, Moderator
from web import create_app


def looked_at(parts: Parts, body: bytes) -> None:
    """What the worker does with the answer of the list, without a network."""
    with parts.sessions.begin() as session:
        mirror = session.query(Mirror).one()
        answer = Response(200, {}, body, mirror.address)
        mirroring.take(session, mirror, Fetched(answer, {}), parts.settings, parts.clock())


def test_a_list_is_asked_for_seen_agreed_to_paused_and_stopped(
    alice: Any, own_parts: Parts
) -> None:
    form = {
        "adresse": "https://carte.example/api/elements.json",
        "nom": "La carte",
        "mode": "follow",
        "rythme": "daily",
    }
    refused = alice.send("/moderation/listes", **form)
    assert refused.status_code == 422
    assert "licence" in refused.get_data(as_text=True)
    page = alice.send("/moderation/listes", **form, licence="ODbL-1.0", charte="1")
    assert "Nous regardons cette liste" in page.get_data(as_text=True)
    assert alice.client.get("/moderation/listes/1/etat.json").get_json()["working"] is True
    geo = {"latitude": 48.9, "longitude": 2.4}
    listed = [
        {"id": "1", "name": "Jardin", "website": "https://jardin.example", "geo": geo},
        {"id": "2", "name": "Lilas à vélo", "website": "https://lilas-a-velo.example/",
         "description": "Autrement dit."},
        {"id": "3", "name": "Sans site"},
    ]  # fmt: skip
    looked_at(own_parts, json.dumps({"data": listed}).encode())
    assert alice.client.get("/moderation/listes/1/etat.json").get_json()["working"] is False
    page = alice.get("/moderation/listes/1")
    for words in ("serait ajouté", "changerait", "Autrement", "Sans site, un groupe"):
        assert words in page
    assert "attend votre accord" in alice.get("/moderation/listes")
    alice.send("/moderation/listes/1", acte="suivre")
    looked_at(own_parts, json.dumps({"data": listed}).encode())
    page = alice.get("/moderation/listes/1")
    assert "Un changement s’est fait de lui-même" in page
    assert "Une proposition attend dans la file." in page
    assert "https://carte.example" in alice.get("/groupes/jardin")
    assert "ODbL-1.0" in alice.get("/groupes/jardin")
    for deed, state in (
        ("suspendre", "en pause"),
        ("reprendre", "suivie"),
        ("arreter", "terminée"),
    ):
        assert state in alice.send("/moderation/listes/1", acte=deed).get_data(as_text=True)
    assert "déjà été décidée" in alice.send("/moderation/listes/1", acte="suspendre").text
    assert alice.client.post("/moderation/listes/1", data={"acte": "x"}).status_code in {400, 404}
    assert alice.status("/moderation/listes/99") == 404


def test_a_list_that_fails_says_why(alice: Any, own_parts: Parts) -> None:
    form = {"adresse": "https://carte.example/l.csv", "mode": "respect", "rythme": "once"}
    alice.send("/moderation/listes", **form)
    with own_parts.sessions.begin() as session:
        mirror = session.query(Mirror).one()
        mirror.reason, mirror.failures = "robots", 1
    page = alice.get("/moderation/listes/1")
    assert "n’a pas pu être lue" in page
    assert "robots.txt" in page
    assert alice.client.get("/moderation/listes/1/etat.json").get_json()["working"] is False


@pytest.mark.parametrize("path", ["", "/1", "/1/etat.json"])
def test_lists_are_for_moderators(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/moderation/listes{path}")
    assert answer.headers["Location"].endswith("/moderation/entrer")


def test_the_charter_is_accepted_at_the_desk_and_shown(
    visitor: Any, own_parts: Parts, letters: Callable[[], list[Letter]]
) -> None:
    assert charter.VERSION in visitor.get("/charte")
    with own_parts.sessions.begin() as session:
        group = directory.by_slug(session, "plaine-verte")
        session.add(Keeper(group=group, email="carole@x.example", added_at=own_parts.clock()))
    visitor.send("/espace/entrer", email="carole@x.example")
    visitor.send(letters()[-1].values["path"])
    assert "Accepter la charte" in visitor.get("/espace/plaine-verte")
    page = visitor.send("/espace/plaine-verte", acte="charte").get_data(as_text=True)
    assert "la charte est acceptée" in page
    assert "Accepter la charte" not in page
    assert f"version {charter.VERSION} acceptée le" in visitor.get("/groupes/plaine-verte")


def test_an_imported_map_is_given_back_to_kumu(alice: Any, own_parts: Parts) -> None:
    kumu = {
        "name": "La carte",
        "attributes": [{"name": "Téléphone", "private": True}],
        "elements": [
            {"_id": "elem-1", "attributes": {
                "label": "Lilas à vélo", "website": "https://lilas-a-velo.example/",
                "couleur": "vert", "téléphone": "0102030405"}},
            {"_id": "elem-2", "attributes": {"label": "Encore inconnu"}},
        ],
        "connections": [{"_id": "conn-1", "from": "elem-1", "to": "elem-2", "attributes": {}}],
        "maps": [{"_id": "map-1", "elements": [
            {"_id": "node-1", "element": "elem-1", "position": {"x": 1, "y": 2}}]}],
    }  # fmt: skip
    body = json.dumps(kumu).encode()
    page = alice.send(
        "/moderation/importer", liste=(io.BytesIO(body), "k.json"), origine="Kumu"
    ).get_data(as_text=True)
    assert "à changer" not in page
    with own_parts.sessions.begin() as session:
        read = exchange.read_whole(body)
        assert read.map is not None
        kumu_kept.keep(session, "Kumu", read.map, own_parts.clock())
        group = directory.by_slug(session, "lilas-a-velo")
        assert group is not None
        group.description = "Ce que nous disons."
    back = alice.client.get("/moderation/importer/cartes/1.projet").get_json()
    assert back["maps"] == kumu["maps"]
    assert back["connections"] == kumu["connections"]
    first = back["elements"][0]["attributes"]
    assert (first["description"], first["couleur"]) == ("Ce que nous disons.", "vert")
    assert "0102030405" not in json.dumps(back)
    for shape in ("plan", "elements", "liens"):
        assert alice.status(f"/moderation/importer/cartes/1.{shape}") == 200
    assert alice.status("/moderation/importer/cartes/9.plan") == 404
    with own_parts.sessions.begin() as session:
        group = directory.by_slug(session, "lilas-a-velo")
        assert group is not None
        leaving.take_away(session, group, now=own_parts.clock())
    assert "Lilas" not in alice.client.get("/moderation/importer/cartes/1.projet").text


class Portal:
    """One of the two, served where its public address says."""

    def __init__(self, parts: Parts, address: str) -> None:
        self.parts, self.address = parts, address

    def names(self) -> set[str]:
        """The groups it shows."""
        with self.parts.sessions() as session:
            return {group.name for group in directory.groups(session)}

    def takes_away(self, slug: str) -> str:
        """A group leaves for good; its name."""
        with self.parts.sessions.begin() as session:
            group = directory.by_slug(session, slug)
            assert group is not None
            name = leaving.take_away(session, group, now=self.parts.clock())
            return name


@pytest.fixture
def a_served_portal(
    tmp_path: Path, clock: Any, a_portal: Callable[..., Parts]
) -> Iterator[Callable[[str], Portal]]:
    """`a_served_portal("127.7.2.1")`: a portal full of news, served there."""
    with ExitStack() as stopping:

        def serve(host: str) -> Portal:
            server = make_server(host, 0, lambda *_: [], threaded=True)
            address = f"http://{host}:{server.server_port}"
            folder = tmp_path / host
            parts = a_portal(
                folder,
                clock,
                base_url=address,
                allow_private_networks=True,
                smtp_url="smtp://127.0.0.1:1",
            )
            server.app = create_app(parts)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()

            def stop() -> None:
                server.shutdown()
                thread.join()
                server.server_close()

            stopping.callback(stop)
            return Portal(parts, address)

        yield serve


def emptied(portal: Portal) -> None:
    """Take all groups out, as before the first import."""
    with portal.parts.sessions.begin() as session:
        for group in directory.groups(session):
            for source in group.sources:
                for entry in session.query(Entry).filter_by(source_id=source.id):
                    session.delete(entry)
                session.delete(source)
            session.delete(group)


@pytest.mark.slow
def test_what_leaves_one_portal_leaves_the_other_and_what_left_here_stays_away(
    a_served_portal: Callable[[str], Portal], clock: Any
) -> None:
    first, second = a_served_portal("127.7.2.1"), a_served_portal("127.7.2.2")
    emptied(second)
    assert second.names() == set()
    with second.parts.sessions.begin() as session:
        alice = moderators.appoint(session, "alice@example.org", name="Alice", now=clock.now)
        followed = mirrors.ask(
            session,
            address=f"{first.address}/api/elements.json",
            name="Le premier",
            mode="follow",
            rhythm="daily",
            licence="ODbL-1.0",
            has_accepted=True,
            by=alice,
            now=clock.now,
            base_url=second.address,
        )
        number = followed.id

    def run() -> dict[str, int]:
        clock.now += timedelta(days=1)
        done = mirroring.look_due(second.parts.sessions, second.parts.settings, clock)
        assert done == 1
        with second.parts.sessions() as session:
            counts: dict[str, int] = session.get_one(Mirror, number).plan["counts"]
            return counts

    placed = {one["name"] for one in elements(first) if one["nature"] == "group"}
    assert len(placed) > 3
    assert run() == {"new": len(placed)}
    with second.parts.sessions.begin() as session:
        moderator = session.query(Moderator).one()
        mirrors.agree(session.get_one(Mirror, number), moderator, clock.now)
    assert run() == {"new": len(placed)}
    assert second.names() == placed
    assert run() == {"same": len(placed)}
    assert described(second) == described(first)

    gone = first.takes_away("lilas-a-velo")
    assert run() == {"same": len(placed) - 1, "gone": 1}
    assert gone not in second.names()
    away = second.takes_away(slug_of(second, sorted(placed - {gone})[0]))
    assert run() == {"same": len(placed) - 2, "left": 1}
    assert second.names() == placed - {gone, away}
    for path in ("/api/elements.json", "/kumu.json", "/inventaire.csv", "/groupes.geojson"):
        told = create_app(second.parts).test_client().get(path)
        assert gone.encode() not in told.data
        assert away.encode() not in told.data

    # The first one follows the second: nothing of its own comes back to it.
    with first.parts.sessions.begin() as session:
        bob = moderators.appoint(session, "bob@example.org", name="Bob", now=clock.now)
        mirrors.ask(
            session, address=f"{second.address}/api/elements.json", name="", mode="respect",
            rhythm="daily", by=bob, now=clock.now, base_url=first.address,
        )  # fmt: skip
    mirroring.look_due(first.parts.sessions, first.parts.settings, clock)
    with first.parts.sessions() as session:
        assert set(session.query(Mirror).one().plan["counts"]) == {"ours"}


def elements(portal: Portal) -> list[dict[str, Any]]:
    """What a portal tells other maps."""
    answer = create_app(portal.parts).test_client().get("/api/elements.json")
    found: list[dict[str, Any]] = json.loads(answer.data)["data"]
    return found


def described(portal: Portal) -> dict[str, Any]:
    """Name → all that a mirror is to keep as it is."""
    kept = ("geo", "address", "categories", "description", "website", "type", "langue")
    return {
        one["name"]: {key: one[key] for key in (*kept, "territoires")}
        for one in elements(portal)
        if one["nature"] == "group"
    }


def slug_of(portal: Portal, name: str) -> str:
    with portal.parts.sessions() as session:
        return next(group.slug for group in directory.groups(session) if group.name == name)
