"""Sound and pictures that move: a podcast with enclosures, a PeerTube channel.

The sounds exist (`/sons/N.wav`, a short melody); the village films nothing, so that video files
are named as PeerTube names them but answer 404.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from aggregator.demo.sites.nodeinfo import nodeinfo
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import (
    RSS,
    Answer,
    Asked,
    beginning,
    cdata,
    escape,
    rfc822,
    to_html,
    to_text,
)

_SECONDS = 3
_RATE = 8000
_SOUND_BYTES = 44 + _SECONDS * _RATE * 2
_VIDEOS = "/feeds/videos.xml?videoChannelId=2"


# A podcast


def _episode(post: Post) -> str:
    return f"/emissions/{post.slug}"


def _podcast(site: Site, asked: Asked) -> Answer | None:
    if asked.path == "/podcast.xml":
        return _podcast_rss(site)
    for post in site.posts:
        if asked.path == f"/sons/{post.number}.wav":
            return Answer(_melody(post.number), "audio/wav", etag="strong")
    return None


@lru_cache(maxsize=32)
def _melody(number: int) -> bytes:
    """Three seconds of a small tune, another one for each number."""
    scale = (262, 294, 330, 392, 440, 523)
    notes = [scale[(number * step + step) % len(scale)] for step in range(1, 7)]
    each = _SECONDS * _RATE // len(notes)
    samples = array(
        "h",
        (
            round(9000 * math.sin(2 * math.pi * note * n / _RATE) * (1 - n / each))
            for note in notes
            for n in range(each)
        ),
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _podcast_rss(site: Site) -> Answer:
    group = site.group
    items = "".join(_podcast_item(site, post) for post in site.posts[:50])
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:podcast="https://podcastindex.org/namespace/1.0">
  <channel>
    <title>{escape(group.name)}</title>
    <link>{site.at("/")}</link>
    <atom:link href="{site.at("/podcast.xml")}" rel="self" type="application/rss+xml"/>
    <description>{escape(group.description)}</description>
    <language>fr</language>
    <generator>Castopod - https://castopod.org/</generator>
    <itunes:author>{escape(group.name)}</itunes:author>
    <itunes:explicit>false</itunes:explicit>
    <itunes:type>episodic</itunes:type>
    <itunes:category text="Society &amp; Culture"/>
    <itunes:image href="{site.at("/logo.png")}"/>
    <podcast:locked>no</podcast:locked>
{items}  </channel>
</rss>
"""
    return Answer(body.encode(), "application/xml; charset=UTF-8", etag="weak")


def _podcast_item(site: Site, post: Post) -> str:
    return f"""    <item>
      <title>{escape(post.title)}</title>
      <enclosure url="{site.at(f"/sons/{post.number}.wav")}" length="{_SOUND_BYTES}"
        type="audio/wav"/>
      <guid isPermaLink="false">{site.at(f"/audio/@{site.group.slug}/{post.number}")}</guid>
      <pubDate>{rfc822(post.published)}</pubDate>
      <itunes:duration>{1500 + post.number * 83}</itunes:duration>
      <link>{site.at(_episode(post))}</link>
      <description>{cdata(to_html(post.body))}</description>
      <itunes:summary>{escape(beginning(post.body))}</itunes:summary>
      <itunes:episode>{post.number}</itunes:episode>
      <itunes:episodeType>full</itunes:episodeType>
      <itunes:image href="{site.at(f"/image/{post.number}.png")}"/>
    </item>
"""


# PeerTube


def _watch(post: Post) -> str:
    return f"/w/{_short_id(post)}"


def _short_id(post: Post) -> str:
    return uuid5(NAMESPACE_URL, f"video {post.number} {post.slug}").hex[:22]


def _peertube(site: Site, asked: Asked) -> Answer | None:
    match asked.path:
        case "/feeds/videos.xml" | "/feeds/videos.rss":
            return _videos(site)
        case _:
            return nodeinfo(
                site, asked, software="peertube", release="7.3.0", path="/nodeinfo/2.0.json"
            )


def _videos(site: Site) -> Answer:
    items = "".join(_video(site, post) for post in site.posts[:20])
    name = escape(site.group.name)
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
    <channel>
        <title>{name}</title>
        <link>{site.base}</link>
        <description>{escape(site.group.description)}</description>
        <lastBuildDate>{rfc822(site.changed)}</lastBuildDate>
        <docs>https://validator.w3.org/feed/docs/rss2.html</docs>
        <generator>PeerTube - {site.base}</generator>
        <image>
            <title>{name}</title>
            <url>{site.at("/logo.png")}</url>
            <link>{site.base}</link>
        </image>
        <copyright>Tous droits réservés, sauf mention contraire.</copyright>
        <atom:link href="{escape(site.at(_VIDEOS))}" rel="self" type="application/rss+xml"/>
{items}    </channel>
</rss>
"""
    return Answer(
        body.encode(), "application/xml; charset=utf-8", etag="weak", headers=_headers(site)
    )


def _video(site: Site, post: Post) -> str:
    link, name = site.at(_watch(post)), _short_id(post)
    seconds, file = 240 + post.number * 71, f"{name}-720"
    torrent = site.at(f"/download/torrents/{file}.torrent")
    return f"""        <item>
            <title>{cdata(post.title)}</title>
            <link>{link}</link>
            <guid>{link}</guid>
            <pubDate>{rfc822(post.published)}</pubDate>
            <description>{cdata(to_text(post.body))}</description>
            <content:encoded>{cdata(to_html(post.body))}</content:encoded>
            <dc:creator>{escape(post.author)}</dc:creator>
            <media:category>{seconds % 18 + 1}</media:category>
            <media:community><media:statistics views="{post.number * 37 % 410}"/></media:community>
            <media:embed url="{site.at(f"/videos/embed/{name}")}"/>
            <media:player url="{link}"/>
            <enclosure type="application/x-bittorrent" length="{seconds * 90_000}" url="{torrent}"/>
            <media:thumbnail url="{site.at(f"/image/{post.number}.png")}" height="480" width="850"/>
            <media:title type="plain">{escape(post.title)}</media:title>
            <media:description type="plain">{escape(beginning(post.body))}</media:description>
            <media:rating>nonadult</media:rating>
            <media:group>
                <media:peerLink type="application/x-bittorrent" href="{torrent}"/>
                <media:content url="{site.at(f"/download/videos/{file}.mp4")}"
                    type="video/mp4" medium="video" height="720"
                    fileSize="{seconds * 90_000}" framerate="25" duration="{seconds}"/>
            </media:group>
        </item>
"""


def _headers(_site: Site) -> dict[str, str]:
    return {"Server": "nginx", "X-Powered-By": "PeerTube", "Cache-Control": "max-age=1800"}


PODCAST = Platform(
    respond=_podcast,
    link=_episode,
    sources=("/podcast.xml",),
    feeds=(Feed("/podcast.xml", RSS, "Toutes les émissions"),),
    generator="Castopod",
    headers=lambda _site: {"Server": "nginx"},
)
PEERTUBE = Platform(
    respond=_peertube,
    link=_watch,
    sources=(_VIDEOS,),
    feeds=(Feed(_VIDEOS, RSS, "Vidéos de la chaîne"),),
    robots="User-agent: *\nDisallow:\n",
    headers=lambda _site: {"Server": "nginx", "X-Powered-By": "PeerTube"},
    head=lambda _site: '<meta property="og:platform" content="PeerTube">',
)
