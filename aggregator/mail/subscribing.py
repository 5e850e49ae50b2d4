"""Subscribing, confirming, changing, leaving: what the pages of `/abonnement` do. Knows no page.

Looking (GET) changes nothing; acting (POST) does. The caller commits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aggregator.errors import TooMany
from aggregator.mail import addresses, dates, digest, links, words
from aggregator.mail.outbox import manage_url
from aggregator.mail.wishes import CONSENT, FORM, Wish
from aggregator.settings import Settings
from aggregator.store import outbox, subscribers, tokens
from aggregator.store.tables import Subscriber, Subscription

REMINDED_AFTER = timedelta(hours=48)
FORGOTTEN_AFTER = timedelta(hours=48)
"""After the reminder."""
PER_PLACE = 10
"""Subscriptions one place may ask for in a day."""
PER_ADDRESS = 5
"""Confirmations one address is asked for in a day, whoever types it."""
PENDING = 3
"""Unconfirmed subscriptions one address may have: more would be somebody bothering it."""
ASKED_AGAIN = timedelta(minutes=15)
"""Between two mails that only repeat a link."""

_CONFIRM = "confirm_subscription"
"""The letter's kind, and the purpose of the link in it."""


def subscribe(
    session: Session,
    address: str,
    wish: Wish,
    *,
    settings: Settings,
    now: datetime,
    place: str,
    names: Mapping[str, str] | None = None,
    read_in: str | None = None,
) -> None:
    """Ask an address to confirm; what a page says afterwards is the same whoever has it.

    `place` is where the form came from (a network), kept as a keyed hash for a day. `names`
    tells groups' names by slug, for the title. `read_in` is the page's language, when it is not
    the letter's: the proof keeps the words that were read. Raises MailError for what is no
    address, TooMany when one place asks too often, FilcommunError for a wish that cannot be met.
    """
    address, wish = addresses.read(address), wish.checked()
    place_hash = _hashed(place, settings, now)
    day_ago = now - timedelta(days=1)
    if subscribers.asked_from(session, place_hash, since=day_ago) >= PER_PLACE:
        raise TooMany(f"Already {PER_PLACE} subscriptions were asked for from here today.")
    subscriber = _subscriber(session, address, wish, now)
    same = _following(subscriber, wish)
    if same is not None and same.is_active:
        ask_for_link(session, address, settings=settings, now=now)
        return
    waiting = [one for one in subscriber.subscriptions if one.confirmed_at is None]
    # The page says the same all the while; the mailbox is spared.
    if same is None and len(waiting) >= PENDING:
        return
    asked = partial(subscribers.letters_of_kind, session, subscriber.address, _CONFIRM)
    if asked(since=day_ago) >= PER_ADDRESS:
        return
    if same is not None and asked(since=now - ASKED_AGAIN):
        return
    if same is None:
        same = _asked(subscriber, wish, place_hash, now, names, read_in or wish.language)
        session.flush()
    _ask(session, same, _CONFIRM, settings, now, REMINDED_AFTER + FORGOTTEN_AFTER)


def look(session: Session, secret: str, *, now: datetime) -> Subscription | None:
    """What a confirmation link is about; None when it is unknown, used or too old."""
    subject = tokens.subject_of(session, _CONFIRM, secret, now=now)
    return session.get(Subscription, int(subject)) if subject else None


def confirm(session: Session, secret: str, *, now: datetime) -> Subscription | None:
    """Begin to send; None as for `look`. Twice is None the second time, and changes nothing."""
    subject = tokens.redeem(session, _CONFIRM, secret, now=now)
    subscription = session.get(Subscription, int(subject)) if subject else None
    if subscription is None:
        return None
    subscriber = subscription.subscriber
    subscription.confirmed_at, subscription.paused_at = now, None
    subscription.consent = {**subscription.consent, "confirmed_at": now.isoformat()}
    subscriber.confirmed_at = subscriber.confirmed_at or now
    # Whoever presses the button can read the mailbox: it exists.
    subscriber.suspended_at, subscriber.suspended_reason, subscriber.bounces = None, "", 0
    _schedule(subscription, now)
    return subscription


