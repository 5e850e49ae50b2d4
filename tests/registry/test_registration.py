"""A group joins from a pasted address, in the open, and nobody else can do it in its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import FetchError, Refused
from aggregator.registry import (
    amendments,
    charter,
    desk,
    glances,
    looking,
    moderation,
    preview,
    registration,
)
from aggregator.registry.wording import is_known
from aggregator.settings import Settings, read_settings
from aggregator.store import suppressions
from aggregator.store.tables import (
    Amendment,
    Group,
    Keeper,
    Letter,
    Moderator,
    Registration,
    Source,
)

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Les Lilas à vélo</title>
<link>{home}</link><description>Association cycliste des Lilas.</description>
{items}</channel></rss>"""
ITEM = """<item><title>Piste cyclable rue {n}, Les Lilas</title><link>{home}/{n}</link>
<guid>{home}/{n}</guid><pubDate>Mon, {n:02} Nov 2026 10:00:00 GMT</pubDate>
<description>La piste cyclable et le stationnement vélo avancent.</description></item>"""
PAGE = """<!doctype html><html lang="fr"><head><title>Accueil | Les Lilas à vélo</title>
<meta name="description" content="Association pour le vélo aux Lilas (93260).">
<link rel="apple-touch-icon" href="/logo.png">
<link rel="alternate" type="application/rss+xml" href="/feed">
</head><body><p>Nous défendons les pistes cyclables et le vélo aux Lilas.</p></body></html>"""


@pytest.fixture
def bikes(a_site: Callable[[], Any]) -> Any:
    """The site of a cyclists' group, with a feed of seven entries."""
    site = a_site()
    items = "".join(ITEM.format(n=n, home=site.url) for n in range(1, 8))
    site.says("/", PAGE)
    site.says("/feed", FEED.format(home=site.url, items=items))
    return site


def found(
    session: Session,
    sessions: sessionmaker[Session],
    here: Settings,
    address: str,
    now: datetime,
) -> Registration:
    """Start a registration and let the worker look."""
    started = registration.start(session, address, now=now)
    session.commit()
    assert looking.look_due(sessions, here, lambda: now) == 1
    session.refresh(started)
    charter.accept(started, now)
    return started


def secret(session: Session, kind: str = "confirm_group") -> str:
    letter = session.scalars(
        select(Letter).where(Letter.kind == kind).order_by(Letter.id.desc())
    ).first()
    assert letter is not None
    return str(letter.values["path"]).rsplit("/", 1)[-1]


def ready(session: Session, now: datetime, home: str = "https://lilas.example/") -> Registration:
    """A registration that the worker has finished, without a server."""
    started = registration.start(session, home, now=now)
    started.state = "found"
    started.found = {
        "home": home,
        "name": "Les Lilas à vélo",
        "description": "",
        "language": "fr",
        "feeds": [{"url": f"{home}feed", "title": "", "format": "rss20"}],
        "tags": {"topic": [{"slug": "transports", "weight": 0.8, "evidence": ["vélo"]}]},
        "areas": [{"slug": "les-lilas", "weight": 0.9, "evidence": ["Les Lilas"]}],
    }
    charter.accept(started, now)
    session.commit()
    return started


def test_the_worker_finds_feed_name_logo_place_tags_and_the_last_entries(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
) -> None:
    home = bikes.url
    done = found(session, sessions, here, f"{home}/", now)
    assert done.state == "found"
    seen = done.found
    assert (seen["name"], seen["language"]) == ("Les Lilas à vélo", "fr")
    assert seen["logo"] == f"{home}/logo.png"
    assert [feed["url"] for feed in seen["feeds"]] == [f"{home}/feed"]
    assert seen["feeds"][0]["entries"] == 7
    assert seen["entries"][0]["title"].startswith("Piste cyclable rue 7")
    assert len(seen["entries"]) == 5
    assert "transports" in [term["slug"] for term in seen["tags"]["topic"]]
    assert any("cyclable" in word for term in seen["tags"]["topic"] for word in term["evidence"])
    assert "les-lilas" in [term["slug"] for term in seen["areas"]]
    codes = [step["code"] for step in done.steps]
    assert codes == ["waiting", "page", "feeds", "feed", "tags", "done"]
    assert all(is_known(f"step_{code}") for code in codes)


