"""One web page as its server sent it: address, headers, text and tree. Fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lxml import etree
from lxml import html as lxml_html

from aggregator.errors import ParseError
from aggregator.parse import charset
from aggregator.parse.urls import page_url, resolve

LONGEST_PAGE: Final = 6_000_000
"""Characters of a page that are looked at."""
_GENERATOR: Final = re.compile(
    r"""<meta[^<>]{0,200}\bname\s*=\s*["']?generator["']?[^<>]{0,200}?\bcontent\s*=\s*["']([^"']{1,200})|"""
    r"""<meta[^<>]{0,200}\bcontent\s*=\s*["']([^"']{1,200})["'][^<>]{0,200}\bname\s*=\s*["']?generator""",
    re.IGNORECASE,
)


def document(text: str) -> lxml_html.HtmlElement | None:
    """The tree of an HTML text; None where there is no element in it."""
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        # Bytes, since libxml2 refuses text that declares an encoding.
        root = lxml_html.document_fromstring(
            text[:LONGEST_PAGE].encode("utf-8", "ignore"), parser=parser
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    return root


@dataclass(frozen=True)
class WebPage:
    """A page as discovery and connectors see it."""

    url: str
    """Where it was in the end, after redirects."""
    text: str
    headers: Mapping[str, str]
    """Names in lower case."""

    @cached_property
    def tree(self) -> lxml_html.HtmlElement | None:
        return document(self.text)

    @cached_property
    def base(self) -> str:
        """Where its relative addresses start: `<base href>`, else its own address."""
        bases = () if self.tree is None else self.tree.iter("base")
        return resolve(self.url, next((base.get("href") for base in bases if base.get("href")), ""))

    @cached_property
    def generator(self) -> str:
        """What says it made the page, in lower case; empty when nothing does."""
        found = _GENERATOR.search(self.text, 0, 200_000)
        meta = (found.group(1) or found.group(2)) if found else ""
        return f"{meta} {self.headers.get('x-generator', '')}".lower().strip()

    @cached_property
    def head(self) -> str:
        """The first part of the text in lower case, for quick looks."""
        return self.text[:200_000].lower()

    def links(self, name: str) -> Iterator[tuple[lxml_html.HtmlElement, str]]:
        """Every `name` element (`a`, `link`) with its address, absolute http(s)."""
        for element in () if self.tree is None else self.tree.iter(name):
            url = page_url(element.get("href") or "", self.base) if element.get("href") else None
            if url:
                yield element, url


def read_page(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> WebPage:
    """The page of a body; an empty or oversized one is a page without text."""
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    try:
        text = charset.decode(body, lower.get("content-type"))
    except ParseError:
        text = ""
    return WebPage(url, text, lower)