def ask_for_link(session: Session, address: str, *, settings: Settings, now: datetime) -> None:
    """Mail the link to somebody's subscriptions, if there are any; the page never says which."""
    subscriber = subscribers.by_address(session, addresses.key(addresses.read(address)))
    if subscriber is None or subscriber.confirmed_at is None:
        return
    if subscribers.letters_of_kind(
        session, subscriber.address, "manage_subscriptions", since=now - ASKED_AGAIN
    ):
        return
    outbox.write(
        session,
        "manage_subscriptions",
        subscriber.address,
        now=now,
        language=subscriber.language,
        values={"manage_url": manage_url(settings, subscriber.id, subscriber.nonce)},
    )


def managed(session: Session, link: str, *, settings: Settings) -> Subscriber | None:
    """Whose subscriptions a link opens; None for a forged or outdated one."""
    subject = links.subject(link)
    subscriber = session.get(Subscriber, subject) if subject is not None else None
    if subscriber is None:
        return None
    secret = settings.secret_key.get_secret_value()
    return subscriber if links.verify(secret, links.MANAGE, link, subscriber.nonce) else None


def change(
    session: Session,
    subscription: Subscription,
    wish: Wish,
    *,
    now: datetime,
    names: Mapping[str, str] | None = None,
) -> None:
    """Follow something else, or otherwise, in the language that the wish tells its title in."""
    wish = wish.checked()
    _fill(subscription, wish, now, names)
    if subscription.confirmed_at is not None:
        _schedule(subscription, now, since=subscription.covered_until)


def prefer(
    subscriber: Subscriber,
    *,
    language: str,
    time_zone: str,
    now: datetime,
    names: Mapping[str, str] | None = None,
) -> None:
    """Write to somebody in another language, and by another clock, from now on.

    Raises FilcommunError for a time zone that does not exist.
    """
    Wish(language=language, time_zone=time_zone).checked()
    subscriber.language, subscriber.time_zone = language, time_zone
    for one in subscriber.subscriptions:
        one.title = digest.view_of(one).words(_of(language), now=now, names=names)[:300]
        if one.confirmed_at is not None:
            _schedule(one, now, since=one.covered_until)


def pause(subscription: Subscription, *, now: datetime) -> None:
    """Send nothing until `resume`."""
    subscription.paused_at = now
    subscription.next_digest_at = None


def resume(subscription: Subscription, *, now: datetime) -> None:
    """Send again, without what came out meanwhile."""
    subscription.paused_at = None
    if subscription.confirmed_at is not None:
        # An alert tells of what comes in from here on; the proof of consent keeps its own date.
        subscription.confirmed_at = max(subscription.confirmed_at, now)
        _schedule(subscription, now)


def leaving(session: Session, link: str, *, settings: Settings) -> Subscription | None:
    """Which subscription a link would end; None when it is forged, or ended already."""
    subject = links.subject(link)
    subscription = session.get(Subscription, subject) if subject is not None else None
    if subscription is None:
        return None
    secret = settings.secret_key.get_secret_value()
    genuine = links.verify(secret, links.LEAVE, link, subscription.subscriber.nonce)
    return subscription if genuine else None


def leave(session: Session, link: str, *, settings: Settings) -> bool:
    """End a subscription and erase it, and the address with the last one; False as `leaving`.

    A page answers the same both times: whoever clicks twice has left.
    """
    subscription = leaving(session, link, settings=settings)
    if subscription is None:
        return False
    end(session, subscription)
    return True


def end(session: Session, subscription: Subscription) -> None:
    """End one subscription and erase it, and the address with the last one."""
    subscriber = subscription.subscriber
    subscriber.subscriptions.remove(subscription)
    session.flush()
    if not subscriber.subscriptions:
        forget(session, subscriber)


def forget(session: Session, subscriber: Subscriber) -> None:
    """Erase an address and everything about it: subscriptions, letters, links."""
    for subscription in subscriber.subscriptions:
        tokens.revoke(session, _CONFIRM, str(subscription.id))
    subscribers.forget_letters(session, subscriber.address)
    session.delete(subscriber)
    session.flush()


def remind(session: Session, *, settings: Settings, now: datetime) -> int:
    """Remind those who did not confirm in 48 hours, once; returns how many."""
    forgotten = subscribers.unconfirmed(session, asked_before=now - REMINDED_AFTER, reminded=False)
    for subscription in forgotten:
        subscription.reminded_at = now
        _ask(session, subscription, "remind_subscription", settings, now, FORGOTTEN_AFTER)
    return len(forgotten)


