"""Mails that came back: which letter, and what it means for the address (RFC 3464, 6533).

A bounce is believed only when it came to an address that we signed for that letter (VERP), so
nobody can end somebody else's subscription by forging one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, message_from_string, policy
from email.message import Message

from sqlalchemy.orm import Session

from aggregator.mail import links
from aggregator.mail.smtp import is_gone
from aggregator.publish.text import line
from aggregator.settings import Settings
from aggregator.store import subscribers
from aggregator.store.tables import Letter

TOLERATED = 5
"""Bounces of a mailbox that exists (full, too slow) before it is left alone."""
_READ = 20_000

_TAG = re.compile(r"\+([0-9]{1,18}-[0-9a-f]{16})@", re.IGNORECASE)
_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
"""RFC 3464, and RFC 6533 for mails to addresses in Unicode."""
_STATUS = re.compile(r"\b([45]\.[0-9]{1,3}\.[0-9]{1,3})\b")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What one returned mail says."""

    letter_id: int
    address: str
    status: str
    """RFC 3463, `5.1.1`; empty when it gives none."""
    detail: str
    outcome: str
    """`suspended`, `counted`, or `ignored` (a delay, an automatic answer)."""


def take(session: Session, body: bytes, *, settings: Settings, now: datetime) -> Bounce | None:
    """Note one returned mail; None when it is about no letter of ours. The caller commits."""
    message = message_from_bytes(body[:2_000_000], policy=policy.compat32)
    letter = _letter(session, message, settings)
    if letter is None:
        return None
    status, detail, failed = _read(message)
    letter.last_error = f"Came back: {detail}"[:500]
    if not failed:
        outcome = "ignored"
    elif is_gone(f"{status[:1] or '4'}50 {status}"):
        subscribers.suspend(session, letter.address, now=now, reason=detail)
        outcome = "suspended"
    else:
        count = subscribers.count_bounce(session, letter.address)
        outcome = "counted"
        if count >= TOLERATED:
            subscribers.suspend(session, letter.address, now=now, reason=detail)
            outcome = "suspended"
    return Bounce(letter.id, letter.address, status, detail, outcome)


def _letter(session: Session, message: Message, settings: Settings) -> Letter | None:
    secret = settings.secret_key.get_secret_value()
    for name in _HEADERS:
        for value in message.get_all(name, []):
            for tag in _TAG.findall(str(value)):
                letter_id = links.bounced(secret, tag)
                letter = session.get(Letter, letter_id) if letter_id is not None else None
                if letter is not None:
                    return letter
    return None


def _read(message: Message) -> tuple[str, str, bool]:
    """Status, what was said, and whether delivery has failed."""
    if str(message.get("Auto-Submitted", "")).lower().startswith("auto-replied") and (
        message.get_content_type() != "multipart/report"
    ):
        return "", "An automatic answer.", False
    for part in message.walk():
        if part.get_content_type() in _REPORTS:
            return _report(_blocks(part))
    text = _text(message)
    found = _STATUS.search(text)
    return found[1] if found else "", line(text)[:300], found is not None and found[1][0] == "5"


def _blocks(part: Message) -> list[Message]:
    """About the mail, then about each of its readers."""
    payload = part.get_payload()
    blocks = [block for block in payload if isinstance(block, Message)] if payload else []
    if part.get_content_type() == _REPORTS[0]:
        return blocks
    # The standard library takes what follows the first block for a text.
    rest = blocks[0].get_payload(decode=True) if blocks else None
    told = rest.decode("utf-8", "replace") if isinstance(rest, bytes) else ""
    return [message_from_string(block) for block in re.split(r"\r?\n\r?\n", told)]


def _report(blocks: Sequence[Message]) -> tuple[str, str, bool]:
    for block in blocks:
        if block.get("Action"):
            action = line(str(block["Action"])).lower()
            found = _STATUS.search(str(block.get("Status", "")))
            status = found[1] if found else ""
            detail = line(f"{action} {status} {block.get('Diagnostic-Code', '')}")[:300]
            return status, detail, action == "failed"
    return "", "A report that says nothing.", False


def _text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return content[:_READ].decode("utf-8", "replace")
    return ""
