"""The Mailer that speaks SMTP (RFC 5321): plain, over TLS, or with STARTTLS.

A server that hangs, drips, drops the line or answers nonsense costs bounded time and becomes a
MailError. Knows no letter and no template.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from urllib.parse import unquote, urlsplit

from aggregator.errors import MailError
from aggregator.mail.mailer import Step, Talk
from aggregator.mail.message import Outgoing

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_PER_CONNECTION = 100
"""Mails after which a new connection is made, as large providers ask for."""
_IDLE = 5.0
"""Seconds after which a server is asked whether it still listens."""
_EXPECTED = ((250, "server"), (250, "mailbox"), (354, "message"))
"""What MAIL, RCPT and DATA should be answered, and what another answer is about."""
_BREAKS = (OSError, smtplib.SMTPException, ValueError, UnicodeError)
"""What a talk that cannot go on raises."""


class SmtpMailer:
    """Sends through one server, keeping the connection between mails."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30,
        total: float = 120,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout` seconds for each answer, `total` for one mail whatever the server does."""
        self._address = urlsplit(url)
        self._timeout = timeout
        self._total = total
        self._tls = tls
        self._watchdog: _Watchdog | None = None
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0
        self._used_at = 0.0

    def connect(self) -> None:
        """See Mailer.connect."""
        with self._bounded():
            self._connection()

    def offer(self, sender: str, recipient: str) -> None:
        """Ask whether a letter would be taken, and send none; raises MailError as a talk does."""
        with self._bounded():
            smtp = self._connection()
            self._expect(smtp.docmd("MAIL", f"FROM:<{sender}>"), 250, "server")
            self._expect(smtp.docmd("RCPT", f"TO:<{recipient}>"), 250, "mailbox")
            smtp.rset()

    def talk(self, mail: Outgoing) -> Talk:
        """See Mailer.talk."""
        with self._bounded():
            smtp = self._connection()
            with _over_this_letter():
                yield from self._envelope(smtp, mail)
                smtp.send(_stuffed(mail.body))
                yield Step.HANDING_OVER
                smtp.send(b".\r\n")
                yield Step.WAITING
                answer = self._expect(smtp.getreply(), 250, "message")
            self._sent += 1
            return answer

    def close(self) -> None:
        """See Mailer.close."""
        if self._watchdog is not None and self._watchdog.deadline is not None:
            # A talk was left half-way: a good-bye would be read as its text.
            self._drop()
        if self._smtp is not None:
            with suppress(MailError), self._bounded():
                self._say_good_bye()

    def _say_good_bye(self) -> None:
        assert self._smtp is not None
        # What a server has to say to it changes nothing.
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()
        self._drop()

    def _envelope(self, smtp: smtplib.SMTP, mail: Outgoing) -> Iterator[Step]:
        """From whom, to whom, and that the text comes now; at once where the server can."""
        options = ""
        if not mail.recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                raise MailError(
                    f"The mail server cannot write to {mail.recipient!r}: it lacks SMTPUTF8.",
                    permanent=True,
                )
            options = " SMTPUTF8"
        if smtp.does_esmtp and smtp.has_extn("size"):
            options += f" SIZE={len(mail.body)}"
        commands = (f"MAIL FROM:<{mail.sender}>{options}", f"RCPT TO:<{mail.recipient}>", "DATA")
        assert not any("\r" in command or "\n" in command for command in commands)
        if smtp.has_extn("pipelining"):
            yield from self._pipelined(smtp, commands)
            return
        for command, (code, scope) in zip(commands, _EXPECTED, strict=True):
            smtp.send(f"{command}\r\n".encode())
            yield Step.WAITING
            self._expect(smtp.getreply(), code, scope)

    def _pipelined(self, smtp: smtplib.SMTP, commands: Sequence[str]) -> Iterator[Step]:
        """Say all commands at once, and read all answers before one is judged (RFC 2920)."""
        smtp.send("\r\n".join([*commands, ""]).encode())
        yield Step.WAITING
        replies: list[tuple[int, bytes]] = []
        while len(replies) < len(commands) and not (replies and replies[-1][0] == 421):
            replies.append(smtp.getreply())
        try:
            for reply, (code, scope) in zip(replies, _EXPECTED, strict=False):
                self._expect(reply, code, scope)
        except MailError:
            if replies[-1][0] == 354:
                # It refused the address and waits for a text all the same.
                self._drop()
            raise

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is not None and self._sent >= _PER_CONNECTION:
            self._say_good_bye()
        if self._smtp is not None and monotonic() - self._used_at > _IDLE and not self._awake():
            self._drop()
        if self._smtp is None:
            self._connect()
            self._sent = 0
        self._used_at = monotonic()
        assert self._smtp is not None
        return self._smtp

    def _awake(self) -> bool:
        """Whether the server still holds the connection it was left with."""
        assert self._smtp is not None
        try:
            return self._smtp.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _connect(self) -> None:
        scheme = self._address.scheme
        if scheme != "smtp" and self._tls is None:
            self._tls = ssl.create_default_context()
        host, port = self._address.hostname or "", self._address.port or _PORTS[scheme]
        smtp: smtplib.SMTP
        if scheme == "smtps":
            smtp = smtplib.SMTP_SSL(timeout=self._timeout, context=self._tls)
        else:
            smtp = smtplib.SMTP(timeout=self._timeout)
        # smtplib names the host it checks certificates for only when it connects by itself.
        smtp._host = host  # type: ignore[attr-defined]
        self._smtp = smtp
        self._expect(smtp.connect(host, port), 220, "server")
        if smtp.sock is not None:
            # The last line is a packet of its own: it must not wait for the others' receipt.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if scheme == "smtp+starttls":
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
        if self._address.username:
            self._sign_in(
                smtp, unquote(self._address.username), unquote(self._address.password or "")
            )

    def _sign_in(self, smtp: smtplib.SMTP, user: str, password: str) -> None:
        if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
            smtp.login(user, password)
            return
        # smtplib knows ASCII passwords only; RFC 4616 has them in UTF-8.
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self._expect(smtp.docmd("AUTH", f"PLAIN {secret}"), 235, "server")

    def _expect(self, reply: tuple[int, bytes], code: int, scope: str) -> str:
        status, words = reply
        text = f"{status} {words.decode('utf-8', 'replace')}".replace("\n", " ")[:400]
        if status == code or (code == 250 and status == 251):
            return text
        if scope == "server" and status != 552:
            # It refuses our sender: the operator's to mend, no reason to lose a letter.
            raise MailError(f"The mail server refuses us: {text}", permanent=False, scope=scope)
        if status == 421 or not 400 <= status < 600:
            raise smtplib.SMTPServerDisconnected(f"it answered {text}")
        # Told its size, a server refuses this mail and no other with 552 (RFC 1870).
        permanent = status >= 500
        if scope == "server":
            scope = "message"
        elif scope == "mailbox" and permanent and not is_gone(text):
            # Relaying denied, a sender not known: more often ours to mend than the reader's.
            permanent, scope = False, "message"
        raise MailError(f"The mail server answered {text}", permanent=permanent, scope=scope)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Turn whatever goes wrong into a MailError, after `total` seconds at the latest."""
        if self._watchdog is None:
            self._watchdog = _Watchdog(self._cut, self._total)
            self._watchdog.start()
        watchdog = self._watchdog
        watchdog.deadline = monotonic() + self._total
        try:
            yield
        except MailError as error:
            # The next mail finds a connection where nothing is begun.
            if error.scope in {"server", "talk"} or not self._started_over():
                self._drop()
            raise
        except _BREAKS as error:
            self._drop()
            said = f"The mail server {self._address.hostname} could not be used"
            raise _broken(said, error) from error
        except BaseException:
            # A text half said must not be ended by the next mail's first words.
            self._drop()
            raise
        finally:
            watchdog.deadline = None
            if self._smtp is None:
                self._unwatch()

    def _started_over(self) -> bool:
        try:
            return self._smtp is None or self._smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _cut(self) -> None:
        # From the watchdog's thread: the waiting read ends at once with an error.
        sock = self._smtp.sock if self._smtp is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _unwatch(self) -> None:
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.ended.set()


class _Watchdog(threading.Thread):
    """Cuts a talk that is not over at its deadline; one for all mails of a connection."""

    def __init__(self, cut: Callable[[], None], total: float) -> None:
        super().__init__(name="smtp watchdog", daemon=True)
        self._cut, self._total = cut, total
        self.deadline: float | None = None
        """Of the mail that is on its way (`monotonic`); None between mails."""
        self.ended = threading.Event()

    def run(self) -> None:
        """Sleep until the deadline; a new one is never nearer than what is slept for."""
        while not self.ended.wait(self._left()):
            if self._left() <= 0:
                self._cut()
                return

    def _left(self) -> float:
        deadline = self.deadline
        return self._total if deadline is None else max(deadline - monotonic(), 0)


@contextmanager
def _over_this_letter() -> Iterator[None]:
    """What breaks off once a letter was begun may be the server's fault or the letter's."""
    try:
        yield
    except _BREAKS as error:
        said = "The mail server broke off in the middle of this letter"
        raise _broken(said, error, scope="talk") from error


def _broken(said: str, error: Exception, *, scope: str = "server") -> MailError:
    why = str(error) or type(error).__name__
    return MailError(f"{said}: {why}"[:400], permanent=False, scope=scope)


def _stuffed(body: bytes) -> bytes:
    """The text with a dot before each line that begins with one (RFC 5321 §4.5.2)."""
    stuffed = body.replace(b"\n.", b"\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


_GONE = re.compile(r"\b5\.(1\.([0-46]|10)|2\.1|4\.4)\b")
_ABOUT_US = re.compile(r"relay|sender|authenti", re.IGNORECASE)


def is_gone(answer: str) -> bool:
    """Whether a refusal means that the mailbox does not exist (RFC 3463), rather than a policy.

    >>> is_gone("550 5.1.1 No such user"), is_gone("550 5.7.1 Looks like spam")
    (True, False)

    What is said of the sender says nothing of the mailbox:

    >>> is_gone("550 5.1.8 Sender's domain not found"), is_gone("550 relay not permitted")
    (False, False)
    """
    if re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", answer):
        return _GONE.search(answer) is not None
    return answer.startswith(("550 ", "551 ", "553 ")) and not _ABOUT_US.search(answer)
