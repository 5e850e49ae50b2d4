"""Networks: Mastodon's posts without titles, Loomio's threads, Communecter's news and events."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from aggregator.demo.sites.nodeinfo import nodeinfo
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.texts import slugged
from aggregator.demo.timeline import Post
from aggregator.demo.wire import (
    ATOM,
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

# Mastodon


def _account(slug: str) -> str:
    return "/@" + slug.replace("-", "_")


def _status(slug: str, post: Post) -> str:
    # Snowflake identifiers: milliseconds shifted by sixteen bits.
    number = int(post.published.timestamp() * 1000) << 16
    return f"{_account(slug)}/{number + post.number}"


def _mastodon(site: Site, asked: Asked) -> Answer | None:
    match asked.path:
        case path if path == f"{_account(site.group.slug)}.rss":
            return _statuses(site)
        case _:
            return nodeinfo(site, asked, software="mastodon", release="4.5.2", path="/nodeinfo/2.0")


def _statuses(site: Site) -> Answer:
    slug, name = site.group.slug, escape(site.group.name)
    host = site.base.removeprefix("http://")
    items = "".join(
        f"""    <item>
      <guid isPermaLink="true">{site.at(_status(slug, post))}</guid>
      <link>{site.at(_status(slug, post))}</link>
      <pubDate>{rfc822(post.published)}</pubDate>
      <description>{escape(_said(site, post))}</description>
{"".join(f"      <category>{slugged(tag).replace('-', '')}</category>" for tag in post.tags)}
    </item>
"""
        for post in site.posts[:20]
    )
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:webfeeds="http://webfeeds.org/rss/1.0" xmlns:media="http://search.yahoo.com/mrss/">
  <channel>
    <title>{name}</title>
    <description>Public posts from {_account(slug)[1:]}@{host}</description>
    <link>{site.at(_account(slug))}</link>
    <image>
      <url>{site.at("/logo.png")}</url>
      <title>{name}</title>
      <link>{site.at(_account(slug))}</link>
    </image>
    <lastBuildDate>{rfc822(site.changed)}</lastBuildDate>
    <webfeeds:icon>{site.at("/logo.png")}</webfeeds:icon>
    <generator>Mastodon v4.5.2</generator>
{items}  </channel>
</rss>
"""
    return Answer(body.encode(), RSS, etag="weak", headers={"Cache-Control": "max-age=60, public"})


def _said(site: Site, post: Post) -> str:
    """A post has no title: the village's title is its first sentence; tags are links."""
    tags = " ".join(
        f'<a href="{site.at("/tags/" + (word := slugged(tag).replace("-", "")))}" '
        f'class="mention hashtag" rel="tag">#<span>{word}</span></a>'
        for tag in post.tags
    )
    return f"<p>{escape(post.title)}</p>{to_html(post.body)}<p>{tags}</p>"


def mastodon(slug: str) -> Platform:
    """An account; its addresses carry its name."""
    path = f"{_account(slug)}.rss"
    return Platform(
        respond=_mastodon,
        link=lambda post: _status(slug, post),
        sources=(path,),
        feeds=(Feed(path, "application/rss+xml", "Messages publics"),),
        generator="Mastodon v4.5.2",
        headers=lambda _site: {"Server": "Mastodon"},
        head=lambda _site: '<meta name="application-name" content="Mastodon">',
        home=_account(slug),
    )


# Loomio


def _key(word: str) -> str:
    return uuid5(NAMESPACE_URL, word).hex[:8]


def _thread(post: Post) -> str:
    return f"/d/{_key(f'thread {post.number} {post.slug}')}/{post.slug}"


