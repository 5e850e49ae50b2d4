"""What we keep of one subscriber, for that subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from aggregator.store import subscribers
from aggregator.store.tables import Subscriber, Subscription


def of_subscriber(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """Everything we keep of one subscriber, as plain JSON (GDPR, articles 15 and 20)."""
    return {
        "address": subscriber.address,
        "language": subscriber.language,
        "time_zone": subscriber.time_zone,
        "created_at": _iso(subscriber.created_at),
        "confirmed_at": _iso(subscriber.confirmed_at),
        "suspended_at": _iso(subscriber.suspended_at),
        "suspended_reason": subscriber.suspended_reason,
        "subscriptions": [_exported(one) for one in subscriber.subscriptions],
        "letters": [
            {"kind": letter.kind, "at": _iso(letter.created_at), "sent_at": _iso(letter.sent_at)}
            for letter in subscribers.letters_to(session, subscriber.address)
        ],
    }


def _exported(subscription: Subscription) -> dict[str, Any]:
    return {
        "view": subscription.view,
        "title": subscription.title,
        "rhythm": subscription.rhythm,
        "hour": subscription.hour,
        "weekday": subscription.weekday,
        "day": subscription.day,
        "maximum": subscription.maximum,
        "group_by": subscription.group_by,
        "consent": subscription.consent,
        "webhook": subscription.webhook,
        "created_at": _iso(subscription.created_at),
        "confirmed_at": _iso(subscription.confirmed_at),
        "paused_at": _iso(subscription.paused_at),
        "next_digest_at": _iso(subscription.next_digest_at),
    }


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when is not None else None
