"""The one place that makes foreign HTML safe, and the one that turns it into plain text.

Every path of a foreign text to a page crosses `safe_html` or `plain_text`. Loads nothing.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import nh3

from aggregator.parse.characters import one_line, tidy
from aggregator.parse.urls import page_url

LONGEST_HTML: Final = 500_000
"""Characters of one entry's content that are kept."""
LONGEST_SUMMARY: Final = 20_000
LONGEST_TITLE: Final = 300

_SHOWN: Final = """
a abbr b bdi blockquote br caption cite code col colgroup dd del details dfn div dl dt em
figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small
span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr
"""
_DROPPED: Final = """
script style iframe object embed applet noscript template svg math form select textarea button
title head frameset noembed noframes xmp canvas audio video
"""
_TAGS: Final = frozenset(_SHOWN.split())
_WITH_CONTENT: Final = frozenset(_DROPPED.split())
"""Elements that go with all that is inside; any other that is not shown leaves its words."""
_ATTRIBUTES: Final = {
    "a": {"href", "title", "hreflang"},
    "img": {"src", "alt", "title", "width", "height", "style"},
    "time": {"datetime"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "*": {"lang", "dir"},
}
_LINKS: Final = frozenset({"href", "src", "cite"})
_UNSEEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|\Z)",
    re.IGNORECASE,
)
_PIXEL: Final = re.compile(
    r'<img(?=[^>]*\s(?:(?:width|height)="\s*[01](?:px)?\s*"|style=))[^>]*>|'
    r"<img(?![^>]*\ssrc=)[^>]*>|"
    r'<img[^>]*\ssrc="https?://(?:[^"/]*\.)?(?:pixel\.wp\.com|stats\.wordpress\.com|'
    r"feeds\.feedburner\.com/~(?:r|ff)|doubleclick\.net|google-analytics\.com|"
    r"feedsportal\.com|pixel\.quantserve\.com|scorecardresearch\.com|xiti\.com|"
    r'[^">]*/(?:matomo|piwik)\.php|[^">]*/(?:pixel|count|blank|spacer|1x1)\.(?:gif|png))[^>]*>',
    re.IGNORECASE,
)
_EMPTY_LINK: Final = re.compile(r"<a\b[^>]*>\s*</a>")
_BLOCKS: Final = re.compile(
    r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|pre|hr|dd|dt|section|article|"
    r"figure|figcaption|option)\b)",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_AMPERSANDS: Final = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+")
_OPENING: Final = re.compile(r"<(?=[a-zA-Z/!?])")
_LEFT_OVER: Final = re.compile(r"<(?=[a-zA-Z/!?])|&(?=[#a-zA-Z])")


def _attribute_rule(base: str) -> Callable[[str, str, str], str | None]:
    def rule(tag: str, name: str, value: str) -> str | None:
        if name in _LINKS:
            if name == "href" and value.lower().startswith(("mailto:", "tel:")):
                return value if len(value) < 300 else None
            return page_url(value, base)
        if name == "style":
            # Only to tell what nobody is to see; such a picture is taken out afterwards.
            return "unseen" if _UNSEEN.search(value) else None
        return tidy(value)[:1000]

    return rule


@lru_cache(maxsize=32)
def _cleaner(base: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_attribute_rule(base),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


_bare = nh3.Cleaner(tags=set(), clean_content_tags=set(_WITH_CONTENT), attributes={})


def _bounded(markup: str, longest: int) -> str:
    """Cut, and flattened where nesting is so deep that a browser would choke on it."""
    markup = markup[:longest]
    if markup.count("<") > 2000 and _depth(markup) > 200:
        return entities.escape(" ".join(_TAG.sub(" ", markup).split()))
    return markup


def _depth(markup: str) -> int:
    """The deepest nesting, counted roughly: void elements are left out, the rest trusted."""
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)(?!(?:br|img|hr|wbr|col|input|p|li)\b)[a-zA-Z]", markup):
        depth += -1 if tag.group(1) else 1
        deepest = max(deepest, depth)
    return deepest


def safe_html(html: str, base: str) -> str:
    """Foreign HTML as this portal may show it; the same again when cleaned again.

    Allow-listed elements only: no script, style, form, frame or handler. Addresses are absolute
    and without trackers, pictures that only count readers are gone, links say
    `rel="noopener noreferrer nofollow"`. `base` is the address relative links start from.
    """
    if not html:
        return ""
    if "<" not in html and "&" not in html:
        return tidy(html[:LONGEST_HTML]).strip()
    cleaned = _cleaner(base).clean(tidy(_bounded(html, LONGEST_HTML)))
    if "<table" in cleaned:
        # Tables in odd places are moved once more when they are read again.
        cleaned = _cleaner(base).clean(cleaned)
    if "<img" in cleaned:
        cleaned = _PIXEL.sub("", cleaned)
    return _EMPTY_LINK.sub("", cleaned).strip()


def _character(match: re.Match[str]) -> str:
    return entities.unescape(match.group())


def _strip(text: str) -> str:
    """One layer of markup and of entities off."""
    if _TAG.search(text):
        text = _bare.clean(_BLOCKS.sub(" <", text))
    return tidy(_ENTITY.sub(_character, _AMPERSANDS.sub("&", text)))


def plain_text(html: str, limit: int = LONGEST_SUMMARY) -> str:
    """The words of an HTML fragment on one line, at most `limit` characters; twice is once.

    Entities escaped twice are read, and what would look like a tag to a browser is gone.

    >>> plain_text("<p>L&amp;#8217;été</p><p>Ville &amp; Banlieue < 5 km</p>")
    'L’été Ville & Banlieue < 5 km'
    """
    text = tidy(_bounded(html, limit * 20))
    for _ in range(6):
        if not (_TAG.search(text) or _ENTITY.search(text)):
            break
        before, text = text, _strip(text)
        if text == before:
            break
    else:
        # Escaped more often than any honest text: no further digging, nothing live remains.
        text = _LEFT_OVER.sub(" ", text)
    # To a browser a name may hold a `<`: « <a<> » is an element too.
    closed = text.rfind(">") + 1
    return one_line(_OPENING.sub(" ", text[:closed]) + text[closed:], limit)
