"""Is this group here already, or does an address imitate another's? Names and hosts compared.

The comparisons are pure; only `duplicates` reads the inventory.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from aggregator.store.suppressions import address_key
from aggregator.store.tables import Group

_ORDINARY: Final = frozenset(
    re.findall(
        r"\w+",
        "association asso collectif comite groupe reseau federation union mouvement officiel site "
        "les des du de la le l d un une et en a au aux pour sur dans the of and blog",
    )
)
"""Words that half of all groups bear; they do not make two names one."""

_LETTERS: Final = dict(
    zip(
        "аеорсухіјѕԁһԛԝьвмнтгкαβεικνορτυχωγıøđ",
        "aeopcyxijsdhqwbbmhtrkabeiknoptuxwyiod",
        strict=True,
    )
)
"""Letters of other alphabets that look like Latin ones (after Unicode's confusables, UTS 39,
reduced to what host names may hold)."""
_LOOKALIKE_LETTERS: Final = str.maketrans(_LETTERS)
_LOOKALIKE: Final = str.maketrans(_LETTERS | {"0": "o", "1": "l", "ł": "l"})


CERTAIN: Final = frozenset({"same_site", "same_feed"})
"""The reasons of a Duplicate that leave no doubt: such a group is not registered again."""

_NEAR: Final = 0.88
_MOST_COMPARED: Final = 20
"""Names that one name is held against letter by letter."""
_CROWDED: Final = 1000


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A group of the inventory that may be the same."""

    slug: str
    name: str
    why: str
    """`same_site`, `same_feed`, `same_name` or `lookalike` (an address that imitates its own)."""


def duplicates(
    session: Session, *, home: str | None, feeds: Iterable[str] = (), name: str = ""
) -> list[Duplicate]:
    """Groups that are or may be this one, the surest first; at most five."""
    key, feed_keys = address_key(home or ""), {address_key(feed) for feed in feeds} - {""}
    host = key.partition("/")[0].partition("?")[0]
    found: dict[str, Duplicate] = {}
    groups = session.scalars(select(Group).options(selectinload(Group.sources))).all()
    shown = [group for group in groups if group.is_public]
    for why in ("same_site", "same_feed", "lookalike"):
        for group in shown:
            if _is(why, group, key, host, feed_keys):
                found.setdefault(group.slug, Duplicate(group.slug, group.name, why))
    for group in Names(shown).near(name) if name else ():
        found.setdefault(group.slug, Duplicate(group.slug, group.name, "same_name"))
    return list(found.values())[:5]


class Names:
    """Groups by the words of their names: near names are found among thousands at once."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups: list[tuple[Group, frozenset[str]]] = []
        self._by_beginning: dict[str, list[int]] = defaultdict(list)
        for number, group in enumerate(groups):
            words = _name_words(group.name)
            self._groups.append((group, words))
            for beginning in _beginnings(words):
                self._by_beginning[beginning].append(number)

    def near(self, name: str) -> list[Group]:
        """Groups whose name people would take for this one, the nearest words first.

        Only those are compared that share most beginnings of words with it.
        """
        words = _name_words(name)
        beginnings = _beginnings(words)
        shared: Counter[int] = Counter()
        # The rarest beginnings tell most; those of half the inventory tell nothing.
        for beginning in sorted(beginnings, key=lambda one: len(self._by_beginning.get(one, ()))):
            shelf = self._by_beginning.get(beginning, ())
            if len(shelf) <= _CROWDED or not shared:
                shared.update(shelf[:_CROWDED])
        likely = shared.most_common(_MOST_COMPARED)
        return [
            self._groups[number][0]
            for number, count in likely
            if 2 * count >= len(beginnings) and _are_near(words, self._groups[number][1])
        ]


def looks_like(host: str, other: str) -> bool:
    """Whether a host is another one that looks the same at a glance.

    >>> looks_like("xn--hlage-4ve.example", "halage.example")
    True
    """
    return host != other and bool(host) and skeleton(host) == skeleton(other)


def skeleton(host: str) -> str:
    """How a host looks, whatever its letters are: to compare, never to connect to."""
    plain = unicodedata.normalize("NFKD", _readable(host))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return letters.casefold().translate(_LOOKALIKE).replace("rn", "m").replace("vv", "w")


def mixes_alphabets(url: str) -> str | None:
    """The readable host when one of its labels mixes alphabets, as imitations do; else None."""
    try:
        host = _readable(urlsplit(url).hostname or "")
    except ValueError:
        return None
    for label in host.split("."):
        alphabets = {_alphabet(letter) for letter in label if letter.isalpha()}
        if len(alphabets) > 1:
            return host
    return None


def _is(why: str, group: Group, key: str, host: str, feeds: set[str]) -> bool:
    theirs = address_key(group.home or "")
    if why == "same_site":
        # A shared host (a social network, a platform) does not make two groups one.
        return bool(key) and bool(theirs) and (key == theirs or key.startswith(f"{theirs}/"))
    if why == "same_feed":
        return any(
            address_key(address) in feeds
            for source in group.sources
            for address in (source.url, source.found_url)
            if address
        )
    return looks_like(host, theirs.partition("/")[0])


def _are_near(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or not other:
        return False
    if one == other:
        return True
    letters = SequenceMatcher(None, " ".join(sorted(one)), " ".join(sorted(other)), autojunk=False)
    return (
        letters.real_quick_ratio() >= _NEAR
        and letters.quick_ratio() >= _NEAR
        and letters.ratio() >= _NEAR
    )


def _beginnings(words: Iterable[str]) -> set[str]:
    return {word[:4] for word in words}


def _name_words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+", plain.translate(_LOOKALIKE_LETTERS))
    return frozenset(words) - _ORDINARY or frozenset(words)


def _readable(host: str) -> str:
    labels = []
    for label in host.casefold().split("."):
        try:
            readable = label.encode("ascii").decode("idna") if label.startswith("xn--") else label
        except UnicodeError:
            readable = label
        labels.append(readable)
    return ".".join(labels)


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "OTHER").partition(" ")[0]
