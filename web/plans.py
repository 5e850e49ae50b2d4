"""What an import would change, in words: the rows of a plan as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.collect.reasons import REASONS
from aggregator.errors import Refused
from aggregator.registry import wording
from web import amended, forms
from web.amended import Side
from web.languages import language
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


def why_not(reason: str, values: Mapping[str, Any]) -> str:
    """Why a list could not be read or waits, as a sentence; empty for no reason."""
    if not reason:
        return ""
    if wording.is_known(reason):
        return forms.in_words(Refused(reason, **values))
    known = REASONS.get(reason)
    words = f"{known.sentence(language())} {known.remedy(language())}" if known else reason
    return spaced(words.strip()) if language() == "fr" else words.strip()
