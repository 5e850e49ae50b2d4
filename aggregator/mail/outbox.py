"""Sending what waits in the outbox: claim, write, hand over, commit, whatever dies meanwhile.

A letter is claimed by a conditional update. `handed_at` is committed between its last line but
one and its last: a process killed before sends it again, one killed after does not. Knows what
letters are about only through `render` and their issues.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache

import structlog
from sqlalchemy import Connection
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import MailError
from aggregator.mail import addresses, links, message
from aggregator.mail.mailer import Mailer, Step, Talk
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
_BATCH = 40
_EACH = 5
"""Letters waiting for each further connection that is opened."""
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
    mailers: Sequence[Mailer],
    clock: Callable[[], datetime],
    *,
    settings: Settings,
) -> Report:
    """Send every letter that is due; the same as often as one likes.

    `mailers` are the connections that may be used at once; more than one are opened only when
    many letters wait. One letter's trouble is noted on it and hurts no other. When the server
    cannot be reached, all wait as they are, and it is left alone for a while.
    """
    round_ = _Round(sessions, mailers, clock, settings)
    if round_.may_begin():
        try:
            while round_.send_some():
                pass
        finally:
            for mailer in mailers:
                mailer.close()
    report = round_.report
    if report.sent or report.postponed or report.failed or report.stopped:
        tell = log.warning if report.stopped else log.info
        tell(
            "outbox sent",
            sent=report.sent,
            postponed=report.postponed,
            failed=report.failed,
            stopped=_unnamed(report.stopped),
        )
    return report


@dataclass(eq=False)
class _Handover:
    """One letter on its way over one connection."""

    letter: Letter
    talk: Talk
    step: Step | None = Step.WAITING
    """None when it has ended, well or not."""


class _Round:
    def __init__(
        self,
        sessions: sessionmaker[Session],
        mailers: Sequence[Mailer],
        clock: Callable[[], datetime],
        settings: Settings,
    ) -> None:
        self.report = Report()
        self._sessions, self._clock, self._settings = sessions, clock, settings
        self._mailers = list(mailers)
        self._is_reached = False
        self._waiting: deque[Letter] = deque()
        self._followed: dict[int, Subscription] = {}
        # Letters of this batch that the server took; `handed_at` vouches for them meanwhile.
        self._taken: list[int] = []
        self._prepared: OrderedDict[int, Prepared] = OrderedDict()

    def may_begin(self) -> bool:
        """Settle what killed processes left; False while the server is left alone."""
        with self._sessions.begin() as session:
            outbox.settle(session, now=self._clock())
            return not outbox.is_away(session, now=self._clock())

    def send_some(self) -> bool:
        """Claim and send one batch; False when it was the last of this round."""
        with self._sessions.begin() as session:
            claimed = outbox.claim(
                session,
                now=self._clock(),
                limit=_BATCH,
                per_domain=self._settings.mail_per_minute,
            )
            self._followed = subscribers.of_letters(session, claimed)
        self._waiting.extend(claimed)
        while self._waiting and not self.report.stopped:
            self._send_together()
        self._note_taken()
        return bool(claimed) and not self.report.stopped

    def _send_together(self) -> None:
        """One letter on each connection: while the server thinks about one, the next is said."""
        connections = self._connections(1 + len(self._waiting) // _EACH)
        handovers = [
            _Handover(letter, mailer.talk(mail))
            for mailer, (letter, mail) in zip(connections, self._mails(), strict=False)
        ]
        while asking := [one for one in handovers if one.step is Step.WAITING]:
            for one in asking:
                self._go_on(one)
        ready = [one for one in handovers if one.step is Step.HANDING_OVER]
        with self._sessions.kw["bind"].connect() as connection:
            for one in ready:
                self._hand_over(one, connection)
        while asking := [one for one in ready if one.step is not None]:
            for one in asking:
                self._go_on(one)
        if self.report.stopped:
            self._give_back()

    def _hand_over(self, one: _Handover, connection: Connection) -> None:
        """Commit that it is handed over, and say its last line."""
        letter = one.letter
        assert letter.claimed_until is not None
        is_ours = outbox.handed_over(
            connection, letter.id, claim=letter.claimed_until, now=self._clock()
        )
        connection.commit()
        if is_ours:
            # Who is killed between the commit and the last line loses this letter: nothing else
            # may stand here.
            self._go_on(one)
        else:
            log.warning("letter was taken up by another process", id=letter.id)
            one.talk.close()
            one.step = None

    def _go_on(self, one: _Handover) -> None:
        try:
            one.step = next(one.talk)
        except StopIteration:
            one.step = None
            self._taken.append(one.letter.id)
            self.report.sent += 1
        except MailError as error:
            one.step = None
            if error.scope == "server":
                self._waiting.append(one.letter)
                self._away(error)
                return
            self._refused(one.letter, error)
            if error.scope == "talk":
                self.report.stopped = str(error)

    def _connections(self, wanted: int) -> list[Mailer]:
        """As many open ones as are wanted and the server allows; none: the round is stopped."""
        opened: list[Mailer] = []
        for mailer in self._mailers[:wanted]:
            try:
                mailer.connect()
            except MailError as error:
                # One that worked may have been one too many for the server.
                self._mailers.remove(mailer)
                if not (self._is_reached and self._mailers):
                    self._away(error)
                    return []
            else:
                self._is_reached = True
                opened.append(mailer)
        return opened

    def _away(self, error: MailError) -> None:
        """Nobody's letter is to blame: all wait, in their order, until it is asked again."""
        self.report.stopped = str(error)
        with self._sessions.begin() as session:
            outbox.away(session, now=self._clock())

    def _mails(self) -> Iterator[tuple[Letter, Outgoing]]:
        """The next letters as mails; those that cannot be written are noted and left out."""
        while self._waiting:
            letter = self._waiting.popleft()
            try:
                mail = self._mail(letter, self._followed.get(letter.subscription_id or 0))
            except MailError as error:
                self._refused(letter, error)
            else:
                yield letter, mail

    def _note_taken(self) -> None:
        if self._taken:
            with self._sessions.begin() as session:
                outbox.sent(session, self._taken, now=self._clock())
            self._taken.clear()

    def _give_back(self) -> None:
        with self._sessions.begin() as session:
            ids = [letter.id for letter in self._waiting]
            outbox.released(session, ids, error=self.report.stopped)
        self._waiting.clear()

    def _refused(self, letter: Letter, error: MailError) -> None:
        now, tries = self._clock(), letter.tries + 1
        lost = error.permanent or tries > len(BACK_OFF)
        with self._sessions.begin() as session:
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
            log.warning("letter failed", id=letter.id, kind=letter.kind, error=_unnamed(str(error)))
        else:
            self.report.postponed += 1

    def _mail(self, letter: Letter, subscription: Subscription | None) -> Outgoing:
        recipient = addresses.read(letter.address)
        if letter.priority and (subscription is None or not subscription.is_active):
            raise MailError("The subscription ended before this left.", permanent=True)
        marks, headers = _personal(self._settings, subscription)
        return self._content(letter).to(
            recipient,
            sender=bounce_address(self._settings, letter.id),
            message_id=message_id(self._settings, letter.id),
            date=self._clock(),
            marks=marks,
            headers=headers,
        )

    def _content(self, letter: Letter) -> Prepared:
        if letter.issue_id is None:
            content = render(
                letter.kind,
                letter.values,
                language=letter.language,
                base_url=self._settings.base_url,
            )
            return self._encoded(content, letter.language)
        if letter.issue_id not in self._prepared:
            with self._sessions() as session:
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
        return message.prepare(content, mail_from=self._settings.mail_from, language=language)


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


def _unnamed(answer: str) -> str:
    """What a server said, for the log: nobody's address stands there."""
    return re.sub(r"[^\s<>]+@[^\s<>]+", "…", answer)


@lru_cache(maxsize=8)
def _sender(mail_from: str) -> str:
    return parseaddr(mail_from)[1]
