"""What the worker saw of a site that waits in the queue, so that nobody has to open it to decide.

Knows no exchange: `aggregator.registry.looking` wrote it down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from aggregator.publish.text import cut
from aggregator.registry import glances
from aggregator.store.tables import Amendment, Registration
from web.languages import translate as _
from web.languages import translate_many
from web.wording import ago, tried_in_words

_TITLES = 3
_DESCRIPTION = 300


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A site as it was seen."""

    name: str
    """Empty when the site gives none."""
    description: str
    """Cut."""
    state: str
    """Whether it can be read, and how fresh it is, in a sentence."""
    titles: tuple[str, ...]
    """Of its latest news; empty where none were found."""
    same: tuple[tuple[str, str], ...]
    """Slug and name of groups here that may be the one that is proposed."""


def glimpses(session: Session, amendments: Sequence[Amendment]) -> dict[int, Glimpse]:
    """By amendment; those of which nothing was seen, or not yet, are left out."""
    seen = glances.of(session, amendments)
    return {one.id: _glimpse(seen[one.id], one) for one in amendments if one.id in seen}


def _glimpse(row: Registration, amendment: Amendment) -> Glimpse:
    own = amendment.group.slug if amendment.group else ""
    may_be_twice = amendment.kind in {"new_group", "missing_group"}
    found = row.found
    feeds, pages = found.get("feeds", []), found.get("pages", [])
    titles = [entry["title"] for entry in found.get("entries", [])]
    if not feeds and pages:
        titles = [link["title"] for link in pages[0]["links"]]
    return Glimpse(
        name=found.get("name") or "",
        # A proposal that was completed by the look says it itself.
        description=""
        if amendment.change.get("description")
        else cut(found.get("description") or "", _DESCRIPTION),
        state=_state(found, feeds, pages),
        titles=tuple(titles[:_TITLES]),
        same=tuple(
            (one["slug"], one["name"])
            for one in found.get("duplicates", ())
            if may_be_twice and one["slug"] != own
        ),
    )


def _state(
    found: Mapping[str, Any], feeds: list[dict[str, Any]], pages: list[dict[str, Any]]
) -> str:
    if reason := found.get("reason"):
        return tried_in_words(str(reason))
    if feeds:
        newest = max((feed["newest"] or "" for feed in feeds), default="")
        said = translate_many("Un flux", "%(num)s flux", len(feeds))
        if not newest:
            return f"{said}."
        return _("%(feeds)s ; dernière nouvelle %(when)s.", feeds=said, when=_ago(newest))
    return _("Pas de flux, mais une page de nouvelles.") if pages else _("Pas de flux.")


def _ago(moment: str) -> str:
    return str(ago(datetime.fromisoformat(moment)))
