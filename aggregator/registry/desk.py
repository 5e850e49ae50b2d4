"""A group's desk: what its keepers change, by a mailed link and without an account.

A full keeper's word is the group's; any other keeper only proposes. A new address that no proof
reaches waits until one does, or a moderator decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import (
    amendments,
    charter,
    entries,
    keepers,
    ownership,
    profile,
    signing_in,
)
from aggregator.store import outbox, tokens
from aggregator.store.tables import Amendment, Entry, Group, Keeper, Source

HANDOVER: Final = timedelta(days=7)
CLAIM: Final = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change made at the desk."""

    applied: tuple[str, ...] = ()
    """Fields that changed at once."""
    waiting: tuple[str, ...] = ()
    """Fields that wait for a proof or a moderator."""
    amendments: tuple[Amendment, ...] = ()


def accept_charter(session: Session, group: Group, email: str, *, now: datetime) -> None:
    """A keeper accepts the charter as it stands, for the group; raises Refused for others."""
    keepers.require(session, group, email, full=False)
    charter.accept(group, now)


# Signing in


def ask_link(session: Session, email: str, *, now: datetime) -> None:
    """Mail a link to the desk, if the address keeps a group; the answer is always the same."""
    email = signing_in.email_address(email)
    groups = keepers.groups_of(session, email)
    if not groups:
        return
    kept = keepers.keeper(session, groups[0], email)
    assert kept is not None
    secret = tokens.issue(session, "desk_link", email.lower(), now=now, lifetime=signing_in.LINK)
    values = {
        "path": f"/espace/entrer/{secret}",
        "minutes": int(signing_in.LINK.total_seconds() // 60),
        "groups": [group.name for group in groups],
    }
    outbox.write(session, "desk_link", kept.email, now=now, language=kept.language, values=values)


def look_link(session: Session, secret: str, *, now: datetime) -> str | None:
    """Whose desk a link opens; changes nothing; None when it is dead."""
    return tokens.subject_of(session, "desk_link", secret, now=now)


def open_session(session: Session, secret: str, *, now: datetime) -> str | None:
    """Open the desk with a link: the cookie's value; None when the link is dead."""
    return signing_in.open_session(session, "desk", secret, now=now)


def session_for(session: Session, email: str, *, now: datetime) -> str | None:
    """Open the desk for who has just followed another mailed link: the cookie's value.

    None where the address keeps more than one group: such a link lives longer than one to the
    desk, and opens no more than what it is about.
    """
    if len(keepers.groups_of(session, email)) != 1:
        return None
    return signing_in.issue_session(session, "desk", email.lower(), now=now)


def keeper_of(session: Session, cookie: str, *, now: datetime) -> str | None:
    """The address that is signed in; None when nobody is."""
    return signing_in.subject_of(session, "desk", cookie, now=now)


def close_session(session: Session, cookie: str, *, now: datetime) -> None:
    """Sign out here."""
    signing_in.close_session(session, "desk", cookie, now=now)


def close_all_sessions(session: Session, email: str) -> None:
    """Sign out everywhere."""
    signing_in.close_all(session, "desk", email.lower())


# "C'est nous": keeping a group that is listed already


def claim(
    session: Session, group: Group, email: str, *, now: datetime, language: str = "fr"
) -> None:
    """Mail a link to become a keeper of a listed group; power comes only with a proof."""
    email = signing_in.email_address(email)
    subject = f"{group.id}:{email}"
    secret = tokens.issue(session, "claim_link", subject, now=now, lifetime=CLAIM)
    values = {
        "name": group.name,
        "path": f"/espace/reprendre/{secret}",
        "hours": int(CLAIM.total_seconds() // 3600),
    }
    outbox.write(session, "confirm_claim", email, now=now, language=language, values=values)


def look_claim(session: Session, secret: str, *, now: datetime) -> Group | None:
    """The group a claim or a hand-over is about; changes nothing; None when the link is dead."""
    for purpose in ("claim_link", "handover_link"):
        subject = tokens.subject_of(session, purpose, secret, now=now)
        if subject is not None:
            return session.get(Group, int(subject.partition(":")[0]))
    return None


def accept_claim(session: Session, secret: str, *, now: datetime) -> Keeper:
    """Become a keeper by a claim's or a hand-over's link; raises Refused when it is dead.

    Who takes over gets what the one who handed over had, who keeps nothing then.
    """
    claimed = tokens.redeem(session, "claim_link", secret, now=now)
    if claimed is not None:
        id_, _, email = claimed.partition(":")
        group = session.get(Group, int(id_))
        if group is None or not group.is_public:
            raise Refused("not_found")
        return keepers.add(session, group, email, now=now)
    handed = tokens.redeem(session, "handover_link", secret, now=now)
    if handed is None:
        raise Refused("not_found")
    id_, giver_id, email = handed.split(":", 2)
    group, giver = session.get(Group, int(id_)), session.get(Keeper, int(giver_id))
    if group is None or giver is None or not keepers.is_full(giver):
        raise Refused("not_found")
    taker = keepers.add(session, group, email, now=now, language=giver.language)
    taker.registered, taker.proved_at = giver.registered, giver.proved_at
    for proof in ownership.of(session, group):
        if proof.keeper_id == giver.id and not _has(session, group, taker, proof.method):
            proof.keeper = taker
    session.flush()
    signing_in.close_all(session, "desk", giver.email.lower())
    if giver.id != taker.id:
        values = {"name": group.name}
        outbox.write(
            session, "handed_over", giver.email, now=now, language=giver.language, values=values
        )
        session.delete(giver)
    session.flush()
    return taker


def hand_over(session: Session, group: Group, email: str, to: str, *, now: datetime) -> None:
    """Mail a link to who shall keep the group instead; nothing changes until it is followed."""
    giver = keepers.require(session, group, email, full=True)
    to = signing_in.email_address(to)
    subject = f"{group.id}:{giver.id}:{to}"
    secret = tokens.issue(session, "handover_link", subject, now=now, lifetime=HANDOVER)
    values = {"name": group.name, "path": f"/espace/reprendre/{secret}", "days": HANDOVER.days}
    outbox.write(session, "handover", to, now=now, language=giver.language, values=values)


# Profile and sources


def edit_profile(
    session: Session, group: Group, email: str, wanted: Mapping[str, Any], *, now: datetime
) -> Outcome:
    """Change fields of the profile; those that could make it another group wait by themselves.

    Raises Refused: a wrong value, `unknown_field`, `nothing_to_change`, `not_yours`.
    """
    for field in wanted:
        if field not in profile.OWN_FIELDS:
            raise Refused("unknown_field", field=field)
    keeper = keepers.require(session, group, email, full=False)
    changes = profile.change(group, wanted)
    grave = [field for field in ("name", "home") if field in changes]
    plain = {field: wanted[field] for field in changes if field not in grave}
    parts = [plain] if plain else []
    for field in grave:
        parts.append({field: wanted[field]})
    made = [_propose(session, keeper, "profile", part, now, group=group) for part in parts]
    if keepers.is_full(keeper) and set(changes) & {"topic", "objective", "skill", "area"}:
        group.tags_proposed = False
    return _outcome(made)


def add_source(
    session: Session, group: Group, email: str, url: str, *, now: datetime, rights: str = "excerpt"
) -> Outcome:
    """Add a feed, a page or a calendar."""
    keeper = keepers.require(session, group, email, full=False)
    change = {"url": url, "rights": rights}
    made = _propose(session, keeper, "source", change, now, group=group)
    return _outcome([_passed_if_proved(session, keeper, made, now)])


def edit_source(
    session: Session, source: Source, email: str, wanted: Mapping[str, Any], *, now: datetime
) -> Outcome:
    """Change a source's address, format, language, rights or pause; `full` rights and a new
    address need a proof that reaches it."""
    keeper = keepers.require(session, source.group, email, full=False)
    parts = [
        {field: wanted[field] for field in wanted if field not in {"url", "format"}},
        {field: wanted[field] for field in ("url", "format") if field in wanted},
    ]
    made = []
    for part in parts:
        if part and any(_differs(source, field, value) for field, value in part.items()):
            amendment = _propose(session, keeper, "source", part, now, source=source)
            made.append(_passed_if_proved(session, keeper, amendment, now))
    if not made:
        raise Refused("nothing_to_change")
    return _outcome(made)


def remove_source(session: Session, source: Source, email: str, *, now: datetime) -> None:
    """Take a source away with all its entries; the group needs none to stay listed."""
    keepers.require(session, source.group, email, full=True)
    group = source.group
    group.sources.remove(source)
    session.delete(source)
    group.updated_at = now
    session.flush()


def pause(session: Session, group: Group, email: str, *, now: datetime) -> None:
    """Crawl nothing of the group until `resume`; what is there stays."""
    keepers.require(session, group, email, full=True)
    for source in group.sources:
        source.paused_at = source.paused_at or now


def resume(session: Session, group: Group, email: str, *, now: datetime) -> None:
    """Crawl the group's sources again, at once."""
    keepers.require(session, group, email, full=True)
    for source in group.sources:
        if source.paused_at is not None:
            source.paused_at, source.next_crawl_at = None, now


def hide_entry(
    session: Session, entry: Entry, email: str, *, now: datetime, reason: str = "by_group"
) -> None:
    """Keep one of the group's own entries from being shown."""
    keepers.require(session, entry.source.group, email, full=True)
    entries.hide(entry, profile.plain(reason, "reason", 100) or "by_group", now)


def show_entry(session: Session, entry: Entry, email: str) -> None:
    """Show an entry again that the group hid; what a moderator hid stays hidden."""
    keepers.require(session, entry.source.group, email, full=True)
    if entry.hidden_at is not None and entry.hidden_reason != "by_group":
        raise Refused("not_allowed", who="moderator")
    entries.show(entry)


def _propose(
    session: Session,
    keeper: Keeper,
    kind: str,
    change: Mapping[str, Any],
    now: datetime,
    *,
    group: Group | None = None,
    source: Source | None = None,
) -> Amendment:
    full = keepers.is_full(keeper)
    amendment = amendments.propose(
        session,
        kind,
        now=now,
        group=group,
        source=source,
        change=change,
        author="group" if full else "visitor",
        author_email=keeper.email,
        language=keeper.language,
    )
    own = full and keeper.registered and keeper.proved_at is None
    harmless = not {"name", "home", "url"} & amendment.change.keys()
    if own and harmless and amendment.state == "open" and not _is_full_text(amendment):
        # A provisional group is shown as such; its registrant corrects it freely meanwhile.
        amendments.pass_by_itself(session, amendment, "own_registration", now)
    return amendment


def _passed_if_proved(
    session: Session, keeper: Keeper, amendment: Amendment, now: datetime
) -> Amendment:
    """Let a new address pass that a proof of the group reaches."""
    url = amendment.change.get("url")
    if amendment.state != "open" or not keepers.is_full(keeper) or url is None:
        return amendment
    group = amendment.group
    if group is not None and ownership.covers(session, group, url["to"]):
        amendments.pass_by_itself(session, amendment, "proved", now)
    return amendment


def _is_full_text(amendment: Amendment) -> bool:
    """Showing whole texts needs the owner's word, so a proof."""
    rights = amendment.change.get("rights")
    return isinstance(rights, dict) and rights["to"] == "full"


def _differs(source: Source, field: str, value: object) -> bool:
    if field == "paused":
        return bool(value) != (source.paused_at is not None)
    return getattr(source, field, None) != value


def _has(session: Session, group: Group, keeper: Keeper, method: str) -> bool:
    return any(
        proof.keeper_id == keeper.id and proof.method == method
        for proof in ownership.of(session, group)
    )


def _outcome(made: list[Amendment]) -> Outcome:
    return Outcome(
        applied=tuple(f for one in made if one.state == "accepted" for f in one.change),
        waiting=tuple(f for one in made if one.state != "accepted" for f in one.change),
        amendments=tuple(made),
    )
