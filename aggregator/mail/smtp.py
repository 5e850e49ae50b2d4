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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from urllib.parse import unquote, urlsplit

from aggregator.errors import MailError
from aggregator.mail.message import Outgoing

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_PER_CONNECTION = 100
"""Mails after which a new connection is made, as large providers ask for."""
_IDLE = 5.0
"""Seconds after which a server is asked whether it still listens."""


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
        self._tls = tls or ssl.create_default_context()
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0
        self._used_at = 0.0

    def send(self, mail: Outgoing, *, handing_over: Callable[[], None]) -> str:
        """See Mailer.send."""
        with self._bounded():
            smtp = self._connection()
            self._envelope(smtp, mail)
            self._expect(smtp.docmd("DATA"), 354, "message")
            smtp.send(re.sub(rb"(?m)^\.", b"..", mail.body))
            handing_over()
            smtp.send(b".\r\n")
            answer = self._expect(smtp.getreply(), 250, "message")
            self._sent += 1
            return answer

    def close(self) -> None:
        """See Mailer.close."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            # What a server has to say to our good-bye changes nothing.
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    def _envelope(self, smtp: smtplib.SMTP, mail: Outgoing) -> None:
        options = []
        if not mail.recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                raise MailError(
                    f"The mail server cannot write to {mail.recipient!r}: it lacks SMTPUTF8.",
                    permanent=True,
                )
            options = ["SMTPUTF8"]
            smtp.command_encoding = "utf-8"
        if smtp.does_esmtp and smtp.has_extn("size"):
            options.append(f"SIZE={len(mail.body)}")
        try:
            self._expect(smtp.mail(mail.sender, options), 250, "server")
            self._expect(smtp.rcpt(mail.recipient), 250, "mailbox")
        finally:
            smtp.command_encoding = "ascii"

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is not None and self._sent >= _PER_CONNECTION:
            self.close()
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
        if status == 421 or not 400 <= status < 600:
            self._drop()
            raise MailError(
                f"The mail server ended the talk: {text}", permanent=False, scope="server"
            )
        if scope == "server":
            # It refuses our sender: the operator's to mend, no reason to lose a letter.
            raise MailError(f"The mail server refuses us: {text}", permanent=False, scope=scope)
        permanent = status >= 500
        if scope == "mailbox" and permanent and not is_gone(text):
            scope = "message"
        raise MailError(f"The mail server answered {text}", permanent=permanent, scope=scope)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Turn whatever goes wrong into a MailError, after `total` seconds at the latest."""
        watchdog = threading.Timer(self._total, self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        except MailError as error:
            # The next mail finds a connection where nothing is begun.
            if error.scope == "server" or not self._started_over():
                self._drop()
            raise
        except (OSError, smtplib.SMTPException, ValueError, UnicodeError) as error:
            self._drop()
            raise MailError(
                f"The mail server {self._address.hostname} could not be used: "
                f"{str(error) or type(error).__name__}"[:400],
                permanent=False,
                scope="server",
            ) from error
        finally:
            watchdog.cancel()

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


_GONE = re.compile(r"\b5\.(1\.[0-9]+|2\.1|4\.4)\b")


def is_gone(answer: str) -> bool:
    """Whether a refusal means that the mailbox does not exist (RFC 3463), rather than a policy.

    >>> is_gone("550 5.1.1 No such user"), is_gone("550 5.7.1 Looks like spam")
    (True, False)
    """
    if re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", answer):
        return _GONE.search(answer) is not None
    return answer.startswith(("550 ", "551 ", "553 "))
