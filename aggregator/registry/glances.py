"""What the worker saw of a site that is proposed, for who decides; asked for here, kept a week.

A glance is a registration that nobody confirms (`registration`, `looking`). Knows no exchange.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import ownership, profile, registration
from aggregator.store.tables import Amendment, Registration
from aggregator.taxonomy.terms import DIMENSIONS


def ask(session: Session, amendment: Amendment, now: datetime) -> None:
    """Have the worker look at the address that an amendment brings; nothing where it brings none
    or one that we do not open."""
    address = _address(amendment)
    if address:
        with suppress(Refused):
            registration.start(session, address, now=now)


def of(session: Session, amendments: Sequence[Amendment]) -> dict[int, Registration]:
    """By amendment, the latest look at what it brings; without those not looked at, or not yet.

    A new group's is the look that its registrant saw.
    """
    by_group, by_address = (
        defaultdict[int | None, list[int]](list),
        defaultdict[str, list[int]](list),
    )
    for one in amendments:
        if one.kind == "new_group":
            by_group[one.group_id].append(one.id)
        elif address := _address(one):
            by_address[address].append(one.id)
    rows = session.scalars(
        select(Registration)
        .where(
            Registration.group_id.in_(by_group.keys())
            | Registration.address.in_(by_address.keys()),
            Registration.state.not_in(("waiting", "looking")),
        )
        .order_by(Registration.id)
    )
    return {
        id_: row
        for row in rows
        for id_ in (*by_group.get(row.group_id, ()), *by_address.get(row.address, ()))
    }


def complete(session: Session, seen: Registration) -> None:
    """Write what was seen into the open proposals of that very group, where their author said
    nothing: accepting one leaves nothing to be filled in later, and shows all that it does."""
    waiting = session.scalars(
        select(Amendment).where(
            Amendment.kind == "missing_group",
            Amendment.state == "open",
            Amendment.author == "visitor",
        )
    )
    for amendment in waiting:
        if _address(amendment) == seen.address:
            _complete(amendment, registration.profile_of(seen))


def _complete(amendment: Amendment, found: Mapping[str, Any]) -> None:
    change = dict(amendment.change)
    # Where its author gave no name, the host stands for one.
    if change["name"] == ownership.host_of(change["url"]):
        del change["name"]
    for field in ("name", "description", "language", "logo", *DIMENSIONS):
        if found[field] and field not in change:
            with suppress(Refused):
                change[field] = profile.checked(field, found[field])
    change.setdefault("name", amendment.change["name"])
    amendment.change, amendment.subject = change, change["name"]


def _address(amendment: Amendment) -> str:
    """Of the site or the source that is new, or of the link said to be dead; empty for all else."""
    change = amendment.change
    if amendment.kind == "dead_link":
        url = change.get("to") or change["url"]
    elif amendment.kind in {"missing_group", "source"}:
        url = change.get("url")
    else:
        url = None
    return str(url["to"] if isinstance(url, dict) else url or "").partition("#")[0]
