"""Proofs that a group owns its site: asked for here, looked for by `proofs`, kept up to date.

A proof speaks for the keeper who asked for it and for the address it was found at, no further.
Knows no exchange.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from aggregator.errors import Refused
from aggregator.registry import amendments, keepers, signing_in
from aggregator.registry.wording import sentence
from aggregator.store import outbox, tokens
from aggregator.store.suppressions import address_key
from aggregator.store.tables import Amendment, Group, Keeper, Ownership

METHODS: Final = ("rel_me", "well_known", "dns_txt", "feed_token", "email")
WELL_KNOWN: Final = "/.well-known/filcommun.txt"
EMAIL_LINK: Final = timedelta(hours=48)
_FIRST_CHECKS: Final = (1, 2, 5, 15, 60, 360, 1440)
"""Minutes until the next look while a proof that was asked for is not there."""
_RECHECK: Final = timedelta(days=30)
_LAPSED_AFTER: Final = 3
"""Looks in a row, a day apart, that no longer find a proof."""


def host_of(url: str | None) -> str:
    """The host of an address without `www.`, in small ASCII letters, with an odd port; empty when
    there is none."""
    return address_key(url or "").partition("/")[0].partition("?")[0]


def ask(
    session: Session,
    group: Group,
    keeper: Keeper,
    method: str,
    *,
    now: datetime,
    address: str | None = None,
    email: str | None = None,
) -> Ownership:
    """Ask for a proof at the group's home page, or at a new address that waits for one.

    `email` is needed for the method of that name; its domain must be the site's. Asked again, the
    same code stays and is looked for at once. Raises Refused.
    """
    if method not in METHODS:
        raise Refused("unknown_value", field="method", value=method[:50])
    address = address or _to_prove(group, method)
    if not host_of(address):
        raise Refused("missing", field="home")
    proof = session.scalar(
        select(Ownership).where(
            Ownership.group_id == group.id,
            Ownership.keeper_id == keeper.id,
            Ownership.method == method,
            Ownership.address == address,
        )
    )
    if proof is None:
        proof = Ownership(
            group=group,
            keeper=keeper,
            method=method,
            address=address,
            code=f"filcommun-{secrets.token_hex(10)}",
            asked_at=now,
        )
        session.add(proof)
    if proof.state != "proved":
        proof.state, proof.failures, proof.detail = "asked", 0, "proof_waiting"
    proof.next_check_at = None if method == "email" else now
    session.flush()
    if method == "email":
        _mail_code(session, proof, email or "", now)
    return proof


def of(session: Session, group: Group) -> Sequence[Ownership]:
    """All proofs asked for, the newest first."""
    query = select(Ownership).where(Ownership.group_id == group.id)
    return session.scalars(query.order_by(Ownership.id.desc())).all()


def is_proved(session: Session, group: Group) -> bool:
    """Whether one of its proofs holds now."""
    return any(proof.state == "proved" for proof in of(session, group))


def covers(session: Session, group: Group, url: str) -> bool:
    """Whether a proof of the group that holds now reaches an address."""
    return any(proof.state == "proved" and reaches(proof, url) for proof in of(session, group))


def reaches(proof: Ownership, url: str | None) -> bool:
    """Whether a proof says something of an address.

    A file, a record or a mailbox prove the host and those below it; a link or a code only the
    page or feed they stand in and what lies below that: hosts are shared.
    """
    if proof.method in {"well_known", "dns_txt", "email"}:
        host, proved = host_of(url), host_of(proof.address)
        return bool(host and proved) and (host == proved or host.endswith(f".{proved}"))
    key, proved = address_key(url or ""), address_key(proof.address)
    return bool(key and proved) and (key == proved or key.startswith(f"{proved}/"))


def proves_group(proof: Ownership) -> bool:
    """Whether the proof makes its keeper the group's: it reaches the home page, or is in a feed
    of the home page's own host or of the inventory. A feed that the registrant named elsewhere
    proves that feed only: anybody has one."""
    group = proof.group
    if reaches(proof, group.home):
        return True
    return proof.method == "feed_token" and any(
        address_key(source.address) == address_key(proof.address)
        and (bool(source.listed) or host_of(source.address) == host_of(group.home))
        for source in group.sources
    )


def instruction(proof: Ownership, *, language: str = "fr") -> str:
    """Where the group has to put what `snippet` gives, in one sentence."""
    parts = urlsplit(proof.address)
    return sentence(
        f"how_{proof.method}",
        language,
        address=proof.address,
        file=f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}",
        host=host_of(proof.address).partition(":")[0],
    )


def snippet(proof: Ownership, *, base_url: str) -> str:
    """What has to stand there, to be copied; empty where a mailed link is the proof."""
    if proof.method == "email":
        return ""
    if proof.method == "rel_me":
        return f'<a rel="me" href="{base_url}/groupes/{proof.group.slug}">Fil commun</a>'
    return proof.code


def look_email(session: Session, secret: str, *, now: datetime) -> Ownership | None:
    """The proof a mailed link is about; changes nothing; None when the link is dead."""
    subject = tokens.subject_of(session, "ownership_link", secret, now=now)
    return session.get(Ownership, int(subject)) if subject is not None else None


def confirm_email(session: Session, secret: str, *, now: datetime) -> Ownership:
    """The link mailed to an address at the domain was followed: that is the proof."""
    subject = tokens.redeem(session, "ownership_link", secret, now=now)
    proof = session.get(Ownership, int(subject)) if subject is not None else None
    if proof is None:
        raise Refused("not_found")
    found(session, proof, now)
    return proof


def found(session: Session, proof: Ownership, now: datetime) -> None:
    """The proof is there: the group is its keeper's, and what waited for it passes."""
    first = proof.state != "proved"
    proof.state, proof.detail, proof.failures = "proved", "", 0
    proof.checked_at = now
    proof.proved_at = proof.proved_at if not first and proof.proved_at else now
    proof.next_check_at = None if proof.method == "email" else now + _RECHECK
    group = proof.group
    if not first:
        return
    if proves_group(proof):
        if proof.keeper is not None and proof.keeper.proved_at is None:
            proof.keeper.proved_at = now
        group.provisional = False
        group.status = "participating"
        _edited(group, "status")
        keepers.only_proved(session, group, now)
    _pass_waiting(session, proof, now)
    _tell(session, proof, "proof_done", now)


