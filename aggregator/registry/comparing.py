"""An amendment side by side with what is there: before, after, now. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.registry import governance, profile, sources
from aggregator.store.tables import Amendment, Group, Source


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an amendment."""

    field: str
    before: Any
    """When it was proposed; None for something new."""
    after: Any
    """As proposed."""
    now: Any
    """As it is at this moment."""

    @property
    def conflict(self) -> bool:
        """Whether it changed since it was proposed, to something else than proposed."""
        return bool(self.now not in (self.before, self.after))


def differences(session: Session, amendment: Amendment) -> list[Difference]:
    """Field by field, in the order of the proposal; empty where nothing is replaced (a report)."""
    change, kind = amendment.change, amendment.kind
    if kind == "profile":
        group = amendment.group
        return [
            Difference(
                field,
                both["from"],
                both["to"],
                profile.value_of(group, field) if group else None,
            )
            for field, both in change.items()
        ]
    if kind == "source":
        return _source(session, amendment)
    if kind == "tag":
        return _tag(amendment)
    if kind == "missing_group":
        return [Difference(field, None, value, None) for field, value in change.items()]
    if kind == "dead_link":
        return [Difference("url", change["url"], change.get("to"), change["url"])]
    if kind == "duplicate":
        return _duplicate(session, amendment)
    if kind == "rule":
        return _rule(session, change)
    if kind == "lexicon":
        weight = change["weight"]
        return [Difference("weight", weight["from"], weight["to"], weight["from"])]
    return []


def conflicts(session: Session, amendment: Amendment, *, done: bool = False) -> list[Difference]:
    """What changed since it was proposed; with `done`, since it was accepted."""
    if amendment.kind not in {"profile", "source", "rule"}:
        return []
    found = differences(session, amendment)
    if done:
        if "added" in amendment.undo:
            return []
        return [difference for difference in found if difference.now != difference.after]
    return [difference for difference in found if difference.conflict]


def _source(session: Session, amendment: Amendment) -> list[Difference]:
    source = session.get(Source, amendment.source_id) if amendment.source_id else None
    found = []
    for field, both in amendment.change.items():
        now = sources.value_of(source, field) if source is not None else None
        found.append(Difference(field, both["from"], both["to"], now))
    return found


def _tag(amendment: Amendment) -> list[Difference]:
    dimension = amendment.change["dimension"]
    entry = amendment.entry
    if dimension == "relevance":
        score = entry.relevance if entry else None
        return [Difference(dimension, score, float(bool(amendment.change["add"])), score)]
    now = sorted(tag.slug for tag in entry.tags if tag.dimension == dimension) if entry else []
    after = sorted({*now, *amendment.change["add"]} - set(amendment.change["remove"]))
    return [Difference(dimension, now, after, now)]


def _duplicate(session: Session, amendment: Amendment) -> list[Difference]:
    """The group that would go, beside the one that stays."""
    of = session.scalar(select(Group).where(Group.slug == amendment.change["of"]))
    group = amendment.group
    if of is None or group is None:
        return []
    fields = ("name", "home", "description", "category")
    found = [
        Difference(field, getattr(group, field), getattr(of, field), getattr(group, field))
        for field in fields
    ]
    mine, theirs = ([source.url for source in one.sources] for one in (group, of))
    return [*found, Difference("sources", mine, [*theirs, *mine], mine)]


def _rule(session: Session, change: dict[str, Any]) -> list[Difference]:
    now = governance.rule(session, change["kind"])
    return [
        Difference("who", change["who"]["from"], change["who"]["to"], now.who),
        Difference(
            "threshold", change["threshold"]["from"], change["threshold"]["to"], now.threshold
        ),
    ]
