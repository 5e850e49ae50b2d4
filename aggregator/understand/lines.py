"""One line of `filcommun tag`: a text in, what was understood of it out, both as JSON.

Knows no file and no stream; the command reads and writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aggregator.errors import ParseError
from aggregator.taxonomy import areas
from aggregator.understand.tags import NO_PROFILE, Profile, Rules, TagFound, tags_for


def tagged_line(line: str, *, profile: Profile = NO_PROFILE, rules: Rules | None = None) -> str:
    """The JSON answer to one JSON line; raises ParseError with a sentence when it is none."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"This line is not JSON: {line[:60]!r} ({error}).") from error
    if not isinstance(asked, dict):
        raise ParseError(f"This line holds no object with id, title and text: {line[:60]!r}.")
    return json.dumps(tagged(asked, profile=profile, rules=rules), ensure_ascii=False)


def tagged(
    asked: Mapping[str, Any], *, profile: Profile = NO_PROFILE, rules: Rules | None = None
) -> dict[str, Any]:
    """What `filcommun tag` answers: the id as it came, then slugs by dimension, then why.

    `title` and `text` may be absent. `areas` holds communes and arrondissements that are named,
    `other_areas` quartiers, territories and departments. `evidence` has one object a tag, the
    strongest first within its dimension.
    """
    title, text = _string(asked.get("title")), _string(asked.get("text"))
    language = _string(asked.get("language")) or None
    found = tags_for(title, text, profile=profile, language=language, rules=rules)
    return {
        "id": asked.get("id"),
        "topics": [tag.slug for tag in found.topics],
        "objectives": [tag.slug for tag in found.objectives],
        "skills": [tag.slug for tag in found.skills],
        "areas": [tag.slug for tag in found.areas if _is_commune(tag)],
        "language": found.language,
        "evidence": [_why(tag) for tag in found.tags],
        "relevance": found.relevance,
        "other_areas": [tag.slug for tag in found.areas if not _is_commune(tag)],
    }


def _string(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _is_commune(tag: TagFound) -> bool:
    return areas.area(tag.slug).kind in {"commune", "arrondissement"}


def _why(tag: TagFound) -> dict[str, Any]:
    return {
        "dimension": tag.dimension,
        "slug": tag.slug,
        "origin": tag.origin,
        "weight": tag.weight,
        "spans": [
            {"field": one.field, "start": one.start, "end": one.end, "words": one.words}
            for one in tag.evidence
        ],
    }
