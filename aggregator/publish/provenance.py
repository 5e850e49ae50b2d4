"""Where a group's record comes from and on which terms it may be reused. Pure.

Every export carries it on every record. Knows no format.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.publish.text import line
from aggregator.registry import charter

if TYPE_CHECKING:
    from aggregator.store.tables import Group, Record


@dataclass(frozen=True, slots=True)
class Provenance:
    """Whose record it is, and what was agreed to."""

    source: str
    """The instance or list that keeps the record: an address, or a name where it has none."""
    licence: str
    """SPDX name where there is one; empty where the list names none."""
    is_external: bool
    """Another list brought it here."""
    page: str | None = None
    """Its page there; None for our own."""
    charter_version: str = ""
    """Empty where nobody accepted the charter."""
    charter_accepted_at: datetime | None = None
    seen_at: datetime | None = None
    """When the other list last had it; None for our own."""


def of(group: Group, record: Record | None, base_url: str) -> Provenance:
    """`record` is the one of the list that brought the group here; None for our own."""
    if record is None or not record.brought:
        version, accepted_at = group.charter_version or "", group.charter_accepted_at
        return Provenance(
            base_url,
            charter.LICENCE,
            is_external=False,
            charter_version=version,
            charter_accepted_at=accepted_at,
        )
    theirs = group if group.charter_version else record
    return Provenance(
        source=line(record.source_key) or source_of(record.origin),
        licence=line(record.licence),
        is_external=True,
        page=record.page,
        charter_version=theirs.charter_version or "",
        charter_accepted_at=theirs.charter_accepted_at,
        seen_at=record.seen_at,
    )


def source_of(origin: str) -> str:
    """The instance behind an address, or the name of a list that came as a file.

    >>> source_of("https://carte.example/api/elements.json?limit=9"), source_of("kumu.json")
    ('https://carte.example', 'kumu.json')
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return line(origin)
    if parts.scheme in {"http", "https"} and parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return line(origin)
