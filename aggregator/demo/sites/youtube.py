"""YouTube: an Atom feed per channel, with the picture and the words of each film in `media:`."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import Answer, Asked, escape, rfc3339, to_text


def _channel(slug: str) -> str:
    return f"UC{uuid5(NAMESPACE_URL, slug).hex[:22]}"


def _film(post: Post) -> str:
    return uuid5(NAMESPACE_URL, f"film {post.slug}").hex[:11]


def _link(post: Post) -> str:
    return f"/watch?v={_film(post)}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    channel = _channel(site.group.slug)
    if asked.path != "/feeds/videos.xml" or asked.query.get("channel_id") != channel:
        return None
    name, home = escape(site.group.name), site.at(f"/channel/{channel}")
    entries = "".join(_entry(site, post, channel) for post in site.posts[:15])
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <link rel="self" href="{escape(site.at(asked.target))}"/>
 <id>yt:channel:{channel[2:]}</id>
 <yt:channelId>{channel[2:]}</yt:channelId>
 <title>{name}</title>
 <link rel="alternate" href="{home}"/>
 <author><name>{name}</name><uri>{home}</uri></author>
 <published>{rfc3339(site.posts[-1].published) if site.posts else rfc3339(site.changed)}</published>
{entries}</feed>
"""
    return Answer(
        body.encode(), "text/xml; charset=UTF-8", headers={"Cache-Control": "private, max-age=900"}
    )


def _entry(site: Site, post: Post, channel: str) -> str:
    title, film = escape(post.title), _film(post)
    return f""" <entry>
  <id>yt:video:{film}</id>
  <yt:videoId>{film}</yt:videoId>
  <yt:channelId>{channel}</yt:channelId>
  <title>{title}</title>
  <link rel="alternate" href="{site.at(_link(post))}"/>
  <author><name>{escape(site.group.name)}</name><uri>{site.at(f"/channel/{channel}")}</uri></author>
  <published>{rfc3339(post.published)}</published>
  <updated>{rfc3339(post.updated)}</updated>
  <media:group>
   <media:title>{title}</media:title>
   <media:content url="{site.at(f"/v/{film}?version=3")}"
    type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="{site.at(f"/image/{post.number}.png")}" width="480" height="360"/>
   <media:description>{escape(to_text(post.body))}</media:description>
   <media:community><media:statistics views="{post.number * 53 % 900}"/></media:community>
  </media:group>
 </entry>
"""


def youtube(slug: str) -> Platform:
    """One channel; its addresses carry its number."""
    channel = _channel(slug)
    feed = f"/feeds/videos.xml?channel_id={channel}"
    return Platform(
        respond=_respond,
        link=_link,
        sources=(feed,),
        feeds=(Feed(feed, "application/rss+xml", "RSS"),),
        headers=lambda _site: {"Server": "ESF"},
        head=lambda _site: f'<meta itemprop="channelId" content="{channel}">',
        home=f"/channel/{channel}",
    )
