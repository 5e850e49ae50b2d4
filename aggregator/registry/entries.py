"""What amendments do to entries: tags corrected, entries judged, hidden or shown, and back.

Each `apply_…` returns what its `undo_…` needs, as plain JSON. Knows neither authors nor moderators.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.store.tables import Amendment, Entry, EntryTag, Lesson


def apply_tag(session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    entry, change = _entry(amendment), amendment.change
    dimension = change["dimension"]
    if dimension == "relevance":
        return _apply_relevance(session, amendment, entry, now)
    removed = [
        {"slug": tag.slug, "origin": tag.origin, "weight": tag.weight, "evidence": tag.evidence}
        for tag in entry.tags
        if tag.dimension == dimension and tag.slug in change["remove"]
    ]
    there = {tag.slug for tag in entry.tags if tag.dimension == dimension}
    entry.tags = [
        tag
        for tag in entry.tags
        if not (tag.dimension == dimension and tag.slug in change["remove"])
    ]
    added = [slug for slug in change["add"] if slug not in there]
    for slug in added:
        entry.tags.append(
            EntryTag(dimension=dimension, slug=slug, origin="moderator", weight=1.0, evidence=[])
        )
    entry.indexed_at = None
    for slugs, belongs in ((change["add"], True), (change["remove"], False)):
        for slug in slugs:
            session.add(_lesson(amendment, entry, dimension, slug, belongs, now))
    return {"removed": removed, "added": added}


def _lesson(
    amendment: Amendment, entry: Entry, dimension: str, slug: str, belongs: bool, now: datetime
) -> Lesson:
    return Lesson(
        amendment_id=amendment.id,
        entry_id=entry.id,
        dimension=dimension,
        slug=slug,
        belongs=belongs,
        title=entry.title,
        text=entry.text or entry.summary,
        created_at=now,
    )


def _apply_relevance(
    session: Session, amendment: Amendment, entry: Entry, now: datetime
) -> dict[str, Any]:
    before = {"relevance": entry.relevance, "hidden": entry.hidden_at is not None}
    belongs = bool(amendment.change["add"])
    entry.relevance = float(belongs)
    entry.indexed_at = None
    if not belongs:
        hide(entry, "off_topic", now)
    session.add(_lesson(amendment, entry, "relevance", "on-topic", belongs, now))
    return before


def undo_tag(session: Session, amendment: Amendment, now: datetime) -> None:
    entry, dimension = _entry(amendment), amendment.change["dimension"]
    if dimension == "relevance":
        entry.relevance = amendment.undo["relevance"]
        if entry.hidden_reason == "off_topic" and not amendment.undo["hidden"]:
            show(entry)
        session.execute(delete(Lesson).where(Lesson.amendment_id == amendment.id))
        return
    added = set(amendment.undo["added"])
    entry.tags = [
        tag
        for tag in entry.tags
        if not (tag.dimension == dimension and tag.slug in added and tag.origin == "moderator")
    ]
    there = {tag.slug for tag in entry.tags if tag.dimension == dimension}
    for tag in amendment.undo["removed"]:
        if tag["slug"] not in there:
            entry.tags.append(EntryTag(dimension=dimension, **tag))
    entry.indexed_at = None
    # What was taken back must not be learned.
    session.execute(delete(Lesson).where(Lesson.amendment_id == amendment.id))


def apply_hiding(_session: Session, amendment: Amendment, now: datetime) -> dict[str, Any]:
    entry = _entry(amendment)
    before = {"hidden": entry.hidden_at is not None, "reason": entry.hidden_reason}
    hide(entry, str(amendment.change.get("reason") or amendment.kind), now)
    return before


def undo_hiding(_session: Session, amendment: Amendment, now: datetime) -> None:
    if not amendment.undo["hidden"]:
        show(_entry(amendment))


def hide(entry: Entry, reason: str, now: datetime) -> None:
    """Keep an entry from pages, feeds and search; the index forgets it at its next turn."""
    entry.hidden_at = entry.hidden_at or now
    entry.hidden_reason = reason
    entry.indexed_at = None


def show(entry: Entry) -> None:
    """Show an entry again."""
    entry.hidden_at = entry.hidden_reason = entry.indexed_at = None


def _entry(amendment: Amendment) -> Entry:
    if amendment.entry is None:
        raise Refused("gone", subject=amendment.subject)
    return amendment.entry
