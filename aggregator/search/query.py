"""What is searched for, as a small frozen tree that every engine understands.

Terms in it are already analysed (`aggregator.search.analysis`); it knows no engine and no syntax.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Everything:
    """All entries."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No entry."""


@dataclass(frozen=True, slots=True)
class Word:
    """Entries that have any of these analysed terms in one field."""

    terms: tuple[str, ...]
    field: str = "text"
    """`text` (title and text), `title`, `author` or `name` (the group's name and slug)."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Entries that have these words one after the other."""

    words: tuple[tuple[str, ...], ...]
    """For each place, the terms that may stand there; an empty tuple lets any word stand there."""
    field: str = "text"


@dataclass(frozen=True, slots=True)
class Prefix:
    """Entries with a word that begins so (folded: no accents, lower case)."""

    start: str
    field: str = "text"


@dataclass(frozen=True, slots=True)
class Tag:
    """Entries whose column `dimension` (a name of `engine.DIMENSIONS`) holds any of these."""

    dimension: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Entries published from `since` on and before `until`; None leaves that end open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class And:
    """Entries that every part finds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Entries that any part finds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Entries that the part does not find."""

    part: Query


Query = Everything | Nothing | Word | Phrase | Prefix | Tag | Between | And | Or | Not

EVERYTHING = Everything()
NOTHING = Nothing()


def both(*parts: Query) -> Query:
    """All of them at once, without the empty shells.

    >>> both(EVERYTHING, Word(("eau",)))
    Word(terms=('eau',), field='text')
    """
    kept: list[Query] = []
    for part in parts:
        if isinstance(part, Nothing):
            return NOTHING
        if isinstance(part, And):
            kept.extend(part.parts)
        elif not isinstance(part, Everything):
            kept.append(part)
    unique = tuple(dict.fromkeys(kept))
    if not unique:
        return EVERYTHING
    return unique[0] if len(unique) == 1 else And(unique)


def either(*parts: Query) -> Query:
    """Any of them, without the empty shells; nothing when there is no part."""
    kept: list[Query] = []
    for part in parts:
        if isinstance(part, Everything):
            return EVERYTHING
        if isinstance(part, Or):
            kept.extend(part.parts)
        elif not isinstance(part, Nothing):
            kept.append(part)
    unique = tuple(dict.fromkeys(kept))
    if not unique:
        return NOTHING
    return unique[0] if len(unique) == 1 else Or(unique)


def has_text(query: Query) -> bool:
    """Whether words are searched for, so that an order by relevance means something."""
    match query:
        case Word() | Phrase() | Prefix():
            return True
        case And(parts) | Or(parts):
            return any(has_text(part) for part in parts)
        case _:
            return False


def wanted_terms(query: Query) -> tuple[str, ...]:
    """The terms that rank by relevance, each once; those refused do not."""
    found: dict[str, None] = {}
    pending: list[Query] = [query]
    while pending:
        match pending.pop():
            case Word(terms):
                found.update(dict.fromkeys(terms))
            case Phrase(words):
                found.update((term, None) for terms in words for term in terms)
            case And(parts) | Or(parts):
                pending.extend(reversed(parts))
            case _:
                pass
    return tuple(found)
