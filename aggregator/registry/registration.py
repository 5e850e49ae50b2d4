"""Registering a group: from a pasted address to a live group, without an account.

The worker looks (`looking`), the registrant corrects and gives an address, a mailed link makes
it live: provisional until the site is proved, and in the moderators' queue. Knows no exchange.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.parse.urls import of_the_web
from aggregator.registry import (
    amendments,
    applying,
    charter,
    keepers,
    ownership,
    profile,
    signing_in,
    similar,
)
from aggregator.registry.listing import is_web_address, slug_of
from aggregator.store import outbox, tokens
from aggregator.store.suppressions import address_key, covers
from aggregator.store.tables import Group, GroupTag, Ownership, Registration
from aggregator.taxonomy.terms import DIMENSIONS

STATES: Final = ("waiting", "looking", "found", "nothing", "failed", "confirming", "live", "held")
"""`nothing`: read, but without a feed; `held`: confirmed, but a moderator looks first."""
LINK: Final = timedelta(hours=48)
KEPT: Final = timedelta(days=7)
"""How long an unfinished registration is kept."""
SURE: Final = 0.5
"""Weight from which a proposed term is taken where the registrant chose none."""

_OWN: Final = frozenset({*profile.OWN_FIELDS, "feeds", "watch", "calendar", "rights"})


def start(session: Session, address: str, *, now: datetime, language: str = "fr") -> Registration:
    """Take a pasted address; the worker looks at it next.

    `monasso.fr` is enough. Raises Refused: `not_an_address`, `mixed_letters`, `left`.
    """
    url = _honest_address(address)
    if covers(session, url):
        raise Refused("left")
    registration = Registration(
        key=secrets.token_urlsafe(18),
        address=url,
        language=language,
        state="waiting",
        created_at=now,
        steps=[{"code": "waiting", "values": {}, "at": now.isoformat()}],
    )
    session.add(registration)
    session.flush()
    return registration


def by_key(session: Session, key: str) -> Registration | None:
    """The registration of a page's key; None for a key that was guessed."""
    return session.scalar(select(Registration).where(Registration.key == key))


def choose(
    session: Session, registration: Registration, chosen: Mapping[str, Any], now: datetime
) -> None:
    """What the registrant says instead of what was found; once more replaces it.

    Keys: name, description, category, language, contact, logo, home and the five dimensions
    (lists of slugs); feeds (addresses among those found), watch (a page of news to follow),
    calendar (an .ics address), rights. Raises Refused for the first wrong value.
    """
    if registration.state not in {"found", "nothing", "failed", "confirming"}:
        raise Refused("still_looking")
    checked: dict[str, Any] = {}
    for field, value in chosen.items():
        if field not in _OWN:
            raise Refused("unknown_field", field=field)
        checked[field] = _chosen(registration, field, value)
    registration.chosen = checked


def compare(session: Session, registration: Registration) -> None:
    """Note which groups may be this one already; others may have come since it was looked at."""
    found = registration.found
    feeds = [feed["url"] for feed in found.get("feeds", ())]
    home = found.get("home") or registration.address
    same = similar.duplicates(session, home=home, feeds=feeds, name=found.get("name") or "")
    registration.found = {**found, "duplicates": [asdict(one) for one in same]}


def profile_of(registration: Registration) -> dict[str, Any]:
    """The group as it would be: what was chosen, else what was found; dimensions as lists."""
    found, chosen = registration.found, registration.chosen
    tags = {**found.get("tags", {}), "area": found.get("areas", [])}
    values: dict[str, Any] = {
        field: chosen.get(field, found.get(field))
        for field in ("name", "description", "category", "language", "contact", "logo", "home")
    }
    for dimension in DIMENSIONS:
        sure = [term["slug"] for term in tags.get(dimension, []) if term["weight"] >= SURE]
        values[dimension] = chosen.get(dimension, sure)
    return values


