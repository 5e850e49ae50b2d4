"""Telling a webhook what an alert has found: a signed POST through the guarded fetcher.

The body is a JSON Feed of the matches. `Fil-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of
`SECONDS.BODY` with the subscription's secret, so that a receiver knows who wrote and when.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from aggregator.collect.fetch import fetch
from aggregator.errors import FetchError
from aggregator.mail import compose, digest
from aggregator.publish import jsonfeed
from aggregator.publish.publication import Publication
from aggregator.settings import Settings
from aggregator.store import outbox, subscribers
from aggregator.store.tables import Letter, Subscription

log = structlog.get_logger()

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
TIMEOUT = 15.0
"""Seconds for one call."""
_BATCH = 10


@dataclass
class Report:
    """What one round did."""

    told: int = 0
    postponed: int = 0
    failed: int = 0


def send_due(
    sessions: sessionmaker[Session],
    clock: Callable[[], datetime],
    *,
    settings: Settings,
) -> Report:
    """Make every call that is due. Called again after a crash, a receiver may hear twice: the
    `Fil-Delivery` header is the same then.
    """
    report = Report()
    while True:
        with sessions.begin() as session:
            claimed = outbox.claim(session, now=clock(), limit=_BATCH, webhooks=True)
            followed = subscribers.of_letters(session, claimed)
        if not claimed:
            return report
        for letter in claimed:
            _call(
                sessions, letter, followed.get(letter.subscription_id or 0), clock, settings, report
            )


def signature(secret: str, body: bytes, at: datetime) -> str:
    """What the `Fil-Signature` header holds; receivers compute the same and compare.

    >>> from datetime import UTC
    >>> signature("s", b"{}", datetime(2026, 1, 1, tzinfo=UTC))[:15]
    't=1767225600,v1'
    """
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def _call(
    sessions: sessionmaker[Session],
    letter: Letter,
    alert: Subscription | None,
    clock: Callable[[], datetime],
    settings: Settings,
    report: Report,
) -> None:
    error, permanent = "The alert or its webhook was ended before.", True
    if alert is not None and alert.is_active and alert.webhook and alert.webhook_secret:
        with sessions() as session:
            body = _body(session, letter, alert, settings)
        error, permanent = _post(letter, alert, body, clock(), settings)
    now = clock()
    with sessions.begin() as session:
        if not error:
            outbox.sent(session, [letter.id], now=now)
            report.told += 1
        elif permanent or letter.tries >= len(BACK_OFF):
            outbox.failed(session, letter.id, now=now, error=error)
            report.failed += 1
            log.warning("webhook failed", id=letter.id, error=error)
        else:
            until = now + BACK_OFF[letter.tries]
            tries = letter.tries + 1
            outbox.postponed(session, letter.id, until=until, error=error, tries=tries)
            report.postponed += 1


def _post(
    letter: Letter, alert: Subscription, body: bytes, now: datetime, settings: Settings
) -> tuple[str, bool]:
    """What went wrong, empty when nothing did, and whether it is so for good."""
    assert alert.webhook is not None
    headers = {
        "Content-Type": jsonfeed.MEDIA_TYPE,
        "Fil-Signature": signature(alert.webhook_secret or "", body, now),
        "Fil-Delivery": str(letter.id),
    }
    try:
        response = asyncio.run(
            fetch(
                alert.webhook,
                settings=settings,
                method="POST",
                headers=headers,
                body=body,
                timeout=TIMEOUT,
                max_bytes=65_536,
                follow=False,
            )
        )
    except FetchError as error:
        return str(error)[:400], error.permanent
    if 200 <= response.status < 300:
        return "", False
    temporary = response.status in {408, 425, 429} or response.status >= 500
    return f"The webhook answered {response.status}.", not temporary


def _body(session: Session, letter: Letter, alert: Subscription, settings: Settings) -> bytes:
    ids = [int(id_) for id_ in letter.values.get("entries", [])]
    entries = subscribers.entries(session, ids)
    view = digest.view_of(alert)
    return jsonfeed.write(
        Publication(
            title=alert.title,
            self_url=compose.feed_url(view, settings.base_url),
            page_url=compose.view_url(view, settings.base_url),
            base_url=settings.base_url,
            updated=letter.created_at,
            entries=entries,
            language=alert.subscriber.language,
        )
    )
