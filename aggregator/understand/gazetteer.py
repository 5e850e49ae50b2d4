"""The names of areas as a tree of words, and the lists that tell them from what looks alike.

Pure; read from the taxonomy and `data/places.txt`. Whether a name is meant is for `places`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from aggregator.taxonomy import areas
from aggregator.understand.words import Word, fold, words_of

_CONTRACTED = {"le": ("du", "au"), "les": ("des", "aux")}
SHORTENED = frozenset(short for pair in _CONTRACTED.values() for short in pair)
"""Stand in a text for the article that a name begins with."""
_SPELLED_OUT = {"st": "saint", "ste": "sainte"}


@dataclass(slots=True)
class Node:
    """One step in the tree; where a name ends, what it names."""

    next: dict[str, Node] = field(default_factory=dict)
    slug: str | None = None
    """None at the end of a name that is no place."""
    is_end: bool = False
    is_weak: bool = False
    """Whether the name alone says too little."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All names, and the lists of `data/places.txt`, folded."""

    root: Node
    not_before: frozenset[str]
    elsewhere: frozenset[str]
    common_nouns: frozenset[str]
    units: frozenset[str]
    ordinals: tuple[str, ...]

    def longest(self, words: Sequence[Word], start: int) -> tuple[Node | None, int]:
        """Where the longest name that begins at a word ends, and how many words it takes."""
        node: Node | None = self.root
        best, length = None, 0
        position = start
        while node is not None and position < len(words):
            word = words[position].folded
            node = node.next.get(_SPELLED_OUT.get(word, word))
            position += 1
            if node is not None and node.is_end:
                best, length = node, position - start
        return best, length


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The gazetteer that comes with the program, read once."""
    lists = _lists()
    root = Node()
    weak = {fold_name(name) for name in lists["weak"]}
    for area in areas.areas():
        if area.kind != "country":
            # « 3e arrondissement » alone may be Lyon's: `_spelled` looks around it.
            others = () if area.kind == "arrondissement" else area.aliases
            for name in (area.name, *others):
                key = fold_name(name)
                if len(key) == 1 and len(key[0]) < 4:
                    continue
                for written in (key, *_contracted(key)):
                    _add(root, written, area.slug, key in weak)
    for name in lists["not places"]:
        _add(root, fold_name(name), None, False)
    return Gazetteer(
        root=root,
        not_before=frozenset(fold(word) for word in lists["no place after"]),
        elsewhere=frozenset(fold(word) for word in lists["elsewhere"]),
        common_nouns=frozenset(fold(word) for word in lists["common nouns"]),
        units=frozenset(fold(word) for word in lists["counted"]),
        ordinals=tuple(fold(word) for word in lists["ordinals"]),
    )


def fold_name(name: str) -> tuple[str, ...]:
    """A name as the words it is searched by."""
    return tuple(_SPELLED_OUT.get(word.folded, word.folded) for word in words_of(name))


def _contracted(key: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """`au Raincy`, `du Raincy` for Le Raincy; `aux Lilas`, `des Lilas` for Les Lilas."""
    return [(short, *key[1:]) for short in _CONTRACTED.get(key[0], ())]


def _add(root: Node, key: tuple[str, ...], slug: str | None, weak: bool) -> None:
    node = root
    for word in key:
        node = node.next.setdefault(word, Node())
    if not node.is_end:
        node.is_end, node.slug, node.is_weak = True, slug, weak


def _lists() -> Mapping[str, list[str]]:
    text = files("aggregator.understand").joinpath("data/places.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in text.splitlines():
        written = line.partition("#")[0].strip()
        if written.startswith("["):
            section = found.setdefault(written.strip("[]"), [])
        elif written:
            section.extend(name.strip() for name in written.split(",") if name.strip())
    return found
