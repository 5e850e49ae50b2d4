"""The village as its people wrote it: one Markdown file per group in `texts/`.

A file begins with the group's own lines (`name: …`), then one section per text (`## Title`,
`key: value` lines, an empty line, the words). A line `>>> New title` begins the version that
replaces the text later. Knows no clock: ages and days are kept relative.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from functools import cache
from importlib import resources

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_KEY = re.compile(r"([a-z]+): *(.*)")


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and where an announced event is held, counted from the day the village starts."""

    day: int
    begins: time
    ends: time
    place: str
    repeats: str | None = None
    """An RFC 5545 recurrence rule."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a group, before any date is given to it."""

    number: int
    """Position in the file from 1; the identity of the text within its group."""
    slug: str
    title: str
    body: str
    author: str
    tags: tuple[str, ...]
    language: str
    age: timedelta | None
    """Age when the village starts; None: the timeline finds one."""
    soon: bool
    """It appears only while the village runs."""
    withdrawn: bool
    """Its group deletes it while the village runs."""
    later: tuple[str, str] | None
    """Title and words of the version that replaces it while the village runs."""
    occasion: Occasion | None
    story: str | None
    """Texts of several groups with the same word here tell the same thing."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the village: its lines of the inventory, its site, its texts."""

    slug: str
    about: Mapping[str, str]
    texts: tuple[Text, ...]

    @property
    def name(self) -> str:
        return self.about["name"]

    @property
    def description(self) -> str:
        return self.about["description"]

    @property
    def language(self) -> str:
        return self.about.get("language", "fr")

    @property
    def host(self) -> int:
        """The last number of its loopback address."""
        return int(self.about["address"])

    @property
    def is_listed(self) -> bool:
        """Whether the inventory knows it; the others can be tried on `/inscrire`."""
        return self.about.get("listed", "yes") == "yes"

    def words(self, key: str) -> tuple[str, ...]:
        """A list line, such as `topics: logement, culture`; empty when absent."""
        return _words(self.about.get(key, ""))


def slugged(title: str) -> str:
    """The title as platforms put it into an address; empty when nothing of it is Latin.

    >>> slugged("L’été à Fresnes : œuvres & fêtes")
    'l-ete-a-fresnes-oeuvres-fetes'
    """
    folded = unicodedata.normalize("NFKD", title.replace("œ", "oe").replace("Œ", "Oe"))
    plain = "".join(sign for sign in folded if not unicodedata.combining(sign)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80]


@cache
def read_groups() -> tuple[Group, ...]:
    """All groups of `texts/`, by address; read once."""
    files = [
        file
        for file in resources.files("aggregator.demo").joinpath("texts").iterdir()
        if file.name.endswith(".md")
    ]
    groups = [
        read_group(file.name.removesuffix(".md"), file.read_text(encoding="utf-8"))
        for file in files
    ]
    return tuple(sorted(groups, key=lambda group: group.host))


def read_group(slug: str, source: str) -> Group:
    """One group from its file; raises ValueError with the line that cannot be read."""
    head, *sections = re.split(r"^## ", source, flags=re.MULTILINE)
    about = dict(_keys(head.strip().splitlines()))
    language = about.get("language", "fr")
    texts = tuple(
        _text(number, section, about.get("by", about["name"]), language)
        for number, section in enumerate(sections, start=1)
    )
    return Group(slug, about, texts)


def _words(line: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in line.split(",") if word.strip())


def _keys(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        found = _KEY.fullmatch(line.strip())
        if not found:
            raise ValueError(f"{line!r} is not a `key: value` line")
        yield found[1], found[2]


def _text(number: int, section: str, author: str, language: str) -> Text:
    head, _, rest = section.partition("\n\n")
    title, *lines = head.splitlines()
    keys = dict(_keys(lines))
    body, mark, later = rest.partition("\n>>> ")
    later_title, _, later_body = later.partition("\n")
    return Text(
        number=number,
        slug=slugged(title) or f"texte-{number}",
        title=title.strip(),
        body=body.strip(),
        author=keys.get("by", author),
        tags=_words(keys.get("tags", "")),
        language=keys.get("lang", language),
        age=_age(keys["age"]) if "age" in keys else None,
        soon=keys.get("soon") == "yes",
        withdrawn=keys.get("withdrawn") == "yes",
        later=(later_title.strip(), later_body.strip()) if mark else None,
        occasion=_occasion(keys) if "day" in keys else None,
        story=keys.get("story"),
    )


def _age(word: str) -> timedelta:
    return float(word[:-1]) * _UNITS[word[-1]]


def _occasion(keys: Mapping[str, str]) -> Occasion:
    begins, ends = (time.fromisoformat(clock) for clock in keys["hours"].split("-"))
    return Occasion(int(keys["day"]), begins, ends, keys["place"], keys.get("repeats"))
