"""Alerts: saved searches tried on what has just come in, and told of at once.

Each entry is tried once on all alerts; what matched is a row until it is told. A burst is told
together, and a flood once an hour. Webhooks are told of the same matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import compose, digest
from aggregator.publish import rights
from aggregator.search.engine import Engine
from aggregator.settings import Settings
from aggregator.store import outbox, subscribers
from aggregator.store.tables import Match, Subscription

log = structlog.get_logger()

NOT_OLDER = timedelta(days=7)
"""What was published so long before it was first seen is no news: a new source's old entries."""
HOURLY = 12
"""Letters of one alert in an hour; what comes after waits for the hour to end."""
KEPT = timedelta(days=30)
_BATCH = 500


@dataclass
class Report:
    """What one round did."""

    tried: int = 0
    """Entries that the alerts were tried on."""
    matched: int = 0
    written: int = 0
    """Letters and webhook calls put in the outbox."""


def write_due(
    sessions: sessionmaker[Session],
    engine: Engine,
    clock: Callable[[], datetime],
    *,
    settings: Settings,
) -> Report:
    """Try the alerts on all newly indexed entries and write what is to be told; twice is once."""
    report = Report()
    while _try_batch(sessions, engine, clock(), report):
        pass
    _tell(sessions, clock(), settings, report)
    if report.matched or report.written:
        log.info("alerts written", matched=report.matched, written=report.written)
    return report


def _try_batch(
    sessions: sessionmaker[Session], engine: Engine, now: datetime, report: Report
) -> bool:
    with sessions() as session:
        ids = subscribers.unmatched(session, limit=_BATCH)
        if not ids:
            return False
        alerts = {alert.id: alert for alert in subscribers.alerts(session)}
        since = min((_told_from(alert) for alert in alerts.values()), default=None)
        moments = subscribers.moments(session, ids, since=since) if since is not None else {}
    queries = {id_: digest.view_of(alert).query(now) for id_, alert in alerts.items()}
    found = engine.matching(queries, list(moments)) if moments else {}
    with sessions.begin() as session:
        # The conditional update comes first: of two processes, one finds nothing left to note.
        mine = set(subscribers.claim_unmatched(session, ids, now=now))
        for alert_id, entry_ids in found.items():
            for entry_id in entry_ids:
                if entry_id in mine and _is_news(*moments[entry_id], alerts[alert_id]):
                    session.merge(Match(subscription_id=alert_id, entry_id=entry_id, at=now))
                    report.matched += 1
    report.tried += len(mine)
    return True


def _told_from(alert: Subscription) -> datetime:
    """From when on an alert tells of what comes in."""
    assert alert.confirmed_at is not None
    return alert.confirmed_at


def _is_news(published: datetime, first_seen: datetime, alert: Subscription) -> bool:
    return first_seen - published <= NOT_OLDER and first_seen >= _told_from(alert)


def _tell(
    sessions: sessionmaker[Session], now: datetime, settings: Settings, report: Report
) -> None:
    hour_ago = now - timedelta(hours=1)
    with sessions() as session:
        waiting = subscribers.waiting_matches(session)
        alerts = [
            alert
            for alert in subscribers.alerts(session)
            if alert.id in waiting
            and subscribers.letters_since(session, alert.id, since=hour_ago) < HOURLY
        ]
    for alert in alerts:
        with sessions.begin() as session:
            _tell_one(session, alert, waiting[alert.id], now, settings, report)


def _tell_one(
    session: Session,
    alert: Subscription,
    entry_ids: Sequence[int],
    now: datetime,
    settings: Settings,
    report: Report,
) -> None:
    # A claim by a conditional update, in one transaction with the letter.
    mine = set(subscribers.told(session, alert.id, entry_ids, now=now))
    ids = [id_ for id_ in entry_ids if id_ in mine]
    found = [entry for entry in subscribers.entries(session, ids) if rights.may_show(entry)]
    view = digest.view_of(alert)
    stories = {entry.id: entry.story_id for entry in found}
    listed = set(compose.listed(view, stories, stories))
    entries = [entry for entry in found if entry.id in listed]
    if not entries:
        return
    edition = digest.edition_of(alert, view)
    composed = compose.alert(
        edition,
        entries[: alert.maximum],
        more=max(0, len(entries) - alert.maximum),
        base_url=settings.base_url,
    )
    issue_id = digest.issue_of(session, composed, now)
    letter = outbox.Issued(alert.subscriber.address, alert.subscriber.language, issue_id, alert.id)
    outbox.write_all(session, "alert", [letter], now=now, priority=1)
    report.written += 1
    if alert.webhook:
        outbox.write(
            session,
            outbox.WEBHOOK,
            alert.webhook[:320],
            now=now,
            values={"entries": [entry.id for entry in entries]},
            priority=1,
            subscription_id=alert.id,
        )
        report.written += 1
