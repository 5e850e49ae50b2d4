"""Who moderates: appointed by a command or an administrator, signed in by a mailed link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import signing_in
from aggregator.store import outbox, tokens
from aggregator.store.tables import Moderator

ROLES: Final = ("moderator", "administrator")
INVITATION: Final = timedelta(days=3)


def appoint(
    session: Session,
    email: str,
    *,
    name: str,
    now: datetime,
    role: str = "moderator",
    language: str = "fr",
) -> Moderator:
    """Make someone a moderator and mail them a link; for one who is already, change name and role.

    Raises Refused for what is no address or role.
    """
    email = signing_in.email_address(email)
    if role not in ROLES:
        raise Refused("unknown_value", field="role", value=role)
    name = " ".join(name.split())[:100]
    if not name:
        raise Refused("missing", field="name")
    moderator = _by_email(session, email)
    if moderator is None:
        moderator = Moderator(email=email, added_at=now)
        session.add(moderator)
    moderator.name, moderator.role, moderator.language = name, role, language
    moderator.left_at = None
    session.flush()
    path = _link(session, moderator, now=now, lifetime=INVITATION)
    hours = int(INVITATION.total_seconds() // 3600)
    values = {"role": role, "name": name, "path": path, "hours": hours}
    outbox.write(session, "moderator_invited", email, now=now, language=language, values=values)
    return moderator


def ask_link(session: Session, email: str, *, now: datetime) -> None:
    """Mail a link to sign in, if this is a moderator's address; the answer is always the same."""
    moderator = _by_email(session, signing_in.email_address(email))
    if moderator is None or moderator.left_at is not None:
        return
    path = _link(session, moderator, now=now, lifetime=signing_in.LINK)
    minutes = int(signing_in.LINK.total_seconds() // 60)
    outbox.write(
        session,
        "moderator_link",
        moderator.email,
        now=now,
        language=moderator.language,
        values={"path": path, "minutes": minutes},
    )


def look_link(session: Session, secret: str, *, now: datetime) -> Moderator | None:
    """Whom a link would sign in; changes nothing; None when it is dead."""
    return _present(session, tokens.subject_of(session, "moderator_link", secret, now=now))


def open_session(session: Session, secret: str, *, now: datetime) -> str | None:
    """Sign in with a link: the cookie's value; None when the link is dead."""
    if look_link(session, secret, now=now) is None:
        return None
    return signing_in.open_session(session, "moderator", secret, now=now)


def of(session: Session, cookie: str, *, now: datetime) -> Moderator | None:
    """Who is signed in; None when nobody is."""
    return _present(session, signing_in.subject_of(session, "moderator", cookie, now=now))


def close_session(session: Session, cookie: str, *, now: datetime) -> None:
    """Sign out."""
    signing_in.close_session(session, "moderator", cookie, now=now)


def dismiss(session: Session, moderator: Moderator, *, now: datetime) -> None:
    """End someone's role and sessions, forget their address; their name stays in what they decided.

    Raises Refused for the last administrator.
    """
    others = select(func.count(Moderator.id)).where(
        Moderator.left_at.is_(None),
        Moderator.role == "administrator",
        Moderator.id != moderator.id,
    )
    if moderator.role == "administrator" and not session.scalar(others):
        raise Refused("last_administrator")
    moderator.left_at = now
    outbox.write(
        session,
        "moderator_dismissed",
        moderator.email,
        now=now,
        language=moderator.language,
        values={"name": moderator.name},
    )
    # The column is unique and never empty; `.invalid` is nobody's (RFC 2606).
    moderator.email = f"{moderator.id}@dismissed.invalid"
    signing_in.close_all(session, "moderator", str(moderator.id))


def listed(session: Session) -> Sequence[Moderator]:
    """Those who moderate now, by name."""
    return session.scalars(
        select(Moderator).where(Moderator.left_at.is_(None)).order_by(Moderator.name)
    ).all()


def _by_email(session: Session, email: str) -> Moderator | None:
    return session.scalar(select(Moderator).where(func.lower(Moderator.email) == email.lower()))


def _present(session: Session, subject: str | None) -> Moderator | None:
    moderator = session.get(Moderator, int(subject)) if subject is not None else None
    return moderator if moderator is not None and moderator.left_at is None else None


def _link(session: Session, moderator: Moderator, *, now: datetime, lifetime: timedelta) -> str:
    secret = tokens.issue(session, "moderator_link", str(moderator.id), now=now, lifetime=lifetime)
    return f"/moderation/entrer/{secret}"
