"""Atom 1.0 (RFC 4287) of a publication. Knows no request: what it says is in its argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.publish import publication as of
from aggregator.publish.text import line, safe

if TYPE_CHECKING:
    from aggregator.publish.publication import Publication
    from aggregator.publish.rights import Shown
    from aggregator.store.tables import Entry

MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def write(publication: Publication) -> bytes:
    """The feed in UTF-8; entries that may not be shown are left out, an empty list is valid."""
    # lxml-stubs know no default namespace.
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    feed.set(_LANG, of.language(publication.language) or "fr")
    _text(feed, "id", publication.self_url)
    _text(feed, "title", line(publication.title))
    if publication.subtitle:
        _text(feed, "subtitle", line(publication.subtitle))
    _text(feed, "updated", instant(publication.updated))
    _text(feed, "generator", of.NAME, uri=publication.base_url)
    _link(feed, "self", publication.self_url, type="application/atom+xml")
    _link(feed, "alternate", publication.page_url, type="text/html")
    if publication.next_url:
        _link(feed, "next", publication.next_url, type="application/atom+xml")
    if publication.hub:
        _link(feed, "hub", publication.hub)
    for entry, shown in publication.shown():
        _entry(feed, entry, shown, publication)
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def instant(when: datetime) -> str:
    """An instant as RFC 3339 writes it, in UTC and whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(feed: etree._Element, entry: Entry, shown: Shown, publication: Publication) -> None:
    element = etree.SubElement(feed, f"{{{_ATOM}}}entry")
    if tag := of.language(entry.language):
        element.set(_LANG, tag)
    _text(element, "id", of.identity(entry))
    _text(element, "title", shown.title, type="text")
    _text(element, "published", instant(entry.published))
    _text(element, "updated", instant(of.changed(entry)))
    author = etree.SubElement(element, f"{{{_ATOM}}}author")
    _text(author, "name", of.writer(entry))
    _link(element, "alternate", of.link(entry, publication.base_url), type="text/html")
    page = of.page(entry, publication.base_url)
    _link(element, "related", page, type="text/html", title=of.NAME)
    for category in of.categories(entry, publication.base_url, publication.language):
        attributes = {"term": category.term, "label": category.label}
        if category.scheme:
            attributes["scheme"] = category.scheme
        etree.SubElement(element, f"{{{_ATOM}}}category", attributes)
    for file in shown.enclosures:
        if url := line(str(file.get("url") or "")):
            _link(element, "enclosure", url, **_declared(file))
    if shown.excerpt:
        _text(element, "summary", shown.excerpt, type="text")
    if shown.html:
        _text(element, "content", safe(shown.html), type="html")
    _source(element, entry)


def _source(element: etree._Element, entry: Entry) -> None:
    # RFC 4287 §4.2.11: where a copied entry comes from, under its own feed's name.
    source, group = entry.source, entry.source.group
    origin = etree.SubElement(element, f"{{{_ATOM}}}source")
    _text(origin, "id", line(source.address))
    _text(origin, "title", line(source.title) or line(group.name))
    _link(origin, "self", line(source.address))
    if group.home:
        _link(origin, "alternate", line(group.home), type="text/html")
    _text(origin, "rights", f"© {line(group.name)}")


def _declared(file: dict[str, object]) -> dict[str, str]:
    declared = {"type": file.get("type"), "length": file.get("length")}
    return {name: line(str(value)) for name, value in declared.items() if value}


def _text(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes).text = safe(text)


def _link(parent: etree._Element, rel: str, href: str, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}link", {"rel": rel, "href": safe(href)} | attributes)
