"""Edits of the lexicon: a phrase put in, weighed anew or taken out. Pure; knows no moderator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from aggregator.understand.lexicon import (
    LINE,
    MAX_WEIGHT,
    SECTION,
    Lexicon,
    entries,
    keys_of,
    read_lexicon,
)
from aggregator.understand.tags import SKILLS_IN_TEXTS, Rules
from aggregator.understand.words import words_of

EDITABLE = ("topic", "objective", "skill")
MOST_CHARACTERS = 80

_PART = re.compile(r"[^*=]+|=[^\W_][^*=]*|[^\W_]{4,}\*")
"""One part of a phrase; a beginning of fewer letters would be found everywhere."""
_Key = tuple[str, str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of one phrase for one term."""

    dimension: str
    slug: str
    phrase: str
    weight: float | None
    """0.1 to 5, or as much against the term; None takes the phrase out."""


def is_phrase(phrase: str) -> bool:
    """Whether a lexicon can hold it: words, without its own signs `,` and `#`.

    >>> is_phrase("=marché couvert"), is_phrase("expuls*"), is_phrase("a*"), is_phrase("un, deux")
    (True, True, False, False)
    """
    return (
        len(phrase) <= MOST_CHARACTERS
        and phrase == " ".join(phrase.split())
        and not set(phrase) & set(",#")
        and all(map(_PART.fullmatch, phrase.split()))
        and any(True for _ in keys_of(phrase))
    )


def is_weight(weight: float | None) -> bool:
    """Whether a phrase can have it; None is no weight and takes it out."""
    return weight is None or 0.1 <= abs(weight) <= MAX_WEIGHT


def is_editable(dimension: str, slug: str) -> bool:
    """Whether words can speak for the term; some only a group can declare."""
    return dimension in EDITABLE and (dimension != "skill" or slug in SKILLS_IN_TEXTS)


def weight_of(lexicon: Lexicon, dimension: str, slug: str, phrase: str) -> float | None:
    """What a phrase weighs for a term; None when it is not there."""
    wanted = (dimension, slug, tuple(keys_of(phrase)))
    found = None
    for of, term, weight, other in entries(lexicon.text):
        if (of, term) == wanted[:2] and tuple(keys_of(other)) == wanted[2]:
            found = weight
    return found


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The lexicon's text with the edits; of several for one phrase the last counts."""
    last = {(edit.dimension, edit.slug, tuple(keys_of(edit.phrase))): edit for edit in edits}
    kept = _without(text, last)
    added = (
        f"[{edit.dimension}/{edit.slug}]\n{edit.weight:g}: {edit.phrase}"
        for edit in last.values()
        if edit.weight is not None
    )
    return "\n".join([*kept, *added]) + "\n"


def with_edits(rules: Rules, edits: Iterable[Edit]) -> Rules:
    """The rules with the lexicon edited; the rules given stay as they were."""
    return replace(rules, lexicon=read_lexicon(edited(rules.lexicon.text, edits)))


def alone(edit: Edit) -> Lexicon:
    """A lexicon of nothing but the edit's phrase: where it is not found, the edit does nothing."""
    return read_lexicon(f"[{edit.dimension}/{edit.slug}]\n1: {edit.phrase}")


def words_found(lexicon: Lexicon, dimension: str, *texts: str) -> tuple[str, ...]:
    """What stands where a phrase is found in the texts, each wording once, in their order."""
    return tuple(
        dict.fromkeys(
            text[hit.start : hit.end]
            for text in texts
            for hit in lexicon.hits(words_of(text)).get(dimension, ())
        )
    )


def _without(text: str, edits: Mapping[_Key, Edit]) -> Iterator[str]:
    """The lines without the edited phrases; as many as before, so that errors name the same."""
    terms = {key[:2] for key in edits}
    section = ("", "")
    for line in text.splitlines():
        written = line.partition("#")[0].strip()
        if match := SECTION.fullmatch(written):
            section = (match["dimension"], match["slug"])
        elif section in terms and (match := LINE.fullmatch(written)):
            phrases = [phrase.strip() for phrase in match["phrases"].split(",")]
            kept = [one for one in phrases if (*section, tuple(keys_of(one))) not in edits]
            if len(kept) < len(phrases):
                yield f"{match['weight']}: {', '.join(kept)}" if kept else ""
                continue
        yield line
