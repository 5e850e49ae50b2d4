"""One web page to entries: the article it holds, or the events it announces.

trafilatura finds the text, the page's own data the title, the date and the author where they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.settings import Document

from aggregator.errors import ParseError
from aggregator.parse import structured
from aggregator.parse.assemble import Found, distinct, entry, language_tag
from aggregator.parse.clean import LONGEST_TITLE, plain_text
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.urls import page_url
from aggregator.parse.webpage import WebPage, read_page

LONGEST_ARTICLE: Final = 3_000_000
"""Characters of a page that the text finder sees."""
_MOST_TAGS: Final = 40_000
_STUMBLES: Final = (
    ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError,
    ArithmeticError, etree.LxmlError,
)  # fmt: skip
_SITE_NAME: Final = re.compile(r"\s+[|•»·–—-]\s+")
_SHORTEST_TEXT: Final = 40


def _bounded(text: str) -> str:
    """The part of a page that is read: finding the text costs time per element."""
    text = text[:LONGEST_ARTICLE]
    return "<".join(text.split("<", _MOST_TAGS)[:_MOST_TAGS]) if "<" in text else text


def _extracted(page: WebPage) -> dict[str, Any]:
    """What trafilatura finds; empty when it finds nothing or stumbles."""
    try:
        found = trafilatura.bare_extraction(
            _bounded(page.text), url=page.url, with_metadata=True, include_comments=False
        )
    except _STUMBLES:
        # It promises None for what it cannot read; some broken pages make it raise.
        return {}
    return found.as_dict() if isinstance(found, Document) else {}


def _is_banner(heading: HtmlElement, page: WebPage) -> bool:
    """Whether a heading names the site: it leads to the front page."""
    links = [page_url(one.get("href") or "", page.base) for one in heading.iter("a")]
    above = heading.getparent()
    if above is not None and above.tag == "a":
        links.append(page_url(above.get("href") or "", page.base))
    return any(
        url and urlsplit(url).path.strip("/") in {"", "index.html", "index.php"} for url in links
    )


def _heading(page: WebPage, site: str) -> str:
    """The only first heading that is not the site's name; empty when there are several or none."""
    found = [] if page.tree is None else [
        one for one in page.tree.iter("h1") if not _is_banner(one, page)
    ]  # fmt: skip
    texts = [text for one in found if (text := plain_text("".join(one.itertext()), LONGEST_TITLE))]
    texts = [text for text in texts if text.casefold() != site.casefold()]
    return texts[0] if len(set(texts)) == 1 else ""


def _without_site(title: str, site: str) -> str:
    """`Fête du parc - Ville de Créteil` is `Fête du parc` on the site of the Ville de Créteil."""
    parts = _SITE_NAME.split(title)
    if len(parts) > 1 and site and parts[-1].casefold() == site.casefold():
        return title[: title.rindex(parts[-1])].rstrip(" |•»·–—-")
    return title


def _titles(page: WebPage, said: Found, found: Mapping[str, Any]) -> list[str]:
    """Candidates, the best first: the one heading, what the page declares, its head."""
    metas = structured.metas(page)
    site = metas.get("og:site_name", "")
    of_head = "" if page.tree is None else page.tree.findtext(".//title") or ""
    raw = [*said.titles, metas.get("og:title", ""), str(found.get("title") or ""), of_head]
    banners = {
        plain_text("".join(one.itertext()), LONGEST_TITLE)
        for one in ([] if page.tree is None else page.tree.iter("h1"))
        if _is_banner(one, page)
    }
    texts = [_without_site(plain_text(text, LONGEST_TITLE), site) for text in raw]
    return [escaped(text) for text in (_heading(page, site), *texts) if text not in banners]


def _paragraphs(text: str) -> str:
    lines = [line.strip() for line in text.split("\n")]
    return "".join(f"<p>{escaped(line)}</p>" for line in lines if line)


def _dates(metas: Mapping[str, str], found: Mapping[str, Any]) -> list[str]:
    names = ("article:published_time", "datepublished", "dc.date.issued", "dcterms.created")
    return [*(metas.get(name, "") for name in names), str(found.get("date") or "")]


def article(page: WebPage) -> ParsedEntry:
    """The article of a page. Raises ParseError when no text of an article can be found."""
    found, metas = _extracted(page), structured.metas(page)
    said = structured.article(page) or Found(page.base)
    text = str(found.get("text") or "")
    if len(text) < _SHORTEST_TEXT:
        text = plain_text(said.contents[0]) if said.contents else ""
    if len(text) < _SHORTEST_TEXT:
        raise ParseError("The page holds no text of an article.")
    language = language_tag(
        said.language, None if page.tree is None else page.tree.get("lang"), metas.get("og:locale")
    )
    return entry(
        Found(
            page.base,
            links=[metas.get("og:url", ""), page.url],
            titles=_titles(page, said, found),
            summaries=[
                escaped(metas.get("og:description", "")),
                escaped(metas.get("description", "")),
                *said.summaries,
            ],
            contents=[_paragraphs(text)],
            authors=[*said.authors, metas.get("author", ""), str(found.get("author") or "")],
            published=[*said.published, *_dates(metas, found)],
            updated=[*said.updated, metas.get("article:modified_time", "")],
            categories=said.categories,
            images=[metas.get("og:image", ""), *said.images, str(found.get("image") or "")],
        ),
        language=language,
    )


def read(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> ParsedFeed:
    """The entries of a page: its events when it announces any, else its one article.

    Raises ParseError when it has neither.
    """
    page = read_page(body, url, headers)
    if page.tree is None:
        raise ParseError("The answer is not a web page.")
    events = structured.events(page)
    language = language_tag(page.tree.get("lang"))
    if events:
        for event in events:
            if not any(event.links):
                event.links.append(page.url)
            if not any(event.ids):
                # Several events on one page have one address: what tells them apart is when.
                event.ids = [f"{event.links[0]}#{event.starts[0]}-{event.titles[0][:80]}"]
        made = distinct(entry(event, language=language) for event in events)
        return ParsedFeed(made, home=url, language=language, format="page")
    return ParsedFeed((article(page),), home=url, language=language, format="page")
