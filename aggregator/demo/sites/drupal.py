"""Drupal 10: `/rss.xml`, nodes by number, relative links in the descriptions."""

from __future__ import annotations

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import RSS, Answer, Asked, escape, rfc822, to_html


def _link(post: Post) -> str:
    return f"/node/{post.number}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    if asked.path != "/rss.xml":
        return None
    items = "".join(_item(site, post) for post in site.posts[:10])
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xml:base="{site.at("/")}" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel>
    <title>{escape(site.group.name)}</title>
    <link>{site.at("/")}</link>
    <description>{escape(site.group.description)}</description>
    <language>fr</language>
{items}
  </channel>
</rss>
"""
    return Answer(
        body.encode(),
        RSS,
        headers={"Cache-Control": "max-age=900, public"},
        etag="strong",
        changed=site.changed,
    )


def _item(site: Site, post: Post) -> str:
    content = f"""<span class="field field--name-title">{escape(post.title)}</span>
<div class="field field--name-body">{to_html(post.body)}</div>
<ul class="links"><li><a href="{_link(post)}" rel="tag" hreflang="fr">Lire la suite</a></li></ul>"""
    return f"""    <item>
      <title>{escape(post.title)}</title>
      <link>{site.at(_link(post))}</link>
      <description>{escape(content)}</description>
      <pubDate>{rfc822(post.published)}</pubDate>
      <dc:creator>{escape(post.author)}</dc:creator>
      <guid isPermaLink="false">{post.number} at {site.base}</guid>
    </item>
"""


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=("/rss.xml",),
    feeds=(Feed("/rss.xml", RSS, "S’abonner à RSS"),),
    generator="Drupal 10 (https://www.drupal.org)",
    robots="User-agent: *\nDisallow: /core/\nDisallow: /admin/\nDisallow: /user/login\n",
    headers=lambda _site: {
        "Server": "nginx",
        "X-Generator": "Drupal 10 (https://www.drupal.org)",
        "X-Drupal-Cache": "HIT",
    },
)
