"""Weights of features, and how a correction moves them. Pure; knows no words and no tags.

A label's score is the sum of its features times their weights, in log-odds. Families of labels
(`topic/*`) share weights, so that few examples teach all topics at once; a label adds its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

Features = Mapping[str, float]
WORD = "w:"
"""How the names of features begin that stand for a word of the text."""
_GENERAL = 0.1
"""How much less than a word's a correction moves the weight of any other feature."""


@dataclass(frozen=True)
class Weights:
    """What was learned from labelled texts. Never changed: `learn` makes a new one."""

    version: str
    """When and from what they were trained."""
    labels: Mapping[str, Mapping[str, float]]
    """For each label or family (`topic/*`), the weight of each feature; 0 where absent."""

    def score(self, label: str, features: Features) -> float:
        """Log-odds that the label applies; 0 for a label nothing is known of."""
        family = self.labels.get(family_of(label), {})
        own = self.labels.get(label, {})
        return sum(
            value * (family.get(name, 0.0) + own.get(name, 0.0)) for name, value in features.items()
        )

    def to_json(self) -> str:
        """One label a line group, sorted, to be read again by `read_weights` and in diffs."""
        labels = {
            label: {name: round(value, 4) for name, value in sorted(weights.items())}
            for label, weights in sorted(self.labels.items())
        }
        return json.dumps({"version": self.version, "labels": labels}, ensure_ascii=False, indent=1)


def family_of(label: str) -> str:
    """`topic/logement` belongs to `topic/*`."""
    return label.partition("/")[0] + "/*"


def probability(log_odds: float) -> float:
    """From log-odds to a number between 0 and 1, without overflow."""
    if log_odds < -40:
        return 0.0
    return 1 / (1 + math.exp(-log_odds))


def log_odds(share: float) -> float:
    """The other way; shares of 0 and 1 are taken for nearly so."""
    share = min(max(share, 0.001), 0.999)
    return math.log(share / (1 - share))


def learn(
    weights: Weights, label: str, features: Features, *, applies: bool, rate: float = 0.3
) -> Weights:
    """The weights after one correction: one step of logistic regression, on this label alone.

    The family is left as it is: one person's correction of one tag says nothing about the others.
    Words move most, for « not this tag on texts like this » should not weaken the tag everywhere.
    The same correction twice moves less the second time.
    """
    error = float(applies) - probability(weights.score(label, features))
    own = dict(weights.labels.get(label, {}))
    for name, value in features.items():
        step = rate if name.startswith(WORD) else rate * _GENERAL
        own[name] = own.get(name, 0.0) + step * error * value
    return Weights(weights.version, MappingProxyType({**weights.labels, label: own}))


def read_weights(text: str) -> Weights:
    """Weights from what `to_json` wrote."""
    written: dict[str, Any] = json.loads(text)
    return Weights(written["version"], MappingProxyType(written["labels"]))


@lru_cache(maxsize=1)
def default_weights() -> Weights:
    """The weights that come with the program, trained by `bench/tagging.py --train`."""
    path = files("aggregator.understand").joinpath("data/weights.json")
    return read_weights(path.read_text("utf-8"))
