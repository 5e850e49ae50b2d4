"""Train the weights of `aggregator/understand/data/weights.json` from the labelled texts.

    python -m bench.train_tags [../shared/tagging/labelled.jsonl]

Logistic regression by AdaGrad in plain Python, the same on every machine. Writes facts derived
from the texts, never the texts. `bench.tagging` uses the same functions to cross-validate.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator.understand import model, reading
from aggregator.understand.lexicon import Lexicon, default_text, read_lexicon
from aggregator.understand.model import Weights

LABELLED = Path("../shared/tagging/labelled.jsonl")
WEIGHTS = Path("aggregator/understand/data/weights.json")
CODES = {
    "urb": "urbanisme",
    "log": "logement",
    "tra": "transports",
    "env": "environnement",
    "cul": "culture",
    "ess": "economie-sociale",
    "ali": "alimentation",
    "edu": "education-jeunesse",
    "san": "sante-solidarites",
    "dem": "democratie-participation",
    "num": "numerique-communs",
    "qpo": "egalite-quartiers-populaires",
    "vis": "rendre-visible",
    "con": "partager-les-connaissances",
    "coo": "renforcer-les-cooperations",
    "code": "code-webdesign",
    "pop": "quartiers-populaires",
    "part": "participation-large",
    "gouv": "gouvernance",
}
TOPICS = [slug for code, slug in CODES.items() if len(code) == 3][:12]
OBJECTIVES = ["rendre-visible", "partager-les-connaissances", "renforcer-les-cooperations"]
SKILLS = ["code-webdesign", "participation-large", "gouvernance"]

SHARED = ("topic/*", "skill/*")
"""Families whose labels are taught together, being found by the lexicon alike."""
EPOCHS = 12
RATE = 0.3
SEEN_IN = 5
"""A word must be in as many training texts, or it teaches only its site's habits."""


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
    language: str


@dataclass(frozen=True)
class Penalty:
    """How strongly weights are held near zero."""

    family: float = 0.001
    own_topic: float = 0.5
    own: float = 0.1
    relevance: float = 0.1
    word: float = 0.02
    sparse: float = 0.2

    def of(self, name: str, *, is_word: bool) -> float:
        """How strongly a feature of a label or family is held."""
        if is_word:
            return self.word
        if name in SHARED:
            return self.family
        kinds = {"topic": self.own_topic, "skill": self.own_topic, "relevance": self.relevance}
        return kinds.get(name.partition("/")[0], self.own)


Example = tuple[str, dict[str, float], bool]


def labelled(path: Path, lexicon: Lexicon) -> list[Labelled]:
    """All labelled texts, read by the lexicon, in the file's order."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.append(
            Labelled(
                id=row["id"],
                site=row["site"],
                reading=reading.read(row["title"], row["text"], lexicon, language="fr"),
                relevant=bool(row["rel"]),
                topics=frozenset(CODES[code] for code in row["topics"]),
                objectives=frozenset(CODES[code] for code in row["objectives"]),
                skills=frozenset(CODES[code] for code in row["skills"]),
                places=frozenset(row["places"]),
                language=row["lang"],
            )
        )
    return found


def examples(texts: Sequence[Labelled]) -> list[Example]:
    """What each label has to learn from the texts."""
    found: list[Example] = []
    for text in texts:
        found.append(
            ("relevance/on-topic", reading.relevance_features(text.reading), text.relevant)
        )
        if not text.relevant:
            continue
        for slug in TOPICS:
            features = reading.lexicon_features(text.reading, "topic", slug)
            found.append((f"topic/{slug}", features, slug in text.topics))
        style = reading.style_features(text.reading, OBJECTIVES)
        for slug in OBJECTIVES:
            found.append((f"objective/{slug}", style, slug in text.objectives))
        for slug in SKILLS:
            features = reading.lexicon_features(text.reading, "skill", slug)
            found.append((f"skill/{slug}", features, slug in text.skills))
    return found


def train(texts: Sequence[Labelled], version: str, penalty: Penalty | None = None) -> Weights:
    """Weights learned from the texts; the same texts in the same order give the same weights."""
    penalty = penalty or Penalty()
    lessons = _without_rare_words(examples(texts), texts)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    steps: dict[str, dict[str, float]] = defaultdict(dict)
    shuffled = random.Random(20261124)
    for _ in range(EPOCHS):
        shuffled.shuffle(lessons)
        for label, features, applies in lessons:
            _step(weights, steps, label, features, applies, penalty)
    kept = {
        label: {name: value for name, value in own.items() if abs(value) > 0.005}
        for label, own in weights.items()
    }
    return Weights(version, kept)


def _step(
    weights: dict[str, dict[str, float]],
    steps: dict[str, dict[str, float]],
    label: str,
    features: dict[str, float],
    applies: bool,
    penalty: Penalty,
) -> None:
    family = model.family_of(label)
    shared = family in SHARED
    names = (family, label) if shared else (label,)
    score = sum(
        value * sum(weights[name].get(feature, 0.0) for name in names)
        for feature, value in features.items()
    )
    error = model.probability(score) - float(applies)
    for feature, value in features.items():
        is_word = feature.startswith("w:")
        for name in names:
            if is_word and name == family:
                continue
            own = weights[name]
            weight = own.get(feature, 0.0)
            held = penalty.of(name, is_word=is_word)
            # Only a family's bias is free: how often a topic occurs here, it need not elsewhere.
            if feature == "bias" and (name == family or not shared):
                held = 0.0
            gradient = error * value + held * weight
            seen = steps[name].get(feature, 0.0) + gradient * gradient
            steps[name][feature] = seen
            size = RATE / (0.1 + seen**0.5)
            weight -= size * gradient
            if is_word:
                least = size * penalty.sparse
                weight = max(weight - least, 0.0) if weight > 0 else min(weight + least, 0.0)
            own[feature] = weight


def _without_rare_words(lessons: Iterable[Example], texts: Sequence[Labelled]) -> list[Example]:
    """The lessons without words that few texts, or the texts of few sites, hold."""
    seen = Counter(stem for text in texts for stem in text.reading.stems)
    sites: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for stem in text.reading.stems:
            sites[stem].add(text.site)
    kept = {
        f"w:{stem}" for stem, count in seen.items() if count >= SEEN_IN and len(sites[stem]) > 3
    }
    return [
        (
            label,
            {name: value for name, value in features.items() if name[:2] != "w:" or name in kept},
            applies,
        )
        for label, features, applies in lessons
    ]


def main() -> None:
    """Train on every labelled text and write the weights beside the lexicon."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else LABELLED
    texts = labelled(path, read_lexicon(default_text()))
    weights = train(texts, version=f"2026-11-24, {len(texts)} labelled texts")
    WEIGHTS.write_text(weights.to_json() + "\n", "utf-8")
    count = sum(map(len, weights.labels.values()))
    print(f"{WEIGHTS}: {count} weights from {len(texts)} texts")


if __name__ == "__main__":
    main()
