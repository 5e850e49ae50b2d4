"""OPML 2.0: the sources of groups as a subscription list; `registry.outlines` reads such lists.

The taxonomy goes along as `category` attributes (`/topic/transports,/area/saint-denis`). Knows
no request and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.publish import provenance, publication
from aggregator.publish.text import line
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.store.tables import Group, Record, Source

MEDIA_TYPE = "text/x-opml; charset=utf-8"
_TERMS = "http://purl.org/dc/terms/"


def write(
    groups: Iterable[Group],
    *,
    title: str,
    page_url: str,
    made_at: datetime,
    owner: str = "",
    base_url: str = "",
    records: Mapping[int, Record] | None = None,
) -> bytes:
    """The list in UTF-8: one folder per public group that has a feed, one outline per feed.

    A source whose feed is not known yet (`discover` without a found one, a watched page) is
    left out, for readers could not subscribe to it. Each folder names its licence and source in
    Dublin Core's words; `records` tells, by group id, which other list brought the group here.
    """
    opml = etree.Element("opml", version="2.0", nsmap={"dcterms": _TERMS})
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
            of = provenance.of(group, (records or {}).get(group.id), base_url or page_url)
            _group(body, group, of)
    return etree.tostring(opml, xml_declaration=True, encoding="utf-8")


def _group(body: etree._Element, group: Group, of: provenance.Provenance) -> None:
    feeds = [source for source in group.sources if _feed(source)]
    if not feeds:
        return
    name, tags = line(group.name), _category(group)
    folder = etree.SubElement(body, "outline", text=name, title=name)
    if tags:
        folder.set("category", tags)
    folder.set(f"{{{_TERMS}}}source", of.source)
    if of.licence:
        folder.set(f"{{{_TERMS}}}license", of.licence)
    for source in feeds:
        title = line(source.title) or name
        outline = etree.SubElement(
            folder, "outline", type="rss", text=title, title=title, xmlUrl=_feed(source) or ""
        )
        if group.home:
            outline.set("htmlUrl", line(group.home))
        if language := publication.language(source.language or group.language):
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


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = line(text)
