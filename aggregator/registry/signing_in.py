"""Links by mail and the sessions they open: no account, no password, revocable.

A link is looked at as often as mail scanners like and opens one session, once. Whoever asks gets
the same answer, so nobody learns which addresses are known here.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.store import tokens

LINK: Final = timedelta(minutes=30)
"""How long a link to sign in works."""
SESSION: Final = timedelta(days=30)

_LOCAL: Final = r"[^@\s<>\"(),:;\\\[\]]{1,64}"
_LABEL: Final = r"[^@\s.<>\"(),:;\\\[\]/]{1,63}"
_EMAIL: Final = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+{_LABEL}")


def email_address(text: str) -> str:
    """The address as mails go to it: trimmed, its domain in small letters; raises Refused."""
    text = text.strip()
    if len(text) > 254 or not _EMAIL.fullmatch(text) or not text.isprintable():
        raise Refused("not_an_email", email=text[:100])
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def same_address(first: str, second: str) -> bool:
    """Whether two addresses are one, as people mean it: case does not count."""
    return first.casefold() == second.casefold()


def open_session(session: Session, purpose: str, secret: str, *, now: datetime) -> str | None:
    """Use a link up and open a session with it: the cookie's value; None when the link is dead."""
    subject = tokens.redeem(session, f"{purpose}_link", secret, now=now)
    return None if subject is None else issue_session(session, purpose, subject, now=now)


def issue_session(session: Session, purpose: str, subject: str, *, now: datetime) -> str:
    """A session for somebody who has proved to be `subject`: the cookie's value."""
    return tokens.issue(session, f"{purpose}_session", subject, now=now, lifetime=SESSION)


def subject_of(session: Session, purpose: str, cookie: str, *, now: datetime) -> str | None:
    """Whose session a cookie is; None when it is over, revoked or forged."""
    return tokens.subject_of(session, f"{purpose}_session", cookie, now=now)


def close_session(session: Session, purpose: str, cookie: str, *, now: datetime) -> None:
    """End one session."""
    tokens.redeem(session, f"{purpose}_session", cookie, now=now)


def close_all(session: Session, purpose: str, subject: str) -> None:
    """End all sessions of someone, and the links not yet used."""
    tokens.revoke(session, f"{purpose}_session", subject)
    tokens.revoke(session, f"{purpose}_link", subject)
