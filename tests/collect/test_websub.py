"""A hub tells us at once; only the one that we asked, and only with the right signature."""

from __future__ import annotations

import hashlib
import hmac
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from aggregator.collect import schedule, websub
from aggregator.store.tables import Entry, HubLease


@dataclass
class Hub:
    """A small WebSub hub: verifies intent, then distributes with a signature."""

    site: object
    lease_seconds: int = 864_000
    verifies: bool = True
    subscribers: dict[str, dict[str, str]] = field(default_factory=dict)
    challenges: list[bool] = field(default_factory=list)

    def asked(self, request):
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if self.verifies:
            query = {
                "hub.mode": form["hub.mode"],
                "hub.topic": form["hub.topic"],
                "hub.challenge": "défi-42",
                "hub.lease_seconds": str(self.lease_seconds),
            }
            status, body = call(f"{form['hub.callback']}?{urlencode(query)}")
            self.challenges.append((status, body.decode()) == (200, "défi-42"))
            self.subscribers[form["hub.callback"]] = form
        return type(self.site.pages["/ok"])(b"", 202)

    def publish(self, body: str, *, secret: str | None = None, method: str = "sha256") -> list[int]:
        statuses = []
        for callback, form in self.subscribers.items():
            key = (secret or form["hub.secret"]).encode()
            digest = hmac.new(key, body.encode(), getattr(hashlib, method)).hexdigest()
            headers = {
                "X-Hub-Signature": f"{method}={digest}",
                "Content-Type": "application/rss+xml",
            }
            statuses.append(call(callback, body.encode(), headers)[0])
        return statuses


def named(hub: str, topic: str) -> str:
    atom = 'xmlns:atom="http://www.w3.org/2005/Atom"'
    return (
        f'<atom:link {atom} rel="hub" href="{hub}"/><atom:link {atom} rel="self" href="{topic}"/>'
    )


