"""Which entries tell the same story: an index in memory, fed by others. Knows no database.

Two steps, scored apart. *Same text*: republished, shortened, reordered or lightly edited, seen by
the share of word 4-grams that the shorter text has in common with the longer. *Same event*: told
in other words, seen by rare words, names, places and dates in common.

One entry belongs to one story, the first teller's; nothing is ever deleted by a story.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from aggregator.understand.words import fold, stem

WINDOW = timedelta(days=10)
"""Entries further apart tell different news, however alike."""
SAME_TEXT = 0.20
"""Share of the shorter text's 4-grams from which on it is the same text (labelled pairs: the
same ones have 0.26 and more, the others 0.15 and less)."""
SHORT_SAME_TEXT = 0.50
"""The same for a text of hardly any gram; between the two for one of up to `_SHORT`."""
SAME_EVENT = 0.44
"""Score from which on two texts are told to be of the same event."""

_GRAM = 4
_MAX_WORDS = 600
"""Read of each text; a copy shows well before."""
_SAMPLE = 4
"""One gram in so many leads to an entry; all are compared then."""
_SHORT = 48
"""A text of fewer grams has all of them lead to it."""
_LEAST_GRAMS = 6
"""Fewer in common say nothing: « entrée libre dans la limite des places »."""
_RECENT = 8
"""Entries of a source among which its boilerplate is looked for."""
_BOILERPLATE = 3
"""A gram in so many of them is the source's own and says nothing."""
_COMMON = 100
"""A gram or word that leads to more entries than this leads nowhere."""
_LEAD_WORDS = 60
_NAME = 2.0
"""How much more a name in common says than another word."""
_WORD = re.compile(r"\w+")
_DAY = re.compile(
    r"\b(\d{1,2})(?:er)?\s+(janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|"
    r"septembre|octobre|novembre|décembre|decembre)\b|\b(\d{1,2})/(\d{1,2})\b",
    re.IGNORECASE,
)
_INNER_NAME = re.compile(r"(?<=[\w,;:»’'()-][ ’'(«-])[A-ZÀ-Ý]\w{2,}")
_EVERYDAY = frozenset(
    stem(fold(word))
    for words in (
        "dans avec pour leur leurs cette sont nous vous être avoir fait elle elles tout tous toute "
        "toutes plus mais comme depuis entre après avant aussi sans sous chez lors très donc même",
        "notre votre autre autres ainsi encore contre vers jusqu quand dont être était ont avait",
        "lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin "
        "juillet août septembre octobre novembre décembre heures jour jours semaine mois année",
        "mairie maire ville villes quartier habitants habitantes association collectif groupe "
        "rendez place salle réunion public publique projet nouveau nouvelle première premier",
    )
    for word in words.split()
)
"""Words that two texts share without sharing anything."""
_MONTHS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """What of an entry tells its story."""

    id: int
    source: int
    """Whose boilerplate to leave out."""
    published: datetime
    """Aware, UTC; decides with which entries it can share a story."""
    title: str
    text: str
    """Plain text."""
    areas: frozenset[str] = frozenset()
    """Slugs of the areas it is about; two events in different ones are two."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that tells the same story as the one asked about."""

    id: int
    kind: str
    """`text` or `event`."""
    score: float
    """0 to 1: the share of 4-grams in common, or the event's score."""
    shared: tuple[str, ...] = ()
    """For an event, the rare words in common as the entry asked about writes them, rarest first."""


@dataclass(frozen=True, slots=True)
class _Kept:
    id: int
    source: int
    published: datetime
    grams: array[int]
    """Different ones; arrays and tuples, for sets would take ten times the memory."""
    stems: tuple[str, ...]
    names: tuple[str, ...]
    days: tuple[str, ...]
    areas: frozenset[str]

    @property
    def leading(self) -> Iterable[int]:
        """The grams by which the entry is found."""
        if len(self.grams) < _SHORT:
            return self.grams
        return [gram for gram in self.grams if gram % _SAMPLE == 0]


