"""From rows to the pure room `understand` and back: an entry's language, tags and relevance.

Knows no session: the source comes with its group loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.parse.entries import ParsedEntry
from aggregator.store.tables import Source
from aggregator.understand import tags
from aggregator.understand.tags import Profile, Rules, TagFound

INHERITED = 0.5
"""Weight of an area that nothing but the group's own declaration speaks for."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What is known of one entry beyond what it says."""

    language: str
    tags: tuple[TagFound, ...] = ()
    relevance: float = 1.0


def profile_of(source: Source) -> Profile:
    """What a source's entries inherit: its group's terms, its own areas where it has some."""
    group = source.group
    language = (source.language or group.language)[:2].lower()
    return Profile(
        topics=frozenset(group.terms("topic")),
        objectives=frozenset(group.terms("objective")),
        skills=frozenset(group.terms("skill")),
        kinds=frozenset(group.terms("kind")),
        areas=frozenset(source.areas or group.terms("area")),
        language=language or None,
    )


def understand(
    entry: ParsedEntry, text: str, profile: Profile, *, rules: Rules | None
) -> Understood:
    """Language, tags and relevance of one entry; only what it inherits without `rules`.

    An entry that names no place is of where its group works.
    """
    kinds = [TagFound("kind", slug, "source", 1.0) for slug in sorted(profile.kinds)]
    if rules is None:
        declared = (entry.language or profile.language or "fr")[:35]
        return Understood(declared, (*kinds, *_areas(profile)))
    found = tags.tags_for(entry.title, text, profile=profile, language=entry.language, rules=rules)
    areas: Sequence[TagFound] = found.areas or _areas(profile)
    return Understood(
        language=found.language or profile.language or "fr",
        tags=(*found.topics, *found.objectives, *found.skills, *areas, *kinds),
        relevance=found.relevance,
    )


def _areas(profile: Profile) -> list[TagFound]:
    return [TagFound("area", slug, "source", INHERITED) for slug in sorted(profile.areas)]


def evidence_of(tag: TagFound) -> list[dict[str, Any]]:
    """The evidence as `EntryTag.evidence` keeps it."""
    return [
        {"field": one.field, "start": one.start, "end": one.end, "words": one.words}
        for one in tag.evidence
    ]
