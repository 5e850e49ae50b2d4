"""RSS 0.9x, 1.0 (RDF), 1.1 and 2.0 with their modules, from a tree. Knows no bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from aggregator.parse import atom
from aggregator.parse.assemble import (
    MOST_ENTRIES,
    Found,
    distinct,
    entry,
    first_text,
    first_url,
    language_tag,
)
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.names import XML_BASE, XML_LANG, short
from aggregator.parse.timing import skip_days, skip_hours, visit_interval
from aggregator.parse.trees import inner, link_candidates, when
from aggregator.parse.urls import page_url, resolve

Texts = Mapping[str, list[str]]

_NOT_TEXT: Final = frozenset(
    {"item", "items", "atom:entry", "channel", "media:group", "media:content", "textinput"}
)
"""Elements whose insides are read by themselves."""
_GROUPS: Final = frozenset({"media:group", "media:content"})
_RELAYS: Final = ("feedburner.com", "feedproxy.google.com", "follow.it", "rss.app", "feedpress.me")
_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RESOURCE: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"


def _version(root: etree._Element) -> str:
    if short(root) == "rdf:rdf":
        return "rss10"
    version = (root.get("version") or "").strip()
    uri = root.tag.rpartition("}")[0]
    if "rss1.1" in uri:
        return "rss11"
    return {"2.0": "rss20", "0.94": "rss094", "0.93": "rss093", "0.92": "rss092"}.get(
        version, "rss091" if version.startswith("0.9") else "rss20"
    )


def _all_texts(parent: etree._Element) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for child in parent:
        name = short(child)
        if name in _NOT_TEXT:
            continue
        text = when(child)
        if text:
            texts[name].append(text)
    return texts


def _of(texts: Texts, *names: str) -> list[str]:
    return [text for name in names for text in texts.get(name, ())]


def _media(found: Found, parent: etree._Element) -> None:
    """Media RSS, at any depth of its groups: files, pictures, words about them."""
    for child in parent:
        name = short(child)
        address = child.get("url")
        if name == "media:content" and address:
            found.enclosures.append((address, child.get("type"), child.get("fileSize")))
            if child.get("medium") == "image" or (child.get("type") or "").startswith("image/"):
                found.images.append(address)
        elif name == "media:thumbnail" and address:
            found.images.insert(0, address)
        elif name == "media:title":
            found.titles.append(inner(child))
        elif name == "media:description":
            found.summaries.append(inner(child))
        elif name == "media:keywords":
            found.categories.extend(inner(child).split(","))
        if name in _GROUPS and len(child):
            _media(found, child)


def _links(found: Found, item: etree._Element) -> None:
    """Pages of an item: its link, an Atom alternate, a permanent guid, then what there is."""
    weak: list[str] = []
    for child in item:
        name = short(child)
        if name == "link":
            found.links.append(
                (child.text or "").strip() or child.get("href") or child.get(_RESOURCE) or ""
            )
        elif name == "atom:link":
            good, files = link_candidates(child)
            found.links.extend(good)
            found.enclosures.extend(files)
        elif name == "guid":
            guid = (child.text or "").strip()
            permanent = (child.get("isPermaLink") or child.get("ispermalink") or "true").lower()
            if permanent != "false" and guid.startswith(("http://", "https://", "/")):
                weak.append(guid)
        elif name == "feedburner:origlink":
            weak.append(inner(child))
        elif name == "enclosure":
            address = child.get("url") or child.get("href") or child.get(_RESOURCE) or child.text
            if address:
                found.enclosures.append((address, child.get("type"), child.get("length")))
        elif name == "itunes:image":
            found.images.append(child.get("href") or child.text or "")
        elif name == "image":
            url = next((inner(part) for part in child if short(part) == "url"), inner(child))
            found.images.append(url)
    about = item.get(_ABOUT)
    if about and not any(found.links):
        weak.append(about)
    found.links.extend(weak)


def _item(item: etree._Element, base: str, language: str | None) -> ParsedEntry:
    base = resolve(base, item.get(XML_BASE))
    texts = _all_texts(item)
    found = Found(
        base,
        ids=_of(texts, "guid", "atom:id", "dc:identifier"),
        titles=_of(texts, "title", "atom:title", "dc:title", "itunes:title"),
        summaries=_of(texts, "description", "atom:summary", "dc:description", "itunes:summary",
                      "dcterms:abstract", "itunes:subtitle"),
        contents=_of(texts, "content:encoded", "xhtml:body", "body", "xhtml:div", "atom:content",
                     "fulltext"),
        authors=_of(texts, "dc:creator", "author", "itunes:author", "dc:contributor"),
        published=_of(texts, "pubdate", "dcterms:issued", "dc:date", "dcterms:created", "date",
                      "atom:published", "published", "dcterms:available"),
        updated=_of(texts, "atom:updated", "dcterms:modified", "updated", "atom:modified",
                    "lastbuilddate"),
        language=item.get(XML_LANG) or next(iter(_of(texts, "dc:language", "language")), None),
        categories=_of(texts, "category", "dc:subject", "itunes:keywords"),
        starts=_of(texts, "ev:startdate", "xcal:dtstart"),
        ends=_of(texts, "ev:enddate", "xcal:dtend"),
        places=_of(texts, "ev:location", "xcal:location"),
    )  # fmt: skip
    about = item.get(_ABOUT)
    if about and not found.ids:
        found.ids.append(about)
    for child in item:
        if short(child) == "atom:author" or (short(child) == "author" and len(child)):
            found.authors.insert(0, next((inner(part) for part in child), ""))
        elif short(child) == "atom:category":
            found.categories.append(child.get("label") or child.get("term") or "")
    _links(found, item)
    _media(found, item)
    return entry(found, language=language)


def _items(root: etree._Element) -> Iterator[etree._Element]:
    """The items in document order: in the channel, beside it (RSS 1.0) or deeper."""
    for element in root.iter("{*}item", "{*}entry", "{*}ITEM", "{*}Item"):
        if short(element) in {"item", "atom:entry"}:
            yield element


def _base(url: str, home: str | None) -> str:
    """Where relative links start: the feed, or the site where a relay serves its feed."""
    host = urlsplit(url).hostname or ""
    return home if home and host.endswith(_RELAYS) else url


def read(root: etree._Element, url: str) -> ParsedFeed:
    """The feed of an `rss`, `rdf:RDF` or lone `channel` root; `url` is where it came from."""
    if short(root) == "atom:rss":
        # Its author gave the whole file Atom's namespace.
        for element in root.iter("{*}*"):
            if short(element).startswith("atom:"):
                element.tag = str(element.tag).rpartition("}")[2]
    channel = next((child for child in root if short(child) == "channel"), root)
    outer = resolve(resolve(url, root.get(XML_BASE)), channel.get(XML_BASE))
    texts = _all_texts(channel)
    links = [child for child in channel if short(child) == "atom:link"]
    home = first_url(
        [*_of(texts, "link"), *(link for each in links for link in link_candidates(each)[0])], outer
    )
    base = _base(outer, home) if outer == url else outer
    language = language_tag(
        *_of(texts, "language", "dc:language"), channel.get(XML_LANG), root.get(XML_LANG)
    )
    entries: list[ParsedEntry] = []
    for element in _items(root):
        if len(entries) == MOST_ENTRIES:
            break
        one = atom.read_entry if short(element) == "atom:entry" else _item
        entries.append(one(element, base, language))
    return ParsedFeed(
        entries=distinct(entries),
        title=first_text(_of(texts, "title", "atom:title", "dc:title"), 300),
        description=first_text(
            _of(texts, "description", "atom:subtitle", "itunes:summary", "dc:description"), 1000
        ),
        home=home,
        language=language,
        format=_version(root),
        image=_image(root, channel, base),
        hub=atom.related(links, "hub", base),
        self_url=atom.related(links, "self", base),
        ttl=visit_interval(texts),
        skip_hours=skip_hours(channel),
        skip_days=skip_days(channel),
        moved_to=first_url(_of(texts, "itunes:new-feed-url", "newlocation"), base),
    )


def _image(root: etree._Element, channel: etree._Element, base: str) -> str | None:
    for parent in (channel, root):
        for child in parent:
            if short(child) == "image":
                address = next((inner(part) for part in child if short(part) == "url"), None)
                if address and (url := page_url(address, base)):
                    return url
            elif short(child) == "itunes:image" and (
                url := page_url(child.get("href") or "", base)
            ):
                return url
    return None
