"""The groups of sources.yaml as values, with every fault of the file. No database, no network."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from aggregator.errors import UnknownTerm
from aggregator.registry.marked import Fault, Marked, read_marked
from aggregator.store.suppressions import address_key
from aggregator.store.tables import RIGHTS, STATUSES
from aggregator.taxonomy import terms

VERSION: Final = "1"
MOST_FAULTS: Final = 1000
FORMATS: Final = ("auto", "discover", "page")
"""`auto`: what the body turns out to be; `discover`: find the feed from a page; `page`: watch a
page for links."""
DIMENSIONS: Final = {
    "areas": "area",
    "objectives": "objective",
    "skills": "skill",
    "topics": "topic",
    "kinds": "kind",
}
"""A group's keys in the file, and the taxonomy's dimension of each."""
TAGS: Final = ("proposed", "confirmed")
"""Whether the group itself has agreed to its tags."""

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_GROUP_KEYS: Final = (
    *("slug", "name", "home", "description", "status", "category", "language"),
    *DIMENSIONS,
    *("tags", "note", "sources"),
)
_SOURCE_KEYS: Final = ("url", "slug", "format", "hint", "rights", "language", "areas")


@dataclass(frozen=True, slots=True)
class ListedSource:
    """One source as the file has it."""

    slug: str
    url: str
    format: str
    hint: str | None
    """A guessed feed address that discovery may try."""
    rights: str
    language: str | None
    areas: tuple[str, ...]
    """Empty: those of the group."""


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """One group as the file has it."""

    slug: str
    name: str
    home: str | None
    description: str
    status: str
    category: str
    language: str
    terms: dict[str, tuple[str, ...]]
    """Dimension (`topic`, …) → slugs in the file's order; each dimension is there."""
    tags_proposed: bool
    note: str
    sources: tuple[ListedSource, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole file, without a fault."""

    groups: tuple[ListedGroup, ...]


def read_listing(text: str) -> tuple[Inventory, list[Fault]]:
    """The groups that could be read and all faults by line; groups with a fault are left out."""
    root, faults = read_marked(text)
    reader = _Listing(faults=faults)
    groups = reader.groups(root) if root is not None or not faults else []
    if root is None and not faults:
        reader.fault(0, "the file is empty; it needs `version: 1` and `groups:`.")
    return Inventory(tuple(groups)), _sorted(reader.faults)


def _sorted(faults: list[Fault]) -> list[Fault]:
    """By line, each once; of very many the first, and how many more there are."""
    in_order = sorted(set(faults), key=lambda fault: (fault.line, fault.message))
    if len(in_order) <= MOST_FAULTS:
        return in_order
    more = len(in_order) - MOST_FAULTS
    return [*in_order[:MOST_FAULTS], Fault(0, f"there are {more} more like these.")]


@dataclass(slots=True)
class _Listing:
    faults: list[Fault]
    slugs: dict[str, int] = field(default_factory=dict)
    """Every slug of a group so far, and its line."""
    source_slugs: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    """Every home page and every source's address so far (`home …`, `source …`), and its line."""

    def fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(line, message))

    def groups(self, root: Marked | None) -> list[ListedGroup]:
        if root is None:
            return []
        if not isinstance(root.value, dict):
            self.fault(root.line, f"the file is {root.kind}; it needs `version: 1` and `groups:`.")
            return []
        self.keys(root.value, ("version", "groups"))
        version = root.value.get("version")
        if version is None or version.value != VERSION:
            line = version.line if version else root.line
            self.fault(line, f"write `version: {VERSION}` at the top.")
        groups = root.value.get("groups")
        if groups is None or not isinstance(groups.value, list):
            self.fault(groups.line if groups else root.line, "`groups:` must be a list of groups.")
            return []
        found = (self.group(node) for node in groups.value)
        return [group for group in found if group is not None]

    def group(self, node: Marked) -> ListedGroup | None:
        if not isinstance(node.value, dict):
            self.fault(node.line, f"a group is a mapping with slug, name, …, not {node.kind}.")
            return None
        before, at = len(self.faults), node.value
        self.keys(at, _GROUP_KEYS)
        slug = self.slug(at.get("slug"), node.line, "group", self.slugs)
        tags = self.one_of(at, "tags", TAGS, "proposed")
        group = ListedGroup(
            slug=slug,
            name=self.required(at, "name", node.line, longest=500),
            home=self.home(at),
            description=self.text(at, "description"),
            status=self.one_of(at, "status", STATUSES, "listed"),
            category=self.text(at, "category", longest=100),
            language=self.language(at) or "fr",
            terms={name: self.terms(at, key) for key, name in DIMENSIONS.items()},
            tags_proposed=tags == "proposed",
            note=self.text(at, "note"),
            sources=tuple(self.sources(at.get("sources"), slug)),
        )
        return group if len(self.faults) == before else None

    def sources(self, node: Marked | None, group: str) -> Iterable[ListedSource]:
        if node is None or node.is_none:
            return
        if not isinstance(node.value, list):
            self.fault(node.line, f"`sources:` is a list of sources, not {node.kind}.")
            return
        for number, source in enumerate(node.value, start=1):
            if isinstance(source.value, dict):
                yield self.source(source.value, source.line, group, number)
            else:
                self.fault(source.line, f"a source is a mapping with url, …, not {source.kind}.")

    def source(self, at: dict[str, Marked], line: int, group: str, number: int) -> ListedSource:
        self.keys(at, _SOURCE_KEYS)
        url = self.required(at, "url", line)
        if url:
            self.address("source", self.url(at, "url") or "", at["url"].line)
        slug = at.get("slug")
        if slug is None and _SLUG.fullmatch(group):
            slug = Marked(line, group if number == 1 else f"{group}-{number}")
        return ListedSource(
            # A group whose own slug is wrong has said so already.
            slug=self.slug(slug, line, "source", self.source_slugs) if slug else "",
            url=url,
            format=self.one_of(at, "format", FORMATS, "auto"),
            hint=self.url(at, "hint"),
            rights=self.one_of(at, "rights", RIGHTS, "excerpt"),
            language=self.language(at),
            areas=self.terms(at, "areas"),
        )

    # One kind of value each; what is wrong becomes a fault and an empty value.

    def keys(self, at: dict[str, Marked], known: tuple[str, ...]) -> None:
        for key, node in at.items():
            if key not in known:
                hint = _did_you_mean(key, known)
                self.fault(node.line, f"the key {key!r} is not known.{hint}")

    def text(self, at: dict[str, Marked], key: str, *, longest: int = 5000) -> str:
        node = at.get(key)
        if node is None:
            return ""
        if not isinstance(node.value, str):
            self.fault(node.line, f"{key} is a text, not {node.kind}.")
            return ""
        if len(node.value) > longest:
            self.fault(node.line, f"{key} has {len(node.value)} characters; at most {longest}.")
        return " ".join(node.value.split())

    def required(self, at: dict[str, Marked], key: str, line: int, *, longest: int = 2000) -> str:
        value = self.text(at, key, longest=longest)
        node = at.get(key)
        if not value and (node is None or isinstance(node.value, str)):
            self.fault(node.line if node else line, f"{key} is missing.")
        return value

    def slug(self, node: Marked | None, line: int, what: str, taken: dict[str, int]) -> str:
        slug = node.value if node is not None and isinstance(node.value, str) else ""
        line = node.line if node is not None else line
        if not slug:
            self.fault(line, f"the {what}'s slug is missing.")
        elif not _SLUG.fullmatch(slug) or len(slug) > 100:
            hint = slug_of(slug)
            self.fault(
                line,
                f"the slug {slug[:120]!r} needs small letters without accents, digits and single "
                f"hyphens, at most 100{f': {hint!r}' if hint else ''}.",
            )
        elif slug in taken:
            self.fault(line, f"the {what}'s slug {slug!r} is already used in line {taken[slug]}.")
        else:
            taken[slug] = line
        return slug

    def one_of(self, at: dict[str, Marked], key: str, known: tuple[str, ...], common: str) -> str:
        value = self.text(at, key)
        if not value or value in known:
            return value or common
        hint = _did_you_mean(value, known)
        self.fault(at[key].line, f"{key} is {value!r}; it is one of {', '.join(known)}.{hint}")
        return common

    def language(self, at: dict[str, Marked]) -> str | None:
        value = self.text(at, "language")
        if value and not (_LANGUAGE.fullmatch(value) and len(value) <= 35):
            self.fault(at["language"].line, f"language is {value!r}; write it as fr, en, pt-BR, …")
        return value or None

    def url(self, at: dict[str, Marked], key: str) -> str | None:
        value = self.text(at, key)
        if value and not is_web_address(value):
            self.fault(at[key].line, f"{key} is {value!r}; it starts with https:// or http://.")
        return value or None

    def home(self, at: dict[str, Marked]) -> str | None:
        url = self.url(at, "home")
        if url:
            self.address("home", url, at["home"].line)
        return url

    def address(self, what: str, url: str, line: int) -> None:
        key = f"{what} {address_key(url)}"
        if key in self.addresses:
            label = "home page" if what == "home" else "source"
            self.fault(line, f"the {label} {url} is already in line {self.addresses[key]}.")
        else:
            self.addresses[key] = line

    def terms(self, at: dict[str, Marked], key: str) -> tuple[str, ...]:
        node = at.get(key)
        if node is None or node.is_none:
            return ()
        if not isinstance(node.value, list):
            self.fault(node.line, f"{key} is a list like [a, b], not {node.kind}.")
            return ()
        return tuple(dict.fromkeys(self.term(DIMENSIONS[key], item) for item in node.value))

    def term(self, dimension: str, node: Marked) -> str:
        slug = node.value if isinstance(node.value, str) else ""
        try:
            return terms.term(dimension, slug).slug
        except UnknownTerm as error:
            self.fault(node.line, str(error))
            return slug


def is_web_address(value: str) -> bool:
    """Whether it is http or https with a host, short enough and without spaces or a password."""
    if len(value) > 2000 or re.search(r"[\s\x00-\x1f\x7f<>\"]", value):
        return False
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.username is None
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False


def slug_of(name: str, taken: Iterable[str] = ()) -> str:
    """A slug for a name, numbered when it is taken; empty when no letter or digit is in it.

    >>> slug_of("L’Île-Saint-Denis à vélo"), slug_of("Halage", taken={"halage"})
    ('l-ile-saint-denis-a-velo', 'halage-2')
    """
    letters = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90].rstrip("-")
    used, number, numbered = set(taken), 2, slug
    while numbered and numbered in used:
        numbered, number = f"{slug}-{number}", number + 1
    return numbered


def _did_you_mean(value: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(value, list(known), n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
