"""OPML 2.0: the sources of groups as a subscription list, and such lists read back.

The taxonomy goes along as `category` attributes (`/topic/transports,/area/saint-denis`). Knows
no request and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.errors import ParseError
from aggregator.publish import publication as of
from aggregator.publish.text import line
from aggregator.registry.exchange import Listed
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group, Source

MEDIA_TYPE = "text/x-opml; charset=utf-8"

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


def write(
    groups: Iterable[Group], *, title: str, page_url: str, made_at: datetime, owner: str = ""
) -> bytes:
    """The list in UTF-8: one folder per public group that has a feed, one outline per feed.

    A source whose feed is not known yet (`discover` without a found one, a watched page) is
    left out, for readers could not subscribe to it.
    """
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    _text(head, "title", title)
    _text(head, "dateCreated", format_datetime(made_at.astimezone(UTC), usegmt=True))
    if owner:
        _text(head, "ownerName", owner)
    _text(head, "ownerId", page_url)
    _text(head, "docs", "http://opml.org/spec2.opml")
    body = etree.SubElement(opml, "body")
    for group in groups:
        if group.is_public:
            _group(body, group)
    return etree.tostring(opml, xml_declaration=True, encoding="utf-8")


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
        record = Listed(site, first.folders[-1] if is_group else first.title, {"home": site})
        for dimension, slug in (tag for outline in several for tag in outline.tags):
            record.terms.setdefault(dimension, set()).add(slug)
        found.append(record)
    return found


def is_opml(body: bytes) -> bool:
    """Whether a file begins as an XML list does."""
    return body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _group(body: etree._Element, group: Group) -> None:
    feeds = [source for source in group.sources if _feed(source)]
    if not feeds:
        return
    name, tags = line(group.name), _category(group)
    folder = etree.SubElement(body, "outline", text=name, title=name)
    if tags:
        folder.set("category", tags)
    for source in feeds:
        title = line(source.title) or name
        outline = etree.SubElement(
            folder, "outline", type="rss", text=title, title=title, xmlUrl=_feed(source) or ""
        )
        if group.home:
            outline.set("htmlUrl", line(group.home))
        if language := of.language(source.language or group.language):
            outline.set("language", language)
        if tags:
            outline.set("category", tags)


def _feed(source: Source) -> str | None:
    if source.left_inventory_at is not None or source.format == "page":
        return None
    return line(source.found_url or ("" if source.format == "discover" else source.url)) or None


def _category(group: Group) -> str:
    return ",".join(
        f"/{dimension}/{slug}" for dimension in terms.DIMENSIONS for slug in group.terms(dimension)
    )


def _outlines(root: etree._Element) -> Iterator[Outline]:
    for count, element in enumerate(root.iter("outline")):
        if count >= OUTLINES:
            raise ParseError(f"This list has more than {OUTLINES} outlines: split it.")
        attributes = {str(name).lower(): line(str(value)) for name, value in element.items()}
        feed = attributes.get("xmlurl", "")
        if not feed.startswith(("https://", "http://")):
            continue
        home = attributes.get("htmlurl", "")
        above = list(element.iterancestors("outline"))
        yield Outline(
            feed=feed,
            title=attributes.get("title") or attributes.get("text") or feed,
            home=home if home.startswith(("https://", "http://")) else None,
            language=of.language(attributes.get("language")),
            tags=tuple(_tags(attributes.get("category", ""))),
            folders=tuple(line(str(around.get("text") or "")) for around in reversed(above)),
        )


def _tags(category: str) -> Iterator[tuple[str, str]]:
    for path in category.split(","):
        dimension, _, slug = path.strip().strip("/").partition("/")
        if dimension in terms.DIMENSIONS and terms.is_term(dimension, slug):
            yield dimension, slug


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = line(text)
