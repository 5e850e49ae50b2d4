"""What an accepted amendment does, and how it is undone. Knows neither authors nor moderators.

`apply` returns what `undo` needs, as plain JSON kept with the amendment; both are part of the
caller's one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import entries, governance, phrases, profile, sources
from aggregator.registry.listing import slug_of
from aggregator.store.suppressions import covers
from aggregator.store.tables import (
    Amendment,
    Group,
    Keeper,
    Record,
    Rule,
    Source,
)
from aggregator.taxonomy.terms import DIMENSIONS

ORIGIN = {"group": "group", "visitor": "moderator"}
"""Where a tag on a group comes from, by the author of the amendment; else `moderator`."""


def apply(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    """Do it; returns what `undo` needs. Raises Refused when its subject is gone."""
    return _APPLY[amendment.kind](session, amendment, now)


def undo(session: Session, amendment: Amendment, now: datetime) -> None:
    """Go back to what was before; raises Refused when that is no longer possible."""
    _UNDO[amendment.kind](session, amendment, now)


def refuse(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    """What refusing does beyond leaving all as it is; returns what `undo` needs."""
    if amendment.kind == "new_group" and amendment.group is not None:
        return _decline_new(amendment.group, now)
    if amendment.kind == "hold" and amendment.entry is not None:
        entries.show(amendment.entry)
    return {}


def undo_refusal(session: Session, amendment: Amendment, now: datetime) -> None:
    """Go back to before the refusal."""
    if amendment.kind == "new_group" and amendment.group is not None:
        status = amendment.undo["status"]
        group = amendment.group
        profile.restore(group, "status", status["value"], edited=status["edited"], tags=[])
        for source in group.sources:
            if source.id in amendment.undo["paused"]:
                source.paused_at = None
        group.updated_at = now
    if amendment.kind == "hold" and amendment.entry is not None:
        entries.hide(amendment.entry, "hold", now)


def _decline_new(group: Group, now: datetime) -> dict[str, Any]:
    before = profile.kept(group, "status")
    paused = [source.id for source in group.sources if source.paused_at is None]
    decline(group, now)
    return {"status": before, "paused": paused}


def _group(amendment: Amendment) -> Group:
    if amendment.group is None:
        raise Refused("gone", subject=amendment.subject)
    return amendment.group


# profile


def _apply_profile(_session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    group = _group(amendment)
    before = {field: profile.kept(group, field) for field in amendment.change}
    origin = ORIGIN.get(amendment.author, "moderator")
    for field, change in amendment.change.items():
        profile.put(group, field, change["to"], origin=origin)
    group.updated_at = now
    return {"fields": before}


def _undo_profile(_session: Session, amendment: Amendment, now: datetime) -> None:
    group = _group(amendment)
    for field, before in amendment.undo["fields"].items():
        profile.restore(group, field, before["value"], edited=before["edited"], tags=before["tags"])
    group.updated_at = now


# source


def _apply_source(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    group = _group(amendment)
    change = {field: both["to"] for field, both in amendment.change.items()}
    if amendment.source_id is None:
        if covers(session, change["url"]):
            raise Refused("left")
        source = add_source(session, group, change["url"], now)
        source.edited_fields = sorted(change)
        _set_source(source, change, now)
        session.flush()
        amendment.source_id = source.id
        return {"added": source.id}
    found = session.get(Source, amendment.source_id)
    if found is None:
        raise Refused("gone", subject=amendment.subject)
    before = {
        "url": found.url,
        "format": found.format,
        "rights": found.rights,
        "language": found.language,
        "paused": found.paused_at is not None,
        "edited_fields": list(found.edited_fields or ()),
    }
    if "selector" in change:
        before["selector"] = sources.value_of(found, "selector")
    _set_source(found, change, now)
    found.edited_fields = sorted({*(found.edited_fields or ()), *change})
    return before


def _undo_source(session: Session, amendment: Amendment, now: datetime) -> None:
    source = session.get(Source, amendment.source_id) if amendment.source_id else None
    if source is None:
        raise Refused("gone", subject=amendment.subject)
    before = dict(amendment.undo)
    if "added" in before:
        source.paused_at = now
        return
    source.edited_fields = before.pop("edited_fields")
    _set_source(source, before, now)


def _set_source(source: Source, values: dict[str, Any], now: datetime) -> None:
    url, format_ = values.get("url", source.url), values.get("format", source.format)
    if (url, format_) != (source.url, source.format):
        sources.point_to(source, url, now)
    source.format = format_
    source.rights = values.get("rights", source.rights)
    source.language = values.get("language", source.language)
    if "selector" in values:
        sources.read_by(source, values["selector"], now)
    if "paused" in values:
        source.paused_at = (source.paused_at or now) if values["paused"] else None


def add_source(session: Session, group: Group, url: str, now: datetime) -> Source:
    """A new source of the group under a free slug, due at once."""
    taken = set(session.scalars(select(Source.slug).where(Source.slug.startswith(group.slug))))
    return sources.new(group, slug_of(group.slug, taken), url, now)


def _apply_dead_link(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    if amendment.group is None:
        return entries.apply_hiding(session, amendment, now)
    before = {"fields": {"home": profile.kept(amendment.group, "home")}}
    profile.put(amendment.group, "home", amendment.change.get("to"), origin="moderator")
    amendment.group.updated_at = now
    return before


def _undo_dead_link(session: Session, amendment: Amendment, now: datetime) -> None:
    if "fields" in amendment.undo:
        _undo_profile(session, amendment, now)
    else:
        entries.undo_hiding(session, amendment, now)


# new_group, missing_group, duplicate


def _apply_new_group(_session: Session, amendment: Amendment, _now: datetime) -> dict[str, Any]:
    # It is live already; seen and found good.
    _group(amendment)
    return {}


def _apply_missing_group(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    change = dict(amendment.change)
    url = change.pop("url")
    if covers(session, url):
        raise Refused("left")
    slug = slug_of(change["name"]) or slug_of(url)
    taken = set(session.scalars(select(Group.slug).where(Group.slug.startswith(slug))))
    group = Group(
        slug=slug_of(slug, taken),
        name=change.pop("name"),
        home=url,
        status="listed",
        tags_proposed=amendment.author != "group",
        created_at=now,
        updated_at=now,
        edited_fields=[],
        listed={},
    )
    session.add(group)
    for field, value in change.items():
        profile.put(group, field, value, origin=ORIGIN.get(amendment.author, "moderator"))
    source = add_source(session, group, url, now)
    source.format = "discover"
    session.flush()
    amendment.group = group
    # The list that proposed it brought it: its record is this group's from now on.
    for record in session.scalars(select(Record).where(Record.amendment_id == amendment.id)):
        record.group, record.brought = group, True
    return {"added": group.id}


def _undo_missing_group(session: Session, amendment: Amendment, now: datetime) -> None:
    group = session.get(Group, amendment.undo["added"])
    if group is None:
        raise Refused("gone", subject=amendment.subject)
    decline(group, now)


def decline(group: Group, now: datetime) -> None:
    """Show and crawl a group no more; its rows stay, so that it can be brought back."""
    profile.put(group, "status", "declined", origin="moderator")
    group.updated_at = now
    for source in group.sources:
        source.paused_at = source.paused_at or now


def _apply_duplicate(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    group = _group(amendment)
    of = session.scalar(select(Group).where(Group.slug == amendment.change["of"]))
    if of is None or not of.is_public:
        raise Refused("gone", subject=str(amendment.change.get("name")))
    moved = [source.id for source in group.sources]
    for source in list(group.sources):
        source.group = of
    added = {}
    for dimension in DIMENSIONS:
        new = sorted(set(group.terms(dimension)) - set(of.terms(dimension)))
        if new:
            added[dimension] = profile.kept(of, dimension)
            profile.put(of, dimension, sorted({*of.terms(dimension), *new}), origin="moderator")
    keepers = _move_keepers(session, group, of)
    status = profile.kept(group, "status")
    session.flush()
    session.refresh(group, ["sources"])
    decline(group, now)
    of.updated_at = now
    return {"of": of.id, "sources": moved, "tags": added, "keepers": keepers, "status": status}


def _move_keepers(session: Session, group: Group, of: Group) -> list[int]:
    there = set(session.scalars(select(Keeper.email).where(Keeper.group_id == of.id)))
    moved = [
        keeper
        for keeper in session.scalars(select(Keeper).where(Keeper.group_id == group.id))
        if keeper.email not in there
    ]
    for keeper in moved:
        keeper.group = of
    return [keeper.id for keeper in moved]


def _undo_duplicate(session: Session, amendment: Amendment, now: datetime) -> None:
    group, before = _group(amendment), amendment.undo
    of = session.get(Group, before["of"])
    for source in session.scalars(select(Source).where(Source.id.in_(before["sources"]))):
        source.group = group
    for keeper in session.scalars(select(Keeper).where(Keeper.id.in_(before["keepers"]))):
        keeper.group = group
    status = before["status"]
    profile.restore(group, "status", status["value"], edited=status["edited"], tags=[])
    group.updated_at = now
    if of is not None:
        for dimension, kept in before["tags"].items():
            profile.restore(of, dimension, kept["value"], edited=kept["edited"], tags=kept["tags"])
        of.updated_at = now


# rule


def _apply_rule(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    change = amendment.change
    before = session.get(Rule, change["kind"])
    kept = {"who": before.who, "threshold": before.threshold} if before else {}
    governance.put(session, change["kind"], change["who"]["to"], change["threshold"]["to"], now)
    return {"before": kept}


def _undo_rule(session: Session, amendment: Amendment, now: datetime) -> None:
    kind, before = amendment.change["kind"], amendment.undo["before"]
    if before:
        governance.put(session, kind, before["who"], before["threshold"], now)
    else:
        session.execute(delete(Rule).where(Rule.kind == kind))


# lexicon


def _apply_lexicon(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    return {"edit": phrases.put(session, amendment, now).id}


def _undo_lexicon(session: Session, amendment: Amendment, now: datetime) -> None:
    phrases.take_back(session, amendment.undo["edit"], now)


def _nothing(_session: Session, _amendment: Amendment, _now: datetime) -> dict[str, Any]:
    return {}


def _undo_nothing(_session: Session, _amendment: Amendment, _now: datetime) -> None:
    """An appeal did nothing by itself: the decision that it overturned has its own undo."""


_APPLY: dict[str, Callable[[Session, Amendment, datetime], dict[str, Any]]] = {
    "profile": _apply_profile,
    "source": _apply_source,
    "tag": entries.apply_tag,
    "report": entries.apply_hiding,
    "hold": entries.apply_hiding,
    "dead_link": _apply_dead_link,
    "new_group": _apply_new_group,
    "missing_group": _apply_missing_group,
    "duplicate": _apply_duplicate,
    "rule": _apply_rule,
    "lexicon": _apply_lexicon,
    "appeal": _nothing,
}

_UNDO: dict[str, Callable[[Session, Amendment, datetime], None]] = {
    "profile": _undo_profile,
    "source": _undo_source,
    "tag": entries.undo_tag,
    "report": entries.undo_hiding,
    "hold": entries.undo_hiding,
    "dead_link": _undo_dead_link,
    "new_group": _undo_nothing,
    "missing_group": _undo_missing_group,
    "duplicate": _undo_duplicate,
    "rule": _undo_rule,
    "lexicon": _undo_lexicon,
    "appeal": _undo_nothing,
}
