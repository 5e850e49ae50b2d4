"""Which terms a group may bear, from its page and its latest entries, each with evidence. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aggregator.parse.clean import plain_text
from aggregator.parse.entries import ParsedEntry
from aggregator.understand.tags import Rules, TagFound, tags_for

READ: Final = 20
"""Entries that are looked at."""
_AT_LEAST: Final = 0.3
"""Mean weight from which a term is proposed."""
_MOST: Final = {"topic": 4, "objective": 2, "skill": 3, "area": 3}
_ABOUT: Final = 3
"""How many entries the page's own words count for: a group says itself what it is about."""


def proposed(
    name: str, about: str, entries: Sequence[ParsedEntry], *, rules: Rules | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Dimension → `{"slug", "weight", "evidence": [words]}`, the strongest first; may be empty.

    A term counts as often as entries bear it; the page's own words as three entries. `rules` are
    those in force here; None: those that come with the program.
    """
    texts = [(name, about, _ABOUT)] if about else []
    texts += [(entry.title, _text(entry), 1) for entry in entries[:READ]]
    weights: dict[tuple[str, str], float] = defaultdict(float)
    words: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    total = sum(count for _, _, count in texts)
    for title, text, count in texts:
        for tag in tags_for(title, text, rules=rules).tags:
            key = (tag.dimension, tag.slug)
            weights[key] += tag.weight * count
            words[key].update(dict.fromkeys(_evidence(tag)))
    found: dict[str, list[dict[str, Any]]] = {dimension: [] for dimension in _MOST}
    for (dimension, slug), weight in sorted(weights.items(), key=lambda pair: (-pair[1], pair[0])):
        mean = weight / total
        if dimension in found and mean >= _AT_LEAST and len(found[dimension]) < _MOST[dimension]:
            evidence = list(words[dimension, slug])[:5]
            found[dimension].append({"slug": slug, "weight": round(mean, 3), "evidence": evidence})
    return found


def _text(entry: ParsedEntry) -> str:
    return (plain_text(entry.content, 5000) if entry.content else "") or entry.summary


def _evidence(tag: TagFound) -> Iterable[str]:
    return (evidence.words for evidence in tag.evidence)
