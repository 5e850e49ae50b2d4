"""From one page to the places where its site publishes, ranked, each with its reason.

HTTP `Link`, `<link rel=alternate>`, what the platform is known for, anchors, and only when all
that gives nothing a short list of guesses. Pure: fetches nothing, so a candidate may be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from aggregator.parse.clean import plain_text
from aggregator.parse.connecting import (
    API,
    CALENDAR,
    FEED,
    Connector,
    Endpoint,
    all_connectors,
    host,
)
from aggregator.parse.urls import page_url
from aggregator.parse.webpage import WebPage, read_page

HEADER: Final = "header"
LINK: Final = "link"
PLATFORM: Final = "platform"
ANCHOR: Final = "anchor"
GUESS: Final = "guess"
_ORIGINS: Final = (HEADER, LINK, PLATFORM, ANCHOR, GUESS)

_FEED_TYPES: Final = frozenset(
    {
        "application/rss+xml", "application/atom+xml", "application/rdf+xml",
        "application/feed+json", "application/rss", "application/x-rss+xml", "text/rss+xml",
        "application/x.atom+xml", "text/rss",
    }
)  # fmt: skip
_DOUBTFUL_TYPES: Final = frozenset(
    {"", "application/xml", "text/xml", "application/json", "application/x-netcdf"}
)
_FEED_WORD: Final = re.compile(r"\b(?:rss|atom|feeds?|flux|syndication|backend)\b|jsonfeed", re.I)
_FEED_PATH: Final = re.compile(
    r"(?:/|\b)(?:feeds?|rss|atom|flux|syndication|backend)(?:[/._?&=-]|\d|\Z)|"
    r"\.(?:rss|atom|rdf)(?:\?|\Z)|(?:rss|atom|feed|index)\.xml|feed\.json|"
    r"page=backend|feed=rss2?|format=feed",
    re.IGNORECASE,
)
_CALENDAR_PATH: Final = re.compile(r"\.ics(?:\?|\Z)|/ical(?:endar)?(?:[/?]|\Z)|format=ical", re.I)
_COMMENTS: Final = re.compile(
    r"comment|replies|reponses|messages-du-forum|forum_rss|posts\.rss", re.I
)
_SERVICES: Final = (
    "feedly.com", "netvibes.com", "inoreader.com", "newsblur.com", "theoldreader.com",
    "facebook.com", "twitter.com", "x.com", "wikipedia.org", "mozilla.org", "add.my.yahoo.com",
    "google.com", "w3.org", "validator.w3.org", "rssboard.org", "mailto",
)  # fmt: skip
_LINK_VALUE: Final = re.compile(r"<([^<>]{1,2000})>((?:[^,<]|,(?!\s*<)){0,1000})")
_PARAMETER: Final = re.compile(r""";\s*([\w-]{1,20})\s*=\s*(?:"([^"]{0,300})"|([^;,\s]{1,300}))""")
_GUESSES: Final = ("/feed/", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/rss")
_MOST: Final = 30
_FORWARD: Final = re.compile(r"\s*[0-5](?:\.\d*)?\s*[;,]\s*url\s*=\s*[\"']?([^\"'>]{1,2000})", re.I)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where the site may publish."""

    url: str
    kind: str
    """`feed`, `calendar` or `api` (JSON that a connector reads)."""
    origin: str
    """How it was found: `header`, `link`, `platform`, `anchor` or `guess`."""
    why: str
    """The same as a sentence for people."""
    rank: int
    """0 is the best; no two are equal."""
    title: str = ""
    """What the page calls it; empty when it does not."""
    is_comments: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    url: str
    kind: str
    origin: str
    why: str
    title: str = ""
    is_comments: bool = False


def platform_of(page: WebPage) -> Connector | None:
    """The platform that made the page; None when none shows."""
    return next((each for each in all_connectors() if each.recognises(page)), None)


def detect_platform(body: bytes, headers: Mapping[str, str], url: str) -> str | None:
    """The name of the platform that made a page: `wordpress`, `spip`, …; None when none shows."""
    connector = platform_of(read_page(body, url, headers))
    return connector.name if connector else None


def _is_service(url: str) -> bool:
    name = host(url)
    return any(name == known or name.endswith("." + known) for known in _SERVICES)


def _kind(media_type: str, url: str, title: str) -> str | None:
    """What an alternate link leads to; None for translations, prints, oEmbed and the like."""
    if media_type == "text/calendar":
        return CALENDAR
    if media_type in _FEED_TYPES:
        return FEED
    if media_type in _DOUBTFUL_TYPES and "oembed" not in url:
        if _CALENDAR_PATH.search(url):
            return CALENDAR
        known = media_type or _FEED_PATH.search(url)
        if known and (_FEED_PATH.search(url) or _FEED_WORD.search(title)):
            return FEED
    return None


def _from_header(page: WebPage) -> Iterator[_Found]:
    for address, parameters in _LINK_VALUE.findall(page.headers.get("link", "")[:20_000]):
        said = {
            name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters)
        }
        url = page_url(address, page.url)
        kind = url and _kind(said.get("type", "").lower(), url, said.get("title", ""))
        if url and kind and "alternate" in said.get("rel", "").lower().split():
            yield _Found(url, kind, HEADER, "the server names it in its Link header")


def _from_links(page: WebPage) -> Iterator[_Found]:
    for element, url in page.links("link"):
        relations = (element.get("rel") or "").lower().split()
        title = plain_text(element.get("title") or "", 150)
        media_type = (element.get("type") or "").lower().partition(";")[0].strip()
        kind = _kind(media_type, url, title)
        if kind and {"alternate", "feed"} & set(relations) and "stylesheet" not in relations:
            yield _Found(url, kind, LINK, "the page declares it in its head", title)


def _from_platform(page: WebPage, connector: Connector | None) -> Iterator[_Found]:
    if connector is not None:
        for endpoint in connector.endpoints(page):
            yield _found(endpoint, f"{connector.name} publishes there")


def _from_embedded(page: WebPage) -> Iterator[_Found]:
    for connector in all_connectors():
        for endpoint in connector.embedded(page) if connector.embedded else ():
            yield _found(endpoint, f"the page shows news of {connector.name}")


def _found(endpoint: Endpoint, why: str) -> _Found:
    return _Found(endpoint.url, endpoint.kind, PLATFORM, why, is_comments=endpoint.is_comments)


def _from_anchors(page: WebPage) -> Iterator[_Found]:
    for element, url in page.links("a"):
        if _is_service(url):
            continue
        text = plain_text("".join(element.itertext())[:300], 150)
        label = f"{text} {element.get('title') or ''} {element.get('type') or ''}"
        parts = urlsplit(url)
        place = f"{parts.path}?{parts.query}"
        if _CALENDAR_PATH.search(place):
            yield _Found(url, CALENDAR, ANCHOR, "the page links to it as a calendar", text)
        elif _FEED_PATH.search(place) and (
            _FEED_WORD.search(label) or re.search(r"\.(?:rss|atom|rdf|xml)\Z|/feed/?\Z", parts.path)
        ):
            yield _Found(url, FEED, ANCHOR, "the page links to it as a feed", text)


def _guesses(page: WebPage) -> Iterator[_Found]:
    for path in _GUESSES:
        yield _Found(urljoin(page.url, path), FEED, GUESS, "many sites publish there")


def forward(page: WebPage) -> str | None:
    """Where a page sends its readers on at once by `<meta http-equiv=refresh>`; seldom anywhere."""
    if "refresh" not in page.head or page.tree is None:
        return None
    for meta in page.tree.iter("meta"):
        found = _FORWARD.match(meta.get("content") or "")
        if found and (meta.get("http-equiv") or "").lower() == "refresh":
            target = page_url(found.group(1), page.base)
            return None if target is None or _key(target) == _key(page.url) else target
    return None


def _key(url: str) -> str:
    """One key for spellings of one address."""
    return url.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def _is_about_comments(found: _Found) -> bool:
    return found.is_comments or bool(_COMMENTS.search(f"{found.url} {found.title}"))


def _order(found: _Found, *, is_agenda: bool) -> tuple[bool, bool, int, int]:
    """What comes first: no comments, an agenda's calendar, the surer origin, feeds."""
    is_late = is_agenda and found.kind != CALENDAR
    kinds = (FEED, CALENDAR, API)
    return (
        _is_about_comments(found), is_late, _ORIGINS.index(found.origin), kinds.index(found.kind),
    )  # fmt: skip


def candidates(
    body: bytes, url: str, headers: Mapping[str, str] | None = None
) -> tuple[Candidate, ...]:
    """Where the site of a page may publish, the best first, at most 30; no address twice.

    `url` is the page's address after redirects. Posts come before comments; guesses only when
    nothing better was found, so that a site is never asked for more than six addresses blindly.
    """
    page = read_page(body, url, headers)
    return candidates_of(page, platform_of(page))


def candidates_of(page: WebPage, connector: Connector | None) -> tuple[Candidate, ...]:
    """As `candidates`, for a page already read and its platform."""
    found = [*_from_header(page), *_from_links(page)]
    # A declared feed makes the platform's other addresses of the same kind superfluous.
    declared = {one.kind for one in found}
    found += [one for one in _from_platform(page, connector) if one.kind not in declared]
    found += [*_from_anchors(page), *_from_embedded(page)]
    if not found:
        found = list(_guesses(page))
    kept: dict[str, _Found] = {}
    is_agenda = connector is not None and connector.is_agenda
    for one in sorted(found, key=lambda one: _order(one, is_agenda=is_agenda)):
        kept.setdefault(_key(one.url), one)
    return tuple(
        Candidate(
            one.url, one.kind, one.origin, one.why, rank, one.title,
            is_comments=_is_about_comments(one),
        )
        for rank, one in enumerate(list(kept.values())[:_MOST])
    )  # fmt: skip
