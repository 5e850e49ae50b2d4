"""What the portal showed of an entry at a moment, in a form that one can cite and check later.

Holds no more than may be shown. Knows no page and no format of feeds.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aggregator.publish import publication as of
from aggregator.publish import rights
from aggregator.publish.atom import instant
from aggregator.publish.text import line

if TYPE_CHECKING:
    from aggregator.store.tables import Entry

_HOW = "sha256 of `shown` as JSON in UTF-8: keys sorted, no blanks, only quotes escaped"


def copy(entry: Entry, *, base_url: str, now: datetime) -> dict[str, Any]:
    """`shown`, `sha256` of it, `taken_at`, and how to check; the entry must be one that is shown.

    As long as the source changes nothing, `shown` and its hash stay the same.
    """
    seen = rights.shown(entry)
    shown = {
        "title": seen.title,
        "excerpt": seen.excerpt,
        "original": of.link(entry, base_url),
        "author": line(entry.author or "") or None,
        "group": line(entry.source.group.name),
        "source": line(entry.source.address),
        "language": entry.language,
        "rights": entry.source.rights,
        "published": instant(entry.published),
        "first_seen": instant(entry.first_seen_at),
        "changed": [instant(version.replaced_at) for version in entry.versions],
        "content_sha256": entry.content_hash,
        "id": of.identity(entry),
        "page": of.page(entry, base_url),
    }
    return {
        "shown": shown,
        "sha256": fingerprint(shown),
        "taken_at": instant(now),
        "how_to_check": _HOW,
    }


def fingerprint(shown: dict[str, Any]) -> str:
    """The hash of what was shown, that anyone can make again.

    >>> fingerprint({"b": "é", "a": None})[:12]
    'f270a00f359d'
    """
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
