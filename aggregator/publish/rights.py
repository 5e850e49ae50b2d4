"""What of an entry may be shown: the one place of the editorial rules. Pure.

Every page, feed, export, mail and peer shows entries through `shown`. It knows no format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from aggregator.publish.text import after_title, cut, line

if TYPE_CHECKING:
    from aggregator.store.tables import Entry

EXCERPT_LENGTH = 240
"""Characters of the source's own summary that may be quoted, the ellipsis included."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What readers may get of one entry beside its source, date and link."""

    title: str
    """Plain text on one line."""
    excerpt: str = ""
    """Plain text on one line, at most EXCERPT_LENGTH characters; empty when rights are `link` or
    the source wrote no summary."""
    html: str = ""
    """Safe HTML of the whole text; empty unless rights are `full`."""
    image: str | None = None
    """Address of the lead picture; None unless rights are `full`."""
    enclosures: tuple[dict[str, object], ...] = ()
    """Files that come with it (`url`, `type`, `length`); none when rights are `link`."""


def may_show(entry: Entry) -> bool:
    """Whether lists may name the entry at all: not hidden, not deleted, its group public."""
    return entry.hidden_at is None and entry.deleted_at is None and entry.source.group.is_public


def shown(entry: Entry) -> Shown:
    """What may be shown of an entry, by its source's rights.

    `link` gives the title; `excerpt` adds 240 characters of the source's own summary (what it says
    beyond the title) and links to its files; `full` adds text and picture, which are works and
    need consent. A deleted entry keeps its title (its page is a tombstone), a hidden one or one
    of a group that left keeps nothing. An unknown right counts as `link`.
    """
    if entry.hidden_at is not None or not entry.source.group.is_public:
        return Shown(title="")
    title = line(entry.title)
    rights = entry.source.rights
    if entry.deleted_at is not None or rights not in {"excerpt", "full"}:
        return Shown(title)
    excerpt = cut(after_title(entry.summary, title), EXCERPT_LENGTH)
    enclosures = tuple(dict(enclosure) for enclosure in entry.enclosures or ())
    if rights == "excerpt":
        return Shown(title, excerpt, enclosures=enclosures)
    html = _without_heading(entry.content, title)
    return Shown(title, excerpt, html, entry.image, enclosures)


def excerpt_from(entry: Entry) -> str:
    """The plain text that an excerpt may be chosen from, on one line; empty where none may.

    What is chosen is bound by EXCERPT_LENGTH: their own summary, or with consent the whole text.
    """
    seen = shown(entry)
    if not seen.excerpt:
        return ""
    text = entry.text if entry.source.rights == "full" and entry.text else entry.summary
    return line(after_title(text, seen.title))


_HEADING = re.compile(r"\s*<(h[1-6])>(.{1,2000}?)</\1>", re.DOTALL)


def _without_heading(html: str, title: str) -> str:
    """Safe HTML without a first heading that only says the title again."""
    heading = _HEADING.match(html)
    if heading is None:
        return html
    said = line(unescape(re.sub(r"<[^>]*>", "", heading[2])))
    return html[heading.end() :] if said.casefold() == title.casefold() else html
