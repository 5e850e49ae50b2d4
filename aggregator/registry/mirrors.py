"""Lists elsewhere that we take or follow: asked for, shown, agreed to, paused, stopped.

The worker's part is `mirroring`. Knows no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import charter, places_listed, profile, similar
from aggregator.registry.listing import is_web_address
from aggregator.store.suppressions import address_key, covers
from aggregator.store.tables import Mirror, Moderator, Record, Workshop

MODES: Final = ("respect", "follow")
RHYTHMS: Final[dict[str, timedelta | None]] = {
    "once": None,
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}
LONGEST_ADDRESS: Final = 300


def ask(
    session: Session,
    *,
    address: str,
    name: str,
    mode: str,
    rhythm: str,
    by: Moderator,
    now: datetime,
    base_url: str,
    bounds: str = "",
    licence: str = "",
    has_accepted: bool = False,
    workshop: Workshop | None = None,
) -> Mirror:
    """Have the worker look at a list; nothing changes before somebody agreed to what it found.

    `has_accepted`: those who keep the list told us that they accept our charter. Raises Refused
    with what is wrong.
    """
    url = _checked_address(session, address, base_url)
    places_listed.boxes(bounds)
    if mode not in MODES:
        raise Refused("unknown_value", field="mode", value=mode[:50])
    if rhythm not in RHYTHMS:
        raise Refused("unknown_value", field="rhythm", value=rhythm[:50])
    if mode == "follow" and rhythm == "once":
        raise Refused("follow_needs_rhythm")
    if mode == "follow" and not (licence.strip() and has_accepted):
        raise Refused("follow_needs_terms", version=charter.VERSION)
    mirror = Mirror(
        address=url,
        name=profile.plain(name, "name", 200) or address_key(url).partition("/")[0],
        mode=mode,
        rhythm=rhythm,
        bounds=bounds.strip()[:300],
        licence=profile.plain(licence, "licence", 100),
        workshop_id=workshop.id if workshop is not None else None,
        created_at=now,
        created_by=by,
        next_look_at=now,
    )
    if has_accepted:
        charter.accept(mirror, now)
    session.add(mirror)
    session.flush()
    return mirror


def agree(mirror: Mirror, by: Moderator, now: datetime) -> None:
    """Somebody saw what the list would change: from now on it is taken, or followed."""
    if mirror.state != "shown":
        raise Refused("nothing_shown")
    mirror.state, mirror.agreed_by, mirror.next_look_at = "active", by, now
    # What was shown is looked at again, whatever the list says of its age.
    mirror.etag = mirror.last_modified = None


def pause(mirror: Mirror) -> None:
    """Look no more until `resume`; what it brought stays."""
    if mirror.state != "active":
        raise Refused("already_decided")
    mirror.state, mirror.next_look_at = "paused", None


def resume(mirror: Mirror, now: datetime) -> None:
    """Look again, at once."""
    if mirror.state != "paused":
        raise Refused("already_decided")
    mirror.state, mirror.next_look_at, mirror.failures = "active", now, 0


def look_now(mirror: Mirror, now: datetime) -> None:
    """Have the worker look at once, an error's wait or a rhythm notwithstanding."""
    if mirror.state not in {"asked", "shown", "active"}:
        raise Refused("already_decided")
    if mirror.state == "shown":
        mirror.state = "asked"
    mirror.next_look_at = now
    mirror.etag = mirror.last_modified = None


def stop(mirror: Mirror) -> None:
    """Follow it no more; what it brought stays, with its provenance."""
    mirror.state, mirror.next_look_at = "ended", None


def listed(session: Session) -> Sequence[Mirror]:
    """All of them, those that need a person first, ended ones last."""
    order = {"shown": 0, "asked": 1, "active": 2, "paused": 3, "ended": 4}
    found = session.scalars(select(Mirror).order_by(Mirror.id.desc())).all()
    return sorted(found, key=lambda one: (order[one.state], not one.reason))


def groups_of(session: Session) -> dict[str, tuple[int, int]]:
    """Origin → how many groups it lists here, and how many of them it brought."""
    rows = session.execute(
        select(Record.origin, Record.brought, func.count(Record.id))
        .where(Record.vanished_at.is_(None), Record.group_id.is_not(None))
        .group_by(Record.origin, Record.brought)
    )
    found: dict[str, tuple[int, int]] = {}
    for origin, brought, count in rows:
        listed, there = found.get(origin, (0, 0))
        found[origin] = (listed + count, there + count * brought)
    return found


def forget(session: Session, name: str, addresses: Iterable[str]) -> None:
    """Take a group that leaves out of what the last looks of lists told of it."""
    keys = set(map(address_key, addresses)) - {""}
    for mirror in session.scalars(select(Mirror)):
        rows = mirror.plan.get("rows", [])
        others = [
            row
            for row in rows
            if row["name"].casefold() != name.casefold() and address_key(row["home"]) not in keys
        ]
        if len(others) < len(rows):
            mirror.plan = {**mirror.plan, "rows": others}


def next_after(mirror: Mirror, now: datetime) -> datetime | None:
    """When to look after a look that went well; None when it was the last one."""
    every = RHYTHMS[mirror.rhythm]
    return None if every is None else now + every


def retry_after(failures: int, now: datetime) -> datetime:
    """When to look after so many failures in a row: an hour, doubled up to seven days."""
    return now + min(timedelta(hours=2 ** min(failures, 10) / 2), timedelta(days=7))


def _checked_address(session: Session, address: str, base_url: str) -> str:
    url = address.strip().partition("#")[0]
    if not is_web_address(url) or len(url) > LONGEST_ADDRESS:
        raise Refused("not_an_address", address=url[:100])
    mixed = similar.mixes_alphabets(url)
    if mixed is not None:
        raise Refused("mixed_letters", host=mixed[:100])
    key, ours = address_key(url), address_key(base_url)
    if key == ours or key.startswith(f"{ours}/"):
        raise Refused("own_list")
    if covers(session, url):
        raise Refused("left")
    for other in session.scalars(select(Mirror).where(Mirror.state != "ended")):
        if address_key(other.address) == key:
            raise Refused("already_mirrored", name=other.name)
    return url
