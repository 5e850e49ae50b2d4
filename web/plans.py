"""What an import would change, in words: the rows of a plan as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import select

from aggregator.collect.reasons import REASONS
from aggregator.errors import Refused
from aggregator.registry import wording
from aggregator.store.tables import Workshop
from web import amended, current, forms
from web.amended import Side
from web.languages import language
from web.routing import row_number
from web.typography import spaced


@dataclass(frozen=True, slots=True)
class Row:
    """One record that would change something, or cannot."""

    name: str
    outcome: str
    """A code of `planning.OUTCOMES`."""
    why: str
    slug: str
    """Of the group here; empty when there is none to show."""
    home: str
    sides: tuple[Side, ...]
    """Now and proposed, field by field; empty for a new one."""


def rows(found: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of `planning.rows`, the differences side by side."""
    return [
        Row(
            name=one["name"],
            outcome=one["outcome"],
            why=one["why"],
            slug=one["slug"],
            home=one["home"],
            sides=tuple(amended.side(field, *both) for field, both in one["sides"].items()),
        )
        for one in found
    ]


def open_workshops() -> list[Workshop]:
    """The workshops that may get what an import proposes."""
    query = select(Workshop).where(Workshop.closed_at.is_(None)).order_by(Workshop.id.desc())
    return list(current.session().scalars(query))


def chosen_workshop() -> Workshop | None:
    """The one that the form names; None for the general queue. Raises Refused once it is closed."""
    number = request.form.get("atelier", type=row_number)
    workshop = current.session().get(Workshop, number) if number else None
    if workshop is not None and workshop.closed_at is not None:
        raise Refused("workshop_closed")
    return workshop


def why_not(reason: str, values: Mapping[str, Any]) -> str:
    """Why a list could not be read or waits, as a sentence; empty for no reason."""
    if not reason:
        return ""
    if wording.is_known(reason):
        return forms.in_words(Refused(reason, **values))
    known = REASONS.get(reason)
    words = f"{known.sentence(language())} {known.remedy(language())}" if known else reason
    return spaced(words.strip()) if language() == "fr" else words.strip()
