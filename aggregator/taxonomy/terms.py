"""The terms of the taxonomy: topics, objectives, skills, kinds; areas read as terms too.

Pure data, loaded once. Knows nothing of how a text gets its terms.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aggregator.errors import UnknownTerm
from aggregator.taxonomy import areas

if TYPE_CHECKING:
    from collections.abc import Mapping

DIMENSIONS = ("topic", "objective", "skill", "kind", "area")
"""The five dimensions, in the order in which pages show them."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the taxonomy, as people read it."""

    dimension: str
    """One of DIMENSIONS."""
    slug: str
    """Stable, in addresses and files; unique within the dimension only."""
    label_fr: str
    label_en: str
    description_fr: str
    """One sentence; empty for areas."""
    description_en: str

    def label(self, language: str = "fr") -> str:
        """Its name, in French unless `language` starts with `en`.

        >>> term("topic", "transports").label("en-GB")
        'Transport and mobility'
        """
        return self.label_en if language.startswith("en") else self.label_fr

    def description(self, language: str = "fr") -> str:
        """What it means, likewise; empty for areas."""
        return self.description_en if language.startswith("en") else self.description_fr


def version() -> str:
    """The date of the taxonomy (ISO 8601), kept with what was tagged by it."""
    return str(_file()["version"])


def terms(dimension: str) -> tuple[Term, ...]:
    """All terms of one dimension, in the taxonomy's order; raises UnknownTerm.

    >>> [term.slug for term in terms("objective")]
    ['rendre-visible', 'partager-les-connaissances', 'renforcer-les-cooperations']
    """
    return tuple(_dimension(dimension).values())


def term(dimension: str, slug: str) -> Term:
    """One term; raises UnknownTerm with the nearest slugs when there is none.

    >>> term("topic", "transports").label_fr
    'Transports et mobilités'
    """
    known = _dimension(dimension)
    try:
        return known[slug]
    except KeyError:
        raise UnknownTerm.of(dimension, slug, known) from None


def is_term(dimension: str, slug: str) -> bool:
    """Whether the slug is one of the dimension; raises UnknownTerm for a wrong dimension."""
    return slug in _dimension(dimension)


def number(dimension: str, slug: str = "") -> int:
    """A number for a term, or for a whole dimension, that no change of order changes.

    Positive and under 2³¹, for tools that name categories by number.
    """
    return zlib.crc32(f"{dimension}/{slug}".encode()) & 0x7FFFFFFF


def by_number(number: int) -> Term | None:
    """The term of a number that `number` gave; None for any other."""
    return _numbers().get(number)


def _dimension(dimension: str) -> Mapping[str, Term]:
    try:
        return _all()[dimension]
    except KeyError:
        raise UnknownTerm(
            f"There is no dimension {dimension!r}: use one of {', '.join(DIMENSIONS)}."
        ) from None


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Any]:
    text = files("aggregator.taxonomy").joinpath("data/terms.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))


@lru_cache(maxsize=1)
def _numbers() -> Mapping[int, Term]:
    return {
        number(term.dimension, term.slug): term
        for dimension in DIMENSIONS
        for term in terms(dimension)
    }


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Mapping[str, Term]]:
    found: dict[str, dict[str, Term]] = {dimension: {} for dimension in DIMENSIONS}
    for row in _file()["terms"]:
        label, description = row["label"], row["description"]
        found[row["dimension"]][row["slug"]] = Term(
            dimension=row["dimension"],
            slug=row["slug"],
            label_fr=label["fr"],
            label_en=label["en"],
            description_fr=description["fr"],
            description_en=description["en"],
        )
    for area in areas.areas():
        # The lists of places write a typewriter's apostrophe; people read labels.
        label = area.name.replace("'", "’")
        found["area"][area.slug] = Term("area", area.slug, label, label, "", "")
    return found
