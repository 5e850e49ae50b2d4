"""Sending what waits in the outbox: claim, write, hand over, commit, whatever dies meanwhile.

A letter is claimed by a conditional update. `handed_at` is committed between its last line but
one and its last: a process killed before sends it again, one killed after does not. Knows what
letters are about only through `render` and their issues.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache, partial

import structlog
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import MailError
from aggregator.mail import addresses, links, message
from aggregator.mail.mailer import Mailer
from aggregator.mail.message import Content, Outgoing, Prepared
from aggregator.mail.render import render
from aggregator.settings import Settings
from aggregator.store import outbox, subscribers
from aggregator.store.tables import Issue, Letter, Subscription

log = structlog.get_logger()

BACK_OFF = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 480, 480, 720, 720, 720, 720)
)
"""Waits after each try that may be repeated: four days in all, as RFC 5321 §4.5.4.1 advises."""

_TOO_MANY = timedelta(minutes=15)
_BATCH = 20
_CACHED = 64


@dataclass
class Report:
    """What one round did."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    stopped: str = ""
    """Why the round ended early: the server cannot be used now."""


def send_due(
    sessions: sessionmaker[Session],
    mailer: Mailer,
    clock: Callable[[], datetime],
    *,
    settings: Settings,
    limit: int = 100_000,
) -> Report:
    """Send every letter that is due, at most `limit`; the same as often as one likes.

    One letter's trouble is noted on it and hurts no other. When the server itself cannot be
    used, the round ends and nothing is lost.
    """
    sender = _Sender(sessions, mailer, clock, settings)
    with sessions.begin() as session:
        outbox.settle(session, now=clock())
    while not sender.report.stopped and limit > 0:
        with sessions.begin() as session:
            claimed = outbox.claim(
                session,
                now=clock(),
                limit=min(_BATCH, limit),
                per_domain=settings.mail_per_minute,
            )
            followed = subscribers.of_letters(session, claimed)
        if not claimed:
            break
        limit -= len(claimed)
        sender.batch(claimed, followed)
    mailer.close()
    report = sender.report
    if report.sent or report.postponed or report.failed or report.stopped:
        log.info(
            "outbox sent",
            sent=report.sent,
            postponed=report.postponed,
            failed=report.failed,
            stopped=report.stopped,
        )
    return report


