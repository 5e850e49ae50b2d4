"""What pages tell machines: schema.org as JSON-LD. Says no more than the page shows."""

from __future__ import annotations

import json
from typing import Any

from flask import url_for
from markupsafe import Markup

from aggregator.publish.rights import Shown
from aggregator.store.tables import Entry, Group
from web import current

_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028",
            0x2029: "\\u2029"}  # fmt: skip


def of_entry(entry: Entry, shown: Shown) -> Markup:
    """A NewsArticle or an Event, with its original as the address."""
    is_event = entry.type == "event" and entry.starts_at is not None
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event" if is_event else "NewsArticle",
        "url": entry.url or current.absolute(url_for("entries.page", id=entry.id)),
        "inLanguage": entry.language,
        "publisher" if not is_event else "organizer": _organisation(entry.source.group),
    }
    if is_event and entry.starts_at is not None:
        told["name"] = shown.title
        told["startDate"] = entry.starts_at.isoformat()
        if entry.ends_at is not None:
            told["endDate"] = entry.ends_at.isoformat()
        if entry.place:
            told["location"] = {"@type": "Place", "name": entry.place}
    else:
        told["headline"] = shown.title
        told["datePublished"] = entry.published.isoformat()
        if entry.updated is not None:
            told["dateModified"] = entry.updated.isoformat()
        if entry.author:
            told["author"] = {"@type": "Person", "name": entry.author}
    if shown.excerpt:
        told["description"] = shown.excerpt
    return _safe(told)


def of_group(group: Group) -> Markup:
    """An Organization."""
    return _safe({"@context": "https://schema.org", **_organisation(group)})


def _organisation(group: Group) -> dict[str, Any]:
    told: dict[str, Any] = {"@type": "Organization", "name": group.name}
    if group.home:
        told["url"] = group.home
    return told


def _safe(told: dict[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in, whatever a title says."""
    return Markup(json.dumps(told, ensure_ascii=False).translate(_ESCAPES))  # noqa: S704  escaped above
