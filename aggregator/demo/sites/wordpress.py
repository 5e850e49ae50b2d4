"""WordPress 6: `/feed/`, `/wp-json/wp/v2/posts`, the `Link` header that names the API."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.demo.sites.pages import figure
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import (
    ATOM,
    HTML,
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
    to_text,
)

_VERSION = "6.8.3"
_NAMESPACES = """
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:atom="http://www.w3.org/2005/Atom"
	xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
	xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
"""


def _link(post: Post) -> str:
    return f"/{post.slug}/"


def _headers(site: Site) -> Mapping[str, str]:
    return {
        "Server": "Apache",
        "X-Powered-By": "PHP/8.2.29",
        "Link": f'<{site.at("/wp-json/")}>; rel="https://api.w.org/"',
    }


def _head(site: Site) -> str:
    return (
        f'<link rel="https://api.w.org/" href="{site.at("/wp-json/")}">'
        f'<link rel="EditURI" type="application/rsd+xml" href="{site.at("/xmlrpc.php?rsd")}">'
    )


def _respond(site: Site, asked: Asked) -> Answer | None:
    match asked.path.rstrip("/"):
        case "/feed" | "/rss" | "/feed/rss2":
            return _rss(site)
        case "/feed/atom":
            return _atom(site)
        case "/comments/feed":
            return _comments(site)
        case "" if asked.query.get("feed") == "rss2":
            return _rss(site)
        case "" if asked.query.get("p"):
            return _shortlink(site, asked.query["p"])
        case "/wp-json":
            return json_answer(
                {
                    "name": site.group.name,
                    "description": site.group.description,
                    "url": site.base,
                    "home": site.base,
                    "gmt_offset": "1",
                    "timezone_string": "Europe/Paris",
                    "namespaces": ["oembed/1.0", "wp/v2"],
                }
            )
        case "/wp-json/wp/v2/posts":
            return _posts(site, asked)
        case _:
            return None


def _shortlink(site: Site, number: str) -> Answer | None:
    for post in site.posts:
        if str(post.number) == number:
            return Answer(b"", HTML, 301, {"Location": site.at(_link(post))})
    return None


def _feed(body: str, site: Site, type_: str) -> Answer:
    return Answer(body.encode(), type_, etag="strong", changed=site.changed)


def _rss(site: Site) -> Answer:
    hub = f'<atom:link rel="hub" href="{site.hub}" />' if site.hub else ""
    return _feed(
        f"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"{_NAMESPACES}	>

<channel>
	<title>{escape(site.group.name)}</title>
	<atom:link href="{site.at("/feed/")}" rel="self" type="application/rss+xml" />{hub}
	<link>{site.base}</link>
	<description>{escape(site.group.description)}</description>
	<lastBuildDate>{rfc822(site.changed)}</lastBuildDate>
	<language>fr-FR</language>
	<sy:updatePeriod>
	hourly	</sy:updatePeriod>
	<sy:updateFrequency>
	1	</sy:updateFrequency>
	<generator>https://wordpress.org/?v={_VERSION}</generator>
{"".join(_item(site, post) for post in site.posts[:20])}</channel>
</rss>
""",
        site,
        RSS,
    )


def _item(site: Site, post: Post) -> str:
    link, content = site.at(_link(post)), cdata(_content(site, post))
    categories = "".join(f"\n\t\t<category>{cdata(tag)}</category>" for tag in post.tags)
    return f"""	<item>
		<title>{escape(post.title)}</title>
		<link>{link}</link>
					<comments>{link}#respond</comments>

		<dc:creator>{cdata(post.author)}</dc:creator>
		<pubDate>{rfc822(post.published)}</pubDate>{categories}
		<guid isPermaLink="false">{site.at(f"/?p={post.number}")}</guid>

					<description>{cdata(_excerpt(post))}</description>
										<content:encoded>{content}</content:encoded>

					<wfw:commentRss>{link}feed/</wfw:commentRss>
			<slash:comments>0</slash:comments>
	</item>
"""


def _content(site: Site, post: Post) -> str:
    return figure(site, post) + to_html(post.body)


def _excerpt(post: Post) -> str:
    """The first 55 words as HTML, and WordPress's mark when there are more."""
    words = escape(to_text(post.body)).split()
    return " ".join(words[:55]) + (" [&#8230;]" if len(words) > 55 else "")


def _atom(site: Site) -> Answer:
    entries = "".join(
        f"""<entry><author><name>{escape(post.author)}</name></author>
<title type="html">{cdata(post.title)}</title>
<link rel="alternate" type="text/html" href="{site.at(_link(post))}" />
<id>{site.at(f"/?p={post.number}")}</id>
<updated>{rfc3339(post.updated)}</updated><published>{rfc3339(post.published)}</published>
<summary type="html">{cdata(beginning(post.body))}</summary>
<content type="html" xml:base="{site.at(_link(post))}">{cdata(to_html(post.body))}</content></entry>
"""
        for post in site.posts[:20]
    )
    return _feed(
        f"""<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"
	xml:lang="fr-FR"><title type="text">{escape(site.group.name)}</title>
<subtitle type="text">{escape(site.group.description)}</subtitle>
<updated>{rfc3339(site.changed)}</updated>
<link rel="alternate" type="text/html" href="{site.base}" /><id>{site.at("/feed/atom/")}</id>
<link rel="self" type="application/atom+xml" href="{site.at("/feed/atom/")}" />
<generator uri="https://wordpress.org/" version="{_VERSION}">WordPress</generator>
{entries}</feed>
""",
        site,
        ATOM,
    )


def _comments(site: Site) -> Answer:
    return _feed(
        f"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>
<title>Commentaires sur {escape(site.group.name)}</title><link>{site.base}</link>
<description></description></channel></rss>
""",
        site,
        RSS,
    )


def _posts(site: Site, asked: Asked) -> Answer:
    size = max(1, asked.number("per_page", 10, most=100))
    first = max(0, asked.number("page", 1) - 1) * size
    after = asked.query.get("modified_after", "")
    posts = [post for post in site.posts if rfc3339(post.updated) > after]
    answer = json_answer([_post_json(site, post) for post in posts[first : first + size]])
    pages = -(-len(posts) // size)
    totals = {"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(pages)}
    return Answer(answer.body, answer.type, headers=totals)


def _post_json(site: Site, post: Post) -> dict[str, object]:
    published, modified = rfc3339(post.published)[:-1], rfc3339(post.updated)[:-1]
    return {
        "id": post.number,
        "date": published,
        "date_gmt": published,
        "guid": {"rendered": site.at(f"/?p={post.number}")},
        "modified": modified,
        "modified_gmt": modified,
        "slug": post.slug,
        "status": "publish",
        "type": "post",
        "link": site.at(_link(post)),
        "title": {"rendered": escape(post.title)},
        "content": {"rendered": _content(site, post), "protected": False},
        "excerpt": {"rendered": f"<p>{escape(beginning(post.body))}</p>", "protected": False},
        "author": 1,
        "featured_media": 0,
    }


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=("/feed/",),
    feeds=(
        Feed("/feed/", RSS, "Flux"),
        Feed("/comments/feed/", RSS, "Flux des commentaires"),
    ),
    generator=f"WordPress {_VERSION}",
    headers=_headers,
    head=_head,
    robots="User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n",
)