def _loomio(site: Site, asked: Asked) -> Answer | None:
    path = f"/g/{_key(site.group.slug)}.xml"
    if asked.path != path:
        return None
    host = site.base.removeprefix("http://")
    entries = "".join(
        f"""  <entry>
    <id>tag:{host},2005:Discussion/{post.number}</id>
    <published>{rfc3339(post.published)}</published>
    <updated>{rfc3339(post.updated)}</updated>
    <link rel="alternate" type="text/html" href="{site.at(_thread(post))}"/>
    <title>{escape(post.title)}</title>
    <content type="html">{escape(to_html(post.body))}</content>
    <author><name>{escape(post.author)}</name></author>
  </entry>
"""
        for post in site.posts[:30]
    )
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xml:lang="fr" xmlns="http://www.w3.org/2005/Atom">
  <id>tag:{host},2005:{path.removesuffix(".xml")}</id>
  <link rel="alternate" type="text/html" href="{site.base}"/>
  <link rel="self" type="application/atom+xml" href="{site.at(path)}"/>
  <title>{escape(site.group.name)}</title>
  <subtitle>{escape(site.group.description)}</subtitle>
  <updated>{rfc3339(site.changed)}</updated>
{entries}</feed>
"""
    return Answer(body.encode(), ATOM, etag="weak")


def loomio(slug: str) -> Platform:
    """A group; its address carries its key and name."""
    path = f"/g/{_key(slug)}.xml"
    return Platform(
        respond=_loomio,
        link=_thread,
        sources=(path,),
        feeds=(Feed(path, "application/atom+xml", "Discussions"),),
        generator="Loomio 3.0.12",
        headers=lambda _site: {"Server": "nginx"},
        home=f"/g/{_key(slug)}/{slug}",
    )


# Communecter


def _object(word: str) -> str:
    """A MongoDB identifier, always the same for the same word."""
    return uuid5(NAMESPACE_URL, word).hex[:24]


def _entity_page(post: Post) -> str:
    return f"/page/{'events' if post.event else 'news'}/{_object(post.slug)}"


def _communecter(site: Site, asked: Asked) -> Answer | None:
    key = _account(site.group.slug)[2:]
    match asked.path:
        case path if path == f"/api/news/get/key/{key}/format/rss":
            return _news(site)
        case path if path == f"/api/event/get/key/{key}":
            entities = {_object(p.slug): _entity(site, p) for p in site.posts if p.event}
            return json_answer(
                {"meta": {"limit": 50, "total": len(entities)}, "entities": entities}
            )
        case _:
            return None


def _news(site: Site) -> Answer:
    items = "".join(
        f"<item><title>{cdata(post.title)}</title><link>{site.at(_entity_page(post))}</link>"
        f"<description>{cdata(beginning(post.body, 600))}</description>"
        f'<pubDate>{rfc822(post.published)}</pubDate><guid isPermaLink="false">'
        f"{_object(post.slug)}</guid></item>\n"
        for post in site.posts
        if not post.event
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>\n'
        f"<title>{escape(site.group.name)}</title><link>{site.base}</link>"
        f"<description>{escape(site.group.description)}</description>\n{items}</channel></rss>\n"
    )
    return Answer(body.encode(), "application/xml; charset=utf-8")


def _entity(site: Site, post: Post) -> dict[str, object]:
    assert post.event
    name, _, town = post.event.place.rpartition(", ")
    return {
        "@type": "Event",
        "_id": {"$id": _object(post.slug)},
        "name": post.title,
        "shortDescription": beginning(post.body, 140),
        "description": to_html(post.body),
        "startDate": rfc3339(post.event.starts),
        "endDate": rfc3339(post.event.ends),
        "address": {"streetAddress": name, "addressLocality": town, "addressCountry": "FR"},
        "url": {"communecter": site.at(_entity_page(post))},
        "tags": list(post.tags),
        "created": {"sec": int(post.published.timestamp())},
        "updated": {"sec": int(post.updated.timestamp())},
    }


def communecter(slug: str) -> Platform:
    """An organisation with its news and its events."""
    key = _account(slug)[2:]
    news, events = f"/api/news/get/key/{key}/format/rss", f"/api/event/get/key/{key}"
    return Platform(
        respond=_communecter,
        link=_entity_page,
        sources=(news, events),
        feeds=(Feed(news, "application/rss+xml", "Nouvelles"),),
        generator="communecter",
        headers=lambda _site: {"Server": "nginx", "X-Powered-By": "PHP/8.2"},
        home=f"/@{key}",
    )
