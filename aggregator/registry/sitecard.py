"""What a home page says of the group behind it: name, description, logo, language, text. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aggregator.parse.clean import plain_text
from aggregator.parse.entries import ParsedFeed
from aggregator.parse.urls import page_url
from aggregator.parse.webpage import WebPage
from aggregator.understand.language import language_of

_ORGANISATIONS: Final = re.compile(r"Organi[sz]ation|NGO|LocalBusiness|NewsMedia|Association")
_SEPARATORS: Final = re.compile(r"\s+[|·•–—»:-]\s+")
_EMPTY_TITLES: Final = frozenset({"accueil", "home", "bienvenue", "page d'accueil", "welcome"})


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A group as its site presents it; texts plain, addresses absolute, empty where unsaid."""

    name: str
    description: str
    logo: str | None
    language: str
    text: str
    """The page's own words, to guess topics and places from."""


def card(page: WebPage, feed: ParsedFeed | None = None) -> SiteCard:
    """Read a page, and its feed if one was found."""
    said = _linked_data(page)
    meta = _meta(page)
    text = plain_text(page.text, 5000) if page.tree is not None else ""
    feed_title = feed.title if feed else ""
    description = (
        meta.get("description")
        or meta.get("og:description")
        or str(said.get("description") or "")
        or (feed.description if feed else "")
    )
    return SiteCard(
        name=_name(page, meta, said, feed_title),
        description=plain_text(description, 500),
        logo=_logo(page, meta, said, feed),
        language=_language(page, feed, f"{description} {text}"),
        text=text,
    )


def _name(page: WebPage, meta: dict[str, str], said: dict[str, Any], feed_title: str) -> str:
    title = (
        next((t.text or "" for t in page.tree.iter("title")), "") if page.tree is not None else ""
    )
    parts = [part for part in _SEPARATORS.split(plain_text(title, 300)) if part]
    parts = [part for part in parts if part.casefold().strip(" !.") not in _EMPTY_TITLES]
    host = page.url.partition("://")[2].partition("/")[0].removeprefix("www.")
    guesses = (
        meta.get("og:site_name", ""),
        said.get("name") if isinstance(said.get("name"), str) else "",
        meta.get("application-name", ""),
        min(parts, key=len) if parts else "",
        feed_title,
        host,
    )
    return next(plain_text(guess, 200) for guess in guesses if guess and guess.strip())


def _logo(
    page: WebPage, meta: dict[str, str], said: dict[str, Any], feed: ParsedFeed | None
) -> str | None:
    logo = said.get("logo")
    if isinstance(logo, dict):
        logo = logo.get("url")
    icons = sorted(_icons(page), reverse=True)
    guesses = (
        logo if isinstance(logo, str) else None,
        icons[0][1] if icons else None,
        feed.image if feed else None,
        meta.get("og:image"),
    )
    found = (page_url(guess, page.base) for guess in guesses if guess)
    return next((url for url in found if url), None)


def _icons(page: WebPage) -> Iterator[tuple[int, str]]:
    """Icons of at least 64 pixels, or of any size, with their size."""
    for element, url in page.links("link"):
        relations = (element.get("rel") or "").lower()
        if "icon" not in relations:
            continue
        sizes = re.findall(r"\d+", element.get("sizes") or "")
        size = int(sizes[0][:5]) if sizes else (180 if "apple" in relations else 32)
        if ".svg" in url.lower() or "any" in (element.get("sizes") or "").lower():
            size = 512
        if size >= 64:
            yield min(size, 512), url


def _language(page: WebPage, feed: ParsedFeed | None, text: str) -> str:
    declared = (page.tree.get("lang") or "") if page.tree is not None else ""
    declared = declared or (feed.language or "" if feed else "")
    short = re.match(r"[a-zA-Z]{2,3}", declared)
    return language_of(text, short.group().lower() if short else None) or "fr"


def _meta(page: WebPage) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in () if page.tree is None else page.tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").lower().strip()
        if name and element.get("content"):
            found.setdefault(name, element.get("content") or "")
    return found


def _linked_data(page: WebPage) -> dict[str, Any]:
    """The organisation in the page's JSON-LD; empty when there is none."""
    for element in () if page.tree is None else page.tree.iter("script"):
        if element.get("type") == "application/ld+json" and element.text:
            try:
                value = json.loads(element.text[:200_000])
            except (ValueError, RecursionError):
                continue
            for node in _nodes(value):
                if _ORGANISATIONS.search(str(node.get("@type"))):
                    return node
    return {}


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    for node in value if isinstance(value, list) else [value]:
        if isinstance(node, dict):
            yield node
            graph = node.get("@graph")
            if isinstance(graph, list):
                yield from (inner for inner in graph if isinstance(inner, dict))
