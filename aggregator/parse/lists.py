"""The articles a list page links to, found by structure, with the selector that finds them again.

For sites without a feed: what repeats, carries words and dates and lies in the main part of the
page is the list; menus, footers, tags and "read more" are not. Pure: the same page, the same list.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from lxml.cssselect import CSSSelector
from lxml.etree import XPathError
from lxml.html import HtmlElement

from aggregator.errors import ParseError
from aggregator.parse.clean import plain_text
from aggregator.parse.connecting import host
from aggregator.parse.dates import date_in_path, parse_date
from aggregator.parse.urls import canonical_url
from aggregator.parse.webpage import WebPage, read_page

MOST_LINKS: Final = 100
_AS_GOOD: Final = 0.4
"""Groups this near to the best are part of the list (a first article shown larger)."""
_MOST_ANCHORS: Final = 5000
_MOST_JUDGED: Final = 2 * MOST_LINKS
_OUTSIDE: Final = frozenset({"nav", "footer", "aside", "form", "head", "select", "noscript"})
_OUTSIDE_WORDS: Final = re.compile(
    r"menu|(?:^|[-_ ])(?:nav|navbar|navigation|breadcrumbs?|ariane|pagination|pager|footer|"
    r"colophon|sidebar|widgets?|sharing|share|social|comments?|related|tagcloud|"
    r"cookies?|lang|search|skip-link|masthead|topbar|toolbar|screen-reader-text)(?:$|[-_ \d])",
    re.IGNORECASE,
)
_MINOR: Final = frozenset(
    {
        "cat-links", "category", "categories", "tag", "tags", "tag-links", "author", "byline",
        "meta", "entry-meta", "posted-on", "entry-footer", "avatar", "badge", "edit-link",
    }
)  # fmt: skip
_NOT_AN_ARTICLE: Final = re.compile(
    r"/(?:categor(?:y|ie|ies)|tags?|mots?|auteurs?|authors?|users?|u|page|feed|rss|search|recherche|"
    r"login|connexion|wp-admin|wp-login|contact|mentions-legales|plan-du-site|a-propos|about)"
    r"(?:/|\.\w+\Z|\Z)|[?&](?:paged?|s|share|replytocom|action)=|"
    r"\.(?:pdf|jpe?g|png|gif|webp|zip|docx?|xlsx?|mp3|mp4|ics|xml|rss|odt)\Z",
    re.IGNORECASE,
)
_MORE: Final = re.compile(
    r"^\W*(?:(?:(?:en )?(?:lire|voir|savoir)(?: la suite| plus| l.article| davantage)|"
    r"(?:read|learn|see) more|continue reading|continuer la lecture)\b.{0,80}|"
    r"suite|plus|more|\d+|précédente?s?|suivante?s?|next|previous|)\W*$",
    re.IGNORECASE,
)
_UNSTABLE_CLASS: Final = re.compile(
    r"\d|^(?:odd|even|first|last|active|current|sticky|is-|has-|js-|wow|animated|col|row|clearfix|"
    r"status-|format-|type-|category-|tag-|hentry|post-)",
)
_DATE_WORDS: Final = re.compile(
    r"\b\d{1,2}(?:er)?\s+(?:janv|f[ée]v|mars|avr|mai|juin|juil|ao[uû]t|sept|oct|nov|d[ée]c)\w*\.?"
    r"(?:\s+\d{4})?|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b",
    re.IGNORECASE,
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CONTAINERS: Final = frozenset({"article", "li", "tr", "div", "section", "dd", "p"})


@dataclass(frozen=True, slots=True)
class ArticleLink:
    """One article as the list shows it."""

    url: str
    """Absolute, canonical."""
    title: str
    published: datetime | None = None
    """UTC, where the list or the address tells."""


@dataclass(frozen=True, slots=True)
class ArticleList:
    """The articles of a list page in document order, and how to find them again."""

    links: tuple[ArticleLink, ...]
    selector: str
    """CSS, good for `article_links(…, selector=…)`; empty when no list was found."""


@dataclass(slots=True)
class _Group:
    """Anchors in the same place of the same structure."""

    signature: tuple[str, ...]
    anchors: list[tuple[HtmlElement, str]] = field(default_factory=list)


def _stable_classes(element: HtmlElement) -> list[str]:
    names = (element.get("class") or "").split()
    return sorted({name for name in names if not _UNSTABLE_CLASS.search(name)})[:2]


def _step(element: HtmlElement) -> str:
    """One step of a selector: the tag with at most two classes that do not vary."""
    safe = [name for name in _stable_classes(element) if re.fullmatch(r"[A-Za-z_][\w-]*", name)]
    return ".".join([str(element.tag), *safe])


def _labels(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _says_outside(element: HtmlElement) -> bool:
    tag, role = element.tag, element.get("role") or ""
    if tag in _OUTSIDE or role in {"navigation", "contentinfo"}:
        return True
    if tag == "header":
        return not any(
            above.tag in {"article", "li", "section"} for above in element.iterancestors()
        )
    return tag not in {"main", "article"} and bool(_OUTSIDE_WORDS.search(_labels(element)))


class _Parts:
    """Which parts of one page are menus, footers and the like; each element is judged once."""

    def __init__(self, page: WebPage) -> None:
        self._outside: dict[HtmlElement, bool] = {}
        self._all = 0 if page.tree is None else sum(1 for _anchor in page.tree.iter("a"))

    def is_outside(self, anchor: HtmlElement) -> bool:
        """Whether the anchor lies in a part that every page has."""
        return any(
            self._judge(ancestor)
            for ancestor in anchor.iterancestors()
            if ancestor.tag not in {"body", "html"}
        )

    def _judge(self, element: HtmlElement) -> bool:
        if element not in self._outside:
            # A wrapper may be called "with-menu"; what holds most links is no menu.
            held = sum(1 for _anchor in element.iter("a")) if _says_outside(element) else self._all
            self._outside[element] = held < self._all * 0.6 or (
                held < self._all and element.tag in _OUTSIDE
            )
        return self._outside[element]


def _own_hosts(page: WebPage) -> frozenset[str]:
    """The page's host, the one its canonical link names, and the one most of its links go to."""
    named = [
        url for link, url in page.links("link") if (link.get("rel") or "").lower() == "canonical"
    ]
    linked = Counter(host(url) for _anchor, url in page.links("a"))
    most = linked.most_common(1)
    return frozenset({host(page.url), *map(host, named), *(name for name, _count in most)})