class StoryIndex:
    """Entries of the last days, ready to be compared with a new one.

    Add each entry when it is ingested, in any order; `forget` what is older than the window now
    and then. Kept in memory: about 4 kB an entry of 100 words. Not thread-safe.
    """

    def __init__(self) -> None:
        self._entries: dict[int, _Kept] = {}
        self._by_gram: dict[int, list[int] | int] = {}
        self._by_stem: dict[str, list[int]] = {}
        self._stem_counts: Counter[str] = Counter()
        self._recent: dict[int, deque[int]] = {}
        self._boilerplate: dict[int, frozenset[int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id: object) -> bool:
        return id in self._entries

    def add(self, entry: StoryEntry) -> None:
        """Keep an entry; one of the same id is replaced."""
        self.remove(entry.id)
        self._keep(_kept(entry))

    def remove(self, id: int) -> None:
        """Forget one entry; nothing happens when it is not there."""
        kept = self._entries.pop(id, None)
        if kept is None:
            return
        for gram in kept.leading:
            self._unlink(gram, id)
        for word in kept.stems:
            self._stem_counts[word] -= 1
            if id in self._by_stem[word]:
                self._by_stem[word].remove(id)
            if not self._stem_counts[word]:
                del self._stem_counts[word], self._by_stem[word]
        recent = self._recent[kept.source]
        if id in recent:
            recent.remove(id)
        self._boilerplate.pop(kept.source, None)

    def forget(self, before: datetime) -> int:
        """Drop entries published before an instant; how many went."""
        old = [kept.id for kept in self._entries.values() if kept.published < before]
        for id in old:
            self.remove(id)
        return len(old)

    def match(self, entry: StoryEntry) -> Match | None:
        """The entry that told this story already, best first: same text, else same event.

        None when nobody did. The entry itself, if it is in the index, is not compared.
        """
        found = self.same_text(entry) or self.same_event(entry)
        return found[0] if found else None

    def same_text(self, entry: StoryEntry, *, limit: int = 5) -> list[Match]:
        """Entries with the same text, the nearest first; empty when there is none."""
        asked = self._asked(entry)
        counts: Counter[int] = Counter()
        for gram in asked.leading:
            leads = self._by_gram.get(gram)
            if isinstance(leads, int):
                counts[leads] += 1
            elif leads is not None and len(leads) <= _COMMON:
                counts.update(leads)
        found = []
        for id, count in counts.most_common(20):
            other = self._entries[id]
            if count >= 2 and _is_comparable(asked, other):
                score, least = self._containment(asked, other)
                if score >= least:
                    found.append(Match(id, "text", round(score, 3)))
        return sorted(found, key=lambda match: (-match.score, match.id))[:limit]

    def same_event(self, entry: StoryEntry, *, limit: int = 5) -> list[Match]:
        """Entries of other sources on the same event, the surest first; empty when none."""
        asked = self._asked(entry)
        shared: dict[int, list[str]] = {}
        for word in asked.stems:
            if self._stem_counts[word] <= _COMMON:
                for id in self._by_stem.get(word, ()):
                    shared.setdefault(id, []).append(word)
        found = []
        for id, words in shared.items():
            other = self._entries[id]
            if (
                len(words) >= 3
                and other.source != asked.source
                and _is_comparable(asked, other)
                and (score := self._event_score(asked, other, words)) >= SAME_EVENT
            ):
                rarest = sorted(words, key=lambda word: (-self._rarity(word), word))[:6]
                told = _told(entry)
                shared_words = tuple(told[word] for word in rarest)
                found.append(Match(id, "event", round(score, 3), shared_words))
        return sorted(found, key=lambda match: (-match.score, match.id))[:limit]

    def _asked(self, entry: StoryEntry) -> _Kept:
        kept = self._entries.get(entry.id)
        return kept if kept is not None else _kept(entry)

    def _keep(self, kept: _Kept) -> None:
        self._entries[kept.id] = kept
        for gram in kept.leading:
            known = self._by_gram.get(gram)
            if known is None:
                self._by_gram[gram] = kept.id
            elif isinstance(known, int):
                self._by_gram[gram] = [known, kept.id]
            elif len(known) <= _COMMON:
                known.append(kept.id)
        for word in kept.stems:
            self._stem_counts[word] += 1
            leads = self._by_stem.setdefault(word, [])
            if len(leads) <= _COMMON:
                leads.append(kept.id)
        self._recent.setdefault(kept.source, deque(maxlen=_RECENT)).append(kept.id)
        self._boilerplate.pop(kept.source, None)

    def _unlink(self, gram: int, id: int) -> None:
        leads = self._by_gram.get(gram)
        if leads == id:
            del self._by_gram[gram]
        elif isinstance(leads, list) and id in leads:
            leads.remove(id)

    def _containment(self, one: _Kept, other: _Kept) -> tuple[float, float]:
        """The shorter text's share in common, and how much of it makes the two the same."""
        own = self._own_words(one.source) | self._own_words(other.source)
        first, second = set(one.grams) - own, set(other.grams) - own
        common = len(first & second)
        shorter = min(len(first), len(second))
        if common < _LEAST_GRAMS:
            # Two very short texts are the same only when they are so as a whole.
            whole = 2 <= common == shorter == max(len(first), len(second))
            return float(whole), SHORT_SAME_TEXT
        brevity = max(0.0, 1 - shorter / _SHORT)
        return common / shorter, SAME_TEXT + brevity * (SHORT_SAME_TEXT - SAME_TEXT)

    def _own_words(self, source: int) -> frozenset[int]:
        """The grams that a source repeats: its address, its thanks, its « partager sur »."""
        if source not in self._boilerplate:
            counts = Counter(
                gram for id in self._recent.get(source, ()) for gram in self._entries[id].grams
            )
            self._boilerplate[source] = frozenset(
                gram for gram, count in counts.items() if count >= _BOILERPLATE
            )
        return self._boilerplate[source]

    def _rarity(self, word: str) -> float:
        return math.log((len(self._entries) + 20) / (self._stem_counts[word] + 1))

    def _event_score(self, one: _Kept, other: _Kept, words: Sequence[str]) -> float:
        """Rare words in common, against what the one with less to say has; dates and places.

        0 without a name or place in common: « réunion jeudi, salle des fêtes » is held everywhere.
        """
        names = set(one.names) & set(other.names)
        places = one.areas & other.areas
        if not names and not places:
            return 0.0
        common = sum(self._rarity(word) * (_NAME if word in names else 1) for word in words)
        whole = min(self._told_weight(one), self._told_weight(other))
        score = common / whole if whole else 0.0
        if one.days and other.days:
            # The same fête in May and in September is two.
            score = score + 0.12 if set(one.days) & set(other.days) else score / 3
        if one.areas and other.areas:
            score = score + 0.05 if places else score / 3
        return min(score, 1.0)

    def _told_weight(self, kept: _Kept) -> float:
        return sum(self._rarity(word) * (_NAME if word in kept.names else 1) for word in kept.stems)


def _is_comparable(one: _Kept, other: _Kept) -> bool:
    return one.id != other.id and abs(one.published - other.published) <= WINDOW


@lru_cache(maxsize=1)
def _kept(entry: StoryEntry) -> _Kept:
    """What is kept of an entry; a new one is asked about twice, then added."""
    words = _WORD.findall(entry.text[:8_000].lower())[:_MAX_WORDS]
    grams = {
        zlib.crc32(" ".join(words[start : start + _GRAM]).encode())
        for start in range(len(words) - _GRAM + 1)
    }
    return _Kept(
        id=entry.id,
        source=entry.source,
        published=entry.published,
        grams=array("I", grams),
        stems=tuple(_told(entry)),
        names=tuple(set(_names(entry))),
        days=tuple(set(_days(f"{entry.title} {entry.text[:1_000]}"))),
        areas=entry.areas,
    )


def _told(entry: StoryEntry) -> dict[str, str]:
    """The words of title and lead that may be rare, shortened, with how they are written."""
    words = _WORD.findall(entry.title) + _WORD.findall(entry.text[:1_000])[:_LEAD_WORDS]
    return {word: raw for raw in words if _tells(word := stem(fold(raw)))}


def _tells(word: str) -> bool:
    """Whether a word can be rare: a long one, or a figure that is no year and no hour."""
    if word.isdigit():
        return len(word) > 1 and not word.startswith(("19", "20", "0")) and int(word) > 24
    return len(word) > 3 and word not in _EVERYDAY


def _names(entry: StoryEntry) -> Iterable[str]:
    """Words with a capital inside a sentence, shortened like the others."""
    for written in (entry.title, entry.text[:1_000]):
        for name in _INNER_NAME.findall(written):
            yield stem(fold(name))


def _days(text: str) -> Iterable[str]:
    """The days of the year that a text names, as `12 mai`."""
    for day, month, short_day, short_month in _DAY.findall(text):
        if month:
            folded = fold(month)
            yield f"{int(day)} {next(m for m in _MONTHS if folded.startswith(m))}"
        elif 1 <= int(short_month) <= 12:
            yield f"{int(short_day)} {_MONTHS[int(short_month) - 1]}"
