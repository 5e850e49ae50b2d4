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
_Span = tuple[int, int]
"""Offsets of the first character and after the last."""
_I = re.compile(r"\b(?:je|j|mon|ma|mes|moi)\b", re.IGNORECASE)
_WE = re.compile(r"\b(?:nous|notre|nos)\b", re.IGNORECASE)


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
    """The different words, shortened, that corrections may speak of."""
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
    places = places_in(title_words, text_words, written=(title, text), near=near)
    streets = (_streets(title_words), _streets(text_words))
    towns = (
        [span for place in places for span in place.in_title],
        [span for place in places for span in place.in_text],
    )
    title_hits, text_hits = lexicon.hits(title_words), lexicon.hits(text_words)
    for dimension in lexicon.slugs:
        of_title = _outside(streets[0], towns[0], title_hits[dimension])
        of_text = _outside(streets[1], towns[1], text_hits[dimension])
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
        places=tuple(places),
        stems=_stems(title_words, text_words),
        words=words,
    )


def _streets(words: Sequence[Word]) -> list[_Span]:
    """Where names of streets stand: « rue des Vignerons » says nothing of wine.

    A name is what follows in capitals; a text all in capitals shows none.
    """
    found: list[_Span] = []
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


def _outside(streets: Sequence[_Span], towns: Sequence[_Span], hits: list[Hit]) -> list[Hit]:
    """The hits that are no part of a street's name, nor a mere part of a place's.

    « Nogent-sur-Marne » says nothing of a river; « Rungis », the whole name, may speak.
    """
    if not streets and not towns:
        return hits
    return [
        hit
        for hit in hits
        if not any(start <= hit.start < end for start, end in streets)
        and not any(
            start <= hit.start and hit.end <= end and hit.end - hit.start < end - start
            for start, end in towns
        )
    ]


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


def tag_features(reading: Reading, dimension: str, slug: str) -> dict[str, float]:
    """All that can speak for one tag: what the lexicon finds, and each word, for corrections."""
    return lexicon_features(reading, dimension, slug) | reading.vocabulary


def lexicon_features(reading: Reading, dimension: str, slug: str) -> dict[str, float]:
    """What the lexicon says for one tag: how strongly, beside which others, in the title."""
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
    return features


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
