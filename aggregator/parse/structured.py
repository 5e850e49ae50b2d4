"""What a page says of itself for machines: schema.org (JSON-LD, microdata), hCalendar, Open Graph.

Gives what was found, in the page's words; `pages` makes entries of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml.html import HtmlElement

from aggregator.errors import ParseError
from aggregator.parse.assemble import Found
from aggregator.parse.dates import parse_date
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, load, text_of, words
from aggregator.parse.webpage import WebPage

_DEEPEST: Final = 8
_MOST_OBJECTS: Final = 2000
_MOST_MARKED: Final = 300
_LONGEST_SCRIPT: Final = 2_000_000
_EVENT: Final = re.compile(r"(?:\A|[/:#])\w*(?:Event|Festival|Hackathon|CourseInstance)\Z")
_ARTICLE: Final = re.compile(r"(?:\A|[/:#])(?:\w*Article|BlogPosting|SocialMediaPosting|Report)\Z")
_CANCELLED: Final = re.compile(r"cancel|annul", re.IGNORECASE)
CANCELLED_PREFIX: Final = "[Annulé] "
"""Before the title of an event that does not take place: people must see it everywhere."""


def _objects(value: Any, depth: int = 0) -> Iterator[JsonObject]:
    """Every object of a JSON-LD value, outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value:
            yield from _objects(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        for part in value.values():
            if isinstance(part, (list, dict)):
                yield from _objects(part, depth + 1)


def linked_data(page: WebPage) -> list[JsonObject]:
    """The objects of a page's JSON-LD, at most 2,000; broken scripts are left out."""
    found: list[JsonObject] = []
    for script in () if page.tree is None else page.tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip(" \n;")
        try:
            found.extend(_objects(load(text[:_LONGEST_SCRIPT])))
        except ParseError:
            continue
        if len(found) > _MOST_OBJECTS:
            break
    return found[:_MOST_OBJECTS]


def _is_kind(item: JsonObject, pattern: re.Pattern[str]) -> bool:
    kinds = item.get("@type")
    return any(
        pattern.search(text_of(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _address(value: Any) -> str:
    if not isinstance(value, dict):
        return text_of(value)
    parts = [
        text_of(value.get(name)) for name in ("streetAddress", "postalCode", "addressLocality")
    ]
    return " ".join(part for part in parts if part)


def _place(value: Any) -> str:
    """The first place, with its address; for a meeting on the net its address there."""
    if isinstance(value, list):
        return next((place for part in value if (place := _place(part))), "")
    if not isinstance(value, dict):
        return text_of(value)
    parts = [text_of(value.get("name")), _address(value.get("address")), text_of(value.get("url"))]
    return ", ".join(dict.fromkeys(part for part in parts[:2] if part)) or parts[2]


def _image(value: Any) -> list[str]:
    if isinstance(value, list):
        return [url for part in value for url in _image(part)]
    return [text_of(below(value, "url")) or text_of(below(value, "contentUrl")) or text_of(value)]


def _people(value: Any) -> list[str]:
    people = value if isinstance(value, list) else [value]
    names = [text_of(below(person, "name")) or text_of(person) for person in people]
    return [", ".join(name for name in names if name)]


def _event(item: JsonObject, base: str) -> Found:
    cancelled = _CANCELLED.search(text_of(item.get("eventStatus")))
    name = text_of(item.get("name")) or text_of(item.get("headline"))
    return Found(
        base,
        ids=[text_of(item.get("@id")), text_of(item.get("identifier"))],
        links=[text_of(item.get("url")), text_of(item.get("@id"))],
        titles=[(CANCELLED_PREFIX if cancelled and name else "") + name],
        summaries=[text_of(item.get("description"))],
        authors=_people(item.get("organizer")),
        published=[text_of(item.get("datePublished"))],
        updated=[text_of(item.get("dateModified"))],
        language=text_of(item.get("inLanguage")) or None,
        categories=words(item.get("keywords") or []),
        images=_image(item.get("image")),
        starts=[text_of(item.get("startDate"))],
        ends=[text_of(item.get("endDate"))],
        places=[_place(item.get("location"))],
        type="event",
    )


def article(page: WebPage) -> Found | None:
    """The article that the page's JSON-LD describes; None when it describes none."""
    for item in linked_data(page):
        if _is_kind(item, _ARTICLE) and (item.get("headline") or item.get("name")):
            return Found(
                page.base,
                links=[text_of(item.get("url"))],
                titles=[text_of(item.get("headline")) or text_of(item.get("name"))],
                summaries=[text_of(item.get("description"))],
                contents=[escaped(text_of(item.get("articleBody")))],
                authors=_people(item.get("author")),
                published=[text_of(item.get("datePublished")), text_of(item.get("dateCreated"))],
                updated=[text_of(item.get("dateModified"))],
                language=text_of(item.get("inLanguage")) or None,
                categories=words(item.get("keywords") or []),
                images=_image(item.get("image")),
            )
    return None


def _property(element: HtmlElement) -> str:
    """The value of a microdata or microformat element."""
    for name in ("content", "datetime", "href", "src"):
        if element.get(name):
            return str(element.get(name))
    if element.tag == "abbr" and element.get("title"):
        return str(element.get("title"))
    return " ".join("".join(element.itertext()).split())


def _found(page: WebPage, query: str) -> list[HtmlElement]:
    """At most 300 elements: each is walked through, and they may lie in one another."""
    return [] if page.tree is None else list(page.tree.xpath(query)[:_MOST_MARKED])


def _microdata(page: WebPage) -> Iterator[Found]:
    for item in _found(page, "//*[@itemscope][@itemtype]"):
        if not _EVENT.search((item.get("itemtype") or "").strip()):
            continue
        said: dict[str, str] = {}
        for element in item.iter():
            name = element.get("itemprop") if isinstance(element.tag, str) else None
            for one in (name or "").split():
                said.setdefault(one, _property(element))
        yield Found(
            page.base,
            links=[said.get("url", "")],
            titles=[escaped(said.get("name", ""))],
            summaries=[escaped(said.get("description", ""))],
            images=[said.get("image", "")],
            starts=[said.get("startDate", "")],
            ends=[said.get("endDate", "")],
            places=[escaped(said.get("location", ""))],
            type="event",
        )


def _by_class(item: HtmlElement, *names: str) -> str:
    for element in item.iter():
        if isinstance(element.tag, str) and set(names) & set((element.get("class") or "").split()):
            return _property(element)
    return ""


def _microformats(page: WebPage) -> Iterator[Found]:
    """hCalendar (`vevent`) and its successor (`h-event`)."""
    query = (
        "//*[contains(concat(' ', normalize-space(@class), ' '), ' vevent ') or "
        "contains(concat(' ', normalize-space(@class), ' '), ' h-event ')]"
    )
    for item in _found(page, query):
        yield Found(
            page.base,
            links=[_by_class(item, "url", "u-url")],
            titles=[escaped(_by_class(item, "summary", "p-name"))],
            summaries=[escaped(_by_class(item, "description", "p-summary", "e-content"))],
            starts=[_by_class(item, "dtstart", "dt-start")],
            ends=[_by_class(item, "dtend", "dt-end")],
            places=[escaped(_by_class(item, "location", "p-location"))],
            type="event",
        )


def events(page: WebPage) -> list[Found]:
    """The events of a page, from the best description it gives: JSON-LD, microdata, hCalendar."""
    described = [_event(item, page.base) for item in linked_data(page) if _is_kind(item, _EVENT)]
    for found in (described, list(_microdata(page)), list(_microformats(page))):
        useful = [one for one in found if any(map(parse_date, one.starts)) and any(one.titles)]
        if useful:
            return useful
    return []


def metas(page: WebPage) -> dict[str, str]:
    """The `<meta>` of a page by name or property in lower case; the first of each."""
    found: dict[str, str] = {}
    for element in () if page.tree is None else page.tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").lower().strip()
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name, content)
    return found