def not_found(session: Session, proof: Ownership, reason: str, now: datetime) -> None:
    """The proof is not there: look again later; one that was there lapses after three days."""
    proof.checked_at, proof.detail = now, reason
    proof.failures += 1
    if proof.state == "proved":
        if proof.failures < _LAPSED_AFTER:
            proof.next_check_at = now + timedelta(days=1)
            return
        proof.state, proof.next_check_at = "lapsed", now + _RECHECK
        _lapse(session, proof, now)
        return
    waits = _FIRST_CHECKS[proof.failures - 1 : proof.failures]
    if proof.state == "asked" and not waits:
        proof.state = "missing"
    if proof.state == "lapsed":
        proof.next_check_at = now + _RECHECK
    else:
        proof.next_check_at = now + timedelta(minutes=waits[0]) if waits else None


def recheck_moved(session: Session, now: datetime) -> int:
    """Make proofs due whose group's home page is elsewhere now; how many. A job of the worker."""
    proved = session.scalars(
        select(Ownership)
        .where(Ownership.state == "proved")
        .options(joinedload(Ownership.group).selectinload(Group.sources))
    ).all()
    moved = [
        proof
        for proof in proved
        if not proves_group(proof) and not covers(session, proof.group, proof.group.home or "")
    ]
    for proof in moved:
        proof.group.provisional = True
        if proof.next_check_at is not None:
            proof.next_check_at = min(proof.next_check_at, now)
    return len(moved)


def claim_due(session: Session, now: datetime, lease: timedelta) -> Ownership | None:
    """One proof that is due, held for the lease so that no other worker looks for it too."""
    due = (
        select(Ownership)
        .where(
            Ownership.next_check_at <= now,
            or_(Ownership.claimed_until.is_(None), Ownership.claimed_until <= now),
        )
        .order_by(Ownership.next_check_at, Ownership.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    proof = session.scalar(due)
    if proof is not None:
        proof.claimed_until = now + lease
    return proof


def _to_prove(group: Group, method: str) -> str:
    if method == "feed_token" and group.sources:
        return group.sources[0].address
    return group.home or (group.sources[0].url if group.sources else "")


def _mail_code(session: Session, proof: Ownership, email: str, now: datetime) -> None:
    email = signing_in.email_address(email)
    domain = email.rpartition("@")[2]
    if domain.removeprefix("www.") != host_of(proof.address):
        raise Refused("other_domain", domain=host_of(proof.address))
    secret = tokens.issue(session, "ownership_link", str(proof.id), now=now, lifetime=EMAIL_LINK)
    values = {
        "name": proof.group.name,
        "path": f"/espace/preuve/{secret}",
        "hours": int(EMAIL_LINK.total_seconds() // 3600),
    }
    language = proof.keeper.language if proof.keeper else "fr"
    outbox.write(session, "confirm_ownership", email, now=now, language=language, values=values)


def _pass_waiting(session: Session, proof: Ownership, now: datetime) -> None:
    """Accept the group's own changes that waited for a proof at this address."""
    waiting = session.scalars(
        select(Amendment).where(
            Amendment.group_id == proof.group_id,
            Amendment.author == "group",
            Amendment.state == "open",
            Amendment.kind.in_(("profile", "source", "new_group")),
        )
    ).all()
    for amendment in waiting:
        by_proved = proof.keeper is not None and signing_in.same_address(
            amendment.author_email or "", proof.keeper.email
        )
        targets = [
            amendment.change[field]["to"]
            for field in ("url", "home")
            if field in amendment.change and isinstance(amendment.change[field], dict)
        ]
        reached = all(reaches(proof, target) for target in targets)
        if by_proved and reached and "name" not in amendment.change:
            amendments.pass_by_itself(session, amendment, "proved", now)


def _lapse(session: Session, proof: Ownership, now: datetime) -> None:
    """The site may have changed hands: the group is provisional again, a moderator looks."""
    session.flush()
    if is_proved(session, proof.group):
        return
    proof.group.provisional = True
    if proof.keeper is not None:
        proof.keeper.proved_at = None
    amendments.propose(
        session,
        "new_group",
        now=now,
        group=proof.group,
        change={"lapsed": proof.method, "address": proof.address},
        author="program",
    )
    _tell(session, proof, "proof_lapsed", now)


def _tell(session: Session, proof: Ownership, kind: str, now: datetime) -> None:
    if proof.keeper is None:
        return
    values = {"name": proof.group.name, "slug": proof.group.slug, "method": proof.method}
    outbox.write(
        session, kind, proof.keeper.email, now=now, language=proof.keeper.language, values=values
    )


def _edited(group: Group, field: str) -> None:
    if field not in (group.edited_fields or ()):
        group.edited_fields = [*(group.edited_fields or ()), field]
