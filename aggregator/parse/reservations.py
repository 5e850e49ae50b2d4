"""What a source reserves: text and data mining (TDMRep), indexing, archiving, excerpts.

Reads headers, metas and `/.well-known/tdmrep.json`; decides nothing and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aggregator.errors import ParseError
from aggregator.parse import charset, structured
from aggregator.parse.values import load, text_of
from aggregator.parse.webpage import WebPage

_MOST_RULES: Final = 1000
_LONGEST_PATTERN: Final = 500
_FEED_HEAD: Final = 20_000
_FIRST_ENTRY: Final = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_META: Final = re.compile(r"<(?:\w{1,20}:)?meta\s([^<>]{1,1000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""([\w:-]{1,40})\s*=\s*(["'])(.{0,500}?)\2""", re.DOTALL)
_WITH_VALUE: Final = frozenset(
    {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
)


@dataclass(frozen=True, slots=True)
class Reservations:
    """What is reserved for one page or feed."""

    tdm: bool | None = None
    """`tdm-reservation: 1` or 0 (W3C TDMRep); None where nothing is said."""
    tdm_policy: str | None = None
    """Where the licence can be read."""
    no_index: bool = False
    """Robots `noindex` or `none`: not to be found by search."""
    no_archive: bool = False
    """Robots `noarchive`: no copy to be kept for readers."""
    no_snippet: bool = False
    """Robots `nosnippet` or `max-snippet:0`: no excerpt to be shown."""
    no_image: bool = False
    """Robots `noimageindex` or `max-image-preview:none`."""

    def and_also(self, other: Reservations) -> Reservations:
        """Both together: the stricter holds."""
        said = [one for one in (self.tdm, other.tdm) if one is not None]
        return Reservations(
            tdm=any(said) if said else None,
            tdm_policy=self.tdm_policy or other.tdm_policy,
            no_index=self.no_index or other.no_index,
            no_archive=self.no_archive or other.no_archive,
            no_snippet=self.no_snippet or other.no_snippet,
            no_image=self.no_image or other.no_image,
        )


@dataclass(frozen=True, slots=True)
class TdmRule:
    """One rule of `/.well-known/tdmrep.json`."""

    location: str
    """A path pattern: `*` is any text, `$` the end."""
    reserved: bool
    policy: str | None = None


def _reserved(value: str) -> bool | None:
    return {"1": True, "0": False}.get(value.strip())


def _directives(value: str, agent: str) -> Iterator[str]:
    """The directives of one `robots` text that hold for everyone or for `agent`."""
    addressed: str | None = None
    for part in value.lower().split(","):
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if colon and name not in _WITH_VALUE:
            addressed, name, rest = name, rest, ""
        if addressed in (None, agent):
            yield f"{name}:{rest}" if rest else name


def _robots(values: Iterable[str], agent: str) -> Reservations:
    said = {directive for value in values for directive in _directives(value, agent)}
    return Reservations(
        no_index=bool({"noindex", "none"} & said),
        no_archive=bool({"noarchive", "nocache"} & said),
        no_snippet=bool({"nosnippet", "max-snippet:0"} & said),
        no_image=bool({"noimageindex", "max-image-preview:none"} & said),
    )


def from_headers(headers: Mapping[str, str], *, agent: str = "filcommun") -> Reservations:
    """What the HTTP headers `tdm-reservation`, `tdm-policy` and `X-Robots-Tag` reserve.

    Directives addressed to another robot than `agent` do not count. Several headers of one name
    are expected joined by commas.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    robots = _robots([lower.get("x-robots-tag", "")], agent.lower())
    tdm = Reservations(
        tdm=_reserved(lower.get("tdm-reservation", "")), tdm_policy=lower.get("tdm-policy") or None
    )
    return robots.and_also(tdm)


def from_page(page: WebPage, *, agent: str = "filcommun") -> Reservations:
    """What a page reserves in its headers and its `<meta>`."""
    metas = structured.metas(page)
    robots = _robots([metas.get("robots", ""), metas.get(agent.lower(), "")], agent.lower())
    tdm = Reservations(
        tdm=_reserved(metas.get("tdm-reservation", "")), tdm_policy=metas.get("tdm-policy") or None
    )
    return from_headers(page.headers, agent=agent).and_also(robots).and_also(tdm)


def from_feed(body: bytes, headers: Mapping[str, str], *, agent: str = "filcommun") -> Reservations:
    """What a feed reserves in its headers and in `<xhtml:meta>` before its first entry."""
    found = from_headers(headers, agent=agent)
    head = _FIRST_ENTRY.split(body[:_FEED_HEAD], maxsplit=1)[0]
    if b"meta" not in head:
        return found
    said: dict[str, str] = {}
    for tag in _META.findall(head.decode("utf-8", "replace")):
        parts = {name.lower(): value for name, _quote, value in _ATTRIBUTE.findall(tag)}
        said.setdefault(parts.get("name", "").lower(), parts.get("content", ""))
    robots = _robots([said.get("robots", ""), said.get(agent.lower(), "")], agent.lower())
    tdm = Reservations(
        tdm=_reserved(said.get("tdm-reservation", "")), tdm_policy=said.get("tdm-policy") or None
    )
    return found.and_also(robots).and_also(tdm)


def tdm_rules(body: bytes) -> tuple[TdmRule, ...]:
    """The rules of a `/.well-known/tdmrep.json`, in order, at most 1,000.

    Raises ParseError when it is no such file: then nothing is known, which is not the same as
    nothing being reserved.
    """
    value = load(charset.decode(body))
    if not isinstance(value, list):
        raise ParseError("tdmrep.json is not a list of rules.")
    rules = []
    for item in value[:_MOST_RULES]:
        location = text_of(item.get("location")) if isinstance(item, dict) else ""
        reserved = _reserved(text_of(item.get("tdm-reservation"))) if location else None
        if reserved is not None and len(location) <= _LONGEST_PATTERN:
            rules.append(TdmRule(location, reserved, text_of(item.get("tdm-policy")) or None))
    return tuple(rules)


def _fits(pattern: str, path: str) -> bool:
    """Robots-like patterns, in linear time: the parts between stars in order."""
    is_whole = pattern.endswith("$")
    parts = pattern.removesuffix("$").split("*")
    if not path.startswith(parts[0]):
        return False
    position = len(parts[0])
    for part in parts[1:-1]:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    if len(parts) == 1:
        return path == parts[0] if is_whole else True
    if is_whole:
        return len(path) - len(parts[-1]) >= position and path.endswith(parts[-1])
    return path.find(parts[-1], position) >= 0


def for_address(rules: Iterable[TdmRule], url: str) -> Reservations:
    """What the rules reserve for one address: the first that fits counts (TDMRep 6.1)."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    for rule in rules:
        pattern = rule.location if rule.location.startswith(("/", "*")) else "/" + rule.location
        if _fits(pattern, path):
            return Reservations(tdm=rule.reserved, tdm_policy=rule.policy)
    return Reservations()
