"""Which areas a text names, by gazetteer and context. Pure; knows nothing of topics.

Streets, gates, treaties and institutions that bear a place's name are not that place; names that
are also words (Les Lilas, Sceaux, Antony) need a capital or a sign beside them; an ordinal is an
arrondissement only with a reason. Former communes and known quartiers lie in the tree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from aggregator.taxonomy import areas
from aggregator.understand.gazetteer import SHORTENED, gazetteer
from aggregator.understand.words import Word

MANY = 12
"""A text that names more communes than this lists them, and is about none that it does not
name in its title."""

_NOT_FOUND: tuple[str, ...] = ()
_ORDINAL = re.compile(r"(1)(?:er|re|ere)|(\d{1,2})(?:e|eme|me|nd|nde)?")
_ROMAN = re.compile(r"(x{0,2}(?:ix|iv|v?i{0,3}))(?:e|eme|er|re)")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_SMALL = frozenset(
    ["le", "la", "les", "l", "d", "de", "du", "des", "en", "sur", "sous", "au", "aux", "et"]
)
_JOINS = frozenset(["sur", "sous", "le", "la", "les", "en", "aux", "lez", "du", "au", "d"])
_CAMPUS = re.compile(
    r"universit|\bfac\b|étudiant|sorbonne|professeur|licence|doctor", re.IGNORECASE
)
_AFTER_FIGURE = re.compile(
    r"/|[,.]\d|\s*(?:bis\b|ter\b|,?\s*(?:rue|avenue|av|boulevard|bd|place|quai|passage|allée|cours)\b"
    r"|jan|fév|mars|avr|mai|juin|juil|août|sep|oct|nov|déc|h\b|ans\b|€|euros)",
    re.IGNORECASE,
)
"""After « Paris 12 » this makes of the figure an address, a date or an amount."""
_STREETS = frozenset(["rue", "avenue", "av", "boulevard", "bd", "quai", "place", "bis", "ter"])
_COMMON_WORDS = frozenset(["paris", "sceaux", "lilas", "colombes", "stains", "pantin", "fresnes"])


@dataclass(slots=True)
class _Mention:
    slug: str
    start: int
    end: int
    weak: bool = False
    """Whether it says too little alone."""
    is_at: bool = False
    """Whether something takes place there: « à Ivry »."""


@dataclass(frozen=True, slots=True)
class Place:
    """An area that a text names."""

    slug: str
    weight: float
    """From 0 to 1, how much the text is about it: in the title near 1, once in passing 0.6."""
    in_title: tuple[tuple[int, int], ...]
    """Where the title names it: offsets of first and after last character."""
    in_text: tuple[tuple[int, int], ...]


def places_in(
    title: Sequence[Word],
    text: Sequence[Word],
    *,
    written: tuple[str, str],
    near: Collection[str] = _NOT_FOUND,
) -> list[Place]:
    """The areas named, the weightiest first; empty when there is none.

    `written` is title and text as the words were cut from them; `near` the slugs of the source's
    own areas, which help names and ordinals that say too little alone. An arrondissement stands
    for Paris too, as the tree says; Paris is then only given if it is named by itself elsewhere.
    """
    around = _around(near)
    everything = (
        [(mention, True) for mention in _mentions(title, written[0])],
        [(mention, False) for mention in _mentions(text, written[1])],
    )
    mentions = [*everything[0], *everything[1]]
    folded = {word.folded for word in (*title, *text)}
    sure = {mention.slug for mention, _ in mentions if not mention.weak}
    context = around | {wide for slug in sure for wide in (slug, *areas.ancestors(slug))}
    is_far = bool(folded & gazetteer().elsewhere) and not sure
    kept = [
        (mention, in_title)
        for mention, in_title in mentions
        if not mention.weak
        or (not is_far and (mention.is_at or _is_near(mention.slug, context)))
        or mention.slug in near
    ]
    return _weighed(kept)


def _around(near: Iterable[str]) -> frozenset[str]:
    """The source's areas with all that is wider, up to the department."""
    found = set()
    for slug in near:
        found.add(slug)
        found.update(areas.ancestors(slug))
    return frozenset(found)


def _is_near(slug: str, context: Collection[str]) -> bool:
    """Whether the text or its source speaks of the same territory, department or commune."""
    if areas.area(slug).kind == "arrondissement":
        return "paris" in context
    wider = set(areas.ancestors(slug)) - {"france"}
    return slug in context or bool(wider & set(context))


