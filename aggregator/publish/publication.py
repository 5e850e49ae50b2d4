"""One list of entries as it is published, and what all formats say alike of each entry.

Knows no format: `atom`, `rss`, `jsonfeed`, `icalendar` each write one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from aggregator.publish import rights
from aggregator.publish.text import line
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Entry

NAME = "Fil commun"

_ENTRIES = UUID("6f1c0f4e-6c0b-5d0c-9d57-1f1a2f6b7c11")
"""The namespace of entries' ids (RFC 9562 §5.5); changing it makes every entry new again."""

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

PATHS = {
    "topic": "themes",
    "objective": "objectifs",
    "skill": "savoir-faire",
    "kind": "types",
    "area": "territoires",
}
"""Where each dimension's terms have their pages; as an address also the category's scheme."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A view of the portal, ready to be written as a feed."""

    title: str
    self_url: str
    """The feed's own address, absolute; its identity too."""
    page_url: str
    """The page that shows the same, absolute."""
    base_url: str
    """The portal's address without a closing slash."""
    updated: datetime
    """UTC; the newest entry's, so that an unchanged list is an unchanged file."""
    entries: Sequence[Entry] = ()
    """In the order of the page. Source, group and tags are read: load them with the entries."""
    subtitle: str = ""
    language: str = "fr"
    hub: str | None = None
    """A WebSub hub's address, when one is told of news."""
    next_url: str | None = None
    """The feed of older entries (RFC 5005 §3), when there are more."""
    contact: str = ""
    """Who answers for the portal, an address."""

    def shown(self) -> Iterator[tuple[Entry, rights.Shown]]:
        """Each entry that may be shown, with what may be shown of it."""
        for entry in self.entries:
            if rights.may_show(entry):
                yield entry, rights.shown(entry)


@dataclass(frozen=True, slots=True)
class Category:
    """One tag of an entry or group, or a category in the source's own words."""

    term: str
    label: str
    scheme: str | None = None
    """The dimension's address; None for the source's own words."""


def identity(entry: Entry) -> str:
    """The entry's id in everything we publish: `urn:uuid:…` from its source and uid.

    The same on every instance that lists the source under this slug and after a move of the
    portal; another once the source gives the entry another uid. The uid is not used as it is:
    two sources may have the same.
    """
    return f"urn:uuid:{uuid5(_ENTRIES, f'{entry.source.slug} {entry.uid}')}"


def page(entry: Entry, base_url: str) -> str:
    """The entry's page on the portal."""
    return f"{base_url}/entrees/{entry.id}"


def link(entry: Entry, base_url: str) -> str:
    """The original, which is the canonical page; ours only where the source names none."""
    url = entry.url or ""
    return line(url) if url.startswith(("https://", "http://")) else page(entry, base_url)


def changed(entry: Entry) -> datetime:
    """When it was last changed by its source, else published; UTC, never before publication."""
    return max(entry.updated, entry.published) if entry.updated else entry.published


def writer(entry: Entry) -> str:
    """Who wrote it: the author it names, else its group."""
    return line(entry.author or "") or line(entry.source.group.name)


def language(tag: str | None) -> str | None:
    """The language tag if it is one (BCP 47), else None.

    >>> language("fr-FR"), language("français de France")
    ('fr-FR', None)
    """
    return tag if tag and _LANGUAGE_TAG.fullmatch(tag) else None


def label(dimension: str, slug: str, language: str = "fr") -> str | None:
    """The term's name for people; None when the taxonomy no longer has it."""
    if dimension not in terms.DIMENSIONS or not terms.is_term(dimension, slug):
        return None
    return terms.term(dimension, slug).label(language)


def categories(entry: Entry, base_url: str, language: str = "fr") -> list[Category]:
    """Its tags in the taxonomy's order of dimensions, then its source's own categories."""
    found = []
    for dimension in terms.DIMENSIONS:
        for tag in sorted(entry.tags, key=lambda tag: tag.slug):
            name = label(dimension, tag.slug, language) if tag.dimension == dimension else None
            if name is not None:
                found.append(Category(tag.slug, name, f"{base_url}/{PATHS[dimension]}/"))
    own = dict.fromkeys(filter(None, map(line, entry.categories or ())))
    return found + [Category(word, word) for word in own]
