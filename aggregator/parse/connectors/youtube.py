"""YouTube: Atom per channel and playlist; the channel's number stands in its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aggregator.parse.connecting import Connector, Endpoint, is_host
from aggregator.parse.webpage import WebPage

_FEED = "https://www.youtube.com/feeds/videos.xml"
_LIST = re.compile(r"[?&]list=([\w-]{10,50})")
_CHANNEL = re.compile(
    r'/channel/(UC[\w-]{22})|"(?:channelId|externalId|browseId)"\s*:\s*"(UC[\w-]{22})"|'
    r'itemprop="(?:channelId|identifier)"\s+content="(UC[\w-]{22})"'
)


def recognises(page: WebPage) -> bool:
    return is_host(page.url, "youtube.com", "youtu.be")


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    playlist = _LIST.search(page.url)
    if playlist:
        yield Endpoint(f"{_FEED}?playlist_id={playlist.group(1)}")
    channel = _CHANNEL.search(page.url) or _CHANNEL.search(page.text)
    if channel:
        number = channel.group(1) or channel.group(2) or channel.group(3)
        yield Endpoint(f"{_FEED}?channel_id={number}")


CONNECTOR = Connector("youtube", recognises, endpoints)
