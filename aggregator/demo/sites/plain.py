"""A site without any feed: a list page, article pages, and a sitemap; written in careful HTML."""

from __future__ import annotations

from aggregator.demo.sites import pages
from aggregator.demo.sites.site import Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import Answer, Asked, rfc3339

_LIST = "/actualites/"


def _link(post: Post) -> str:
    return f"{_LIST}{post.slug}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    if asked.path.rstrip("/") == _LIST.rstrip("/"):
        return pages.listing(site, PLATFORM)
    if asked.path == "/sitemap.xml":
        return _sitemap(site)
    return None


def _sitemap(site: Site) -> Answer:
    urls = "".join(
        f"<url><loc>{site.at(_link(post))}</loc><lastmod>{rfc3339(post.updated)}</lastmod></url>\n"
        for post in site.posts
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )
    return Answer(body.encode(), "application/xml", changed=site.changed)


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=(_LIST,),
    format="page",
    headers=lambda _site: {"Server": "Apache"},
)