def _mentions(words: Sequence[Word], written: str) -> list[_Mention]:
    found = []
    position = 0
    has_small = any(word.raw.islower() for word in words)
    while position < len(words):
        node, length = gazetteer().longest(words, position)
        if node is not None:
            name = words[position : position + length]
            slug = node.slug
            if slug is not None and _is_name(words, position, length, written, has_small):
                length, slug = _with_number(words, position, length, slug, written)
                last = words[position + length - 1]
                first = name[1] if length > 1 and name[0].folded in SHORTENED else name[0]
                is_at = _is_at(words, position, slug)
                found.append(_Mention(slug, first.start, last.end, node.is_weak, is_at))
            position += length
        else:
            mention = _numbered(words, position, written)
            if mention is not None:
                found.append(mention)
            position += 1
    return found


def _is_at(words: Sequence[Word], position: int, slug: str) -> bool:
    """« À Ivry » is Ivry-sur-Seine, unless the text is of elsewhere; « Antony » may be a man."""
    return (
        position > 0
        and words[position - 1].raw in {"à", "À", "A"}
        and areas.area(slug).kind == "commune"
    )


def _is_name(
    words: Sequence[Word], position: int, length: int, written: str, has_small: bool
) -> bool:
    """Whether words that read like a place's name are one, by their capitals and neighbours."""
    name = words[position : position + length]
    small = _SMALL | gazetteer().common_nouns
    said = [word for word in name if word.folded not in small] or list(name)
    if any(word.is_capitalised or word.raw[0].isdigit() for word in said):
        if has_small and not all(word.is_capitalised or word.raw[0].isdigit() for word in said):
            return False
    elif any(word.folded in _COMMON_WORDS for word in said):
        before = words[position - 1] if position else None
        if before is None or (
            before.folded not in {"a", "sur"} and "," not in written[before.end : name[0].start]
        ):
            return False
    elif len(said) == 1 and len(name) > 1:
        return False
    return not _belongs_to_another(words, position, length, written)


def _belongs_to_another(words: Sequence[Word], position: int, length: int, written: str) -> bool:
    first, last = words[position], words[position + length - 1]
    following = words[position + length] if position + length < len(words) else None
    if (
        following is not None
        and written[last.end : following.start] == "-"
        and following.folded in _JOINS
    ):
        return True
    if following is not None and last.raw.isdigit() and following.folded in _STREETS:
        # « Le 94 rue Gambetta » is a house.
        return True
    if first.start and written[first.start - 1] == "-" and position > 0:
        return words[position - 1].folded not in {"mont", "ex", "non", "anti"}
    before = position - 1
    while before >= 0 and words[before].folded in {"de", "d", "du", "des", "la", "l", "les"}:
        before -= 1
    if before < 0 or words[before].folded not in gazetteer().not_before:
        return False
    # « sur la place. Pantin… » and « 86 rue, Pantin » part the two.
    return not set(written[words[before].end : first.start]) & set(".,;:!?\n()")


def _with_number(
    words: Sequence[Word], position: int, length: int, slug: str, written: str
) -> tuple[int, str]:
    """`Paris 18e`, `Paris 18`, `Paris XVIIIe`: the arrondissement and the words it takes."""
    following = position + length
    if slug != "paris" or following >= len(words):
        return length, slug
    word = words[following]
    gap = written[words[following - 1].end : word.start]
    number = _number(word, bare=True)
    if number is None or gap.strip(" ,(-–"):
        return length, slug
    if word.raw.isdigit():
        around = written[max(0, words[position].start - 80) : word.end + 40]
        if gap == "-" or _CAMPUS.search(around):
            # « Paris-8 », « licence à Paris 7 »: a university, which need not be there.
            return length + 1, slug
        if gap != " " or _AFTER_FIGURE.match(written, word.end):
            return length, slug
    return length + 1, _arrondissement(number)


def _number(word: Word, *, bare: bool) -> int | None:
    """1 to 20 for an ordinal, in figures, Roman figures or (only `bare`) without an ending."""
    if match := _ORDINAL.fullmatch(word.folded):
        number = int(match[1] or match[2])
        if 1 <= number <= 20 and (bare or not word.raw.isdigit()):
            return number
    elif (match := _ROMAN.fullmatch(word.folded)) and match[1] and word.raw[:1].isupper():
        return _roman(match[1])
    return None


def _roman(figures: str) -> int | None:
    total = 0
    for here, after in zip(figures, [*figures[1:], ""], strict=True):
        value = _ROMAN_VALUES[here]
        total += -value if value < _ROMAN_VALUES.get(after, 0) else value
    return total if 1 <= total <= 20 else None


