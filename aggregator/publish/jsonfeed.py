"""JSON Feed 1.1 of a publication. Knows no request.

What the format has no word for lies under `_filcommun` on each item: our page, the group, the
source, and the tags by dimension.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aggregator.publish import publication as of
from aggregator.publish.atom import instant
from aggregator.publish.text import line, safe
from aggregator.taxonomy import terms

if TYPE_CHECKING:
    from aggregator.publish.publication import Publication
    from aggregator.publish.rights import Shown
    from aggregator.store.tables import Entry

MEDIA_TYPE = "application/feed+json; charset=utf-8"


def write(publication: Publication) -> bytes:
    """The feed in UTF-8; entries that may not be shown are left out, an empty list is valid."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": line(publication.title),
        "home_page_url": safe(publication.page_url),
        "feed_url": safe(publication.self_url),
        "description": line(publication.subtitle),
        "language": of.language(publication.language) or "fr",
        "items": [_item(entry, shown, publication) for entry, shown in publication.shown()],
    }
    if publication.next_url:
        feed["next_url"] = safe(publication.next_url)
    if publication.hub:
        feed["hubs"] = [{"type": "WebSub", "url": safe(publication.hub)}]
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def _item(entry: Entry, shown: Shown, publication: Publication) -> dict[str, Any]:
    tags = of.categories(entry, publication.base_url, publication.language)
    item: dict[str, Any] = {
        "id": of.identity(entry),
        "url": of.link(entry, publication.base_url),
        "title": shown.title,
        "date_published": instant(entry.published),
        "date_modified": instant(of.changed(entry)),
        "authors": [{"name": of.writer(entry)}],
        "tags": list(dict.fromkeys(category.label for category in tags)),
        "_filcommun": _more(entry, publication.base_url),
    }
    if shown.html:
        item["content_html"] = safe(shown.html)
    else:
        # One of the two contents is required; readers show the title of what has no more.
        item["content_text"] = shown.excerpt or shown.title
    if shown.excerpt:
        item["summary"] = shown.excerpt
    if shown.image:
        item["image"] = safe(shown.image)
    if tag := of.language(entry.language):
        item["language"] = tag
    if files := [file for file in map(_attachment, shown.enclosures) if file is not None]:
        item["attachments"] = files
    return item


def _more(entry: Entry, base_url: str) -> dict[str, Any]:
    group, source = entry.source.group, entry.source
    more: dict[str, Any] = {
        "about": f"{base_url}/api/v1",
        "page": of.page(entry, base_url),
        "type": entry.type,
        "rights": source.rights,
        "group": {"slug": group.slug, "name": line(group.name), "home": group.home},
        "source": {"slug": source.slug, "title": line(source.title), "url": source.address},
        "tags": {
            dimension: sorted(tag.slug for tag in entry.tags if tag.dimension == dimension)
            for dimension in terms.DIMENSIONS
        },
    }
    if entry.starts_at:
        more["starts_at"] = instant(entry.starts_at)
        more["ends_at"] = instant(entry.ends_at) if entry.ends_at else None
        more["place"] = line(entry.place or "") or None
    return more


def _attachment(file: dict[str, object]) -> dict[str, object] | None:
    url, kind, length = file.get("url"), file.get("type"), file.get("length")
    if not url or not kind:
        return None
    size = {"size_in_bytes": length} if isinstance(length, int) and length > 0 else {}
    return {"url": safe(str(url)), "mime_type": safe(str(kind)), **size}