def test_from_a_pasted_address_to_a_live_provisional_group(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
) -> None:
    started = found(session, sessions, here, bikes.url, now)
    registration.choose(
        session, started, {"name": "Lilas à vélo", "skill": ["participation-large"]}, now
    )
    registration.ask_confirmation(session, started, "Carole@example.org", now=now)
    link = secret(session)
    for _ in range(3):
        assert registration.look(session, link, now=now) is started
    assert session.scalar(select(func.count(Group.id))) == 0
    live = registration.confirm(session, link, now=now)
    session.commit()
    group = session.get_one(Group, live.group_id)
    assert (group.slug, group.status, group.provisional) == (
        "lilas-a-velo",
        "participating",
        True,
    )
    assert group.terms("skill") == ("participation-large",)
    assert not group.tags_proposed
    assert [(source.format, source.next_crawl_at) for source in group.sources] == [("auto", now)]
    (waiting,) = moderation.queue(session)
    assert (waiting.kind, waiting.group) == ("new_group", group)
    with pytest.raises(Refused, match="not_found"):
        registration.confirm(session, link, now=now)


def test_a_moderator_refuses_a_new_group_and_undo_brings_it_back(
    session: Session, now: datetime, bob: Moderator
) -> None:
    started = ready(session, now)
    registration.ask_confirmation(session, started, "carole@example.org", now=now)
    live = registration.confirm(session, secret(session), now=now)
    group = session.get_one(Group, live.group_id)
    (waiting,) = moderation.queue(session)
    moderation.decide(session, waiting, "refuse", bob, reason="advertising", now=now)
    assert (group.is_public, group.sources[0].paused_at) == (False, now)
    moderation.undo(session, waiting, bob, now=now)
    assert (group.is_public, group.sources[0].paused_at) == (True, None)


def test_a_confirmation_at_the_sites_own_domain_is_a_proof(session: Session, now: datetime) -> None:
    started = ready(session, now)
    registration.ask_confirmation(session, started, "bureau@lilas.example", now=now)
    live = registration.confirm(session, secret(session), now=now)
    group = session.get_one(Group, live.group_id)
    assert not group.provisional
    assert moderation.queue(session) == []
    assert [one.reason for one in moderation.log(session)] == ["proved"]


def test_of_two_people_who_register_a_site_at_once_the_first_is_live(
    sessions: sessionmaker[Session], session: Session, now: datetime
) -> None:
    links = []
    for email in ("carole@example.org", "mallory@example.org"):
        started = ready(session, now)
        registration.ask_confirmation(session, started, email, now=now)
        links.append(secret(session))
    session.commit()
    registration.confirm(session, links[0], now=now)
    session.commit()
    with sessions() as other, pytest.raises(Refused, match="already_listed"):
        registration.confirm(other, links[1], now=now)
    assert session.scalars(select(Keeper.email)).all() == ["carole@example.org"]


def test_even_without_seeing_each_other_only_one_gets_the_site(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "_refuse_listed", lambda *_: None)
    links = []
    for _ in range(2):
        started = ready(session, now)
        registration.ask_confirmation(session, started, "carole@example.org", now=now)
        links.append(secret(session))
    registration.confirm(session, links[0], now=now)
    with pytest.raises(Refused, match="already_listed"):
        registration.confirm(session, links[1], now=now)
    assert session.scalar(select(func.count(Group.id))) == 1


def test_a_site_that_is_listed_is_offered_as_ones_own(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
    a_group: Callable[..., Group],
) -> None:
    a_group("lilas-a-velo", home=bikes.url, name="Les Lilas à vélo")
    started = found(session, sessions, here, bikes.url, now)
    assert started.found["duplicates"] == [
        {"slug": "lilas-a-velo", "name": "Les Lilas à vélo", "why": "same_site"}
    ]
    with pytest.raises(Refused) as refused:
        registration.ask_confirmation(session, started, "carole@example.org", now=now)
    assert refused.value.values["slug"] == "lilas-a-velo"


def test_without_a_feed_it_says_what_was_tried_and_offers_to_watch_a_page(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
) -> None:
    site = a_site()
    site.says("/", "<html><title>Jardin partagé</title><body>Bonjour</body></html>")
    started = found(session, sessions, here, site.url, now)
    assert started.state == "nothing"
    assert started.found["advice"] == "advice_none"
    assert {one["outcome"] for one in started.found["tried"]} == {"not_found"}
    with pytest.raises(Refused, match="no_source"):
        registration.ask_confirmation(session, started, "carole@example.org", now=now)
    registration.choose(session, started, {"watch": f"{site.url}/actus"}, now)
    registration.ask_confirmation(session, started, "carole@example.org", now=now)
    registration.confirm(session, secret(session), now=now)
    assert [source.format for source in session.scalars(select(Source))] == ["page"]


def test_pages_that_list_news_are_found_where_there_is_no_feed(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
) -> None:
    site = a_site()
    home = '<main><p>Bonjour</p></main><nav><a href="/actus">Nos actualités</a></nav>'
    site.says("/", f"<html><body>{home}</body></html>")
    items = "".join(
        f"<li><h2><a href='/actus/2026/chantier-{n}'>Chantier collectif numéro {n} au jardin"
        f"</a></h2><time datetime='2026-11-0{n}'>{n} novembre 2026</time><p>Venez.</p></li>"
        for n in range(1, 7)
    )
    site.says("/actus", f"<html><body><main><ul>{items}</ul></main></body></html>")
    started = found(session, sessions, here, f"{site.url}/", now)
    (page,) = started.found["pages"]
    assert page["url"] == f"{site.url}/actus"
    assert page["links"][0]["title"] == "Chantier collectif numéro 1 au jardin"
    assert len(page["links"]) == 6


