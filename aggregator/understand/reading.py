"""One entry read once: its words, what the lexicon finds in them, and the features of each label.

Pure. Knows no weights: what the features amount to is for `model` and `tags`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from aggregator.taxonomy import areas
from aggregator.understand.language import language_of
from aggregator.understand.lexicon import Hit, Lexicon
from aggregator.understand.model import WORD
from aggregator.understand.places import Place, places_in
from aggregator.understand.words import Word, words_of

TITLE_BOOST = 2.0
"""How much more a phrase of the title counts than one of the text."""
_LONG = 200
"""Words after which more words no longer make a subject stronger."""
_HOUR = re.compile(r"\b\d{1,2}\s?(?:h|heures)\s?(?:\d{2})?\b", re.IGNORECASE)
_STREETS = frozenset(
    [
        "rue",
        "avenue",
        "av",
        "boulevard",
        "bd",
        "place",
        "quai",
        "allee",
        "impasse",
        "passage",
        "square",
    ]
)
_OF = frozenset(["de", "du", "des", "d", "la", "l", "le", "les"])
_FOR = ("local", "france")
"""Cues that speak for an entry's relevance; all others speak against it."""
_I = re.compile(r"\b(?:je|j|mon|ma|mes|moi)\b", re.IGNORECASE)
_WE = re.compile(r"\b(?:nous|notre|nos)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(?:vous|votre|vos|tu|toi)\b", re.IGNORECASE)
_CALL = re.compile(r"\b\w{2,}ez\b")
_PAST = re.compile(r"\b(?:était|étaient|avait|avaient|ont|a été|ont été|fut)\b")
_FIGURES = re.compile(r"\b\d[\d.,]*\b")
_NAMES = re.compile(r"(?<=[\w,] )[A-ZÉÈ][a-zéèêïç]+(?= [A-ZÉÈ])")
_TO_DO = re.compile(r"\W*(?:\d+\W+)?(?:[Cc]omment\s+)?[A-ZÀ-Ý]?[\w'’-]{2,}(?:er|ir|re)\b")
"""A title that begins with an infinitive: « Fabriquer un composteur »."""
_COLON_LIST = re.compile(r"[:;•–-]\s")


class Found(NamedTuple):
    """A phrase of the lexicon in the title or the text."""

    field: str
    """`title` or `text`."""
    hit: Hit


@dataclass(frozen=True)
class Reading:
    """What was seen in one entry."""

    title: str
    text: str
    language: str | None
    found: dict[str, tuple[Found, ...]]
    """By dimension (`cue` included), in the order of title, then text."""
    strengths: dict[str, dict[str, float]]
    """By dimension and slug: the lexicon's weights added up, title doubled, length evened out."""
    in_title: dict[str, dict[str, float]]
    """The part of the strengths that the title gave."""
    places: tuple[Place, ...]
    stems: frozenset[str]
    """The different words, shortened, that learned weights may speak of."""
    words: int

    @cached_property
    def best(self) -> dict[tuple[str, str], float]:
        """By (dimension, slug) the weight of the strongest phrase for it, doubled in the title."""
        strongest: dict[tuple[str, str], float] = {}
        for dimension, everything in self.found.items():
            for field, hit in everything:
                boost = TITLE_BOOST if field == "title" else 1.0
                for slug, weight in hit.claims.items():
                    if boost * weight > strongest.get((dimension, slug), 0.0):
                        strongest[dimension, slug] = boost * weight
        return strongest

    @cached_property
    def manner(self) -> dict[str, float]:
        """Features of how the text speaks, whatever of; those that are 0 left out."""
        counted = {
            "question": float("?" in self.title),
            "hour": float(bool(_HOUR.search(self.text))),
            "call": float(bool(_CALL.search(self.title))),
            "calls": min(len(_CALL.findall(self.text)), 6) / 6,
            "we": min(len(_WE.findall(self.text)), 6) / 6,
            "you": min(len(_YOU.findall(self.text)), 6) / 6,
            "quote": float("«" in self.text or '"' in self.text),
            "list": min(len(_COLON_LIST.findall(self.text)), 8) / 8,
            "short": float(self.words < 40),
            "past": min(len(_PAST.findall(self.text)), 6) / 6,
            "figures": min(len(_FIGURES.findall(self.text)), 8) / 8,
            "names": min(len(_NAMES.findall(self.text)), 10) / 10,
            "to do in title": float(bool(_TO_DO.match(self.title))),
            "date in title": float(bool(_FIGURES.search(self.title))),
        }
        return {name: value for name, value in counted.items() if value}

    @cached_property
    def vocabulary(self) -> dict[str, float]:
        """One feature for each different word; together they weigh the same in a long text."""
        value = 1 / math.sqrt(max(len(self.stems), 30)) * 3
        return {f"{WORD}{stem}": value for stem in self.stems}


