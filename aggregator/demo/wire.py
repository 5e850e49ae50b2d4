"""What a village site is asked and what it answers, and the spellings that all sites share.

Pure values and functions; they know no socket and no clock.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml; charset=UTF-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON = "application/json; charset=utf-8"
ICS = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as a site sees it."""

    path: str
    """Decoded, without the query."""
    base: str
    """The address the site was asked at, such as `http://127.77.0.3:8080`, no final slash."""
    now: datetime
    """UTC; the instant of the request."""
    query: Mapping[str, str] = field(default_factory=dict)
    raw_query: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, as a link names a page."""
        return f"{self.path}?{self.raw_query}" if self.raw_query else self.path

    def number(self, name: str, default: int, *, most: int = 10_000) -> int:
        """A whole number of the query between 0 and `most`; the default when it is not one."""
        word = self.query.get(name, "")
        return min(most, int(word)) if word.isascii() and word.isdigit() else default


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; the server adds validators, compresses and sends it."""

    body: bytes
    type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: Literal["strong", "weak"] | None = None
    """Which kind of ETag the server makes of the body; None: it sends none."""
    changed: datetime | None = None
    """Last-Modified; None: it sends none."""
    drip: float = 0.0
    """Seconds that the body takes, in small pieces; 0: at once."""


def text_answer(text: str, type_: str = HTML, status: int = 200, **headers: str) -> Answer:
    """An answer in UTF-8; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(text.encode(), type_, status, named)


def json_answer(value: object, type_: str = JSON) -> Answer:
    """The value as JSON, accents kept."""
    return Answer(json.dumps(value, ensure_ascii=False, indent=1).encode(), type_)


def moved(location: str, status: int = 301) -> Answer:
    """A redirect with the short page that web servers add."""
    page = (
        f'<html><body>Déplacé : <a href="{escape(location)}">{escape(location)}</a></body></html>'
    )
    return Answer(page.encode(), status=status, headers={"Location": location})


def escape(text: str) -> str:
    """Text for XML and HTML, attributes too."""
    return html.escape(text, quote=True)


def cdata(text: str) -> str:
    """A CDATA section that its own content cannot end."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def rfc822(moment: datetime) -> str:
    """`Tue, 24 Nov 2026 18:00:00 +0000`."""
    return format_datetime(moment.astimezone(UTC))


def http_date(moment: datetime) -> str:
    """`Tue, 24 Nov 2026 18:00:00 GMT` (RFC 9110 §5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T18:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


def _inline(text: str) -> str:
    linked = _LINK.sub(r'<a href="\2">\1</a>', escape(text))
    return _STRONG.sub(r"<strong>\1</strong>", linked)


def to_html(body: str) -> str:
    """The little Markdown of the texts as HTML: paragraphs, lists, links, strong.

    >>> to_html("Bonjour **vous**.\\n\\n- un\\n- deux")
    '<p>Bonjour <strong>vous</strong>.</p>\\n<ul><li>un</li><li>deux</li></ul>'
    """
    return "\n".join(_block(block) for block in body.strip().split("\n\n"))


def _block(block: str) -> str:
    lines = block.strip().splitlines()
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def to_text(body: str) -> str:
    """The same as plain text, paragraphs kept."""
    return _STRONG.sub(r"\1", _LINK.sub(r"\1", body)).strip()


def beginning(body: str, length: int = 280) -> str:
    """The first words on one line, cut at a space, with an ellipsis when something is left out."""
    words = " ".join(to_text(body).split())
    if len(words) <= length:
        return words
    return words[:length].rsplit(" ", 1)[0] + "…"