def purge(session: Session, *, now: datetime) -> int:
    """Erase what there is no reason to keep any more; returns how many addresses went.

    Unconfirmed 48 hours after the reminder; where a form came from after a day; letters and
    matches after 30 days; addresses that follow nothing.
    """
    for subscription in subscribers.unconfirmed(
        session, asked_before=now - FORGOTTEN_AFTER, reminded=True
    ):
        tokens.revoke(session, _CONFIRM, str(subscription.id))
        session.delete(subscription)
    session.flush()
    subscribers.forget_places(session, before=now - timedelta(days=1))
    subscribers.forget_matches(session, before=now - timedelta(days=30))
    outbox.purge(session, before=now - timedelta(days=30))
    return subscribers.forget_the_empty(session)


def _subscriber(session: Session, address: str, wish: Wish, now: datetime) -> Subscriber:
    subscriber = subscribers.by_address(session, addresses.key(address))
    if subscriber is None:
        subscriber = Subscriber(
            address=address,
            address_key=addresses.key(address),
            language=wish.language,
            time_zone=wish.time_zone,
            nonce=secrets.token_urlsafe(12),
            created_at=now,
            subscriptions=[],
        )
        try:
            with session.begin_nested():
                session.add(subscriber)
        except IntegrityError:
            # The same form came in twice at once; the other one made it.
            subscriber = subscribers.by_address(session, addresses.key(address))
            assert subscriber is not None
    return subscriber


def _following(subscriber: Subscriber, wish: Wish) -> Subscription | None:
    for one in subscriber.subscriptions:
        if (one.view, one.rhythm) == (wish.view.to_args(), wish.rhythm):
            return one
    return None


def _asked(
    subscriber: Subscriber,
    wish: Wish,
    place_hash: str,
    now: datetime,
    names: Mapping[str, str] | None,
    read_in: str,
) -> Subscription:
    subscription = Subscription(
        rhythm=wish.rhythm,
        place_hash=place_hash,
        created_at=now,
        consent={
            "text": CONSENT[_of(read_in)],
            "form": FORM,
            "asked_at": now.isoformat(),
        },
    )
    _fill(subscription, wish, now, names)
    subscriber.subscriptions.append(subscription)
    return subscription


def _fill(
    subscription: Subscription, wish: Wish, now: datetime, names: Mapping[str, str] | None
) -> None:
    subscription.view = wish.view.to_args()
    subscription.title = wish.view.words(_of(wish.language), now=now, names=names)[:300]
    for name in ("rhythm", "hour", "weekday", "day", "maximum", "group_by"):
        setattr(subscription, name, getattr(wish, name))
    if wish.webhook != subscription.webhook:
        subscription.webhook = wish.webhook
        subscription.webhook_secret = secrets.token_urlsafe(24) if wish.webhook else None


def _schedule(subscription: Subscription, now: datetime, *, since: datetime | None = None) -> None:
    """When the next digest is due, and from when on it looks: one whole period at first.

    `since` is what digests have told of up to then, so that a change loses and repeats nothing.
    """
    rhythm = digest.rhythm_of(subscription)
    if rhythm is None or subscription.paused_at is not None:
        subscription.next_digest_at = subscription.covered_until = None
        return
    subscription.next_digest_at = rhythm.next_at(now)
    subscription.covered_until = since or rhythm.latest_at(now)


def _ask(
    session: Session,
    subscription: Subscription,
    kind: str,
    settings: Settings,
    now: datetime,
    lifetime: timedelta,
) -> None:
    subscriber = subscription.subscriber
    language = _of(subscriber.language)
    secret = tokens.issue(session, _CONFIRM, str(subscription.id), now=now, lifetime=lifetime)
    until = (now + lifetime).astimezone(dates.zone(subscriber.time_zone))
    outbox.write(
        session,
        kind,
        subscriber.address,
        now=now,
        language=language,
        values={
            "rhythm": words.what_is_sent(digest.rhythm_of(subscription), language),
            "title": subscription.title,
            "confirm_url": f"{settings.base_url}/abonnement/confirmer/{secret}",
            "until": dates.day(until, language),
        },
    )


def _hashed(place: str, settings: Settings, now: datetime) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(key, f"place\n{place}".encode(), hashlib.sha256).hexdigest()


def _of(language: str) -> Literal["fr", "en"]:
    return "en" if language.startswith("en") else "fr"