def _is_article(url: str, page: WebPage) -> bool:
    parts = urlsplit(url)
    place = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
    here = urlsplit(page.url)
    if parts.path.rstrip("/") in {"", here.path.rstrip("/")} and parts.query == here.query:
        return False
    return bool(parts.path.strip("/") or parts.query) and not _NOT_AN_ARTICLE.search(place)


def _signature(anchor: HtmlElement) -> tuple[str, ...]:
    """The steps from at most six levels above down to the anchor."""
    steps = [_step(anchor)]
    for ancestor in anchor.iterancestors():
        if ancestor.tag in {"body", "html"} or len(steps) == 6:
            break
        steps.append(_step(ancestor))
    return tuple(reversed(steps))


def _anchors(page: WebPage) -> Iterator[tuple[HtmlElement, str]]:
    hosts = _own_hosts(page)
    for number, (element, url) in enumerate(page.links("a")):
        if number == _MOST_ANCHORS:
            return
        if host(url) in hosts and _is_article(url, page):
            yield element, canonical_url(url) or url


def _text(element: HtmlElement) -> str:
    return plain_text("".join(element.itertext())[:2000], 300)


def _is_heading(anchor: HtmlElement) -> bool:
    near = [anchor, *list(anchor.iterancestors())[:3]]
    return any(one.tag in _HEADINGS for one in near) or any(
        one.tag in _HEADINGS for one in anchor.iterdescendants()
    )


def _item(anchor: HtmlElement, others: AbstractSet[HtmlElement]) -> HtmlElement:
    """The largest element around the anchor that holds no other anchor of its group."""
    item = anchor
    for ancestor in anchor.iterancestors():
        if ancestor.tag in {"body", "main", "html"} or any(
            one in others and one is not anchor for one in ancestor.iter("a")
        ):
            break
        item = ancestor
    return item


def _title(anchor: HtmlElement, others: AbstractSet[HtmlElement]) -> str:
    """The anchor's words; for "read more" those of the heading it belongs to; else empty."""
    text = _text(anchor) or plain_text(anchor.get("title") or "", 300)
    if not _MORE.match(text):
        return text
    if len(others) < 2:
        return ""
    for element in _item(anchor, others).iter():
        named = re.search(r"title|titre|heading", element.get("class") or "", re.IGNORECASE)
        if element.tag in _HEADINGS or named:
            return "" if _MORE.match(_text(element)) else _text(element)
    return ""


def _date_near(anchor: HtmlElement, others: AbstractSet[HtmlElement]) -> datetime | None:
    item = _item(anchor, others)
    for time in item.iter("time"):
        found = parse_date(time.get("datetime") or _text(time), french=True)
        if found:
            return found
    if item is anchor:
        return None
    written = _DATE_WORDS.search("".join(item.itertext())[:3000])
    return parse_date(written.group(), french=True) if written else None


def _is_minor(anchor: HtmlElement) -> bool:
    """Whether it leads to a category, a tag or an author."""
    if {"tag", "category", "author"} & set((anchor.get("rel") or "").split()):
        return True
    parent = anchor.getparent()
    near = [anchor] if parent is None else [anchor, parent]
    return any(_MINOR & set(_labels(one).lower().split()) for one in near)


