"""One short name per XML element, whichever namespace spelling a source uses.

`title` (RSS), `atom:title`, `dc:date`, `content:encoded`, `media:thumbnail`, …; always lower case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lxml import etree

_NAMESPACES: Final = {
    "": (
        "purl.org/rss/1.0", "purl.org/net/rss1.1", "my.netscape.com/rdf/simple/0.9",
        "channel.netscape.com/rdf/simple/0.9", "my.netscape.com/publish/formats/rss-0.91.dtd",
        "backend.userland.com/rss", "backend.userland.com/rss2", "backend.userland.com/rss091",
        "backend.userland.com/rss092", "blogs.law.harvard.edu/tech/rss",
        "cyber.law.harvard.edu/rss", "www.rssboard.org/rss-specification", "purl.org/rss/2.0",
        "www.w3.org/1999/xhtml/rss",
    ),
    "atom": (
        "www.w3.org/2005/atom", "purl.org/atom/ns", "purl.org/atom/0.3", "example.com/newformat",
        "example.com/necho", "purl.org/echo", "uri/of/echo/namespace",
        "intertwingly.net/blog/atom", "purl.org/pie",
    ),
    "rdf": ("www.w3.org/1999/02/22-rdf-syntax-ns",),
    "dc": ("purl.org/dc/elements/1.0", "purl.org/dc/elements/1.1"),
    "dcterms": ("purl.org/dc/terms",),
    "content": ("purl.org/rss/1.0/modules/content",),
    "media": ("search.yahoo.com/mrss", "tools.search.yahoo.com/mrss", "search.yahoo.com/rss"),
    "itunes": (
        "www.itunes.com/dtds/podcast-1.0.dtd", "www.itunes.com/dtds/pod_cast-1.0.dtd",
        "example.com/dtds/podcast-1.0.dtd",
    ),
    "sy": ("purl.org/rss/1.0/modules/syndication",),
    "ev": ("purl.org/rss/1.0/modules/event",),
    "xcal": ("urn:ietf:params:xml:ns:xcal",),
    "xhtml": ("www.w3.org/1999/xhtml",),
    "feedburner": ("rssnamespace.org/feedburner/ext/1.0",),
    "podcast": ("podcastindex.org/namespace/1.0",),
    "yt": ("www.youtube.com/xml/schemas/2015",),
    "georss": ("www.georss.org/georss",),
}  # fmt: skip
_BY_URI: Final = {uri: prefix for prefix, uris in _NAMESPACES.items() for uri in uris}
_TRUSTED_PREFIXES: Final = frozenset({"dc", "content", "media", "itunes", "atom", "sy", "xhtml"})

DECLARATIONS: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "atom": "http://www.w3.org/2005/Atom",
    "a10": "http://www.w3.org/2005/Atom",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "rss": "http://purl.org/rss/1.0/",
    "ev": "http://purl.org/rss/1.0/modules/event/",
    "xcal": "urn:ietf:params:xml:ns:xcal",
}
"""What a prefix means where the source forgot to say so."""

XML_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@lru_cache(maxsize=4096)
def _short(tag: str, prefix: str | None) -> str:
    uri, _, local = tag.rpartition("}")
    local = local.lower()
    uri = uri[1:].strip().lower()
    key = uri.removeprefix("https://").removeprefix("http://").rstrip("/#")
    known = _BY_URI.get(key)
    if known is None and not uri:
        known = ""
    if known is None and prefix and prefix.lower() in _TRUSTED_PREFIXES:
        known = prefix.lower()
    if known is None:
        # A default namespace that nobody knows is a mistake in the usual one.
        known = "" if prefix is None else "?"
    return f"{known}:{local}" if known else local


def short(element: etree._Element) -> str:
    """`dc:date` for `{http://purl.org/dc/elements/1.1/}date`; `?:x` in an unknown namespace."""
    tag = str(element.tag)
    return _short(tag, element.prefix)
