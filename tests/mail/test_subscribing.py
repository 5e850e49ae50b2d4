"""Nobody is written to who did not ask twice; leaving takes one click and leaves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import FilcommunError, MailError, TooMany
from aggregator.mail import kept, links, outbox, subscribing, wishes
from aggregator.mail.wishes import Wish
from aggregator.search.view import View
from aggregator.settings import Settings
from aggregator.store.tables import Letter, Subscriber, Subscription, Token

DAY = timedelta(days=1)
TRANSPORTS = Wish(view=View(theme=("transports",)))


@pytest.fixture
def ask(session: Session, settings: Settings, now: datetime) -> Callable[..., None]:
    """Fills the form in."""

    def make(address: str = "alice@example.org", wish: Wish = TRANSPORTS, **options: Any) -> None:
        values = {"now": now, "place": "192.0.2.1"} | options
        subscribing.subscribe(session, address, wish, settings=settings, **values)
        session.commit()

    return make


def _letters(session: Session) -> list[Letter]:
    return list(session.scalars(select(Letter).order_by(Letter.id)))


def _secret(letter: Letter) -> str:
    return str(letter.values["confirm_url"]).rpartition("/")[2]


def test_only_the_button_confirms_and_looking_changes_nothing(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    ask()
    (letter,) = _letters(session)
    assert letter.kind == "confirm_subscription"
    assert letter.values["title"] == "thème : Transports et mobilités"
    for _ in range(3):  # a scanner opens every link
        looked = subscribing.look(session, _secret(letter), now=now)
        assert looked is not None
        assert looked.confirmed_at is None
    confirmed = subscribing.confirm(session, _secret(letter), now=now + DAY)
    assert confirmed is looked
    assert confirmed.confirmed_at == now + DAY
    assert confirmed.next_digest_at is not None
    assert subscribing.confirm(session, _secret(letter), now=now + DAY) is None


def test_the_proof_of_consent_says_what_was_agreed_to_and_when(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    ask(wish=Wish(language="en"))
    subscribing.confirm(session, _secret(_letters(session)[0]), now=now + DAY)
    consent = session.scalars(select(Subscription)).one().consent
    assert consent == {
        "text": wishes.CONSENT["en"],
        "form": wishes.FORM,
        "asked_at": now.isoformat(),
        "confirmed_at": (now + DAY).isoformat(),
    }


def test_who_does_not_confirm_is_reminded_once_and_then_forgotten(
    ask: Callable[..., None], session: Session, settings: Settings, now: datetime
) -> None:
    ask()
    assert subscribing.remind(session, settings=settings, now=now + DAY) == 0
    assert subscribing.remind(session, settings=settings, now=now + 2.1 * DAY) == 1
    assert subscribing.remind(session, settings=settings, now=now + 3 * DAY) == 0
    assert subscribing.purge(session, now=now + 4 * DAY) == 0
    reminder = _letters(session)[1]
    assert reminder.kind == "remind_subscription"
    assert subscribing.look(session, _secret(reminder), now=now + 4 * DAY) is not None
    assert subscribing.purge(session, now=now + 4.2 * DAY) == 1
    assert session.scalar(select(func.count(Subscriber.id))) == 0
    assert session.scalar(select(func.count(Token.hash))) == 0


def test_the_same_wish_twice_is_one_subscription_and_one_letter(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    ask()
    ask("ALICE@example.org")
    assert len(_letters(session)) == 1
    ask(now=now + timedelta(hours=1))
    assert len(_letters(session)) == 2
    assert session.scalar(select(func.count(Subscription.id))) == 1


def test_who_is_subscribed_already_gets_the_link_to_manage_it(
    ask: Callable[..., None], session: Session, settings: Settings, now: datetime
) -> None:
    ask()
    subscribing.confirm(session, _secret(_letters(session)[0]), now=now)
    ask(now=now + DAY)
    ask(now=now + DAY)
    kinds = [letter.kind for letter in _letters(session)]
    assert kinds == ["confirm_subscription", "manage_subscriptions"]


def test_hundreds_of_subscriptions_from_one_place_are_ten(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    for number in range(10):
        ask(f"a{number}@example.org")
    for number in range(10, 200):
        with pytest.raises(TooMany):
            ask(f"a{number}@example.org")
    assert len(_letters(session)) == 10
    ask("b@example.org", place="192.0.2.2")
    ask("c@example.org", now=now + 1.1 * DAY)


def test_one_address_is_not_bothered_from_a_thousand_places(
    ask: Callable[..., None], session: Session
) -> None:
    for number in range(20):
        ask(wish=Wish(view=View(q=f"mot{number}")), place=str(number))
    assert len(_letters(session)) == subscribing.PENDING


def test_one_address_is_not_asked_all_day_long(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    for number in range(48):
        ask(place=str(number), now=now + number * timedelta(minutes=30))
    assert len(_letters(session)) == subscribing.PER_ADDRESS


def test_a_suspended_mailbox_comes_back_by_confirming_again(
    ask: Callable[..., None], subscribed: Callable[..., Subscription], session: Session,
    now: datetime,
) -> None:  # fmt: skip
    one = subscribed(rhythm="weekly", view="theme=transports")
    one.subscriber.suspended_at = now
    session.commit()
    ask()
    (letter,) = _letters(session)
    assert subscribing.confirm(session, _secret(letter), now=now) is one
    assert one.subscriber.suspended_at is None


def test_where_a_form_came_from_is_kept_for_a_day_and_not_in_the_clear(
    ask: Callable[..., None], session: Session, now: datetime
) -> None:
    ask()
    subscription = session.scalars(select(Subscription)).one()
    assert "192.0.2.1" not in subscription.place_hash
    subscribing.purge(session, now=now + 1.1 * DAY)
    session.expire_all()
    assert subscription.place_hash == ""


@pytest.mark.parametrize(
    "wish",
    [
        Wish(rhythm="hourly"), Wish(hour=24), Wish(weekday=7), Wish(day=0), Wish(maximum=0),
        Wish(maximum=101), Wish(group_by="mood"), Wish(time_zone="Mars/Olympus"),
        Wish(webhook="ftp://x.example/"), Wish(webhook="https://" + "x" * 400),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_is_refused_with_a_sentence(
    ask: Callable[..., None], wish: Wish
) -> None:
    with pytest.raises(FilcommunError, match=r"\.$"):
        ask(wish=wish)


def test_what_is_no_address_is_refused(ask: Callable[..., None], session: Session) -> None:
    with pytest.raises(MailError):
        ask("alice@example.org\r\nBcc: bob@example.org")
    assert _letters(session) == []


def test_leaving_erases_the_subscription_and_with_the_last_one_the_address(
    subscribed: Callable[..., Subscription], session: Session, settings: Settings
) -> None:
    one, two = subscribed(), subscribed(view="q=eau")
    nonce = one.subscriber.nonce
    links_ = [outbox.leave_url(settings, each.id, nonce).rpartition("/")[2] for each in (one, two)]
    assert subscribing.leaving(session, links_[0], settings=settings) is one
    assert subscribing.leave(session, links_[0], settings=settings)
    assert session.scalars(select(Subscription)).all() == [two]
    assert not subscribing.leave(session, links_[0], settings=settings)
    assert subscribing.leave(session, links_[1], settings=settings)
    assert session.scalar(select(func.count(Subscriber.id))) == 0


def test_a_link_for_leaving_manages_nothing_and_nobody_elses(
    subscribed: Callable[..., Subscription], session: Session, settings: Settings
) -> None:
    one = subscribed()
    other = subscribed("bob@example.org")
    link = outbox.leave_url(settings, one.id, one.subscriber.nonce).rpartition("/")[2]
    manage = outbox.manage_url(settings, one.subscriber.id, one.subscriber.nonce)
    manage = manage.rpartition("/")[2]
    assert subscribing.managed(session, manage, settings=settings) is one.subscriber
    assert subscribing.managed(session, link, settings=settings) is None
    assert not subscribing.leave(session, manage, settings=settings)
    forged = f"{other.id}.{link.partition('.')[2]}"
    assert not subscribing.leave(session, forged, settings=settings)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_no_forged_link_does_anything(session: Session, settings: Settings, link: str) -> None:
    assert subscribing.leaving(session, link, settings=settings) is None
    assert subscribing.managed(session, link, settings=settings) is None


def test_changing_pausing_and_resuming_move_the_next_digest(
    subscribed: Callable[..., Subscription], session: Session, now: datetime
) -> None:
    one = subscribed(rhythm="daily")
    subscribing.change(session, one, Wish(rhythm="monthly", day=31, language="en"), now=now)
    assert one.next_digest_at == datetime.fromisoformat("2026-11-30T06:00Z")
    assert (one.view, one.title) == ("", "All news")
    subscribing.pause(one, now=now)
    assert one.next_digest_at is None
    subscribing.resume(one, now=now + 10 * DAY)
    assert one.next_digest_at == datetime.fromisoformat("2026-12-31T06:00Z")


def test_another_language_and_clock_hold_for_all_subscriptions_of_a_reader(
    subscribed: Callable[..., Subscription], now: datetime
) -> None:
    letter = subscribed(view="theme=transports")
    alert = subscribed(view="q=eau", rhythm="alert")
    subscribing.prefer(letter.subscriber, language="en", time_zone="America/Cayenne", now=now)
    assert letter.next_digest_at == datetime.fromisoformat("2026-11-24T10:00Z")
    assert (letter.title, alert.title) == ("topic: Transport and mobility", "“eau”")
    with pytest.raises(FilcommunError, match="Mars"):
        subscribing.prefer(letter.subscriber, language="fr", time_zone="Mars/Base", now=now)


def test_everything_kept_of_somebody_can_be_handed_out_and_erased(
    subscribed: Callable[..., Subscription], session: Session, settings: Settings, now: datetime
) -> None:
    one = subscribed(view="theme=transports")
    subscribing.ask_for_link(session, "alice@example.org", settings=settings, now=now)
    told = json.loads(json.dumps(kept.of_subscriber(session, one.subscriber)))
    assert told["address"] == "alice@example.org"
    assert told["subscriptions"][0]["view"] == "theme=transports"
    assert told["subscriptions"][0]["consent"]["form"] == wishes.FORM
    assert [letter["kind"] for letter in told["letters"]] == ["manage_subscriptions"]
    subscribing.forget(session, one.subscriber)
    for table in (Subscriber, Subscription, Letter):
        assert session.scalars(select(table)).all() == []


def test_a_new_nonce_ends_all_links_mailed_before(
    subscribed: Callable[..., Subscription], session: Session, settings: Settings
) -> None:
    one = subscribed()
    secret = settings.secret_key.get_secret_value()
    link = links.sign(secret, links.MANAGE, one.subscriber.id, one.subscriber.nonce)
    one.subscriber.nonce = "another"
    assert subscribing.managed(session, link, settings=settings) is None
