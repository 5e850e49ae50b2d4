"""Discourse: `/latest.rss`, `/latest.json`, one topic as HTML, JSON and RSS."""

from __future__ import annotations

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import (
    RSS,
    Answer,
    Asked,
    beginning,
    cdata,
    escape,
    json_answer,
    rfc822,
    rfc3339,
    to_html,
)


def _link(post: Post) -> str:
    return f"/t/{post.slug}/{post.number}"


def _replies(post: Post) -> int:
    """Some topics are answered more than others; always the same ones."""
    return 1 + post.number * 7 % 5


def _respond(site: Site, asked: Asked) -> Answer | None:
    if asked.path in {"/latest.rss", "/posts.rss"}:
        return _rss(site)
    if asked.path == "/latest.json":
        return _topics(site)
    for post in site.posts:
        if asked.path == f"{_link(post)}.json":
            return json_answer(_topic(post))
    return None


def _rss(site: Site) -> Answer:
    items = "".join(_item(site, post) for post in site.posts[:30])
    body = f"""<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:discourse="http://www.discourse.org/"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel>
    <title>{escape(site.group.name)} - Derniers sujets</title>
    <link>{site.at("/latest")}</link>
    <description>Derniers sujets</description>
    <language>fr</language>
      <lastBuildDate>{rfc822(site.changed)}</lastBuildDate>
      <atom:link href="{site.at("/latest.rss")}" rel="self" type="application/rss+xml" />
{items}  </channel>
</rss>
"""
    return Answer(body.encode(), RSS, etag="weak", headers={"Cache-Control": "no-cache, no-store"})


def _item(site: Site, post: Post) -> str:
    link, replies = site.at(_link(post)), _replies(post)
    category = post.tags[0] if post.tags else "Général"
    return f"""        <item>
          <title>{escape(post.title)}</title>
          <dc:creator>{cdata(post.author)}</dc:creator>
          <category>{escape(category)}</category>
          <description>{
        cdata(
            f'''
            {to_html(post.body)}
            <p><small>{replies} messages - {max(1, replies - 1)} participant(s)</small></p>
            <p><a href="{link}">Lire le sujet en entier</a></p>
          '''
        )
    }</description>
          <link>{link}</link>
          <pubDate>{rfc822(post.published)}</pubDate>
          <discourse:topicPinned>No</discourse:topicPinned>
          <discourse:topicClosed>No</discourse:topicClosed>
          <discourse:topicArchived>No</discourse:topicArchived>
          <guid isPermaLink="false">{site.base.removeprefix("http://")}-topic-{post.number}</guid>
          <source url="{link}.rss">{escape(post.title)}</source>
        </item>
"""


def _topic(post: Post) -> dict[str, object]:
    return {
        "id": post.number,
        "title": post.title,
        "fancy_title": escape(post.title),
        "slug": post.slug,
        "posts_count": _replies(post),
        "reply_count": _replies(post) - 1,
        "created_at": rfc3339(post.published),
        "last_posted_at": rfc3339(post.updated),
        "excerpt": beginning(post.body),
        "pinned": False,
        "closed": False,
        "tags": list(post.tags),
        "post_stream": {
            "posts": [
                {
                    "id": post.number * 10,
                    "username": post.author,
                    "created_at": rfc3339(post.published),
                    "cooked": to_html(post.body),
                    "post_number": 1,
                }
            ]
        },
    }


def _topics(site: Site) -> Answer:
    topics = [
        {key: value for key, value in _topic(post).items() if key != "post_stream"}
        for post in site.posts[:30]
    ]
    return json_answer({"users": [], "topic_list": {"per_page": 30, "topics": topics}})


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=("/latest.rss",),
    feeds=(Feed("/latest.rss", RSS, "Derniers sujets"), Feed("/posts.rss", RSS, "Messages")),
    generator="Discourse 3.5.2 - https://github.com/discourse/discourse",
    robots="User-agent: *\nDisallow: /admin/\nDisallow: /auth/\nDisallow: /u/\nCrawl-delay: 1\n",
    headers=lambda _site: {"Server": "nginx", "X-Discourse-Route": "list/latest"},
)
