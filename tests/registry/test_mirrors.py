"""A list elsewhere is shown first, then followed: what comes, changes and goes, and what never."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import Refused
from aggregator.registry import (
    charter,
    governance,
    importing,
    leaving,
    mirroring,
    mirrors,
    moderation,
    profile,
    workshops,
)
from aggregator.settings import Settings
from aggregator.store import directory
from aggregator.store.tables import Amendment, Group, Keeper, Mirror, Moderator, Record, Workshop

DAY = timedelta(days=1)
PATH = "/api/elements.json"


def element(id_: str, name: str, **fields: Any) -> dict[str, Any]:
    """An element of a GoGoCarto map in Saint-Denis."""
    return {
        "id": id_,
        "name": name,
        "geo": {"latitude": 48.936, "longitude": 2.357},
        "website": f"https://{id_}.example/",
        "address": {"postalCode": "93200", "addressLocality": "Saint-Denis"},
        "categories": [12],
        **fields,
    }


class Followed:
    """A map elsewhere, the mirror of it here, and the worker that looks."""

    def __init__(
        self,
        site: Any,
        session: Session,
        sessions: sessionmaker[Session],
        settings: Settings,
        now: datetime,
        moderator: Moderator,
    ) -> None:
        self.site, self.session, self.sessions = site, session, sessions
        self.settings, self.now, self.moderator = settings, now, moderator
        self.mirror: Mirror | None = None
        site.says("/robots.txt", "")
        names = [
            {"id": 1, "name": "Tout", "options": [{"id": 12, "name": "Transports et mobilités"}]}
        ]
        site.says("/api/taxonomy.json", json.dumps(names))

    def says(self, *elements: dict[str, Any], **top: Any) -> None:
        """From now on the map holds these."""
        self.site.says(PATH, json.dumps({"data": elements, "ontology": "gogofull", **top}))

    def ask(self, **wish: Any) -> Mirror:
        """Have it looked at."""
        wanted = {
            "mode": "follow",
            "rhythm": "daily",
            "licence": "CC-BY-SA-4.0",
            "has_accepted": True,
            **wish,
        }
        self.mirror = mirrors.ask(
            self.session,
            address=self.site.url + PATH,
            name="La carte d’à côté",
            by=self.moderator,
            now=self.now,
            base_url=self.settings.base_url,
            **wanted,
        )
        self.session.commit()
        return self.look()

    def follow(self, **wish: Any) -> Mirror:
        """Have it looked at, agree, and let the first look take it."""
        mirrors.agree(self.ask(**wish), self.moderator, self.now)
        self.session.commit()
        return self.look()

    def look(self) -> Mirror:
        """The worker's round; a day passes."""
        mirroring.look_due(self.sessions, self.settings, lambda: self.now)
        self.session.expire_all()
        self.now += DAY
        assert self.mirror is not None
        return self.mirror

    def shown(self) -> list[str]:
        """The names of the public groups."""
        return [group.name for group in directory.groups(self.session)]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite only: what PostgreSQL does otherwise is tried in `test_at_once`."""
    return f"sqlite:///{tmp_path}/filcommun.db"


@pytest.fixture
def followed(
    a_site: Callable[[], Any],
    session: Session,
    sessions: sessionmaker[Session],
    here: Settings,
    now: datetime,
    bob: Moderator,
) -> Followed:
    """A map with two groups, not asked for yet."""
    made = Followed(a_site(), session, sessions, here, now, bob)
    made.says(element("halage", "Halage"), element("vergers", "Vergers urbains"))
    return made


def asked(session: Session) -> Sequence[Amendment]:
    """What waits for a person."""
    return moderation.queue(session)


def test_a_list_is_shown_before_anything_changes(followed: Followed) -> None:
    mirror = followed.ask()
    assert (mirror.state, mirror.plan["counts"]) == ("shown", {"new": 2})
    assert [row["name"] for row in mirror.plan["rows"]] == ["Halage", "Vergers urbains"]
    assert (followed.shown(), asked(followed.session)) == ([], [])
    assert followed.look().state == "shown"
    assert "/robots.txt" in followed.site.asked


def test_a_mirror_brings_changes_and_takes_away(followed: Followed) -> None:
    mirror = followed.follow()
    assert (followed.shown(), asked(followed.session)) == (["Halage", "Vergers urbains"], [])
    group = directory.by_slug(followed.session, "halage")
    assert group is not None
    assert (group.terms("topic"), group.terms("area")) == (("transports",), ("saint-denis",))
    followed.says(element("halage", "Halage", description="Insertion."))
    mirror = followed.look()
    assert followed.shown() == ["Halage"]
    assert directory.groups(followed.session)[0].description == "Insertion."
    assert mirror.plan["counts"] == {"changed": 1, "gone": 1}
    log = [(one.kind, one.reason) for one in moderation.log(followed.session)]
    assert log == [("profile", "mirrored")] * 2 + [("missing_group", "mirrored")] * 2


def test_every_record_carries_its_provenance(followed: Followed) -> None:
    followed.says(
        element("halage", "Halage", fiche="https://carte.example/halage", licence="CC0-1.0"),
        element("vergers", "Vergers", sourceKey="https://encore-ailleurs.example"),
    )
    mirror = followed.follow()
    halage, vergers = followed.session.scalars(select(Record).order_by(Record.external_id))
    assert (halage.origin, halage.brought, halage.tool) == (mirror.address, True, "gogocarto")
    assert (halage.licence, halage.page) == ("CC0-1.0", "https://carte.example/halage")
    assert (vergers.licence, vergers.source_key) == (
        "CC-BY-SA-4.0",
        "https://encore-ailleurs.example",
    )
    assert halage.charter_version == charter.VERSION
    assert halage.seen_at == halage.charter_accepted_at + DAY
    assert mirrors.groups_of(followed.session) == {mirror.address: (2, 2)}


def test_what_people_changed_here_stays_where_it_is_respected(followed: Followed) -> None:
    followed.follow(mode="respect")
    for waiting in asked(followed.session):
        moderation.decide(followed.session, waiting, "accept", followed.moderator, now=followed.now)
    group = directory.by_slug(followed.session, "halage")
    assert group is not None
    profile.put(group, "description", "Ce que nous disons.", origin="group")
    followed.session.commit()
    followed.says(
        element("halage", "Halage", description="Autre chose.", type="association"),
        element("vergers", "Vergers urbains", description="Des arbres."),
    )
    mirror = followed.look()
    changes = [(one.subject, list(one.change)) for one in asked(followed.session)]
    assert changes == [("Halage", ["category"]), ("Vergers urbains", ["description"])]
    # What an import brought is nobody's correction: the list may change it again.
    followed.says(element("halage", "Halage"))
    mirror = followed.look()
    assert mirror.plan["counts"]["gone"] == 1
    assert followed.shown() == ["Halage", "Vergers urbains"]


def test_what_was_refused_or_waits_is_not_asked_again(followed: Followed) -> None:
    followed.follow(mode="respect")
    refused, postponed = asked(followed.session)
    moderation.decide(
        followed.session, refused, "refuse", followed.moderator, now=followed.now, reason="wrong"
    )
    moderation.decide(followed.session, postponed, "postpone", followed.moderator, now=followed.now)
    followed.session.commit()
    mirror = followed.look()
    assert mirror.plan["counts"] == {"waiting": 1, "refused": 1}
    assert asked(followed.session) == []
    # Another list is told the same.
    followed.says(element("x1", "Halage", website="halage.example"))
    assert followed.look().plan["counts"] == {"gone": 2, "refused": 1}


def test_a_group_declined_or_departed_here_never_returns(followed: Followed) -> None:
    followed.follow()
    for slug in ("halage", "vergers-urbains"):
        group = directory.by_slug(followed.session, slug)
        assert group is not None
        if slug == "halage":
            profile.put(group, "status", "declined", origin="moderator")
        else:
            leaving.take_away(followed.session, group, now=followed.now)
            assert followed.mirror is not None
            assert "Vergers" not in json.dumps(followed.mirror.plan)
            leaving.forget(followed.session)
    followed.session.commit()
    assert followed.look().plan["counts"] == {"left": 2}
    # A new name and a new site for the same record do not help either.
    followed.says(
        element("halage", "Halage, le retour", website="https://ailleurs.example"),
        element("vergers", "Tout neuf", website="https://tout-neuf.example"),
        element("vergers2", "Vergers urbains", website="https://vergers.example/blog"),
    )
    assert followed.look().plan["counts"] == {"left": 3}
    assert followed.shown() == []


def test_a_group_that_left_unproved_is_not_brought_back_by_a_list(
    followed: Followed, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", home="https://halage.example/", provisional=True)
    keeper = Keeper(group=group, email="carole@example.org", registered=True, added_at=followed.now)
    followed.session.add(keeper)
    followed.session.flush()
    leaving.leave_by_desk(followed.session, group, keeper.email, now=followed.now)
    leaving.forget(followed.session)
    assert leaving.departures(followed.session) == 0
    followed.follow()
    assert followed.shown() == ["Vergers urbains"]


def test_a_decision_taken_back_is_a_persons_from_then_on(followed: Followed) -> None:
    followed.follow()
    added = next(
        one for one in moderation.log(followed.session) if one.subject == "Vergers urbains"
    )
    moderation.undo(followed.session, added, followed.moderator, now=followed.now)
    followed.session.commit()
    followed.look()
    assert followed.shown() == ["Halage"]
    assert [one.subject for one in asked(followed.session)] == ["Vergers urbains"]


def test_groups_that_speak_for_themselves_are_left_to_people(
    followed: Followed, a_group: Callable[..., Group], carole: Callable[..., str]
) -> None:
    here = a_group("halage", home="https://halage.example/", description="Ici.")
    followed.says(element("halage", "Halage", description="Là-bas."), element("v", "Vergers"))
    followed.follow()
    assert [one.subject for one in asked(followed.session)] == ["Halage"]
    vergers = directory.by_slug(followed.session, "vergers")
    assert vergers is not None
    carole(vergers)
    followed.session.commit()
    followed.says()
    followed.look()
    assert followed.shown() == [here.name, "Vergers"]
    waiting = [(one.subject, list(one.change)) for one in asked(followed.session)]
    assert ("Vergers", ["status"]) in waiting
    assert not any(subject == "Halage" and "status" in change for subject, change in waiting)


def test_a_list_that_loses_most_at_once_changes_nothing_by_itself(followed: Followed) -> None:
    followed.says(*(element(f"g{n}", f"Groupe numéro {n}") for n in range(6)))
    followed.follow()
    assert len(followed.shown()) == 6
    followed.says(element("g0", "Groupe numéro 0"))
    mirror = followed.look()
    assert (mirror.reason, mirror.values) == ("sudden_list", {"count": 5})
    assert (len(followed.shown()), len(asked(followed.session))) == (6, 5)
    # Asked once, not at each look.
    assert followed.look().plan["counts"] == {"same": 1}
    assert len(asked(followed.session)) == 5


def test_our_own_records_do_not_come_back_through_another(followed: Followed) -> None:
    followed.says(element("group-halage", "Halage", sourceKey=followed.settings.base_url))
    assert followed.ask().plan["counts"] == {"ours": 1}


def test_bounds_are_asked_for_and_held(followed: Followed) -> None:
    lyon = {"latitude": 45.76, "longitude": 4.83}
    body = json.dumps({"data": [element("a", "Ici"), element("b", "Là-bas", geo=lyon)]})
    followed.site.says(f"{PATH}?bounds=1.4%2C48.1%2C3.6%2C49.3", body)
    mirror = followed.ask(bounds="1.4,48.1,3.6,49.3")
    assert [row["name"] for row in mirror.plan["rows"]] == ["Ici"]


def test_a_workshop_gets_what_the_first_look_proposes(
    followed: Followed, session: Session, now: datetime
) -> None:
    workshop: Workshop = workshops.open_workshop(
        session, title="Remise sur la table", place="", held_on=now.date(), now=now
    )
    followed.follow(mode="respect", rhythm="once", workshop=workshop)
    assert asked(session) == []
    assert len(moderation.queue(session, workshop_id=workshop.id)) == 2
    assert followed.mirror is not None
    assert followed.mirror.state == "ended"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, "", "server_error"),
        (410, "", "gone"),
        (200, "{", "list_broken"),
        (200, '{"elements": 3}', "list_unknown"),
        (200, "", "sheet_empty"),
        (200, " " * 20_000_001, "too_large"),
    ],
    ids=["broken", "gone", "half", "other", "empty", "large"],
)
def test_what_goes_wrong_is_written_down_and_tried_again_later(
    followed: Followed, status: int, body: str, reason: str
) -> None:
    followed.follow()
    followed.site.says(PATH, body, status)
    mirror = followed.look()
    assert (mirror.reason, mirror.failures, mirror.state) == (reason, 1, "active")
    assert mirror.ok_at is not None
    assert mirror.looked_at == mirror.ok_at + DAY
    assert mirror.next_look_at == mirror.looked_at + timedelta(hours=1)
    assert followed.shown() == ["Halage", "Vergers urbains"]
    followed.says(element("halage", "Halage"), element("vergers", "Vergers urbains"))
    mirror = followed.look()
    assert (mirror.reason, mirror.failures) == ("", 0)


def test_robots_and_the_guard_are_obeyed(followed: Followed, here: Settings) -> None:
    followed.site.says("/robots.txt", "User-agent: *\nDisallow: /api/")
    assert followed.ask().reason == "robots"
    assert PATH not in followed.site.asked
    followed.settings = here.model_copy(update={"allow_private_networks": False})
    followed.now += DAY
    assert followed.look().reason == "forbidden_address"


def test_an_unchanged_list_is_not_sent_again(followed: Followed) -> None:
    body = json.dumps({"data": [element("halage", "Halage")]})
    followed.site.says(PATH, body, ETag='"1"')
    followed.follow()
    followed.site.says(PATH, "", 304, ETag='"1"')
    mirror = followed.look()
    assert (mirror.reason, followed.shown()) == ("", ["Halage"])
    assert mirror.ok_at == mirror.looked_at


def test_a_list_is_paused_resumed_and_stopped(followed: Followed) -> None:
    mirror = followed.follow()
    mirrors.pause(mirror)
    followed.says()
    followed.session.commit()
    assert (followed.look().state, len(followed.shown())) == ("paused", 2)
    mirrors.resume(mirror, followed.now)
    followed.session.commit()
    followed.look()
    assert followed.shown() == []
    mirrors.stop(mirror)
    followed.says(element("neuf", "Tout neuf"))
    followed.session.commit()
    assert (followed.look().state, followed.shown()) == ("ended", [])
    for late in (mirrors.pause, lambda one: mirrors.agree(one, followed.moderator, followed.now)):
        with pytest.raises(Refused):
            late(mirror)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"bounds": "1,2,3"}, "no_bounds"),
        ({"bounds": "3,48,2,49"}, "no_bounds"),
        ({"mode": "fast"}, "unknown_value"),
        ({"rhythm": "hourly"}, "unknown_value"),
        ({"rhythm": "once"}, "follow_needs_rhythm"),
        ({"licence": " "}, "follow_needs_terms"),
        ({"has_accepted": False}, "follow_needs_terms"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    followed: Followed, wish: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        followed.ask(**wish)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("javascript:alert(1)", "not_an_address"),
        ("https://fil.example/api/elements.json", "own_list"),
        ("http://аpple.example/api/elements.json", "mixed_letters"),
    ],
)
def test_an_address_that_cannot_be_followed_is_refused(
    session: Session, now: datetime, bob: Moderator, address: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        mirrors.ask(
            session, address=address, name="", mode="respect", rhythm="once", by=bob, now=now,
            base_url="https://fil.example",
        )  # fmt: skip
    assert refused.value.reason == reason


def test_the_same_list_is_followed_once(followed: Followed) -> None:
    followed.ask()
    with pytest.raises(Refused, match="already_mirrored"):
        followed.ask()


def test_a_rule_that_asks_for_two_voices_holds_for_mirrors_too(
    followed: Followed, session: Session, now: datetime
) -> None:
    governance.put(session, "missing_group", "moderator", 2, now)
    followed.follow()
    assert (followed.shown(), len(asked(session))) == ([], 2)


def test_brought_records_tell_which_list_brought_a_group(followed: Followed) -> None:
    followed.follow()
    groups = directory.groups(followed.session)
    brought = importing.brought(importing.records_of(followed.session, groups))
    assert {record.external_id for record in brought.values()} == {"halage", "vergers"}


def test_a_site_that_imitates_another_waits_for_a_person(followed: Followed) -> None:
    followed.says(element("a", "Pomme", website="https://аpple.example"), element("b", "Poire"))
    followed.follow()
    assert followed.shown() == ["Poire"]
    followed.says(element("b", "Poire", website="https://роire.example"))
    followed.look()
    waiting = sorted(one.subject for one in asked(followed.session))
    assert waiting == ["Poire", "Pomme"]
    assert directory.groups(followed.session)[0].home == "https://b.example/"


def test_an_address_within_the_map_is_no_site(followed: Followed) -> None:
    followed.says(element("a", "Lieu", website="", url="/annuaire?id=7"))
    (row,) = followed.ask().plan["rows"]
    assert (row["outcome"], row["why"]) == ("unusable", "missing_home")


def test_two_records_of_one_group_do_not_change_it_in_turn(followed: Followed) -> None:
    followed.says(
        element("a", "Halage, siège", website="https://halage.example", description="Le siège."),
        element("b", "Halage, atelier", website="http://www.halage.example/", description="Là."),
    )
    mirror = followed.follow()
    assert mirror.plan["counts"] == {"new": 1, "twice": 1}
    for _ in range(2):
        assert followed.look().plan["counts"] == {"same": 1, "twice": 1}
    (group,) = directory.groups(followed.session)
    assert (group.name, group.description) == ("Halage, siège", "Le siège.")
    followed.says(element("b", "Halage, atelier", website="http://www.halage.example/"))
    assert followed.look().plan["counts"] == {"gone": 1, "same": 1}
    assert followed.shown() == ["Halage, siège"]