def call(url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


@pytest.fixture
def portal(a_site, sessions, clock):
    """The part of the portal that answers hubs."""
    site = a_site()

    def answer(request):
        with sessions.begin() as session:
            token = urlsplit(request.path).path.rpartition("/")[2]
            asked = {name: v[0] for name, v in parse_qs(urlsplit(request.path).query).items()}
            if request.method == "GET":
                right = websub.verify(
                    session,
                    token,
                    mode=asked.get("hub.mode", ""),
                    topic=asked.get("hub.topic", ""),
                    lease_seconds=asked.get("hub.lease_seconds"),
                    now=clock(),
                )
                body = asked.get("hub.challenge", "").encode() if right else b""
                return type(site.pages["/ok"])(body, 200 if right else 404)
            done = websub.receive(
                session,
                token,
                body=request.body,
                content_type=request.headers.get("Content-Type"),
                signature=request.headers.get("X-Hub-Signature"),
                now=clock(),
            )
            return type(site.pages["/ok"])(b"", 202 if done.is_known else 404)

    site.says("/ok")
    site.fallback = answer
    return site


@pytest.fixture
def hub(a_site):
    site = a_site()
    site.says("/ok")
    made = Hub(site)
    site.pages["/hub"] = made.asked
    return made


@pytest.fixture
def followed(a_source, a_site, crawled, hub, portal, sessions, settings, clock, rss, item):
    """A source whose feed names the hub, crawled once, the hub asked."""
    site = a_site()

    def says(*numbers: int) -> str:
        links = named(hub.site.url("/hub"), site.url("/flux"))
        feed = rss(*(item(number) for number in numbers), channel=links)
        site.says("/flux", feed)
        return feed

    says(1)
    source = a_source(url=site.url("/flux"))
    source.says, source.site = says, site
    crawled()
    here = settings.model_copy(update={"base_url": portal.url("").rstrip("/")})
    assert websub.ask_due(sessions, here, clock) == 1
    return source


def the_lease(session) -> HubLease:
    session.expire_all()
    return session.scalars(select(HubLease)).one()


def titles(session) -> set[str]:
    session.expire_all()
    return set(session.scalars(select(Entry.title)))


def test_the_hub_is_asked_and_its_verification_answered(session, hub, followed, clock):
    assert hub.challenges == [True]
    lease = the_lease(session)
    assert lease.state == "active"
    assert lease.lease_until == clock.now + timedelta(days=10)
    assert schedule.Pace.of_json(followed.pace).pushed_until == lease.lease_until


def test_what_the_hub_tells_is_there_at_once(session, hub, followed):
    assert hub.publish(followed.says(2, 1)) == [202]
    assert titles(session) == {"Vélorution numéro 1", "Vélorution numéro 2"}
    assert (the_lease(session).pushes, the_lease(session).entries_pushed) == (1, 1)


@pytest.mark.parametrize("method", ["sha1", "sha384", "sha512"])
def test_every_method_of_the_recommendation_is_understood(session, hub, followed, method):
    hub.publish(followed.says(2, 1), method=method)
    assert len(titles(session)) == 2


def test_a_forged_message_is_counted_and_ignored(session, hub, followed, portal):
    assert hub.publish(followed.says(2, 1), secret="deviné") == [202]
    (callback,) = hub.subscribers
    assert call(callback, followed.says(3).encode())[0] == 202
    assert len(titles(session)) == 1
    assert the_lease(session).forged == 2


def test_nobody_else_can_have_us_subscribed(session, hub, followed, portal):
    query = {"hub.mode": "subscribe", "hub.topic": "http://autre.example/", "hub.challenge": "x"}
    (callback,) = hub.subscribers
    assert call(f"{callback}?{urlencode(query)}")[0] == 404
    query["hub.topic"] = the_lease(session).topic
    assert call(f"{callback}?{urlencode(query | {'hub.mode': 'unsubscribe'})}")[0] == 404
    assert call(f"{portal.url('/websub/inventé')[:-1]}x?{urlencode(query)}")[0] == 404
    assert the_lease(session).state == "active"


def test_a_message_that_cannot_be_read_brings_a_visit(session, hub, followed, clock):
    followed.next_crawl_at = clock.now + timedelta(hours=20)
    session.commit()
    hub.publish("ceci n’est pas un flux")
    session.expire_all()
    assert followed.next_crawl_at == clock.now


def test_a_told_source_is_visited_once_a_day_as_a_backup(session, hub, followed, crawled, clock):
    hub.publish(followed.says(*range(40, 0, -1)))
    clock.passes(hours=1)
    crawled(all_=True)
    assert len(titles(session)) == 40
    assert timedelta(hours=21) < followed.next_crawl_at - clock.now < timedelta(hours=27)


def test_a_hub_that_forgets_entries_loses_its_privilege(session, hub, followed, crawled, clock):
    followed.says(*range(12, 0, -1))
    clock.passes(hours=1)
    crawled(all_=True)
    lease = the_lease(session)
    assert lease.entries_missed == 11
    assert not websub.is_reliable(lease)
    assert "pushed_until" not in followed.pace
    assert followed.next_crawl_at - clock.now < timedelta(hours=21)


def test_a_lease_is_renewed_before_it_ends(
    session, hub, followed, sessions, settings, clock, portal
):
    here = settings.model_copy(update={"base_url": portal.url("").rstrip("/")})
    assert websub.ask_due(sessions, here, clock) == 0
    clock.passes(days=9, hours=1)
    assert websub.ask_due(sessions, here, clock) == 1
    assert the_lease(session).lease_until == clock.now + timedelta(days=10)
    assert len(hub.challenges) == 2


def test_a_hub_that_never_verifies_is_asked_less_and_less(
    session, a_source, a_site, crawled, hub, portal, sessions, settings, clock, rss, item
):
    hub.verifies = False
    site = a_site()
    links = named(hub.site.url("/hub"), site.url("/flux"))
    source = a_source(url=site.says("/flux", rss(item(1), channel=links)))
    crawled()
    waits = []
    for _ in range(6):
        websub.ask_due(sessions, settings, clock)
        waits.append(the_lease(session).next_try_at - clock.now)
        clock.now = the_lease(session).next_try_at
    assert waits[-1] > waits[1]
    assert "pushed_until" not in source.pace


def test_a_laptop_behind_a_router_asks_no_hub(sessions, settings, clock, hub, followed):
    alone = settings.model_copy(
        update={"allow_private_networks": False, "base_url": "http://127.0.0.1:8000"}
    )
    clock.passes(days=30)
    assert websub.ask_due(sessions, alone, clock) == 0
