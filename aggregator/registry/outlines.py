"""OPML 2.0 as a list of groups: subscription lists of any reader, ours with its terms. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from aggregator.errors import ParseError
from aggregator.registry.listed import Listed, text
from aggregator.taxonomy import terms

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

OUTLINES = 10_000
"""How many outlines of a file are read; more is no inventory but an attack."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a subscription list."""

    feed: str
    """`xmlUrl`, http(s)."""
    title: str
    home: str | None = None
    """`htmlUrl`, http(s)."""
    language: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """(dimension, slug) of the taxonomy, from `category`; unknown ones are left out."""
    folders: tuple[str, ...] = ()
    """The titles of the outlines around it, from the outside in."""


def read(body: bytes) -> list[Outline]:
    """The feeds of a list in its order; raises ParseError with a sentence when it is none.

    Repairs what XML allows to be repaired; entities and outside references are not followed.
    """
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"This is no OPML file: {error}.") from error
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise ParseError("This is no OPML file: its first element is not <opml>.")
    return list(_outlines(root))


def listed(outlines: Iterable[Outline]) -> list[Listed]:
    """The groups of a list, one per site, for `registry.importing` to compare with ours.

    A folder that holds one site's feeds only is named after the group; in other lists folders
    are subjects, and the feed's title has to do.
    """
    by_site: dict[str, list[Outline]] = {}
    sites: dict[tuple[str, ...], set[str]] = {}
    for outline in outlines:
        site = outline.home or outline.feed
        by_site.setdefault(site, []).append(outline)
        sites.setdefault(outline.folders, set()).add(site)
    found = []
    for site, several in by_site.items():
        first = several[0]
        is_group = bool(first.folders) and len(sites[first.folders]) == 1
        name = first.folders[-1] if is_group else first.title
        record = Listed(site[:300], name[:500], {"home": site}, tool="opml")
        for dimension, slug in (tag for outline in several for tag in outline.tags):
            record.terms.setdefault(dimension, set()).add(slug)
        found.append(record)
    return found


def _outlines(root: etree._Element) -> Iterator[Outline]:
    for count, element in enumerate(root.iter("outline")):
        if count >= OUTLINES:
            raise ParseError(f"This list has more than {OUTLINES} outlines: split it.")
        attributes = {str(name).lower(): text(str(value)) for name, value in element.items()}
        feed = attributes.get("xmlurl", "")
        if not feed.startswith(("https://", "http://")):
            continue
        home = attributes.get("htmlurl", "")
        above = list(element.iterancestors("outline"))
        yield Outline(
            feed=feed,
            title=attributes.get("title") or attributes.get("text") or feed,
            home=home if home.startswith(("https://", "http://")) else None,
            language=_language(attributes.get("language", "")),
            tags=tuple(_tags(attributes.get("category", ""))),
            folders=tuple(text(str(around.get("text") or "")) for around in reversed(above)),
        )


def _tags(category: str) -> Iterator[tuple[str, str]]:
    for path in category.split(","):
        dimension, _, slug = path.strip().strip("/").partition("/")
        if dimension in terms.DIMENSIONS and terms.is_term(dimension, slug):
            yield dimension, slug


def _language(tag: str) -> str | None:
    return tag if _LANGUAGE.fullmatch(tag) else None
