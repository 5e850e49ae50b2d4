"""SPIP 4: `spip.php?page=backend`, articles by number, the headers its cache leaves."""

from __future__ import annotations

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import Answer, Asked, beginning, escape, rfc3339, to_html

_BACKEND = "/spip.php?page=backend"


def _link(post: Post) -> str:
    return f"/spip.php?article{post.number}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    if asked.path == "/spip.php" and asked.query.get("page") == "backend":
        return _backend(site)
    return None


def _backend(site: Site) -> Answer:
    items = "".join(_item(site, post) for post in site.posts[:15])
    body = f"""<?xml
version="1.0" encoding="utf-8"?>
<?xml-stylesheet title="XSL formatting" type="text/xsl"
  href="{site.at("/spip.php?page=backend.xslt")}" ?>
<rss version="2.0"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:atom="http://www.w3.org/2005/Atom"
>

<channel xml:lang="fr">
	<title>{escape(site.group.name)}</title>
	<link>{site.at("/")}</link>
	<description>{escape(site.group.description)}</description>
	<language>fr</language>
	<generator>SPIP - www.spip.net</generator>
	<atom:link href="{escape(site.at(_BACKEND))}" rel="self" type="application/rss+xml" />

	<image>
		<title>{escape(site.group.name)}</title>
		<url>{site.at("/logo.png")}</url>
		<link>{site.at("/")}</link>
		<height>144</height>
		<width>144</width>
	</image>

{items}
</channel>

</rss>
"""
    return Answer(body.encode(), "text/xml; charset=utf-8", changed=site.changed)


def _item(site: Site, post: Post) -> str:
    link = site.at(_link(post))
    tags = "".join(f"\n\t\t<dc:subject>{escape(tag)}</dc:subject>" for tag in post.tags)
    section = f'<a href="{site.at("/spip.php?rubrique1")}" rel="directory">Actualités</a>'
    return f"""	<item xml:lang="{post.language}">
		<title>{escape(post.title)}</title>
		<link>{link}</link>
		<guid isPermaLink="true">{link}</guid>
		<dc:date>{rfc3339(post.published)}</dc:date>
		<dc:format>text/html</dc:format>
		<dc:language>{post.language}</dc:language>
		<dc:creator>{escape(post.author)}</dc:creator>{tags}

		<description>
{escape(f"<p>{escape(beginning(post.body))}</p>")}

-
{escape(section)}

		</description>

 <content:encoded>{escape(f"<div class='rss_texte'>{to_html(post.body)}</div>")}
		</content:encoded>

	</item>

"""


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=(_BACKEND,),
    feeds=(Feed(_BACKEND, "application/rss+xml", "Syndiquer tout le site"),),
    generator="SPIP 4.3.9",
    robots="User-agent: *\nDisallow: /local/\nDisallow: /ecrire/\nDisallow: /plugins/\n",
    headers=lambda _site: {
        "Server": "Apache",
        "Composed-By": "SPIP 4.3.9 @ www.spip.net + https://village.example/local/config.txt",
        "X-Spip-Cache": "3600",
    },
)
