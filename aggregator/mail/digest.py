"""Digests: what is due is written once per view, and a letter per subscriber points at it.

A due subscription is claimed by moving it on, in the transaction that writes its letter: killed
anywhere, nobody is skipped and nobody gets two. Sending is the outbox's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from aggregator.mail import compose, dates
from aggregator.mail.compose import Composed, Edition
from aggregator.mail.message import LEAVE_MARK, MANAGE_MARK, Content
from aggregator.mail.schedule import Rhythm
from aggregator.mail.wishes import Wish
from aggregator.publish import rights
from aggregator.search.engine import Engine
from aggregator.search.view import View
from aggregator.settings import Settings
from aggregator.store import outbox, subscribers
from aggregator.store.tables import Entry, Issue, Subscription

log = structlog.get_logger()

NOT_OLDER = timedelta(days=14)
"""What was published so long before a period is no news in it."""
HORIZON = timedelta(days=14)
"""How far the agenda looks ahead."""
LOOKS_BACK = timedelta(days=30)
"""How long ago the alert that is shown as an example may have been."""
PATIENCE = timedelta(minutes=30)
"""How long a digest waits for the index to catch up."""
_BATCH = 500
_TOGETHER = 100
_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Planned:
    """One digest of one subscriber, as `--dry-run` lists it."""

    address: str
    subject: str
    entries: int


@dataclass
class Report:
    """What one round did."""

    written: int = 0
    nothing_new: int = 0
    waiting: bool = False
    """The index has not read everything yet; the next round goes on."""
    planned: list[Planned] = field(default_factory=list)
    """Filled by a dry run only."""


def write_due(
    sessions: sessionmaker[Session],
    engine: Engine,
    clock: Callable[[], datetime],
    *,
    settings: Settings,
    dry_run: bool = False,
) -> Report:
    """Write a letter for every subscription whose digest is due; twice is once.

    A period ends at the hour the digest was due, so that all who follow a view in one rhythm
    get one and the same. No news, no letter. A dry run writes nothing and lists instead.
    """
    report = Report()
    now = clock()
    listed = 0
    batch = _Batch(engine, settings, now)
    while True:
        with sessions() as session:
            due = subscribers.due(session, now=now, limit=_BATCH, offset=listed)
            if not due:
                break
            if _may_wait(session, due, now):
                report.waiting = True
                break
            written = batch.compose(session, due)
        if dry_run:
            report.planned.extend(_planned(due, written))
            report.nothing_new = listed + len(due) - len(report.planned)
            # What is only listed is not moved on, and comes again.
            listed += len(due)
        else:
            _write(sessions, due, written, now, report)
    if not dry_run and (report.written or report.nothing_new):
        log.info("digests written", written=report.written, nothing_new=report.nothing_new)
    return report


def preview(
    session: Session,
    engine: Engine,
    wish: Wish,
    *,
    settings: Settings,
    now: datetime,
    names: Mapping[str, str] | None = None,
) -> Content | None:
    """The mail that a wish would have brought just now; None when nothing was new.

    A digest looks back one whole period from now; of an alert it is the last one in LOOKS_BACK.
    The reader's own links lead nowhere yet.
    """
    rhythm, language = wish.when(), _of(wish.language)
    edition = Edition(
        view=wish.view,
        title=wish.view.words(language, now=now, names=names),
        language=language,
        zone=dates.zone(wish.time_zone),
        maximum=wish.maximum if rhythm else 1,
        group_by=wish.group_by,
        rhythm=rhythm,
    )
    since = now - (_whole_period(rhythm, now) if rhythm else LOOKS_BACK)
    composed = _Batch(engine, settings, now).one(session, edition, since, now)
    if composed is None:
        return None
    return composed.content.filled({MANAGE_MARK: "#", LEAVE_MARK: "#"})


def _whole_period(rhythm: Rhythm, now: datetime) -> timedelta:
    latest = rhythm.latest_at(now)
    return latest - rhythm.latest_at(latest - timedelta(seconds=1))


def edition_of(subscription: Subscription, view: View) -> Edition:
    """How a subscription wants to be told."""
    zone = dates.zone(subscription.subscriber.time_zone)
    return Edition(
        view=view,
        title=subscription.title,
        language=_of(subscription.subscriber.language),
        zone=zone,
        maximum=subscription.maximum,
        group_by=subscription.group_by,
        rhythm=rhythm_of(subscription),
    )


def rhythm_of(subscription: Subscription) -> Rhythm | None:
    """When its digests leave; None for an alert."""
    if subscription.rhythm == "alert":
        return None
    return Rhythm(
        subscription.rhythm,
        dates.zone(subscription.subscriber.time_zone),
        subscription.hour,
        subscription.weekday,
        subscription.day,
    )


def view_of(subscription: Subscription) -> View:
    """The view it follows."""
    return View.from_args(parse_qs(subscription.view))


_Period = tuple[datetime, datetime]
_Written = tuple[_Period, Composed | None]


class _Batch:
    """The digests of some subscriptions, each distinct one composed once.

    What many views ask for is kept from one batch to the next: the news of a period, the agenda,
    and the entries told lately.
    """

    def __init__(self, engine: Engine, settings: Settings, now: datetime) -> None:
        self._engine, self._base_url, self._now = engine, settings.base_url, now
        self._news: dict[_Period, dict[int, int | None]] = {}
        self._agenda: dict[int, int | None] | None = None
        self._entries: dict[int, Entry | None] = {}
        self._composed: dict[tuple[Edition, _Period], Composed | None] = {}

    def compose(self, session: Session, due: Sequence[Subscription]) -> list[_Written]:
        """For each subscription its period and what it gets, in their order."""
        self._composed = {}
        wanted = [(edition_of(one, view_of(one)), self._period(one)) for one in due]
        by_period: dict[_Period, dict[Edition, None]] = {}
        for edition, period in wanted:
            by_period.setdefault(period, {})[edition] = None
        for period, editions in by_period.items():
            self._compose_period(session, list(editions), period)
        return [(period, self._composed[edition, period]) for edition, period in wanted]

    def one(
        self, session: Session, edition: Edition, since: datetime, until: datetime
    ) -> Composed | None:
        """The digest of one edition."""
        self._compose_period(session, [edition], (since, until))
        return self._composed[edition, (since, until)]

    def _period(self, subscription: Subscription) -> _Period:
        rhythm = rhythm_of(subscription)
        assert rhythm is not None
        until = rhythm.latest_at(self._now)
        earlier = rhythm.latest_at(until - timedelta(seconds=1))
        return min(subscription.covered_until or earlier, until), until

    def _compose_period(
        self, session: Session, editions: Sequence[Edition], period: _Period
    ) -> None:
        news = self._news.get(period)
        if news is None:
            news = self._news[period] = subscribers.news(
                session, since=period[0], until=period[1], not_older=NOT_OLDER
            )
        if self._agenda is None:
            self._agenda = subscribers.coming(session, since=self._now, until=self._now + HORIZON)
        queries = {number: edition.view.query(self._now) for number, edition in enumerate(editions)}
        found = self._engine.matching(queries, list(news)) if news else {}
        events = self._engine.matching(queries, list(self._agenda)) if self._agenda else {}
        for number, edition in enumerate(editions):
            self._composed[edition, period] = self._compose_one(
                session, edition, period, found.get(number, ()), events.get(number, ())
            )

    def _compose_one(
        self,
        session: Session,
        edition: Edition,
        period: _Period,
        found: Sequence[int],
        events: Sequence[int],
    ) -> Composed | None:
        news, agenda = self._news[period], self._agenda or {}
        wanted = set(found)
        ids = compose.listed(edition.view, (id_ for id_ in news if id_ in wanted), news)
        chosen = ids[: edition.maximum]
        coming = set(events) - set(chosen)
        dated = compose.listed(edition.view, (id_ for id_ in agenda if id_ in coming), agenda)
        shown = self._loaded(session, [*chosen, *dated[: compose.AGENDA + 1]])
        told = [shown[id_] for id_ in chosen if id_ in shown]
        if not told:
            return None
        if edition.rhythm is None:
            return compose.alert(edition, told, more=0, base_url=self._base_url)
        return compose.digest(
            edition,
            told,
            [shown[id_] for id_ in dated if id_ in shown],
            more=len(ids) - len(chosen),
            since=period[0],
            until=period[1],
            base_url=self._base_url,
        )

    def _loaded(self, session: Session, ids: Sequence[int]) -> dict[int, Entry]:
        """The entries that may be shown; many views tell the same ones, so they are kept."""
        if len(self._entries) > _KEPT:
            self._entries.clear()
        missing = [id_ for id_ in ids if id_ not in self._entries]
        if missing:
            self._entries.update(dict.fromkeys(missing))
            self._entries.update(
                (entry.id, entry)
                for entry in subscribers.entries(session, missing)
                if rights.may_show(entry)
            )
        return {id_: entry for id_ in ids if (entry := self._entries[id_]) is not None}


def _may_wait(session: Session, due: Sequence[Subscription], now: datetime) -> bool:
    """Whether the index still has to read what these digests are about, and has time to."""
    first, last = due[0].next_digest_at, due[-1].next_digest_at
    assert first is not None
    assert last is not None
    return now - first < PATIENCE and subscribers.is_unread(session, before=last)


def _planned(due: Sequence[Subscription], written: Sequence[_Written]) -> list[Planned]:
    return [
        Planned(one.subscriber.address, composed.content.subject, len(composed.entries))
        for one, (_, composed) in zip(due, written, strict=True)
        if composed is not None
    ]


def _write(
    sessions: sessionmaker[Session],
    due: Sequence[Subscription],
    written: Sequence[_Written],
    now: datetime,
    report: Report,
) -> None:
    """Move each on and write its letter, some in one transaction: all of these or none."""
    issues: dict[int, int] = {}
    pairs = list(zip(due, written, strict=True))
    for start in range(0, len(pairs), _TOGETHER):
        with sessions.begin() as session:
            letters = []
            for subscription, (period, composed) in pairs[start : start + _TOGETHER]:
                rhythm = rhythm_of(subscription)
                assert rhythm is not None
                following = rhythm.next_at(now)
                if not subscribers.advance(
                    session, subscription, next_at=following, covered=period[1]
                ):
                    continue
                if composed is None:
                    report.nothing_new += 1
                    continue
                if id(composed) not in issues:
                    issues[id(composed)] = issue_of(session, composed, now)
                letters.append(_letter(subscription, issues[id(composed)]))
            outbox.write_all(session, "digest", letters, now=now, priority=2)
            report.written += len(letters)


def _letter(subscription: Subscription, issue_id: int) -> outbox.Issued:
    subscriber = subscription.subscriber
    return outbox.Issued(subscriber.address, subscriber.language, issue_id, subscription.id)


def issue_of(session: Session, composed: Composed, now: datetime) -> int:
    """The id of the stored mail of this content, made when it is the first of its kind."""
    content = composed.content
    text = "\0".join((content.subject, content.text, content.html))
    key = hashlib.sha256(text.encode()).hexdigest()
    found = select(Issue.id).where(Issue.key == key)
    known = session.scalar(found)
    if known is not None:
        return known
    issue = Issue(
        key=key,
        subject=content.subject,
        text=content.text,
        html=content.html,
        entries=composed.entries,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(issue)
    except IntegrityError:
        # Another process has just written the same.
        return session.scalars(found).one()
    return issue.id


def _of(language: str) -> Literal["fr", "en"]:
    return "en" if language.startswith("en") else "fr"
