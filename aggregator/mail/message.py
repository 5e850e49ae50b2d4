"""One mail as bytes for a mail server: headers, a plain part, an HTML part (RFC 5322, 2045). Pure.

What many mails share is encoded once (`prepare`); only the address, the ids and each
subscriber's own links are put in per mail (`Prepared.to`).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from aggregator.publish.text import line, safe

MANAGE_MARK, LEAVE_MARK = "@@MANAGE@@", "@@LEAVE@@"
"""Stand in a content where each subscriber's own links go."""

_MARKS = re.compile("(@@MANAGE@@|@@LEAVE@@)")


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says: the same for all who get it, but for the marks."""

    subject: str
    text: str
    html: str

    def filled(self, marks: Mapping[str, str]) -> Content:
        """The content with the marks replaced, to look at."""
        return Content(self.subject, _filled(self.text, marks), _filled(self.html, marks))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One mail on its way: envelope and bytes (lines end in CRLF, dots not doubled)."""

    sender: str
    recipient: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A content, encoded once for all who get it."""

    _head: bytes
    _text: tuple[bytes | str, ...]
    _html: tuple[bytes | str, ...]

    def to(
        self,
        recipient: str,
        *,
        sender: str,
        message_id: str,
        date: datetime,
        marks: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> Outgoing:
        """The mail to one address; `headers` are ASCII and already safe."""
        boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:24]}"
        own = {
            "To": recipient,
            "Message-ID": message_id,
            "Date": format_datetime(date.astimezone(UTC)),
            **headers,
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        }
        # The address was read by `addresses.read`, so it has no line break to add headers by.
        assert not any("\n" in value or "\r" in value for value in own.values())
        lines = "".join(f"{name}: {value}\r\n" for name, value in own.items()).encode()
        parts = [
            part
            for kind, pieces in (("plain", self._text), ("html", self._html))
            for part in (
                f"\r\n--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode(),
                *(_piece(piece, marks) for piece in pieces),
            )
        ]
        body = b"".join([self._head, lines, *parts, f"\r\n--{boundary}--\r\n".encode()])
        return Outgoing(sender, recipient, body)


def prepare(content: Content, *, mail_from: str, language: str) -> Prepared:
    """The content encoded; hostile subjects and names stay within their headers."""
    head = EmailMessage(policy=SMTP)
    name, address = parseaddr(mail_from)
    head["From"] = f'"{line(name)}" <{address}>' if name else address
    head["Subject"] = line(content.subject)[:250] or "Fil commun"
    head["Content-Language"] = language
    # RFC 3834: nobody's holiday notice should answer a machine.
    head["Auto-Submitted"] = "auto-generated"
    return Prepared(
        bytes(head).removesuffix(b"\r\n"), _encoded(content.text), _encoded(content.html)
    )


def _encoded(text: str) -> tuple[bytes | str, ...]:
    return tuple(
        piece if _MARKS.fullmatch(piece) else quoted_printable(piece)
        for piece in _MARKS.split(safe(text).replace("\r\n", "\n").replace("\r", "\n"))
    )


def quoted_printable(text: str) -> bytes:
    """RFC 2045 §6.7, lines ending in CRLF; the last line may go on in another piece."""
    encoded = binascii.b2a_qp(text.encode(), istext=True)
    return re.sub(rb"\r?\n", b"\r\n", encoded)


def _piece(piece: bytes | str, marks: Mapping[str, str]) -> bytes:
    if isinstance(piece, bytes):
        return piece
    # Soft line breaks around a link keep every line within 76 characters.
    return b"=\r\n" + quoted_printable(marks[piece]) + b"=\r\n"


def _filled(text: str, marks: Mapping[str, str]) -> str:
    return _MARKS.sub(lambda mark: marks[mark[0]], text)
