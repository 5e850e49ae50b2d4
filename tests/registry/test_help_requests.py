"""A resident asks, the right groups are told, and nobody learns an address who should not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import help_requests, keepers
from aggregator.store.tables import Group, HelpRequest, Letter, Moderator

DORA = "dora@example.org"


def asked(session: Session, now: datetime, **options: str) -> HelpRequest:
    values = {
        "title": "Un site pour notre jardin",
        "text": "Nous cherchons de l’aide.",
        "skill": "code-webdesign",
        "area": "saint-denis",
        "name": "Dora",
        "email": DORA,
    }
    return help_requests.ask(session, now=now, **(values | options))


@pytest.fixture
def published(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_group: Callable[..., Group],
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> HelpRequest:
    """Dora's request, confirmed and published, with one group that may answer."""
    group = a_group("le-6b", skill=["code-webdesign"], area=["plaine-commune"])
    keepers.add(session, group, "carole@example.org", now=now, proved=True)
    keepers.add(session, group, "mallory@example.org", now=now)
    request = asked(session, now)
    help_requests.confirm(session, secret_of(letters("help_confirm")[0]), now=now)
    help_requests.publish(session, request, bob, now=now)
    return request


def test_groups_are_offered_by_how_near_they_work(
    session: Session, a_group: Callable[..., Group]
) -> None:
    a_group("region", skill=["gouvernance"], area=["ile-de-france"])
    a_group("commune", skill=["gouvernance"], area=["saint-denis"])
    a_group("inside", skill=["gouvernance"], area=["aubervilliers"])
    a_group("territory", skill=["gouvernance"], area=["plaine-commune"])
    a_group("elsewhere", skill=["gouvernance"], area=["montreuil"])
    a_group("other", skill=["code-webdesign"], area=["saint-denis"])
    a_group("gone", skill=["gouvernance"], area=["saint-denis"], status="declined")
    offering = help_requests.offering
    near = [group.slug for group in offering(session, "gouvernance", "saint-denis")]
    assert near == ["commune", "region", "territory"]
    wide = [group.slug for group in offering(session, "gouvernance", "plaine-commune")]
    assert wide == ["territory", "commune", "inside", "region"]


def test_nothing_is_shown_before_it_is_confirmed_and_read(
    session: Session,
    now: datetime,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    request = asked(session, now)
    assert help_requests.waiting(session) == []
    with pytest.raises(Refused, match="already_decided"):
        help_requests.publish(session, request, bob, now=now)
    secret = secret_of(letters("help_confirm")[0])
    assert help_requests.look(session, secret, now=now) is request
    assert request.state == "confirming"
    help_requests.confirm(session, secret, now=now)
    assert help_requests.waiting(session) == [request]
    assert help_requests.public(session) == []
    assert help_requests.by_id(session, request.id) is None


def test_the_groups_that_may_help_are_told_and_answer_without_learning_the_address(
    session: Session,
    now: datetime,
    published: HelpRequest,
    letters: Callable[..., list[Letter]],
) -> None:
    assert published.told == 1
    (told,) = letters("help_told")
    assert told.address == "carole@example.org"
    assert DORA not in str(told.values)
    assert told.values["skill"] == "Compétences en code et webdesign", "in words, not by slug"
    assert told.values["area"] == "Saint-Denis"
    (answered,) = letters("help_published")
    assert answered.values["told"] == 1
    group = keepers.groups_of(session, "carole@example.org")[0]
    help_requests.answer(session, published, group, "carole@example.org", "Venez jeudi.", now=now)
    (answer,) = letters("help_answer")
    assert (answer.address, answer.values["reply_to"]) == (DORA, "carole@example.org")
    with pytest.raises(Refused, match="needs_proof"):
        help_requests.answer(session, published, group, "mallory@example.org", "X", now=now)


def test_its_author_closes_it_by_a_link_and_time_does_too(
    session: Session,
    now: datetime,
    published: HelpRequest,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    secret = secret_of(letters("help_published")[0])
    assert help_requests.look_manage(session, secret, now=now) is published
    assert help_requests.close_due(session, now + timedelta(days=59)) == 0
    help_requests.close(session, secret, now=now)
    assert help_requests.public(session) == []
    assert help_requests.by_id(session, published.id) is published
    with pytest.raises(Refused, match="not_found"):
        help_requests.close(session, secret, now=now)


def test_a_request_closes_by_itself_after_two_months(
    session: Session, now: datetime, published: HelpRequest
) -> None:
    assert help_requests.close_due(session, now + timedelta(days=60)) == 1
    assert published.state == "closed"


def test_a_refused_request_tells_its_author_why(
    session: Session,
    now: datetime,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    request = asked(session, now)
    help_requests.confirm(session, secret_of(letters("help_confirm")[0]), now=now)
    with pytest.raises(Refused, match="reason_needed"):
        help_requests.refuse(session, request, bob, reason="", now=now)
    help_requests.refuse(session, request, bob, reason="advertising", now=now)
    assert letters("help_refused")[0].values["reason"] == "advertising"
    assert help_requests.counts(session) == {"refused": 1}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"title": " "}, "missing"),
        ({"text": ""}, "missing"),
        ({"title": "x" * 201}, "too_long"),
        ({"skill": "cuisine"}, "unknown_value"),
        ({"area": "lyon"}, "unknown_value"),
        ({"email": "dora"}, "not_an_email"),
    ],
)
def test_a_wrong_request_is_refused(
    session: Session, now: datetime, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        asked(session, now, **options)
    assert refused.value.reason == reason
