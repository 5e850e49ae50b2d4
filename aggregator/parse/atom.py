"""Atom 0.3 and 1.0, feeds and lone entries, from a tree (RFC 4287). Knows no bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from lxml import etree

from aggregator.parse.assemble import (
    MOST_ENTRIES,
    Found,
    declared_uid,
    distinct,
    entry,
    first_text,
    first_url,
    language_tag,
)
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.names import XML_BASE, XML_LANG, short
from aggregator.parse.timing import visit_interval
from aggregator.parse.trees import inner, link_candidates
from aggregator.parse.urls import page_url, resolve

_DELETED: Final = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_MEDIA: Final = frozenset({"media:group", "media:content"})


def _name(element: etree._Element) -> str:
    """`title` for `atom:title` and for a title in no namespace."""
    return short(element).removeprefix("atom:")


def _text(element: etree._Element) -> str:
    """The markup of a text construct: what `type=text` means literally is escaped."""
    text = inner(element)
    kind = (element.get("type") or "").strip().lower()
    mode = (element.get("mode") or "").strip().lower()
    if mode == "base64" or (kind and "/" in kind and not kind.endswith(("xml", "html", "plain"))):
        return _from_base64(text, kind)
    return text


def _from_base64(text: str, kind: str) -> str:
    """The words that base64 hides; empty for a picture or another file."""
    try:
        return base64.b64decode(text).decode("utf-8")
    except (binascii.Error, ValueError):
        return text if kind.startswith("text/") else ""


def _content(found: Found, element: etree._Element) -> None:
    """Content in the entry, with its own base; elsewhere (`src`) it is one more link."""
    source = element.get("src")
    if source:
        kind = element.get("type")
        if kind is None or "html" in kind:
            found.links.append(resolve(found.base, source))
        else:
            found.enclosures.append((source, kind, None))
        return
    text = _text(element)
    own_base = resolve(found.base, element.get(XML_BASE))
    if own_base != found.base and text:
        # One base per entry: the markup's own goes where its addresses are resolved.
        found.content_base = own_base
    found.contents.append(text)


def _person(element: etree._Element) -> str:
    names = {_name(part): inner(part) for part in element}
    return names.get("name") or inner(element) if not len(element) else names.get("name", "")


def _media(found: Found, parent: etree._Element) -> None:
    for child in parent:
        name, address = short(child), child.get("url")
        if name == "media:content" and "shockwave" in (child.get("type") or ""):
            # YouTube still names a Flash player that nothing can open.
            pass
        elif name == "media:content" and address:
            found.enclosures.append((address, child.get("type"), child.get("fileSize")))
        elif name == "media:thumbnail" and address:
            found.images.insert(0, address)
        elif name == "media:description":
            found.summaries.append(inner(child))
        elif name == "media:title":
            found.titles.append(inner(child))
        if name in _MEDIA and len(child):
            _media(found, child)


def _part(found: Found, child: etree._Element) -> None:
    match _name(child):
        case "id":
            found.ids.append(inner(child))
        case "title":
            found.titles.insert(0, _text(child))
        case "link":
            pages, files = link_candidates(child)
            base = resolve(found.base, child.get(XML_BASE))
            found.links.extend(
                page if base == found.base else resolve(base, page) for page in pages
            )
            found.enclosures.extend(files)
        case "summary" | "tagline":
            found.summaries.insert(0, _text(child))
        case "content":
            _content(found, child)
        case "author" | "dc:creator":
            found.authors.append(_person(child))
        case "published" | "issued" | "created" | "dc:date" | "dcterms:issued" | "pubdate":
            found.published.append(inner(child))
        case "updated" | "modified" | "dcterms:modified":
            found.updated.append(inner(child))
        case "category":
            found.categories.append(child.get("label") or child.get("term") or inner(child))
        case "dc:subject":
            found.categories.append(inner(child))
        case "yt:videoid":
            found.type = "video"
        case "itunes:image":
            found.images.append(child.get("href") or "")
        case "xcal:dtstart" | "ev:startdate":
            found.starts.append(inner(child))
        case "xcal:dtend" | "ev:enddate":
            found.ends.append(inner(child))
        case "xcal:location" | "ev:location":
            found.places.append(inner(child))


def read_entry(element: etree._Element, base: str, language: str | None) -> ParsedEntry:
    """One Atom entry; a `source` inside it is left alone."""
    found = Found(resolve(base, element.get(XML_BASE)), language=element.get(XML_LANG))
    for child in element:
        _part(found, child)
    _media(found, element)
    if not any(found.links) and found.ids and found.ids[0].startswith(("http://", "https://")):
        found.links.append(found.ids[0])
    return entry(found, language=language)


def related(links: Iterable[etree._Element], rel: str, base: str) -> str | None:
    """The address of the first link of that relation."""
    return first_url(
        (link.get("href") or "" for link in links if (link.get("rel") or "").lower() == rel), base
    )


def read(root: etree._Element, url: str) -> ParsedFeed:
    """The feed of a `feed` or a lone `entry` root; `url` is where it came from."""
    base = resolve(url, root.get(XML_BASE))
    language = language_tag(root.get(XML_LANG))
    version = "atom03" if "purl.org/atom" in root.tag or root.get("version") == "0.3" else "atom10"
    if _name(root) == "entry":
        return ParsedFeed((read_entry(root, base, language),), language=language, format=version)
    texts: dict[str, list[str]] = {}
    links = []
    entries: list[ParsedEntry] = []
    deleted: list[str] = []
    for child in root:
        name = _name(child)
        if child.tag == _DELETED:
            deleted.append(child.get("ref") or "")
        elif name in {"entry", "item"}:
            if len(entries) < MOST_ENTRIES:
                entries.append(read_entry(child, base, language))
        elif name == "link":
            links.append(child)
        else:
            texts.setdefault(name, []).append(_text(child))
    return ParsedFeed(
        entries=distinct(entries),
        title=first_text(texts.get("title", ()), 300),
        description=first_text(texts.get("subtitle", []) + texts.get("tagline", []), 1000),
        home=first_url((page for link in links for page in link_candidates(link)[0]), base),
        language=language,
        format=version,
        image=next(
            (address for text in texts.get("logo", []) + texts.get("icon", [])
             if (address := page_url(text, base))), None,
        ),
        hub=related(links, "hub", base),
        self_url=related(links, "self", base),
        ttl=visit_interval(texts),
        moved_to=first_url(texts.get("itunes:new-feed-url", ()), base),
        deleted=tuple(uid for ref in deleted[:MOST_ENTRIES] if (uid := declared_uid([ref]))),
    )  # fmt: skip