def _arrondissement(number: int) -> str:
    return "paris-1er" if number == 1 else f"paris-{number}e"


def _numbered(words: Sequence[Word], position: int, written: str) -> _Mention | None:
    """A postcode, an arrondissement or a department written as a number."""
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else None
    if len(word.raw) == 5 and word.raw.isdigit():
        return _by_postcode(words, position)
    if word.raw in {"75", "92", "93", "94"} and (spaced := _by_spaced_postcode(words, position)):
        return spaced
    if word.folded in {"arrondissement", "arr", "arrdt"} and position > 0:
        return _spelled(words, position)
    before = words[position - 1].folded if position else ""
    if word.raw in {"75", "91", "92", "93", "94", "95"} and before in {"le", "du", "dans"}:
        area = areas.by_code(word.raw)
        is_number = following is not None and following.folded in _STREETS
        counted = following is not None and _next_to(word, following, written)
        return None if is_number or counted or area is None else _mention(area.slug, word)
    if before not in {"le", "du", "au", "les", "et", "des"}:
        return None
    number = _number(word, bare=False)
    # A bare « le 1er » is a day of the month.
    if number in {None, 1}:
        return None
    if following is not None and _next_to(word, following, written):
        return None
    assert number is not None
    # A bare « le 18e » is Paris's only where the text or the source speaks of Paris.
    return _Mention(_arrondissement(number), word.start, word.end, weak=True)


def _next_to(word: Word, following: Word, written: str) -> bool:
    """Whether a word follows in the same breath: « le 18e siècle », but not « le 18e, puis »."""
    gap = written[word.end : following.start]
    return gap.isspace() and following.folded not in {"et", "ou", "a", "est", "pour", "qui", "on"}


def _mention(slug: str, word: Word) -> _Mention:
    return _Mention(slug, word.start, word.end)


def _by_postcode(words: Sequence[Word], position: int) -> _Mention | None:
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else None
    if following is not None and following.folded in gazetteer().units:
        return None
    sharing = areas.by_postcode(word.raw)
    if len(sharing) == 1:
        return _mention(sharing[0].slug, word)
    # The name beside a shared postcode tells which commune it is; alone it does not.
    return None


def _by_spaced_postcode(words: Sequence[Word], position: int) -> _Mention | None:
    """`75 018 Paris`; « 93 100 habitants » is none."""
    first, *rest = words[position : position + 3]
    if not rest or rest[0].start != first.end + 1 or not re.fullmatch(r"\d{3}", rest[0].raw):
        return None
    sharing = areas.by_postcode(first.raw + rest[0].raw)
    if len(sharing) != 1 or not all(word.is_capitalised for word in rest[1:]):
        return None
    return _Mention(sharing[0].slug, first.start, rest[0].end)


def _spelled(words: Sequence[Word], position: int) -> _Mention | None:
    """`18e arrondissement`, `XVIIIe arr.`, `dix-huitième arrondissement`."""
    before = words[position - 1]
    number = _number(before, bare=False)
    first = before
    if number is None:
        spelled = before.folded
        if position > 1 and words[position - 2].folded == "dix":
            spelled, first = f"dix-{spelled}", words[position - 2]
        ordinals = gazetteer().ordinals
        if spelled not in ordinals:
            return None
        number = ordinals.index(spelled) + 1
    is_far = any(
        word.folded in {"lyon", "marseille"} for word in words[max(0, position - 8) : position + 8]
    )
    if is_far:
        return None
    return _Mention(_arrondissement(number), first.start, words[position].end)


def _weighed(mentions: Sequence[tuple[_Mention, bool]]) -> list[Place]:
    spans: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    for mention, is_in_title in mentions:
        where = spans.setdefault(mention.slug, ([], []))
        where[0 if is_in_title else 1].append((mention.start, mention.end))
    lists = sum(areas.area(slug).kind in {"commune", "arrondissement"} for slug in spans) > MANY
    found = []
    for slug, (in_title, in_text) in spans.items():
        weight = 0.6 + 0.1 * math.log2(max(len(in_text), 1))
        if in_title:
            weight = max(weight, 0.9)
        elif lists:
            weight = 0.2
        found.append(Place(slug, round(min(weight, 0.95), 2), tuple(in_title), tuple(in_text)))
    return sorted(found, key=lambda place: (-place.weight, place.slug))
