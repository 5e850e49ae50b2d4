"""PeerTube: feeds of videos per channel, account and instance, and its API's lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.trees import escaped
from aggregator.parse.values import JsonObject, below, each, text_of, words
from aggregator.parse.webpage import WebPage

_OWNER = re.compile(r"https?://[^/]+/(?:(c|video-channels)|(a|accounts))/([\w.@-]+)")


def recognises(page: WebPage) -> bool:
    return (
        page.headers.get("x-powered-by", "").lower() == "peertube"
        or 'content="peertube"' in page.head
        or page.generator.startswith("peertube")
    )


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    owner = _OWNER.match(page.url)
    if owner:
        kind = "video-channels" if owner.group(1) else "accounts"
        path = f"/api/v1/{kind}/{owner.group(3)}/videos?sort=-publishedAt&count=50"
        yield Endpoint(urljoin(page.url, path), API)
    else:
        yield from (Endpoint(url) for url in at_root(page, "/feeds/videos.atom?sort=-publishedAt"))


def _video(video: JsonObject, url: str) -> ParsedEntry:
    short = text_of(video.get("shortUUID"))
    page = f"/w/{short}" if short else f"/videos/watch/{text_of(video.get('uuid'))}"
    description = escaped(
        text_of(video.get("description")) or text_of(video.get("truncatedDescription"))
    )
    return entry(
        Found(
            url,
            ids=[text_of(video.get("url")), urljoin(url, page)],
            links=[urljoin(url, page)],
            titles=[escaped(text_of(video.get("name")))],
            summaries=[description],
            authors=[
                text_of(below(video, "channel", "displayName")),
                text_of(below(video, "account", "displayName")),
            ],
            published=[text_of(video.get("publishedAt")), text_of(video.get("createdAt"))],
            updated=[text_of(video.get("updatedAt"))],
            language=text_of(below(video, "language", "id")) or None,
            categories=[
                text_of(below(video, "category", "label")),
                *words(video.get("tags") or []),
            ],
            images=[text_of(video.get("previewPath")), text_of(video.get("thumbnailPath"))],
            type="video",
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    videos = list(each(below(value, "data")))
    if not videos or not all("uuid" in video and "name" in video for video in videos):
        return None
    return ParsedFeed(distinct(_video(video, url) for video in videos), format="peertube")


CONNECTOR = Connector("peertube", recognises, endpoints, read)
