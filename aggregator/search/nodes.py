"""What a person wrote in the search box, as a tree: the parser makes it, others tell or run it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Text:
    """Words to find in a field."""

    words: str
    """As written, without quotes."""
    exact: bool = False
    """In quotes: one after the other, no other forms."""
    field: str = "text"
    """A field of `query.Word`."""


@dataclass(frozen=True, slots=True)
class Start:
    """A word that begins so."""

    start: str
    field: str = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """A term of a dimension."""

    dimension: str
    values: tuple[str, ...]
    label: str
    """As people read it."""


@dataclass(frozen=True, slots=True)
class Dates:
    """A period; None leaves an end open."""

    since: datetime | None
    until: datetime | None
    label: str
    """As written."""


@dataclass(frozen=True, slots=True)
class All:
    """Everything that is in every part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Everything that is in any part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Everything but."""

    part: Node


Node = Text | Start | Choice | Dates | All | Some | Without
