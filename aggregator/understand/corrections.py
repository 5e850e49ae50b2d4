"""What a correction teaches, and what an edit of the lexicon would change. Pure.

A correction wins over everything on its own entry: the store keeps it and applies it last. Here
it moves the weights, so that entries like it fare better, and becomes an example that every later
change is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from aggregator.errors import UnknownTerm
from aggregator.taxonomy import terms
from aggregator.understand import model, reading
from aggregator.understand.tags import (
    NO_PROFILE,
    SKILLS_IN_TEXTS,
    Profile,
    Rules,
    Understanding,
    tags_for,
)

RATE = 0.3
"""How far one correction moves a word; a handful of alike ones turns a firm belief."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Someone's word that a tag applies to an entry, or does not."""

    title: str
    text: str
    dimension: str
    """`topic`, `objective`, `skill` or `relevance`."""
    slug: str
    """Of the dimension; `on-topic` for relevance."""
    applies: bool
    profile: Profile = NO_PROFILE


@dataclass(frozen=True, slots=True)
class Change:
    """What other rules would make of one entry."""

    id: int
    gained: tuple[tuple[str, str], ...]
    """(dimension, slug) of tags it would get, in the order of `Understanding.tags`."""
    lost: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """An entry to try rules on."""

    id: int
    title: str
    text: str
    profile: Profile = NO_PROFILE


def learn(rules: Rules, correction: Correction) -> Rules:
    """The rules after a correction: one step for its label; raises UnknownTerm for a wrong slug.

    Areas and the skill `quartiers-populaires` come from names and declarations, not from weights:
    correcting them changes no rule. The rules given stay as they were.
    """
    label, features = _lesson(rules, correction)
    if label is None:
        return rules
    weights = model.learn(rules.weights, label, features, applies=correction.applies, rate=RATE)
    return replace(rules, weights=weights)


def learn_all(rules: Rules, corrections: Iterable[Correction]) -> Rules:
    """The rules after many corrections, in their order."""
    for correction in corrections:
        rules = learn(rules, correction)
    return rules


def is_met(correction: Correction, rules: Rules | None) -> bool:
    """Whether the rules tag the correction's entry as the correction wants."""
    found = tags_for(correction.title, correction.text, profile=correction.profile, rules=rules)
    if correction.dimension == "relevance":
        return found.is_relevant == correction.applies
    has_it = (correction.dimension, correction.slug) in _pairs(found)
    return has_it == correction.applies


def regressions(corrections: Iterable[Correction], before: Rules, after: Rules) -> list[Correction]:
    """Corrections that the rules before met and those after do not; empty is well."""
    return [
        correction
        for correction in corrections
        if is_met(correction, before) and not is_met(correction, after)
    ]


def changes(samples: Iterable[Sample], before: Rules, after: Rules) -> Iterator[Change]:
    """What an edit would change on entries, those that it leaves alone left out; about 5 ms each.

    A moderator sees this on the last 500 entries before a lexicon is saved.
    """
    for sample in samples:
        was = _pairs(tags_for(sample.title, sample.text, profile=sample.profile, rules=before))
        will = _pairs(tags_for(sample.title, sample.text, profile=sample.profile, rules=after))
        if was.keys() != will.keys():
            yield Change(
                sample.id,
                gained=tuple(pair for pair in will if pair not in was),
                lost=tuple(pair for pair in was if pair not in will),
            )


def _pairs(found: Understanding) -> Mapping[tuple[str, str], None]:
    return dict.fromkeys((tag.dimension, tag.slug) for tag in found.tags)


def _lesson(rules: Rules, correction: Correction) -> tuple[str | None, model.Features]:
    """The label that a correction is about, None when no weight decides it, and its features."""
    seen = reading.read(
        correction.title,
        correction.text,
        rules.lexicon,
        language=correction.profile.language,
        near=correction.profile.areas,
    )
    dimension, slug = correction.dimension, correction.slug
    if dimension == "relevance":
        if slug != "on-topic":
            raise UnknownTerm(f"There is no relevance {slug!r}: it is 'on-topic' or not.")
        return "relevance/on-topic", reading.relevance_features(seen)
    terms.term(dimension, slug)
    if dimension in {"topic", "objective"} or slug in SKILLS_IN_TEXTS:
        return f"{dimension}/{slug}", reading.tag_features(seen, dimension, slug)
    return None, {}
