"""« Qui peut nous aider ? »: a resident's short public request, and the groups that may answer.

The author's address stays here: groups answer through us. Moderated before it is shown, closed
by its author, or by itself after two months.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import keepers, profile, signing_in
from aggregator.registry.wording import REFUSAL_REASONS
from aggregator.store import directory, outbox, tokens
from aggregator.store.tables import Group, HelpRequest, Moderator
from aggregator.taxonomy import areas, terms

CONFIRMATION: Final = timedelta(hours=48)
OPEN: Final = timedelta(days=60)
MOST_TOLD: Final = 30
"""Groups told of one request: the nearest first."""
REMEMBERED: Final = timedelta(days=30)
"""After its end, how long we know who asked."""


def ask(
    session: Session,
    *,
    title: str,
    text: str,
    skill: str,
    area: str,
    email: str,
    now: datetime,
    name: str = "",
    language: str = "fr",
) -> HelpRequest:
    """Write a request; a mailed link confirms it, then a moderator reads it. Raises Refused."""
    email = signing_in.email_address(email)
    for dimension, slug in (("skill", skill), ("area", area)):
        if not terms.is_term(dimension, slug):
            raise Refused("unknown_value", field=dimension, value=slug[:100])
    title = profile.plain(title, "title", 200)
    text = profile.paragraphs(text, "text", 3000)
    for field, value in (("title", title), ("text", text)):
        if not value:
            raise Refused("missing", field=field)
    request = HelpRequest(
        title=title,
        text=text,
        skill=skill,
        area=area,
        name=profile.plain(name, "name", 100),
        email=email,
        language=language,
        created_at=now,
    )
    session.add(request)
    session.flush()
    secret = tokens.issue(session, "help_link", str(request.id), now=now, lifetime=CONFIRMATION)
    hours = int(CONFIRMATION.total_seconds() // 3600)
    _write(session, request, "help_confirm", f"/demandes/confirmer/{secret}", now, hours=hours)
    return request


def look(session: Session, secret: str, *, now: datetime) -> HelpRequest | None:
    """The request a confirmation is about; changes nothing; None when the link is dead."""
    return _of(session, tokens.subject_of(session, "help_link", secret, now=now))


def confirm(session: Session, secret: str, *, now: datetime) -> HelpRequest:
    """The address is right: the request waits for a moderator; raises Refused for a dead link."""
    request = _of(session, tokens.redeem(session, "help_link", secret, now=now))
    if request is None:
        raise Refused("not_found")
    request.state = "waiting"
    return request


def waiting(session: Session) -> Sequence[HelpRequest]:
    """What moderators have to read, the oldest first."""
    return session.scalars(
        select(HelpRequest)
        .where(HelpRequest.state == "waiting")
        .order_by(HelpRequest.created_at, HelpRequest.id)
    ).all()


def publish(session: Session, request: HelpRequest, moderator: Moderator, *, now: datetime) -> int:
    """Show it and tell the groups that may help; how many were told. Raises Refused when it was
    decided already."""
    _decide(session, request, moderator, "published")
    request.published_at, request.closes_at = now, now + OPEN
    groups = offering(session, request.skill, request.area)[:MOST_TOLD]
    for group in groups:
        for keeper in keepers.full(session, group):
            values = {
                "title": request.title,
                "text": request.text,
                "skill": terms.term("skill", request.skill).label(keeper.language),
                "area": areas.area(request.area).name,
                "name": request.name,
                "group": group.name,
                "path": f"/demandes/{request.id}",
            }
            outbox.write(
                session,
                "help_told",
                keeper.email,
                now=now,
                language=keeper.language,
                values=values,
            )
    request.told = sum(bool(keepers.full(session, group)) for group in groups)
    secret = tokens.issue(session, "help_manage", str(request.id), now=now, lifetime=2 * OPEN)
    path = f"/demandes/gerer/{secret}"
    _write(session, request, "help_published", path, now, told=request.told)
    return request.told


def refuse(
    session: Session,
    request: HelpRequest,
    moderator: Moderator,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Do not show it; the author is told why. Raises Refused."""
    if reason not in REFUSAL_REASONS:
        raise Refused("reason_needed")
    _decide(session, request, moderator, "refused")
    request.reason, request.closed_at = reason, now
    _write(session, request, "help_refused", "/demandes", now, reason=reason)


