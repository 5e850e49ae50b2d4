"""XML text to a tree: without entities, network or deep nesting, and mended where people err.

Knows no feed format.
"""

from __future__ import annotations

import html
import re
from typing import Final

from lxml import etree

from aggregator.parse.names import DECLARATIONS

_PROLOG: Final = re.compile(r"<\?xml[^>]{0,400}\?>\s*", re.IGNORECASE)
_ANY_START: Final = re.compile(
    r"<\?xml|<(?:rss|rdf:RDF|feed|channel|entry|item|atom:feed|atom:entry)[\s>]", re.IGNORECASE
)
_ROOT: Final = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY: Final = re.compile(
    r'<!ENTITY\s+([A-Za-z][\w.-]{0,40})\s+(?:"([^"%]{0,200})"|\'([^\'%]{0,200})\')\s*>'
)
_CDATA: Final = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_REFERENCE: Final = re.compile(r"&(?:#(\d{1,20}|[xX][0-9a-fA-F]{1,20});|([A-Za-z][\w.-]{0,40});)?")
_LONE_LESS: Final = re.compile(r"<(?![A-Za-z_/!?])")
_PREFIX: Final = re.compile(r"</?([A-Za-z][\w-]{0,30}):[A-Za-z]")
_LEADING: Final = re.compile(r"(?:\s|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)
_END: Final = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf|channel|entry)\s*>", re.IGNORECASE)
_UNQUOTING_TAG: Final = re.compile(r"""<[A-Za-z][^<>"']{0,500}=[^\s"'<>][^<>"']{0,500}>""")
_UNQUOTED: Final = re.compile(r"(\s[\w:.-]+)\s*=\s*([^\s<>\"'/]+)")
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})


def _cut_doctype(text: str) -> tuple[str, dict[str, str]]:
    """The text without its DOCTYPE, and the short harmless entities that it declared.

    An entity that names another one or a file is not in the answer: nothing can grow or be read.
    """
    start = text.find("<!DOCTYPE", 0, 4096)
    if start < 0:
        start = text.find("<!doctype", 0, 4096)
    if start < 0:
        return text, {}
    end = text.find(">", start)
    inner = text.find("[", start, end if end > 0 else None)
    if inner > 0:
        close = re.compile(r"\]\s*>").search(text, inner)
        end = close.end() - 1 if close else -1
    if end < 0:
        return text, {}
    declared = {
        name: double or single
        for name, double, single in _ENTITY.findall(text[start:end])
        if not set("&<") & set(double or single)
    }
    return text[:start] + text[end + 1 :], declared


def opening(text: str) -> str:
    """The text from its prolog or root on: what a server printed before it is dropped."""
    if text.startswith(("<?xml", "<!")) or _ROOT.match(text):
        return text
    found = _ANY_START.search(text, 0, 65536)
    return text[found.start() :] if found else text


def _mend_references(text: str, declared: dict[str, str]) -> str:
    """HTML entities to their characters, impossible characters to nothing, a lone & to &amp;."""

    def replace(match: re.Match[str]) -> str:
        number, name = match.groups()
        if number:
            code = int(number[1:], 16) if number[0] in "xX" else int(number)
            # 0x80-0x9f are windows-1252 in the mouth of every browser.
            legal = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xDFFF < code < 0x110000
            return html.unescape(f"&#{code};") if 0x80 <= code < 0xA0 else match.group() * legal
        if name is None:
            return "&amp;"
        if name in _OF_XML:
            return match.group()
        if name in declared:
            return declared[name]
        character = html.unescape(f"&{name};")
        return "&amp;" + name + ";" if character[:1] in "&<" else character

    return _REFERENCE.sub(replace, text)


def _leading(text: str) -> int:
    """Where the first element may start: after comments and instructions."""
    found = _LEADING.match(text)
    return found.end() if found else 0


def _declare_prefixes(text: str) -> str:
    used = set(_PREFIX.findall(text))
    missing = [prefix for prefix in sorted(used) if f"xmlns:{prefix}" not in text[:20000]]
    if not missing:
        return text
    root = re.compile(r"<[A-Za-z][\w:.-]*").search(text, _leading(text))
    if root is None:
        return text
    added = "".join(
        f' xmlns:{prefix}="{DECLARATIONS.get(prefix.lower(), "urn:undeclared:" + prefix)}"'
        for prefix in missing[:50]
    )
    return text[: root.end()] + added + text[root.end() :]


def _quote(tag: re.Match[str]) -> str:
    return _UNQUOTED.sub(r'\1="\2"', tag.group())


def _mend(text: str, declared: dict[str, str]) -> str:
    parts = _CDATA.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = _LONE_LESS.sub("&lt;", _mend_references(parts[index], declared))
        parts[index] = _UNQUOTING_TAG.sub(_quote, parts[index])
    text = _declare_prefixes("".join(parts))
    ends = [end.end() for end in _END.finditer(text)]
    return text[: ends[-1]] if ends else text


def _strict(text: str) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def recovered(text: str) -> etree._Element | None:
    """Whatever tree libxml2 can still make of it; None when that is nothing."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    try:
        return etree.fromstring(_mend(text, {}).encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def tree(text: str) -> tuple[etree._Element | None, str, tuple[str, ...]]:
    """The root, or None where even mending did not make XML of it; the text; what was mended."""
    text = opening(text).lstrip()
    prolog = _PROLOG.match(text)
    text, declared = _cut_doctype(text[prolog.end() :] if prolog else text)
    text = _ILLEGAL.sub("", text)
    root = None if declared else _strict(text)
    if root is not None:
        return root, text, ()
    mended = _mend(text, declared)
    root = _strict(mended)
    said = () if declared and root is not None else ("The file is not well-formed XML.",)
    return root, mended if root is not None else text, said
