"""Addresses: made absolute, without trackers and secrets. Opens none of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

LONGEST: Final = 4096
"""Characters; what is longer is no address that a reader can use."""

_TRACKER: Final = re.compile(
    r"(?:utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|hsa_\w+|at_(?:medium|campaign|link|format|send_date|"
    r"recipient_id)\w*|fbclid|gclid|gclsrc|dclid|msclkid|twclid|yclid|igshid|mc_(?:cid|eid)|"
    r"_hsenc|_hsmi|mkt_tok|xtor|xtref|echobox)",
    re.IGNORECASE,
)
"""What campaigns and networks add; a site's own parameters (`id`, `ref`, `source`) stay."""
_TRACKING_FRAGMENT: Final = re.compile(r"(?:xtor|xtref|utm_\w+|at_medium|echobox)=", re.IGNORECASE)
_SPACE: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\u2028\u2029\ufeff]+")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}):")
_SUBSCRIBED: Final = re.compile(r"(?:webcals?|feed)://|feed:(?=https?://)", re.IGNORECASE)
_PLAIN: Final = re.compile(
    r"https?://[a-z0-9.-]+(?::\d+)?/[A-Za-z0-9/._~%+,;:@!$()*-]*(?:\?([A-Za-z0-9/._~%+,;:@!$()*=&-]+))?\Z"
)
"""An address on which nothing below would change a letter."""


def _without_trackers(query: str) -> str:
    kept = [pair for pair in query.split("&") if not _TRACKER.fullmatch(pair.partition("=")[0])]
    return "&".join(kept)


def _is_host(name: str) -> bool:
    """Letters of any alphabet, digits, dots and hyphens, or the numbers of an IPv6 address."""
    return len(name) < 254 and all(letter.isalnum() or letter in "-._:" for letter in name)


def _host(hostname: str, port: int | None, scheme: str) -> str:
    if ":" in hostname:
        hostname = f"[{hostname}]"
    standard = {"http": 80, "https": 443}[scheme]
    return hostname if port in (None, standard) else f"{hostname}:{port}"


def of_the_web(link: str, base: str = "") -> str:
    """What `webcal:` and `feed:` links, made for programs, mean on the web; others as they are.

    Without a scheme of their own they have that of `base`, else https.

    >>> of_the_web("webcal://a.example/agenda.ics"), of_the_web("feed:http://a.example/rss")
    ('https://a.example/agenda.ics', 'http://a.example/rss')
    """
    subscribed = _SUBSCRIBED.match(link)
    if subscribed is None:
        return link
    rest = link[subscribed.end() :]
    if "://" in subscribed.group():
        return f"{'http' if base.startswith('http://') else 'https'}://{rest}"
    return rest


@lru_cache(maxsize=8192)
def page_url(link: str, base: str = "") -> str | None:
    """The address of a page to read: absolute http(s), no tracking parameters, no password.

    Keeps a fragment, which may name one entry of a page. None when the link is anything else:
    `javascript:`, `mailto:`, a broken port, more than LONGEST characters.

    >>> page_url("/a?utm_source=x&id=7#top", "https://group.example/feed")
    'https://group.example/a?id=7#top'
    >>> page_url("java\\tscript:alert(1)", "https://group.example/") is None
    True
    """
    if len(link) > LONGEST:
        return None
    plain = _PLAIN.match(link) if "&amp;" not in link else None
    if plain and (not plain.group(1) or _without_trackers(plain.group(1)) == plain.group(1)):
        return link
    link = of_the_web(link.strip().strip("<>").replace("&amp;", "&"), base)
    if link.lower().startswith("www."):
        link = "//" + link
    scheme = _SCHEME.match(_SPACE.sub("", link))
    if scheme and scheme.group(1).lower() not in {"http", "https"}:
        # "group.example:8080/a" has no scheme, only a port.
        return None
    link = _SPACE.sub("%20", re.sub(r"[\t\r\n]+", "", link))
    try:
        whole = urljoin(base, link) if base else link
        parts = urlsplit(whole)
        hostname, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not hostname or not _is_host(hostname):
        return None
    fragment = "" if _TRACKING_FRAGMENT.match(parts.fragment) else parts.fragment
    return urlunsplit(
        (
            parts.scheme,
            _host(hostname, port, parts.scheme),
            quote(parts.path or "/", safe="/:@!$&'()*+,;=~%-._[]|"),
            quote(_without_trackers(parts.query), safe="/:@!$&'()*+,;=~%-._?[]|"),
            quote(fragment, safe="/:@!$&'()*+,;=~%-._?[]|!#"),
        )
    )


def canonical_url(link: str, base: str = "") -> str | None:
    """One spelling per page: as `page_url`, and without a fragment.

    >>> canonical_url("/a?utm_source=x&id=7#top", "https://group.example/feed")
    'https://group.example/a?id=7'
    """
    url = page_url(link, base)
    return url and url.partition("#")[0]


def resolve(base: str, link: str | None) -> str:
    """A new base (`xml:base`, `<base href>`): `link` seen from `base`; `base` where it is no use.

    >>> resolve("https://group.example/b/", "c/")
    'https://group.example/b/c/'
    """
    if not link:
        return base
    try:
        joined = urljoin(base, link.strip())
        return joined if urlsplit(joined).scheme in {"http", "https"} else base
    except ValueError:
        return base