def public(session: Session, *, skill: str | None = None) -> Sequence[HelpRequest]:
    """Those that are open, the newest first."""
    query = select(HelpRequest).where(HelpRequest.state == "published")
    if skill is not None:
        query = query.where(HelpRequest.skill == skill)
    return session.scalars(
        query.order_by(HelpRequest.published_at.desc(), HelpRequest.id.desc())
    ).all()


def by_id(session: Session, id_: int) -> HelpRequest | None:
    """One that pages may show, closed ones too; None for others."""
    request = session.get(HelpRequest, id_)
    shown = request is not None and request.state in {"published", "closed"}
    return request if shown else None


def answer(
    session: Session,
    request: HelpRequest,
    group: Group,
    email: str,
    text: str,
    *,
    now: datetime,
) -> None:
    """A full keeper answers for the group; the author gets it with the keeper's address, who
    learns the author's only if they write back. Raises Refused."""
    keeper = keepers.require(session, group, email, full=True)
    if request.state != "published":
        raise Refused("gone", subject=request.title)
    text = profile.paragraphs(text, "text", 3000)
    if not text:
        raise Refused("missing", field="text")
    values = {
        "title": request.title,
        "text": text,
        "group": group.name,
        "reply_to": keeper.email,
    }
    outbox.write(
        session, "help_answer", request.email, now=now, language=request.language, values=values
    )


def look_manage(session: Session, secret: str, *, now: datetime) -> HelpRequest | None:
    """The request an author's link manages; changes nothing; None when it is dead."""
    return _of(session, tokens.subject_of(session, "help_manage", secret, now=now))


def close(session: Session, secret: str, *, now: datetime) -> HelpRequest:
    """Its author closes it; raises Refused for a dead link."""
    request = _of(session, tokens.redeem(session, "help_manage", secret, now=now))
    if request is None:
        raise Refused("not_found")
    request.state, request.closed_at = "closed", now
    return request


def close_due(session: Session, now: datetime) -> int:
    """Close what has been open long enough; how many. A job of the worker."""
    due = session.scalars(
        select(HelpRequest).where(HelpRequest.state == "published", HelpRequest.closes_at <= now)
    ).all()
    for request in due:
        request.state, request.closed_at = "closed", now
    return len(due)


def offering(session: Session, skill: str, area: str) -> list[Group]:
    """Groups that offer a skill in an area: those that work right there first, then inside it,
    then in what is around it; by name."""
    inside, around = set(areas.descendants(area)), set(areas.ancestors(area))
    found = []
    for group in directory.groups(session, {"skill": [skill]}, sources=False):
        there = set(group.terms("area"))
        rank = 0 if area in there else 1 if there & inside else 2 if there & around else None
        if rank is not None:
            found.append((rank, group.name.casefold(), group))
    return [group for _, _, group in sorted(found, key=lambda row: row[:2])]


def counts(session: Session) -> dict[str, int]:
    """How many requests are in each state; states without any are absent."""
    rows = session.execute(
        select(HelpRequest.state, func.count(HelpRequest.id)).group_by(HelpRequest.state)
    )
    return {row[0]: row[1] for row in rows}


def _of(session: Session, subject: str | None) -> HelpRequest | None:
    return session.get(HelpRequest, int(subject)) if subject is not None else None


def _decide(session: Session, request: HelpRequest, moderator: Moderator, state: str) -> None:
    """Of two moderators at once, one decides."""
    if moderator.left_at is not None:
        raise Refused("not_allowed", who="moderator")
    claimed = session.execute(
        update(HelpRequest)
        .where(HelpRequest.id == request.id, HelpRequest.state == "waiting")
        .values(state=state)
        .returning(HelpRequest.id)
    ).all()
    if not claimed:
        raise Refused("already_decided")
    session.refresh(request)


def _write(
    session: Session, request: HelpRequest, kind: str, path: str, now: datetime, **more: object
) -> None:
    values = {"title": request.title, "path": path, **more}
    outbox.write(session, kind, request.email, now=now, language=request.language, values=values)


def forget(session: Session, now: datetime) -> int:
    """Erase who asked, a month after a request ended or was never confirmed; how many."""
    result = session.execute(
        update(HelpRequest)
        .where(
            HelpRequest.state.in_(("confirming", "closed", "refused")),
            func.coalesce(HelpRequest.closed_at, HelpRequest.created_at) < now - REMEMBERED,
            HelpRequest.email != "",
        )
        .values(email="", name="")
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