@dataclass
class _Sender:
    sessions: sessionmaker[Session]
    mailer: Mailer
    clock: Callable[[], datetime]
    settings: Settings
    report: Report = field(default_factory=Report)
    _taken: list[int] = field(default_factory=list)
    """Letters of this batch that the server took; `handed_at` vouches for them meanwhile."""
    _prepared: OrderedDict[int, Prepared] = field(default_factory=OrderedDict)

    def batch(self, letters: Sequence[Letter], followed: dict[int, Subscription]) -> None:
        for index, letter in enumerate(letters):
            try:
                mail = self._mail(letter, followed.get(letter.subscription_id or 0))
                self.mailer.send(mail, handing_over=partial(self._handed, letter))
            except MailError as error:
                self._refused(letter, error)
                if error.scope == "server":
                    self.report.stopped = str(error)
                    self._give_back([other.id for other in letters[index + 1 :]])
                    break
            else:
                self._taken.append(letter.id)
                self.report.sent += 1
        self._note_taken()

    def _handed(self, letter: Letter) -> None:
        with self.sessions.begin() as session:
            outbox.handed_over(session, letter.id, now=self.clock())

    def _note_taken(self) -> None:
        if self._taken:
            with self.sessions.begin() as session:
                outbox.sent(session, self._taken, now=self.clock())
            self._taken.clear()

    def _give_back(self, letter_ids: list[int]) -> None:
        with self.sessions.begin() as session:
            outbox.released(session, letter_ids)

    def _refused(self, letter: Letter, error: MailError) -> None:
        now, tries = self.clock(), letter.tries + 1
        lost = error.permanent or tries > len(BACK_OFF)
        with self.sessions.begin() as session:
            if lost:
                outbox.failed(session, letter.id, now=now, error=str(error))
            else:
                until = now + BACK_OFF[tries - 1]
                outbox.postponed(session, letter.id, until=until, error=str(error), tries=tries)
            if error.scope == "mailbox" and error.permanent:
                subscribers.suspend(session, letter.address, now=now, reason=str(error))
            if error.scope == "mailbox" and " 4.7." in str(error):
                outbox.quieten(session, letter.domain, now=now, until=now + _TOO_MANY)
        if lost:
            self.report.failed += 1
            log.warning("letter failed", id=letter.id, kind=letter.kind, error=str(error))
        else:
            self.report.postponed += 1

    def _mail(self, letter: Letter, subscription: Subscription | None) -> Outgoing:
        recipient = addresses.read(letter.address)
        if letter.priority and (subscription is None or not subscription.is_active):
            raise MailError("The subscription ended before this left.", permanent=True)
        marks, headers = _personal(self.settings, subscription)
        return self._content(letter).to(
            recipient,
            sender=bounce_address(self.settings, letter.id),
            message_id=message_id(self.settings, letter.id),
            date=self.clock(),
            marks=marks,
            headers=headers,
        )

    def _content(self, letter: Letter) -> Prepared:
        if letter.issue_id is None:
            content = render(
                letter.kind,
                letter.values,
                language=letter.language,
                base_url=self.settings.base_url,
            )
            return self._encoded(content, letter.language)
        if letter.issue_id not in self._prepared:
            with self.sessions() as session:
                issue = session.get(Issue, letter.issue_id)
            if issue is None:
                raise MailError("Its digest is no longer kept.", permanent=True)
            content = Content(issue.subject, issue.text, issue.html)
            self._prepared[letter.issue_id] = self._encoded(content, letter.language)
            if len(self._prepared) > _CACHED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(letter.issue_id)
        return self._prepared[letter.issue_id]

    def _encoded(self, content: Content, language: str) -> Prepared:
        return message.prepare(content, mail_from=self.settings.mail_from, language=language)


def manage_url(settings: Settings, subscriber_id: int, nonce: str) -> str:
    """Where a subscriber sees and changes everything we keep of them."""
    secret = settings.secret_key.get_secret_value()
    link = links.sign(secret, links.MANAGE, subscriber_id, nonce)
    return f"{settings.base_url}/abonnement/gerer/{link}"


def leave_url(settings: Settings, subscription_id: int, nonce: str) -> str:
    """Where one subscription ends: GET shows a button, POST acts (RFC 8058 too)."""
    secret = settings.secret_key.get_secret_value()
    link = links.sign(secret, links.LEAVE, subscription_id, nonce)
    return f"{settings.base_url}/abonnement/quitter/{link}"


def message_id(settings: Settings, letter_id: int) -> str:
    """The same whenever this letter is tried, so that a receiver can drop a second copy."""
    secret = settings.secret_key.get_secret_value()
    link = links.sign(secret, "message", letter_id, "")
    return f"<{link}@{_domain(settings)}>"


def bounce_address(settings: Settings, letter_id: int) -> str:
    """The envelope's sender: names the letter (VERP) where a mailbox for bounces is set."""
    if settings.mail_bounces is None:
        return _sender(settings.mail_from)
    local, _, domain = settings.mail_bounces.rpartition("@")
    tag = links.bounce_tag(settings.secret_key.get_secret_value(), letter_id)
    return f"{local}+{tag}@{domain}"


def _personal(
    settings: Settings, subscription: Subscription | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Each subscriber's own links: for the content's marks, and for the headers."""
    if subscription is None:
        return {}, {}
    nonce = subscription.subscriber.nonce
    leave = leave_url(settings, subscription.id, nonce)
    marks = {
        message.MANAGE_MARK: manage_url(settings, subscription.subscriber_id, nonce),
        message.LEAVE_MARK: leave,
    }
    headers = {
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{subscription.rhythm}.{_domain(settings)}>",
    }
    return marks, headers


def _domain(settings: Settings) -> str:
    return _sender(settings.mail_from).rpartition("@")[2] or "localhost"


@lru_cache(maxsize=8)
def _sender(mail_from: str) -> str:
    return parseaddr(mail_from)[1]
