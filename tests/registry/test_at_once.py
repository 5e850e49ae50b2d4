"""Two processes at the same moment: one acts, the other is told, nothing is done twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import Refused
from aggregator.registry import (
    amendments,
    charter,
    mirroring,
    mirrors,
    moderation,
    rates,
    registration,
)
from aggregator.settings import Settings
from aggregator.store.tables import Amendment, Group, Letter, Moderator

Act = Callable[[Session, int], object]


def at_once(sessions: sessionmaker[Session], act: Act, people: int = 2) -> list[object]:
    """Let several people act in transactions of their own that overlap; what each got."""
    together = threading.Barrier(people)
    got: list[object] = [None] * people

    def person(number: int) -> None:
        with sessions() as session:
            # Each has read before anybody writes, as two browsers have.
            session.execute(select(func.count(Group.id)))
            together.wait()
            try:
                got[number] = act(session, number)
                session.commit()
            except Refused as refused:
                session.rollback()
                got[number] = refused.reason

    threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return got


def test_two_people_who_confirm_the_same_site_at_once_make_one_group(
    sessions: sessionmaker[Session], session: Session, now: datetime
) -> None:
    secrets = []
    for email in ("carole@example.org", "mallory@example.org"):
        started = registration.start(session, "lilas.example", now=now)
        started.state = "found"
        started.found = {
            "home": "https://lilas.example/",
            "name": "Les Lilas",
            "feeds": [{"url": "https://lilas.example/feed"}],
        }
        charter.accept(started, now)
        registration.ask_confirmation(session, started, email, now=now)
        session.flush()
        letter = session.scalars(select(Letter).order_by(Letter.id.desc())).first()
        assert letter is not None
        secrets.append(str(letter.values["path"]).rsplit("/", 1)[-1])
    session.commit()
    got = at_once(
        sessions,
        lambda own, number: registration.confirm(own, secrets[number], now=now).state,
    )
    assert sorted(map(str, got)) == ["already_listed", "live"]
    assert session.scalar(select(func.count(Group.id))) == 1


def test_two_moderators_who_decide_at_once_decide_once(
    sessions: sessionmaker[Session],
    session: Session,
    now: datetime,
    alice: Moderator,
    bob: Moderator,
    a_group: Callable[..., Group],
) -> None:
    waiting = amendments.propose(
        session, "profile", group=a_group("halage"), change={"name": "Jardins"}, now=now
    )
    people, id_ = (alice.id, bob.id), waiting.id
    session.commit()

    def decide(own: Session, number: int) -> object:
        moderator = own.get_one(Moderator, people[number])
        amendment = own.get_one(Amendment, id_)
        verdict = ("accept", "refuse")[number]
        reason = ("", "wrong")[number]
        moderation.decide(own, amendment, verdict, moderator, reason=reason, now=now)
        return verdict

    got = at_once(sessions, decide)
    assert "already_decided" in got
    session.expire_all()
    decided = session.get_one(Amendment, id_)
    expected = "Jardins" if decided.state == "accepted" else "Halage"
    assert session.scalars(select(Group.name)).one() == expected


def test_a_limit_counts_everybody_who_comes_at_once(
    sessions: sessionmaker[Session], session: Session, now: datetime, here: Settings
) -> None:
    def ask(own: Session, _number: int) -> object:
        rates.require(own, "leave", "192.0.2.0/24", now=now, settings=here)
        return "let in"

    got = at_once(sessions, ask, people=8)
    assert got.count("let in") == 5
    assert got.count("too_often") == 3
    session.rollback()


def test_two_workers_at_once_look_at_a_list_once(
    sessions: sessionmaker[Session],
    session: Session,
    now: datetime,
    bob: Moderator,
    here: Settings,
    a_site: Callable[[], Any],
) -> None:
    site = a_site()
    element = {"id": "1", "name": "Halage", "website": "https://halage.example"}
    address = site.says("/liste.json", json.dumps([element]))
    mirror = mirrors.ask(
        session, address=address, name="", mode="follow", rhythm="daily", licence="ODbL-1.0",
        has_accepted=True, by=bob, now=now, base_url=here.base_url,
    )  # fmt: skip
    mirror.state = "active"
    session.commit()
    looked = at_once(sessions, lambda _session, _n: mirroring.look_due(sessions, here, lambda: now))
    assert sorted(map(str, looked)) == ["0", "1"]
    assert site.asked.count("/liste.json") == 1
    assert session.scalar(select(func.count(Group.id))) == 1
