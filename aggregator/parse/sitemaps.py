"""Sitemaps (sitemaps.org), news sitemaps and their indexes; bounded, however long they are."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lxml import etree

from aggregator.errors import ParseError
from aggregator.parse import charset
from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.dates import parse_date
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.urls import page_url

MOST_PAGES: Final = 50_000
"""What the protocol allows in one file; the rest is not read."""
MOST_SITEMAPS: Final = 500
MOST_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class SitemapPage:
    """One page of a sitemap."""

    url: str
    changed: datetime | None = None
    """UTC; None where the sitemap does not say, or says it wrong."""
    title: str = ""
    """From a news sitemap; else empty."""
    published: datetime | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one file holds: pages, or more sitemaps."""

    pages: tuple[SitemapPage, ...] = ()
    """The last changed first; those without a date after them, in document order."""
    sitemaps: tuple[SitemapPage, ...] = ()
    """Files of an index, the last changed first."""
    is_cut: bool = False
    """Whether there was more than we read."""


@dataclass(slots=True)
class _Row:
    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def _local(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag.rpartition("}")[2].lower()


def _rows(text: str) -> Iterator[_Row]:
    """The `url` and `sitemap` elements, one after another, each dropped once read."""
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    context = etree.iterparse(
        stream, events=("end",), recover=True, resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for _event, element in context:
            kind = _local(element)
            if kind in {"url", "sitemap"}:
                row = _Row(kind)
                for part in element.iter():
                    if part.text and part is not element:
                        row.texts.setdefault(_local(part), part.text.strip())
                yield row
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
    except etree.XMLSyntaxError:
        # A cut or damaged file has given its good part already.
        return


def _page(row: _Row, base: str) -> SitemapPage | None:
    url = page_url(row.texts.get("loc", ""), base)
    if url is None:
        return None
    texts = row.texts
    return SitemapPage(
        url,
        changed=parse_date(texts.get("lastmod", "")),
        title=texts.get("title", "") if "publication_date" in texts else "",
        published=parse_date(texts.get("publication_date", "")),
        language=texts.get("language"),
    )


def _newest_first(pages: list[SitemapPage]) -> tuple[SitemapPage, ...]:
    def age(page: SitemapPage) -> float:
        date = page.published or page.changed
        return -date.timestamp() if date else float("inf")

    return tuple(sorted(pages, key=age))


def _plain(text: str, url: str) -> Sitemap:
    """A sitemap may be a text file with one address per line."""
    lines = text.split("\n", MOST_PAGES)
    found = [page for line in lines[:MOST_PAGES] if (page := page_url(line.strip(), ""))]
    if not found:
        raise ParseError("The answer is no sitemap.")
    pages = tuple(SitemapPage(page) for page in dict.fromkeys(found))
    return Sitemap(pages, is_cut=len(lines) > MOST_PAGES)


def read(body: bytes, url: str, content_type: str | None = None) -> Sitemap:
    """A sitemap, a news sitemap or an index of them; gzip is opened.

    At most 50,000 pages and 500 sitemaps are read, of at most 24 MB. Raises ParseError when it
    is none of them.
    """
    is_cut = len(body) > charset.LARGEST_BODY
    text = charset.decode(body[: charset.LARGEST_BODY], content_type)
    if not text.startswith("<"):
        return _plain(text, url)
    if not re.search(r"<(?:\w+:)?(?:urlset|sitemapindex)\b", text[:5000]):
        raise ParseError("The answer is no sitemap.")
    pages: dict[str, SitemapPage] = {}
    sitemaps: dict[str, SitemapPage] = {}
    for row in _rows(text):
        kept, most = (pages, MOST_PAGES) if row.kind == "url" else (sitemaps, MOST_SITEMAPS)
        if len(kept) >= most:
            is_cut = True
            break
        page = _page(row, url)
        if page:
            kept.setdefault(page.url, page)
    return Sitemap(
        _newest_first(list(pages.values())), _newest_first(list(sitemaps.values())), is_cut
    )


def as_feed(sitemap: Sitemap, url: str) -> ParsedFeed:
    """The pages of a news sitemap as entries, at most 1,000: it alone tells titles."""
    entries = [
        entry(
            Found(
                url,
                links=[page.url],
                titles=[escaped(page.title)],
                published=[page.published.isoformat() if page.published else ""],
                updated=[page.changed.isoformat() if page.changed else ""],
                language=page.language,
            )
        )
        for page in sitemap.pages
        if page.title
    ]
    return ParsedFeed(distinct(entries[:MOST_ENTRIES]), format="sitemap")
