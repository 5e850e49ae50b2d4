"""The taxonomy as GoGoCarto's categories: numbers, and `taxonomy.json` and `.jsonld`. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aggregator.publish import publication
from aggregator.taxonomy import terms

DIMENSIONS = {
    "topic": ("Thèmes", "Topics"),
    "objective": ("Objectifs", "Objectives"),
    "skill": ("Savoir-faire", "Skills"),
    "kind": ("Plateformes", "Platforms"),
}
"""The dimensions that are categories, with their names in French and English; areas are places."""


def numbers(tags: Iterable[tuple[str, str]]) -> tuple[int, ...]:
    """The categories of (dimension, slug) pairs, in a steady order; what is none is left out."""
    return tuple(
        terms.number(dimension, slug)
        for dimension, slug in sorted(tags)
        if dimension in DIMENSIONS and terms.is_term(dimension, slug)
    )


def write(language: str = "fr") -> bytes:
    """`taxonomy.json`: one root category per dimension, its terms below."""
    answer = [
        {
            "id": terms.number(dimension),
            "name": names[language.startswith("en")],
            "options": [
                {
                    "id": terms.number(dimension, term.slug),
                    "name": publication.label(dimension, term.slug, language),
                    "customFormatId": f"{dimension}/{term.slug}",
                }
                for term in terms.terms(dimension)
            ],
        }
        for dimension, names in DIMENSIONS.items()
    ]
    return _written(answer)


def write_jsonld(base_url: str, language: str = "fr") -> bytes:
    """`taxonomy.jsonld`: the same as SKOS concepts, each with its page here."""
    graph: list[dict[str, Any]] = []
    for dimension, names in DIMENSIONS.items():
        path = f"{base_url}/{publication.PATHS.get(dimension, dimension)}"
        graph.append(
            {
                "@id": path,
                "@type": "ConceptScheme",
                "notation": terms.number(dimension),
                "prefLabel": names[language.startswith("en")],
            }
        )
        graph += [
            {
                "@id": f"{path}/{term.slug}",
                "@type": "Concept",
                "notation": terms.number(dimension, term.slug),
                "prefLabel": publication.label(dimension, term.slug, language),
                "inScheme": path,
            }
            for term in terms.terms(dimension)
        ]
    context = {"@vocab": "http://www.w3.org/2004/02/skos/core#"}
    return _written({"@context": context, "@graph": graph})


def _written(answer: object) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
