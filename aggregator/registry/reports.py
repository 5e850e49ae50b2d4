"""What a workshop decided, as everybody may read it: nothing of groups that have left since.

Knows neither pages nor paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from aggregator.registry import snapshots
from aggregator.store.tables import Amendment, Workshop


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing a workshop decided, as everybody may read it."""

    id: int
    """Of the amendment."""
    kind: str
    subject: str
    """Empty, like all words below, where its group has left."""
    table: str
    reason: str
    """A code of `wording`; empty where none was given."""
    note: str
    why: str
    change: Mapping[str, Any]
    """As its amendment has it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a workshop's page and its minutes on paper tell."""

    workshop: Workshop
    difference: snapshots.InventoryDifference
    """From its opening to its close, or to now while it is open."""
    accepted: tuple[Decision, ...]
    refused: tuple[Decision, ...]
    postponed: tuple[Decision, ...]


def report(session: Session, workshop: Workshop) -> Report:
    """All that a workshop decided, in the order of its tables; nothing of groups that left."""
    made = session.scalars(
        select(Amendment)
        .where(Amendment.workshop_id == workshop.id)
        .options(selectinload(Amendment.group))
        .order_by(Amendment.workshop_table, Amendment.id)
    ).all()
    by_state = {
        state: tuple(_decision(one) for one in made if one.state == state)
        for state in ("accepted", "refused", "postponed")
    }
    after = workshop.after.groups if workshop.after else snapshots.now_as(session)
    return Report(
        workshop=workshop,
        difference=snapshots.told(session, snapshots.difference(workshop.before.groups, after)),
        accepted=by_state["accepted"],
        refused=by_state["refused"],
        postponed=by_state["postponed"],
    )


def _decision(amendment: Amendment) -> Decision:
    said = not amendment.is_of_departed
    return Decision(
        id=amendment.id,
        kind=amendment.kind,
        subject=amendment.subject if said else "",
        table=amendment.workshop_table,
        reason=amendment.reason,
        note=amendment.note if said else "",
        why=amendment.why if said else "",
        change=amendment.change if said else {},
    )
