"""Weights from labelled texts: logistic regression by AdaGrad, the same on every machine.

Pure; learns from what the lexicon finds, never from single words, which would teach a site's
habits. Used to make the weights that come with the program (`bench/tagging.py --train`) and to
cross-validate them; nothing of it runs when an entry is tagged.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.understand import model, reading
from aggregator.understand.model import Weights
from aggregator.understand.tags import SKILLS_IN_TEXTS

OBJECTIVES: Final = ("rendre-visible", "partager-les-connaissances", "renforcer-les-cooperations")
SHARED: Final = ("topic/*", "objective/*", "skill/*")
"""Families whose labels are taught together, being found by the lexicon alike."""
EPOCHS: Final = 12
RATE: Final = 0.3
_SEED: Final = 20261124

Lesson = tuple[str, dict[str, float], bool]
"""A label, the features of a text, and whether it applies."""


@dataclass(frozen=True)
class Labelled:
    """One text with what it should get, in the taxonomy's slugs."""

    id: str
    site: str
    reading: reading.Reading
    relevant: bool
    topics: frozenset[str]
    objectives: frozenset[str]
    skills: frozenset[str]
    places: frozenset[str]
    """Names of communes and arrondissements."""
    language: str


@dataclass(frozen=True)
class Penalty:
    """How strongly weights are held near zero, by what they are of."""

    family: float = 0.001
    own: float = 0.5
    """What one topic or skill adds to its family's weights."""
    objective: float = 0.01
    relevance: float = 0.1

    def of(self, name: str) -> float:
        """How strongly the features of a label or family are held."""
        if name in SHARED:
            return self.family
        kinds = {"objective": self.objective, "relevance": self.relevance}
        return kinds.get(name.partition("/")[0], self.own)


PENALTY: Final = Penalty()


def train(
    texts: Sequence[Labelled],
    topics: Sequence[str],
    *,
    version: str,
    penalty: Penalty = PENALTY,
) -> Weights:
    """Weights learned from the texts; the same texts in the same order give the same weights."""
    lessons = _lessons(texts, topics)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    steps: dict[str, dict[str, float]] = defaultdict(dict)
    shuffled = random.Random(_SEED)  # noqa: S311 - an order, not a secret
    for _ in range(EPOCHS):
        shuffled.shuffle(lessons)
        for lesson in lessons:
            _step(weights, steps, lesson, penalty)
    kept = {
        label: {name: value for name, value in own.items() if abs(value) > 0.005}
        for label, own in weights.items()
    }
    return Weights(version, kept)


def _lessons(texts: Iterable[Labelled], topics: Sequence[str]) -> list[Lesson]:
    """What each label has to learn; tags only from texts that are on topic."""
    found: list[Lesson] = []
    for text in texts:
        relevance = reading.relevance_features(text.reading)
        found.append(("relevance/on-topic", relevance, text.relevant))
        if not text.relevant:
            continue
        for slug in topics:
            features = reading.lexicon_features(text.reading, "topic", slug)
            found.append((f"topic/{slug}", features, slug in text.topics))
        for slug in SKILLS_IN_TEXTS:
            features = reading.lexicon_features(text.reading, "skill", slug)
            found.append((f"skill/{slug}", features, slug in text.skills))
        for slug in OBJECTIVES:
            features = reading.lexicon_features(text.reading, "objective", slug)
            found.append((f"objective/{slug}", features, slug in text.objectives))
    return found


def _step(
    weights: dict[str, dict[str, float]],
    steps: dict[str, dict[str, float]],
    lesson: Lesson,
    penalty: Penalty,
) -> None:
    """One step of AdaGrad for one label and, where it shares weights, its family."""
    label, features, applies = lesson
    family = model.family_of(label)
    names = (family, label) if family in SHARED else (label,)
    score = sum(
        value * sum(weights[name].get(feature, 0.0) for name in names)
        for feature, value in features.items()
    )
    error = model.probability(score) - float(applies)
    for feature, value in features.items():
        for name in names:
            own = weights[name]
            weight = own.get(feature, 0.0)
            # Only a family's bias is free: how often a topic occurs here, it need not elsewhere.
            is_free = feature == "bias" and name == names[0]
            held = 0.0 if is_free else penalty.of(name)
            gradient = error * value + held * weight
            seen = steps[name].get(feature, 0.0) + gradient * gradient
            steps[name][feature] = seen
            own[feature] = weight - RATE * gradient / (0.1 + seen**0.5)