def test_the_same_news_under_another_address_is_no_choice(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
) -> None:
    twice = '<link rel="alternate" type="application/rss+xml" href="/{}">'
    bikes.says("/", PAGE.replace("</head>", twice.format("again") + twice.format("other")))
    _status, _headers, body = bikes.pages["/feed"]
    bikes.says("/again", body.decode())
    item = ITEM.format(n=20, home=bikes.url)
    bikes.says("/other", FEED.format(home=bikes.url, items=item))
    started = found(session, sessions, here, f"{bikes.url}/", now)
    offered = [feed["url"] for feed in started.found["feeds"]]
    assert offered == [f"{bikes.url}/feed", f"{bikes.url}/other"]


def test_a_slow_site_does_not_hold_up_the_next_registrant(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    async def look(_wire: object, address: str, *_: object, **__: object) -> dict[str, Any]:
        if "slow" in address:
            with sessions.begin() as other:
                registration.start(other, "https://quick.example/", now=now)
            while not looked:
                await asyncio.sleep(0.01)
        looked.append(address)
        raise FetchError("Nobody is there.", reason="refused")

    monkeypatch.setattr(preview, "look", look)
    slow = registration.start(session, "https://slow.example/", now=now)
    session.commit()
    assert looking.look_due(sessions, here, lambda: now) == 2
    assert looked == ["https://quick.example/", "https://slow.example/"]
    session.refresh(slow)
    assert slow.found["reason"] == "refused"


def test_who_decides_sees_what_the_worker_saw(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
    a_group: Callable[..., Group],
) -> None:
    missing = amendments.propose(
        session, "missing_group", change={"url": f"{bikes.url}/", "name": "Vélos"}, now=now
    )
    group = a_group("halage")
    feed = amendments.propose(
        session, "source", group=group, change={"url": f"{bikes.url}/feed"}, now=now
    )
    dead = amendments.propose(session, "dead_link", group=group, change={"to": bikes.url}, now=now)
    for one in (missing, feed, dead):
        glances.ask(session, one, now)
    assert glances.of(session, [missing, feed, dead]) == {}
    session.commit()
    assert looking.look_due(sessions, here, lambda: now) == 3
    seen = glances.of(session, [missing, feed, dead])
    assert seen.keys() == {missing.id, feed.id, dead.id}
    assert len(seen[missing.id].found["entries"]) == 5
    assert session.scalar(select(func.count(Letter.id))) == 0


def test_a_missing_group_that_is_accepted_comes_with_its_profile(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
    bob: Moderator,
) -> None:
    said = {"url": f"{bikes.url}/", "area": ["paris"]}
    missing = amendments.propose(session, "missing_group", change=said, now=now)
    glances.ask(session, missing, now)
    session.commit()
    looking.look_due(sessions, here, lambda: now)
    session.refresh(missing)
    again = {"url": bikes.url, "name": "Autrement"}
    assert amendments.propose(session, "missing_group", change=again, now=now) is missing
    moderation.decide(session, missing, "accept", bob, now=now)
    group = missing.group
    assert (missing.subject, group.name, group.language) == (
        "Les Lilas à vélo", "Les Lilas à vélo", "fr",
    )  # fmt: skip
    assert group.description.startswith("Association pour le vélo")
    assert group.terms("topic")
    assert list(group.terms("area")) == ["paris"]


def test_an_address_that_is_a_feed_is_taken_as_one(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    bikes: Any,
) -> None:
    started = found(session, sessions, here, f"{bikes.url}/feed", now)
    assert started.state == "found"
    assert started.found["home"].rstrip("/") == bikes.url


@pytest.mark.parametrize(
    ("status", "location", "reason"),
    [(500, "", "server_error"), (404, "", "not_found"), (302, "file:///etc/passwd", None)],
)
def test_a_site_that_cannot_be_read_says_why(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
    status: int,
    location: str,
    reason: str | None,
) -> None:
    site = a_site()
    site.says("/", "", status, **({"Location": location} if location else {}))
    started = found(session, sessions, here, f"{site.url}/", now)
    assert started.state == "failed"
    assert reason is None or started.found["reason"] == reason


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://10.0.0.1:22/",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
    ],
)
def test_addresses_of_the_local_network_are_refused_by_the_guard(
    session: Session, sessions: sessionmaker[Session], now: datetime, address: str
) -> None:
    outside = read_settings(allow_private_networks=False)
    started = found(session, sessions, outside, address, now)
    assert (started.state, started.found["reason"]) == ("failed", "forbidden_address")


