"""Who may accept which amendment, and how many must agree: data, public, changed by amendment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.store.tables import Amendment, Moderator, Rule

WHO: Final = ("moderator", "administrator")
"""Who may decide; an administrator may do what a moderator may."""


@dataclass(frozen=True, slots=True)
class RuleNow:
    """The rule for one kind of amendment, as it stands."""

    kind: str
    who: str
    threshold: int
    """How many of them must agree; where fewer exist, all of them."""
    changed_at: datetime | None = None
    """None: as we started."""


FIRST: Final[Mapping[str, RuleNow]] = {
    rule.kind: rule
    for rule in (
        RuleNow("new_group", "moderator", 1),
        RuleNow("missing_group", "moderator", 1),
        RuleNow("profile", "moderator", 1),
        RuleNow("source", "moderator", 1),
        RuleNow("tag", "moderator", 1),
        RuleNow("dead_link", "moderator", 1),
        RuleNow("duplicate", "moderator", 1),
        RuleNow("report", "moderator", 1),
        RuleNow("hold", "moderator", 1),
        RuleNow("lexicon", "moderator", 1),
        RuleNow("appeal", "moderator", 1),
        RuleNow("rule", "administrator", 2),
    )
}
"""The rules at the start; the table `rules` holds what was changed since."""


def rules(session: Session) -> list[RuleNow]:
    """The rules as they stand, in the order of FIRST."""
    changed = {rule.kind: rule for rule in session.scalars(select(Rule))}
    return [_now(first, changed.get(kind)) for kind, first in FIRST.items()]


def rule(session: Session, kind: str) -> RuleNow:
    """The rule for one kind."""
    return _now(FIRST[kind], session.get(Rule, kind))


def checked(session: Session, change: Mapping[str, Any]) -> dict[str, Any]:
    """An amendment's change of a rule, `{"kind", "who", "threshold"}`; raises Refused."""
    kind, who = str(change.get("kind", "")), str(change.get("who", ""))
    if kind not in FIRST:
        raise Refused("unknown_value", field="kind", value=kind[:50])
    if who not in WHO:
        raise Refused("unknown_value", field="who", value=who[:50])
    threshold = change.get("threshold")
    if not isinstance(threshold, int) or not 1 <= threshold <= 9:
        raise Refused("unknown_value", field="threshold", value=str(threshold)[:50])
    before = rule(session, kind)
    if (before.who, before.threshold) == (who, threshold):
        raise Refused("nothing_to_change")
    return {
        "kind": kind,
        "who": {"from": before.who, "to": who},
        "threshold": {"from": before.threshold, "to": threshold},
    }


def put(session: Session, kind: str, who: str, threshold: int, now: datetime) -> None:
    """Change a rule; an accepted amendment does this."""
    session.merge(Rule(kind=kind, who=who, threshold=threshold, changed_at=now))


def require(session: Session, amendment: Amendment, moderator: Moderator) -> None:
    """Raise Refused (`not_allowed`) unless this moderator may decide this amendment."""
    needed = rule(session, amendment.kind)
    if needed.who == "administrator" and moderator.role != "administrator":
        raise Refused("not_allowed", who=needed.who)


def voices_missing(session: Session, amendment: Amendment) -> int:
    """How many more must agree before it is accepted; 0 or less: it is."""
    needed = rule(session, amendment.kind)
    there = select(func.count(Moderator.id)).where(Moderator.left_at.is_(None))
    if needed.who == "administrator":
        there = there.where(Moderator.role == "administrator")
    threshold = min(needed.threshold, session.scalar(there) or 1)
    return threshold - len(amendment.approvals)


def _now(first: RuleNow, changed: Rule | None) -> RuleNow:
    if changed is None:
        return first
    return RuleNow(first.kind, changed.who, changed.threshold, changed.changed_at)