def read(
    title: str,
    text: str,
    lexicon: Lexicon,
    *,
    language: str | None = None,
    near: Collection[str] = (),
) -> Reading:
    """Read an entry; `language` is what its source says, `near` the source's own areas."""
    title_words, text_words = words_of(title), words_of(text)
    found: dict[str, tuple[Found, ...]] = {}
    strengths: dict[str, dict[str, float]] = {}
    in_title: dict[str, dict[str, float]] = {}
    words = len(title_words) + len(text_words)
    streets = (_streets(title_words), _streets(text_words))
    title_hits, text_hits = lexicon.hits(title_words), lexicon.hits(text_words)
    for dimension in lexicon.slugs:
        of_title = _outside(streets[0], title_hits[dimension])
        of_text = _outside(streets[1], text_hits[dimension])
        found[dimension] = (
            *(Found("title", hit) for hit in of_title),
            *(Found("text", hit) for hit in of_text),
        )
        in_title[dimension] = _strengths(of_title, 1.0)
        strengths[dimension] = _strengths(of_text, max(1.0, words / _LONG) ** 0.5)
        for slug, strength in in_title[dimension].items():
            with_text = strengths[dimension].get(slug, 0.0) + TITLE_BOOST * strength
            strengths[dimension][slug] = with_text
    return Reading(
        title=title,
        text=text,
        language=language_of(f"{title}. {text}", language),
        found=found,
        strengths=strengths,
        in_title=in_title,
        places=tuple(places_in(title_words, text_words, written=(title, text), near=near)),
        stems=_stems(title_words, text_words),
        words=words,
    )


def _streets(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where names of streets stand: « rue des Vignerons » says nothing of wine.

    A name is what follows in capitals; a text all in capitals shows none.
    """
    found: list[tuple[int, int]] = []
    if not any(word.raw.islower() for word in words):
        return found
    for position, word in enumerate(words):
        if word.folded in _STREETS:
            start = position + 1
            while start < len(words) and words[start].folded in _OF:
                start += 1
            end = start
            while end < len(words) and (words[end].is_capitalised or words[end].raw.isdigit()):
                end += 1
            if end > start:
                found.append((words[start].start, words[end - 1].end))
    return found


def _outside(streets: Sequence[tuple[int, int]], hits: list[Hit]) -> list[Hit]:
    """The hits that are no part of a street's name."""
    if not streets:
        return hits
    return [hit for hit in hits if not any(start <= hit.start < end for start, end in streets)]


def _strengths(hits: Sequence[Hit], divisor: float) -> dict[str, float]:
    """Each phrase counts once, a little more when repeated: a stuffed text gains nothing."""
    times = Counter(hit.phrase for hit in hits)
    claims = {hit.phrase: hit.claims for hit in hits}
    totals: dict[str, float] = {}
    for phrase, count in times.items():
        for slug, weight in claims[phrase].items():
            gain = weight * (1 + 0.4 * math.log2(min(count, 8)))
            totals[slug] = totals.get(slug, 0.0) + gain / divisor
    return totals


def _stems(title: Sequence[Word], text: Sequence[Word]) -> frozenset[str]:
    return frozenset(
        word.stem for word in (*title, *text) if len(word.stem) > 3 and not word.stem.isdigit()
    )


def lexicon_features(reading: Reading, dimension: str, slug: str) -> dict[str, float]:
    """What speaks for one tag: how strong, beside which others, in the title."""
    strengths = reading.strengths.get(dimension, {})
    strength = max(strengths.get(slug, 0.0), 0.0)
    features = {"bias": 1.0}
    if strength > 0:
        total = sum(value for value in strengths.values() if value > 0)
        others = max((value for other, value in strengths.items() if other != slug), default=0.0)
        features |= {
            "strength": math.log1p(strength),
            "amount": min(strength, 40.0) / 10,
            "share": strength / total,
            "of best": strength / max(strength, others),
            "lead": math.log((strength + 1) / (max(others, 0.0) + 1)),
            "title": math.log1p(max(reading.in_title[dimension].get(slug, 0.0), 0.0)),
            "best phrase": reading.best.get((dimension, slug), 0.0) / 4,
        }
    return features | reading.vocabulary


def objective_features(reading: Reading, slug: str) -> dict[str, float]:
    """What speaks for one objective: its phrases beside the others', and the text's manner."""
    return lexicon_features(reading, "objective", slug) | reading.manner


def relevance_features(reading: Reading) -> dict[str, float]:
    """What tells a subject of citizens of the metropolis from one that is none."""
    topics = [value for value in reading.strengths.get("topic", {}).values() if value > 0]
    features = {
        "bias": 1.0,
        "best topic": math.log1p(max(topics, default=0.0)),
        "all topics": math.log1p(sum(topics)),
        "no topic": float(not topics),
        "foreign": float(reading.language not in {"fr", None}),
        "place": float(_is_of_the_metropolis(reading.places)),
        "short": float(reading.words < 40),
        "i": min(len(_I.findall(reading.text)), 6) / 6,
        "we": min(len(_WE.findall(reading.text)), 6) / 6,
    }
    cues = reading.strengths.get("cue", {})
    local = sum(cues.get(slug, 0.0) for slug in _FOR)
    against = sum(value for slug, value in cues.items() if slug not in _FOR)
    abroad = cues.get("etranger", 0.0)
    features["abroad"] = abroad / (abroad + cues.get("france", 0.0) + 3)
    features["against"] = math.log1p(against)
    features["against local"] = against / (against + local + 3)
    features["against topics"] = against / (against + sum(topics) + 3)
    for slug, strength in cues.items():
        features[f"cue {slug}"] = math.log1p(max(strength, 0.0))
    for slug, strength in reading.in_title.get("cue", {}).items():
        features[f"title {slug}"] = math.log1p(max(strength, 0.0))
    for slug, strength in reading.strengths.get("objective", {}).items():
        features[f"objective {slug}"] = math.log1p(max(strength, 0.0))
    return {name: value for name, value in features.items() if value}


def _is_of_the_metropolis(places: Sequence[Place]) -> bool:
    return any(areas.area(place.slug).kind not in {"region", "country"} for place in places)