def test_a_redirect_into_the_local_network_is_refused_by_the_guard(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
) -> None:
    site = a_site()
    site.says("/", "", 302, Location="http://169.254.169.254/latest/meta-data")
    started = found(session, sessions, here, f"{site.url}/", now)
    assert (started.state, started.found["reason"]) == ("failed", "forbidden_address")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "not_an_address"),
        ("   ", "not_an_address"),
        ("javascript:alert(1)", "not_an_address"),
        ("ftp://lilas.example", "not_an_address"),
        ("http://user:secret@lilas.example", "not_an_address"),
        ("localhost", "not_an_address"),
        ("https://h\u0430lage.example", "mixed_letters"),
        ("https://parti.example/blog", "left"),
    ],
)
def test_what_cannot_be_registered_is_refused_at_once(
    session: Session, now: datetime, address: str, reason: str
) -> None:
    suppressions.suppress(session, ["https://parti.example"], now=now)
    with pytest.raises(Refused) as refused:
        registration.start(session, address, now=now)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" lilas.example ", "https://lilas.example"),
        ("webcal://lilas.example/agenda.ics", "https://lilas.example/agenda.ics"),
        ("feed:http://lilas.example/rss", "http://lilas.example/rss"),
    ],
)
def test_a_bare_host_or_a_link_for_programs_is_enough(
    session: Session, now: datetime, typed: str, address: str
) -> None:
    assert registration.start(session, typed, now=now).address == address


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=st.text())
def test_any_text_is_registered_or_refused(session: Session, now: datetime, address: str) -> None:
    with suppress(Refused):
        assert registration.start(session, address, now=now).address.startswith("http")


def test_an_address_that_imitates_anothers_waits_for_a_moderator(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    a_group("halage", home="https://halage.example/")
    started = ready(session, now, "https://ha1age.example/")
    registration.ask_confirmation(session, started, "mallory@ha1age.example", now=now)
    held = registration.confirm(session, secret(session), now=now)
    assert (held.state, held.group_id) == ("held", None)
    (waiting,) = moderation.queue(session)
    assert (waiting.kind, waiting.risk) == ("missing_group", 95)


def test_whole_texts_are_not_given_by_somebody_unproved(session: Session, now: datetime) -> None:
    started = ready(session, now)
    registration.choose(session, started, {"rights": "full"}, now)
    registration.ask_confirmation(session, started, "carole@example.org", now=now)
    registration.confirm(session, secret(session), now=now)
    assert session.scalars(select(Source.rights)).all() == ["excerpt"]


def test_feeds_that_were_not_found_cannot_be_chosen(session: Session, now: datetime) -> None:
    started = ready(session, now)
    for wrong in ({"feeds": ["https://other.example/feed"]}, {"status": "listed"}, {"name": ""}):
        with pytest.raises(Refused):
            registration.choose(session, started, wrong, now)


def test_a_worker_that_dies_leaves_the_address_to_the_next_and_gives_up_at_last(
    session: Session, sessions: sessionmaker[Session], now: datetime
) -> None:
    started = registration.start(session, "lilas.example", now=now)
    session.commit()
    for attempt in range(looking.MOST_TRIES):
        assert looking._claim(sessions, now + attempt * looking.LEASE) == [started.id]
        assert looking._claim(sessions, now + attempt * looking.LEASE) == []
    assert looking._claim(sessions, now + 9 * looking.LEASE) == []
    session.refresh(started)
    assert started.state == "failed"


def test_an_unfinished_registration_is_forgotten_after_a_week(
    session: Session, now: datetime
) -> None:
    registration.start(session, "lilas.example", now=now)
    assert registration.forget(session, now + timedelta(days=6)) == 0
    assert registration.forget(session, now + timedelta(days=8)) == 1


def test_a_guessed_page_key_shows_nothing(session: Session, now: datetime) -> None:
    started = registration.start(session, "lilas.example", now=now)
    assert registration.by_key(session, started.key) is started
    assert registration.by_key(session, started.key[:-1]) is None


def test_the_new_group_can_be_corrected_from_its_desk_at_once(
    session: Session, now: datetime
) -> None:
    started = ready(session, now)
    registration.ask_confirmation(session, started, "carole@example.org", now=now)
    live = registration.confirm(session, secret(session), now=now)
    group = session.get_one(Group, live.group_id)
    outcome = desk.edit_profile(
        session, group, "carole@example.org", {"description": "Le vélo aux Lilas."}, now=now
    )
    assert (outcome.applied, group.description) == (("description",), "Le vélo aux Lilas.")
    assert session.scalar(select(func.count(Amendment.id))) == 2
