"""Signed links in mails: whom they are about and for what, without a row for each. Pure.

A link is `id.signature` (HMAC-SHA256, 128 bits). It works as long as the secret key and the
subscriber's nonce stay, since people open old mails; a new nonce ends all earlier links.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

LEAVE, MANAGE = "leave", "manage"
"""Purposes: what a link may do. One for leaving manages nothing."""

_LINK = re.compile(r"([1-9][0-9]{0,17})\.([A-Za-z0-9_-]{22})")


def sign(secret: str, purpose: str, subject: int, nonce: str) -> str:
    """The link for one subject (a row's id)."""
    return f"{subject}.{_signature(secret, purpose, subject, nonce)}"


def subject(link: str) -> int | None:
    """Whom a link says it is about, not yet verified; None when it is no link at all."""
    found = _LINK.fullmatch(link) if len(link) < 64 else None
    return int(found[1]) if found else None


def verify(secret: str, purpose: str, link: str, nonce: str) -> bool:
    """Whether we signed this link for this purpose and nonce."""
    number = subject(link)
    if number is None:
        return False
    return hmac.compare_digest(link.encode(), sign(secret, purpose, number, nonce).encode())


def bounce_tag(secret: str, letter_id: int) -> str:
    """What names a letter in the address it comes back to: digits, a dash, hexadecimal.

    Short and in lower case, for a local part holds 64 characters and servers change its case.
    """
    text = f"bounce\n{letter_id}".encode()
    return f"{letter_id}-{hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:16]}"


def bounced(secret: str, tag: str) -> int | None:
    """The letter that a tag of ours names; None for any other tag."""
    number, _, _ = tag.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    genuine = bounce_tag(secret, int(number))
    return int(number) if hmac.compare_digest(genuine.encode(), tag.lower().encode()) else None


def _signature(secret: str, purpose: str, subject: int, nonce: str) -> str:
    text = f"{purpose}\n{subject}\n{nonce}".encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
