"""Sites made by a generator and served as files: Jekyll's Atom, a JSON Feed, and one hand-made.

Static servers send both validators.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from aggregator.demo.sites.pages import picture
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import PARIS, Post
from aggregator.demo.wire import (
    Answer,
    Asked,
    beginning,
    cdata,
    escape,
    rfc822,
    rfc3339,
    to_html,
    to_text,
)


def _dated(post: Post) -> str:
    return f"/{post.published.astimezone(PARIS):%Y/%m/%d}/{post.slug}.html"


def _short(post: Post) -> str:
    return f"/billets/{post.slug}/"


def _file(body: str, type_: str, site: Site) -> Answer:
    return Answer(body.encode(), type_, etag="strong", changed=site.changed)


def _jekyll(site: Site, asked: Asked) -> Answer | None:
    if asked.path == "/feed.xml":
        return _file(_atom(site, "/feed.xml", _dated), "application/xml", site)
    return None


def _hidden(site: Site, asked: Asked) -> Answer | None:
    """An address that nobody guesses: only the home page tells it."""
    if asked.path == "/blog/flux-des-nouvelles.atom":
        return _file(_atom(site, asked.path, _short), "application/atom+xml", site)
    return None


def _atom(site: Site, path: str, link: Callable[[Post], str]) -> str:
    hub = f'<link href="{site.hub}" rel="hub" />' if site.hub else ""
    entries = "".join(
        f'<entry><title type="html">{escape(post.title)}</title>'
        f'<link href="{site.at(link(post))}" rel="alternate" type="text/html" '
        f'title="{escape(post.title)}" /><published>{rfc3339(post.published)}</published>'
        f"<updated>{rfc3339(post.updated)}</updated><id>{site.at(f'/{post.number}')}</id>"
        f'<content type="html" xml:base="{site.at(link(post))}">{cdata(to_html(post.body))}'
        f"</content><author><name>{escape(post.author)}</name></author>"
        + "".join(f'<category term="{escape(tag)}" />' for tag in post.tags)
        + f'<summary type="html">{cdata(escape(beginning(post.body)))}</summary></entry>'
        for post in site.posts[:15]
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">'
        '<generator uri="https://jekyllrb.com/" version="4.4.1">Jekyll</generator>'
        f'<link href="{site.at(path)}" rel="self" type="application/atom+xml" />{hub}'
        f'<link href="{site.at("/")}" rel="alternate" type="text/html" hreflang="fr" />'
        f"<updated>{rfc3339(site.changed)}</updated><id>{site.at(path)}</id>"
        f'<title type="html">{escape(site.group.name)}</title>'
        f"<subtitle>{escape(site.group.description)}</subtitle>"
        f"<author><name>{escape(site.group.name)}</name></author>{entries}</feed>"
    )


def _json_feed(site: Site, asked: Asked) -> Answer | None:
    if asked.path != "/feed.json":
        return None
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.group.name,
        "home_page_url": site.at("/"),
        "feed_url": site.at("/feed.json"),
        "description": site.group.description,
        "icon": site.at("/logo.png"),
        "language": site.group.language,
        "authors": [{"name": site.group.name, "url": site.at("/")}],
        "items": [
            {
                "id": site.at(_short(post)),
                "url": site.at(_short(post)),
                "title": post.title,
                "content_html": to_html(post.body),
                "content_text": to_text(post.body),
                "summary": beginning(post.body),
                "date_published": rfc3339(post.published),
                "date_modified": rfc3339(post.updated),
                "language": post.language,
                "authors": [{"name": post.author}],
                "tags": list(post.tags),
                **({"image": image} if (image := picture(site, post)) else {}),
            }
            for post in site.posts[:20]
        ],
    }
    return _file(json.dumps(feed, ensure_ascii=False, indent=2), "application/feed+json", site)


def _hand_made(site: Site, asked: Asked) -> Answer | None:
    """A feed typed by hand long ago: RSS 2.0 with the bare minimum."""
    if asked.path != "/actus.rss":
        return None
    items = "".join(
        f"<item>\n<title>{escape(post.title)}</title>\n<link>{site.at(_short(post))}</link>\n"
        f"<description>{escape(to_text(post.body))}</description>\n"
        f"<pubDate>{rfc822(post.published)}</pubDate>\n</item>\n"
        for post in site.posts[:12]
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escape(site.group.name)}</title>\n<link>{site.at('/')}</link>\n"
        f"<description>{escape(site.group.description)}</description>\n"
        f"<language>fr</language>\n{items}</channel>\n</rss>\n"
    )
    return Answer(body.encode(), "text/xml", changed=site.changed)


JEKYLL = Platform(
    respond=_jekyll,
    link=_dated,
    sources=("/feed.xml",),
    feeds=(Feed("/feed.xml", "application/atom+xml"),),
    generator="Jekyll v4.4.1",
    headers=lambda _site: {"Server": "nginx"},
)
HIDDEN = Platform(
    respond=_hidden,
    link=_short,
    sources=("/",),
    format="discover",
    feeds=(Feed("/blog/flux-des-nouvelles.atom", "application/atom+xml", "Nos nouvelles"),),
    headers=lambda _site: {"Server": "nginx"},
)
JSON_FEED = Platform(
    respond=_json_feed,
    link=_short,
    sources=("/feed.json",),
    feeds=(Feed("/feed.json", "application/feed+json"),),
    generator="Eleventy v3.1.2",
    headers=lambda _site: {"Server": "Caddy"},
)
HAND_MADE = Platform(
    respond=_hand_made,
    link=_short,
    sources=("/actus.rss",),
    feeds=(Feed("/actus.rss", "application/rss+xml", "Nos actualités"),),
    headers=lambda _site: {"Server": "Apache"},
)