def _score(group: _Group) -> float:
    """How much a group looks like the list of articles; 0 for what cannot be it."""
    anchors = [anchor for anchor, _url in group.anchors]
    together = set(anchors)
    texts = [_title(anchor, together) for anchor in anchors]
    told = [text for text in texts if len(text) >= 8]
    urls = {url for _anchor, url in group.anchors}
    if not told or _is_minor(anchors[0]):
        return 0.0
    words = sum(len(text.split()) for text in told) / len(told)
    score = math.sqrt(min(len(urls), 12)) * min(words, 10)
    score *= len(told) / len(texts)
    if _is_heading(anchors[0]):
        score *= 2.5
    if any(step.partition(".")[0] == "article" for step in group.signature):
        score *= 1.5
    sample = anchors[:5]
    dated = sum(_date_near(anchor, together) is not None for anchor in sample)
    score *= 1 + dated / len(sample)
    repeated = Counter(url for _anchor, url in group.anchors).most_common(1)[0][1]
    return score / repeated


def _groups(page: WebPage) -> list[_Group]:
    by_signature: dict[tuple[str, ...], _Group] = {}
    parts = _Parts(page)
    for anchor, url in _anchors(page):
        if parts.is_outside(anchor):
            continue
        signature = _signature(anchor)
        by_signature.setdefault(signature, _Group(signature)).anchors.append((anchor, url))
    return list(by_signature.values())


def _selector(groups: Sequence[_Group]) -> str:
    """Short steps that still tell the anchors: the last three levels of each group."""
    return ", ".join(dict.fromkeys(" > ".join(group.signature[-4:]) for group in groups))


def _links(anchors: Sequence[tuple[HtmlElement, str]]) -> tuple[ArticleLink, ...]:
    elements = {element for element, _url in anchors}
    titles: dict[str, str] = defaultdict(str)
    dates: dict[str, datetime | None] = {}
    for element, url in anchors:
        if url not in dates and len(dates) == _MOST_JUDGED:
            break
        text = _title(element, elements)
        if len(text) > len(titles[url]):
            titles[url] = text
        dates[url] = dates.get(url) or _date_near(element, elements) or date_in_path(url)
    return tuple(
        ArticleLink(url, title, dates[url])
        for url, title in list(titles.items())[:MOST_LINKS]
        if title
    )


def is_selector(text: str) -> bool:
    """Whether `article_links` understands it.

    >>> is_selector("main article h2 a"), is_selector("h2 >"), is_selector("")
    (True, False, False)
    """
    try:
        return bool(text.strip()) and bool(CSSSelector(text))
    except (SyntaxError, XPathError, ValueError):
        return False


def article_links(body: bytes, url: str, *, selector: str | None = None) -> ArticleList:
    """The articles of a list page, in document order, at most 100, each once.

    With a `selector` (one that was proposed before, or a volunteer's own CSS) exactly the anchors
    it finds, or those inside what it finds. Raises ParseError when the selector is no CSS.
    """
    page = read_page(body, url)
    if selector:
        return ArticleList(_links(list(_selected(page, selector))), selector)
    chosen = _chosen(_groups(page))
    return ArticleList(_links(_in_order(chosen, page)), _selector(chosen))


def _chosen(groups: Sequence[_Group]) -> list[_Group]:
    """The best group and those as good; none that only repeats addresses ("read more")."""
    scored = sorted(((_score(group), group) for group in groups), key=lambda one: -one[0])
    best = scored[0][0] if scored else 0.0
    chosen: list[_Group] = []
    known: set[str] = set()
    for score, group in scored:
        urls = {url for _anchor, url in group.anchors}
        if score > 0 and score >= best * _AS_GOOD and not urls <= known:
            chosen.append(group)
            known |= urls
    return chosen


def _in_order(groups: Sequence[_Group], page: WebPage) -> list[tuple[HtmlElement, str]]:
    """The anchors of the groups as they stand in the page."""
    chosen = {anchor: url for group in groups for anchor, url in group.anchors}
    every = () if page.tree is None else page.tree.iter("a")
    return [(anchor, chosen[anchor]) for anchor in every if anchor in chosen]


def _selected(page: WebPage, selector: str) -> Iterator[tuple[HtmlElement, str]]:
    if page.tree is None:
        return
    try:
        found = page.tree.cssselect(selector)
    except (SyntaxError, XPathError, ValueError) as error:
        raise ParseError(f"The selector {selector!r} is no CSS that we understand.") from error
    wanted = {one for element in found for one in element.iter("a")}
    for element, url in page.links("a"):
        if element in wanted:
            yield element, canonical_url(url) or url
