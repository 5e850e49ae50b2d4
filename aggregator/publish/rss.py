"""RSS 2.0 of a publication, with atom:self, dc and content. Knows no request.

As the RSS Advisory Board's profile advises: plain titles, guids that are no links, one
enclosure, `dc:creator` where `author` would need an e-mail address.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.publish import publication as of
from aggregator.publish.text import line, safe

if TYPE_CHECKING:
    from aggregator.publish.publication import Publication
    from aggregator.publish.rights import Shown
    from aggregator.store.tables import Entry

MEDIA_TYPE = "application/rss+xml; charset=utf-8"

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"


def write(publication: Publication) -> bytes:
    """The feed in UTF-8; entries that may not be shown are left out, an empty list is valid."""
    rss = etree.Element("rss", nsmap={"atom": _ATOM, "dc": _DC, "content": _CONTENT})
    rss.set("version", "2.0")
    channel = etree.SubElement(rss, "channel")
    _text(channel, "title", line(publication.title))
    _text(channel, "link", publication.page_url)
    _text(channel, "description", line(publication.subtitle) or line(publication.title))
    _text(channel, "language", of.language(publication.language) or "fr")
    _text(channel, "lastBuildDate", _date(publication.updated))
    if "@" in publication.contact:
        _text(channel, "webMaster", f"{line(publication.contact)} ({of.NAME})")
    _text(channel, "generator", of.NAME)
    _text(channel, "docs", "https://www.rssboard.org/rss-specification")
    links = {"self": publication.self_url, "next": publication.next_url, "hub": publication.hub}
    for rel, href in links.items():
        if href:
            etree.SubElement(channel, f"{{{_ATOM}}}link", {"rel": rel, "href": safe(href)})
    for entry, shown in publication.shown():
        _item(channel, entry, shown, publication)
    return etree.tostring(rss, xml_declaration=True, encoding="utf-8")


def _item(channel: etree._Element, entry: Entry, shown: Shown, publication: Publication) -> None:
    item = etree.SubElement(channel, "item")
    _text(item, "title", shown.title)
    _text(item, "link", of.link(entry, publication.base_url))
    _text(item, "guid", of.identity(entry), isPermaLink="false")
    _text(item, "pubDate", _date(entry.published))
    _text(item, f"{{{_DC}}}creator", of.writer(entry))
    if tag := of.language(entry.language):
        _text(item, f"{{{_DC}}}language", tag)
    for category in of.categories(entry, publication.base_url, publication.language):
        domain = {"domain": category.scheme} if category.scheme else {}
        _text(item, "category", category.label, **domain)
    if shown.excerpt:
        # Readers take a description for HTML, so plain text is written as HTML says it.
        _text(item, "description", html.escape(shown.excerpt, quote=False))
    if shown.html:
        _text(item, f"{{{_CONTENT}}}encoded", shown.html)
    _enclosure(item, shown)
    source = entry.source
    _text(item, "source", line(source.title) or line(source.group.name), url=line(source.address))


def _enclosure(item: etree._Element, shown: Shown) -> None:
    # RSS 2.0 has one, and wants all three attributes; 0 says that the length is unknown.
    for file in shown.enclosures:
        if (url := line(str(file.get("url") or ""))) and (
            kind := line(str(file.get("type") or ""))
        ):
            length = str(file.get("length") or 0)
            etree.SubElement(item, "enclosure", {"url": url, "type": kind, "length": length})
            return


def _date(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC), usegmt=True)


def _text(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    attributes = {key: safe(value) for key, value in attributes.items()}
    etree.SubElement(parent, name, attributes).text = safe(text)
