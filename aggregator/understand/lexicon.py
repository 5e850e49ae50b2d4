"""The hand-written lexicon: which words speak for which tag, and how loudly.

Pure. Knows how to read and search it; what a sum of weights means is for `model`.

The file is for people::

    [topic/logement]
    4: HLM, logement social, droit au logement
    1: quartier
    -2: logement de fonction

A number is the weight of the phrases after it, with a minus they speak against the tag. A phrase
is matched word by word, whatever its accents, plural or feminine; `=marché` takes this very form
only, `expuls*` any word that begins so, and a word in CAPITALS only one in capitals. Where several
phrases begin at the same word the longest wins, and its words count for no other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from aggregator.errors import LexiconError, UnknownTerm
from aggregator.taxonomy import terms
from aggregator.understand.words import Word, fold, stem, words_of

SECTION = re.compile(r"\[(?P<dimension>[a-z]+)/(?P<slug>[a-z-]+)\]")
LINE = re.compile(r"(?P<weight>-?\d+(?:\.\d+)?)\s*:\s*(?P<phrases>.+)")
_TAGGED = ("topic", "objective", "skill")
MAX_WEIGHT = 5.0


class Hit(NamedTuple):
    """A phrase of the lexicon found in a text."""

    phrase: str
    """As the lexicon writes it."""
    claims: Mapping[str, float]
    """For which slugs of the dimension it speaks, with the weight of each."""
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """One step in the tree of phrases of a dimension."""

    next: dict[str, _Node] = field(default_factory=dict)
    phrase: str = ""
    claims: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """All phrases, ready to be searched for. Made by `read_lexicon`; never changed."""

    text: str
    """The file it was read from: an editor shows and changes this."""
    slugs: Mapping[str, tuple[str, ...]]
    """For each dimension the slugs that have phrases, in the file's order."""
    _trees: Mapping[str, _Node]
    _exact: frozenset[str]
    """Forms that phrases want with their accents."""
    _prefixes: Mapping[int, frozenset[str]]
    """Beginnings that phrases want, by their length."""

    @property
    def version(self) -> str:
        """Eight characters that change with the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:8]

    def hits(self, words: Sequence[Word]) -> dict[str, list[Hit]]:
        """What is found in the words for each dimension of `slugs`, in the words' order.

        Within one dimension never two hits over the same word.
        """
        keys = self._keys(words)
        return {dimension: _hits(tree, words, keys) for dimension, tree in self._trees.items()}

    def _keys(self, words: Sequence[Word]) -> list[list[str]]:
        """For each word, every way in which a phrase could ask for it."""
        # All in capitals or without accents, the form tells nothing: let exact words match folded.
        has_accents = any(not word.raw.isascii() for word in words)
        has_small = any(word.raw.islower() for word in words)
        return [self._keys_of(word, has_accents, has_small) for word in words]

    def _keys_of(self, word: Word, has_accents: bool, has_small: bool) -> list[str]:
        keys = [word.stem]
        if has_accents:
            if (exact := "=" + word.raw.lower()) in self._exact:
                keys.append(exact)
        elif (exact := "~" + word.folded) in self._exact:
            keys.append(exact)
        if word.raw.isupper() and (has_small or len(word.raw) <= 5):
            keys.append(word.raw)
        for length, beginnings in self._prefixes.items():
            if word.folded[:length] in beginnings:
                keys.append(word.folded[:length] + "*")
        return keys


def read_lexicon(text: str) -> Lexicon:
    """The lexicon written in a text; raises LexiconError with the line that is wrong."""
    trees: dict[str, _Node] = {}
    slugs: dict[str, list[str]] = {}
    exact: set[str] = set()
    prefixes: dict[int, set[str]] = {}
    for dimension, slug, weight, phrase in entries(text):
        node = trees.setdefault(dimension, _Node())
        if slug not in slugs.setdefault(dimension, []):
            slugs[dimension].append(slug)
        for options in keys_of(phrase):
            key = options[0]
            if key[0] == "=":
                exact.update(options)
            elif key[-1] == "*":
                prefixes.setdefault(len(key) - 1, set()).add(key[:-1])
            following = node.next.setdefault(key, _Node())
            for other in options[1:]:
                node.next.setdefault(other, following)
            node = following
        node.phrase = phrase
        node.claims[slug] = weight
    return Lexicon(
        text=text,
        slugs={dimension: tuple(found) for dimension, found in slugs.items()},
        _trees=trees,
        _exact=frozenset(exact),
        _prefixes={length: frozenset(found) for length, found in prefixes.items()},
    )


def _hits(tree: _Node, words: Sequence[Word], keys: Sequence[list[str]]) -> list[Hit]:
    found = []
    beginnings = tree.next.keys()
    free = 0
    for position, asked in enumerate(keys):
        if position < free or beginnings.isdisjoint(asked):
            continue
        node, length = _longest(tree, keys, position)
        if node is not None:
            free = position + length
            found.append(Hit(node.phrase, node.claims, words[position].start, words[free - 1].end))
    return found


def _longest(tree: _Node, keys: Sequence[list[str]], start: int) -> tuple[_Node | None, int]:
    """The longest phrase that begins at a word, and how many words it takes."""
    best: _Node | None = None
    length = 0
    reached = [tree]
    position = start
    while reached and position < len(keys):
        reached = [node.next[key] for node in reached for key in keys[position] if key in node.next]
        position += 1
        for node in reached:
            if node.claims and position - start > length:
                best, length = node, position - start
    return best, length


def keys_of(phrase: str) -> Iterator[tuple[str, ...]]:
    """What a text's words must show to be this phrase, step by step; several are alternatives.

    Phrases with the same keys are one phrase.
    """
    for part in phrase.split():
        if part[0] == "=":
            yield ("=" + part[1:].lower(), "~" + fold(part[1:]))
        elif part[-1] == "*":
            yield (fold(part[:-1]) + "*",)
        elif part.isupper() and len(part) > 1 and part.isalnum():
            yield (part,)
        else:
            for word in words_of(part):
                yield (stem(word.folded),)


def entries(text: str) -> Iterator[tuple[str, str, float, str]]:
    """(dimension, slug, weight, phrase) in the text's order; raises LexiconError."""
    section: tuple[str, str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        if match := SECTION.fullmatch(written):
            section = (match["dimension"], match["slug"])
            _check(section, number)
        elif section is not None and (match := LINE.fullmatch(written)):
            weight = float(match["weight"])
            if abs(weight) > MAX_WEIGHT:
                raise LexiconError(f"Line {number}: the weight {weight:g} is beyond ±5.")
            for phrase in _phrases(match["phrases"], number):
                yield (*section, weight, phrase)
        else:
            raise LexiconError(
                f"Line {number}: {written[:60]!r} is neither [dimension/slug] nor weight: phrases."
            )


def _check(section: tuple[str, str], number: int) -> None:
    dimension, slug = section
    if dimension in _TAGGED:
        try:
            terms.term(dimension, slug)
        except UnknownTerm as error:
            raise LexiconError(f"Line {number}: {error}") from error
    elif dimension != "cue":
        raise LexiconError(f"Line {number}: there are no phrases for the dimension {dimension!r}.")


def _phrases(written: str, number: int) -> Iterable[str]:
    phrases = [phrase.strip() for phrase in written.split(",") if phrase.strip()]
    for phrase in phrases:
        if not any(True for _ in keys_of(phrase)):
            raise LexiconError(f"Line {number}: {phrase!r} holds no word.")
    return phrases


@lru_cache(maxsize=1)
def default_text() -> str:
    """The lexicon that comes with the program."""
    return files("aggregator.understand").joinpath("data/lexicon.txt").read_text("utf-8")
