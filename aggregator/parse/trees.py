"""Reading one XML element: its words or markup, and what an Atom link leads to."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_DECLARATION: Final = re.compile(r"""\sxmlns(?::[\w.-]+)?="[^"<>]*\"""")
File = tuple[str, str | None, str | None]


def inner(element: etree._Element) -> str:
    """The text of an element, or the HTML of what is inside it; stripped."""
    if not len(element):
        return (element.text or "").strip()
    for part in element.iter(f"{_XHTML}*"):
        part.tag = part.tag.rpartition("}")[2]
    pieces = [escaped(element.text)]
    pieces.extend(etree.tostring(part, encoding="unicode", method="html") for part in element)
    return _DECLARATION.sub("", "".join(pieces)).strip()


def escaped(text: str | None) -> str:
    """Literal text as HTML that shows it; empty for None."""
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def when(element: etree._Element) -> str:
    """The date an element holds, in words or in the `<time datetime>` inside it."""
    inside = element[0].get("datetime") if len(element) else None
    return inside or inner(element)


def link_candidates(link: etree._Element) -> tuple[list[str], list[File]]:
    """What an Atom `link` gives: addresses of the page itself, and files that come with it.

    Only `rel=alternate` (or none) leads to the page; a picture or a feed under it does not.
    """
    rel = (link.get("rel") or "alternate").strip().lower().rpartition("/")[2]
    kind = (link.get("type") or "").strip().lower()
    address = (link.get("href") or link.text or "").strip()
    if not address:
        return [], []
    if rel == "enclosure":
        return [], [(address, kind, link.get("length"))]
    if rel == "alternate" and not kind.startswith(("image/", "audio/", "video/")):
        return [address], []
    return [], []
