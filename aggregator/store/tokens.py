"""Secret links: issued once, looked at as often as one likes, redeemed once.

Looking changes nothing, so a mail scanner that opens every link does no harm; only redeeming,
which a page does on POST, uses a token up.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from aggregator.store.tables import Token


def issue(
    session: Session,
    purpose: str,
    subject: str,
    *,
    now: datetime,
    lifetime: timedelta | None,
) -> str:
    """A new secret of 32 URL-safe characters; `lifetime` None makes one that does not expire."""
    secret = secrets.token_urlsafe(24)
    session.add(
        Token(
            hash=_hash(secret),
            purpose=purpose,
            subject=subject,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
        )
    )
    return secret


def subject_of(session: Session, purpose: str, secret: str, *, now: datetime) -> str | None:
    """Whom a secret is about; None when it is unknown, expired, used, or for something else."""
    return session.scalar(
        select(Token.subject).where(
            Token.hash == _hash(secret),
            Token.purpose == purpose,
            Token.used_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > now),
        )
    )


def redeem(session: Session, purpose: str, secret: str, *, now: datetime) -> str | None:
    """Like `subject_of`, and uses the secret up: of two at once, one gets None."""
    subject = subject_of(session, purpose, secret, now=now)
    if subject is None:
        return None
    used = session.execute(
        update(Token)
        .where(Token.hash == _hash(secret), Token.used_at.is_(None))
        .values(used_at=now)
    )
    assert isinstance(used, CursorResult)
    return subject if used.rowcount == 1 else None


def spent_on(session: Session, purpose: str, secret: str) -> str | None:
    """Whom a secret was about that has been redeemed; None for every other, and once forgotten."""
    return session.scalar(
        select(Token.subject).where(
            Token.hash == _hash(secret), Token.purpose == purpose, Token.used_at.is_not(None)
        )
    )


def revoke(session: Session, purpose: str, subject: str) -> None:
    """End all secrets of one purpose about one subject."""
    session.execute(delete(Token).where(Token.purpose == purpose, Token.subject == subject))


def forget(session: Session, now: datetime) -> int:
    """Drop the secrets that are used or over, and with them whom they were about; how many."""
    result = session.execute(
        delete(Token)
        .where(or_(Token.used_at.is_not(None), Token.expires_at <= now))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _hash(secret: str) -> str:
    # The secret is random and long, so a fast hash is enough.
    return hashlib.sha256(secret.encode()).hexdigest()