def ask_confirmation(
    session: Session, registration: Registration, email: str, *, now: datetime
) -> None:
    """Mail the link that makes it live. Raises Refused: nothing to follow yet, the charter not
    accepted, listed already (then `desk.claim` is the way), or no address."""
    if registration.state not in {"found", "nothing", "failed", "confirming"}:
        raise Refused("still_looking")
    email = signing_in.email_address(email)
    values = profile_of(registration)
    if not _sources(registration):
        raise Refused("no_source")
    if not values["name"]:
        raise Refused("missing", field="name")
    _refuse_listed(session, registration)
    charter.require(registration)
    tokens.revoke(session, "registration_link", str(registration.id))
    secret = tokens.issue(
        session, "registration_link", str(registration.id), now=now, lifetime=LINK
    )
    registration.email, registration.state = email, "confirming"
    outbox.write(
        session,
        "confirm_group",
        email,
        now=now,
        language=registration.language,
        values={
            "name": values["name"],
            "path": f"/inscrire/confirmer/{secret}",
            "hours": int(LINK.total_seconds() // 3600),
        },
    )


def look(session: Session, secret: str, *, now: datetime) -> Registration | None:
    """The registration a mailed link would make live; changes nothing; None when it is dead."""
    subject = tokens.subject_of(session, "registration_link", secret, now=now)
    return session.get(Registration, int(subject)) if subject is not None else None


def confirm(session: Session, secret: str, *, now: datetime) -> Registration:
    """Make it live; `.group_id` is the new group, whose sources are due at once.

    An address that imitates another group's is `held` until a moderator has looked. Raises
    Refused: a dead link, or `already_listed` for the second of two at once, `left`.
    """
    subject = tokens.redeem(session, "registration_link", secret, now=now)
    registration = session.get(Registration, int(subject)) if subject is not None else None
    if registration is None or registration.email is None:
        raise Refused("not_found")
    _refuse_listed(session, registration)
    registration.confirmed_at = now
    if _imitates(session, registration):
        _hold(session, registration, now)
        return registration
    _claim_site(session, registration)
    group = _create(session, registration, now)
    registration.group_id, registration.state = group.id, "live"
    session.flush()
    return registration


def confirmed_by(session: Session, secret: str) -> Registration | None:
    """What a mailed link has already made live, or held; None for every other link."""
    subject = tokens.spent_on(session, "registration_link", secret)
    return session.get(Registration, int(subject)) if subject is not None else None


def forget(session: Session, now: datetime) -> int:
    """Drop registrations that were never finished; how many. A job of the worker."""
    old = session.scalars(
        select(Registration.id).where(
            Registration.group_id.is_(None), Registration.created_at < now - KEPT
        )
    ).all()
    session.execute(delete(Registration).where(Registration.id.in_(old)))
    return len(old)


def _honest_address(text: str) -> str:
    """Absolute, http or https, and of one alphabet."""
    url = _web_address(text)
    mixed = similar.mixes_alphabets(url)
    if mixed is not None:
        raise Refused("mixed_letters", host=mixed[:100])
    return url


def _web_address(text: str) -> str:
    typed = text.strip()
    url = of_the_web(typed)
    if url and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", url):
        url = f"https://{url}"
    if not is_web_address(url) or "." not in (urlsplit(url).hostname or ""):
        raise Refused("not_an_address", address=typed[:100])
    return url.partition("#")[0]


def _chosen(registration: Registration, field: str, value: Any) -> Any:
    if field == "feeds":
        found = {feed["url"] for feed in registration.found.get("feeds", ())}
        for url in value:
            if url not in found:
                raise Refused("unknown_value", field=field, value=str(url)[:100])
        return list(dict.fromkeys(value))
    if field in {"watch", "calendar"}:
        return _honest_address(str(value)) if value else None
    if field == "home":
        return _honest_address(str(value))
    if field == "rights":
        if value not in {"link", "excerpt", "full"}:
            raise Refused("unknown_value", field=field, value=str(value)[:50])
        return value
    return profile.checked(field, value)


def _sources(registration: Registration) -> list[tuple[str, str]]:
    """(address, format) of what would be followed: the feeds chosen, else the best one."""
    chosen, found = registration.chosen, registration.found
    feeds = chosen.get("feeds", [feed["url"] for feed in found.get("feeds", ())[:1]])
    sources = [(url, "auto") for url in feeds]
    if chosen.get("calendar"):
        sources.append((chosen["calendar"], "auto"))
    if chosen.get("watch"):
        sources.append((chosen["watch"], "page"))
    return sources


def _home(registration: Registration) -> str:
    return str(profile_of(registration)["home"] or registration.address)


def _refuse_listed(session: Session, registration: Registration) -> None:
    home, feeds = _home(registration), [url for url, _ in _sources(registration)]
    if covers(session, home, *feeds):
        raise Refused("left")
    for same in similar.duplicates(session, home=home, feeds=feeds):
        if same.why in similar.CERTAIN:
            raise Refused("already_listed", name=same.name, slug=same.slug)


def _imitates(session: Session, registration: Registration) -> bool:
    same = similar.duplicates(session, home=_home(registration))
    return any(one.why == "lookalike" for one in same)


def _hold(session: Session, registration: Registration, now: datetime) -> None:
    values = profile_of(registration)
    values.pop("home")
    amendment = amendments.propose(
        session,
        "missing_group",
        now=now,
        change={"url": _home(registration), **{key: v for key, v in values.items() if v}},
        author="visitor",
        author_email=registration.email,
        language=registration.language,
    )
    amendment.risk = 95
    registration.state = "held"


def _claim_site(session: Session, registration: Registration) -> None:
    """Of two people who register one site at once, the second is told so."""
    try:
        with session.begin_nested():
            registration.live_key = address_key(_home(registration))
            session.flush()
    except IntegrityError as error:
        name = str(profile_of(registration)["name"])
        raise Refused("already_listed", name=name) from error


def _create(session: Session, registration: Registration, now: datetime) -> Group:
    values = profile_of(registration)
    name = values["name"]
    slugs = set(session.scalars(select(Group.slug)))
    group = Group(
        slug=slug_of(name, slugs) or slug_of(address_key(_home(registration)), slugs),
        name=name,
        home=_home(registration),
        description=values["description"] or "",
        category=values["category"] or "",
        language=values["language"] or "fr",
        contact=values["contact"],
        logo=values["logo"],
        status="participating",
        charter_version=registration.charter_version,
        charter_accepted_at=registration.charter_accepted_at,
        provisional=True,
        tags_proposed=not any(dimension in registration.chosen for dimension in DIMENSIONS),
        created_at=now,
        updated_at=now,
        edited_fields=["status", *(field for field, value in values.items() if value)],
        listed={},
    )
    session.add(group)
    for dimension in DIMENSIONS:
        origin = "group" if dimension in registration.chosen else "learned"
        for slug in values[dimension]:
            group.tags.append(GroupTag(dimension=dimension, slug=slug, origin=origin))
    # Whole texts are the owner's to give, and nobody has proved to be the owner yet.
    rights = registration.chosen.get("rights", "excerpt")
    for url, format_ in _sources(registration):
        source = applying.add_source(session, group, url, now)
        source.format = format_
        source.rights = "excerpt" if rights == "full" else rights
        session.flush()
    _give_to_registrant(session, registration, group, now)
    return group


def _give_to_registrant(
    session: Session, registration: Registration, group: Group, now: datetime
) -> None:
    assert registration.email is not None
    keeper = keepers.add(
        session,
        group,
        registration.email,
        now=now,
        language=registration.language,
        registered=True,
    )
    domain = registration.email.rpartition("@")[2].removeprefix("www.")
    if domain == ownership.host_of(group.home):
        # The confirmation went to the site's own domain: that is one of the proofs.
        proof = Ownership(
            group=group,
            keeper=keeper,
            method="email",
            address=group.home or "",
            code=f"filcommun-{secrets.token_hex(10)}",
            asked_at=now,
        )
        session.add(proof)
        session.flush()
        ownership.found(session, proof, now)
    amendments.propose(
        session,
        "new_group",
        now=now,
        group=group,
        change={"home": group.home, "sources": [source.url for source in group.sources]},
        author="group",
        author_email=registration.email,
        language=registration.language,
    )
    values = {
        "name": group.name,
        "slug": group.slug,
        "provisional": group.provisional,
    }
    outbox.write(
        session,
        "group_live",
        registration.email,
        now=now,
        language=registration.language,
        values=values,
    )
