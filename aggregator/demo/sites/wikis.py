"""The wikis: MediaWiki's recent changes, YesWiki's forms, DokuWiki's RSS 1.0."""

from __future__ import annotations

import json
from urllib.parse import quote

from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import PARIS, Post
from aggregator.demo.wire import (
    Answer,
    Asked,
    beginning,
    cdata,
    escape,
    json_answer,
    moved,
    rfc822,
    rfc3339,
    to_html,
    to_text,
)

_CHANGES = "/api.php?action=feedrecentchanges&feedformat=atom&days=90&limit=50"
_CHANGES_PAGE = "/index.php/Sp%C3%A9cial:Modifications_r%C3%A9centes"
_MEDIAWIKI = "MediaWiki 1.43.5"
_FORM = "/?BazaR/rss&id=2"


# MediaWiki


def _title(post: Post) -> str:
    return quote(post.title.replace(" ", "_"), safe="")


def _change(post: Post) -> str:
    return f"/index.php?title={_title(post)}&diff={post.number + 100}&oldid=0"


def _mediawiki(site: Site, asked: Asked) -> Answer | None:
    action = asked.query.get("action")
    if asked.path == "/api.php" and action == "feedrecentchanges":
        return _changes_rss(site) if asked.query.get("feedformat") == "rss" else _changes(site)
    if asked.path == "/api.php" and action == "query" and asked.query.get("meta") == "siteinfo":
        general = {
            "mainpage": "Accueil",
            "base": site.at("/index.php/Accueil"),
            "sitename": site.group.name,
            "generator": _MEDIAWIKI,
            "lang": "fr",
            "timezone": "Europe/Paris",
            "articlepath": "/index.php/$1",
            "script": "/index.php",
            "server": site.base,
        }
        return json_answer({"batchcomplete": "", "query": {"general": general}})
    if asked.path.endswith(("/Special:RecentChanges", "/Spécial:Modifications_récentes")) and (
        asked.query.get("feed")
    ):
        return moved(site.at(_CHANGES), 302)
    return None


def _changes(site: Site) -> Answer:
    entries = "".join(
        f"""	<entry>
		<id>{escape(site.at(_change(post)))}</id>
		<title>{escape(post.title)}</title>
		<link rel="alternate" type="text/html" href="{escape(site.at(_change(post)))}"/>
		<updated>{rfc3339(post.updated)}</updated>

		<summary type="html">{escape(_diff(post))}</summary>
		<author><name>{escape(post.author)}</name></author>
	</entry>
"""
        for post in site.posts[:50]
    )
    body = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">
	<id>{escape(site.at(_CHANGES))}</id>
	<title>{escape(site.group.name)}  - Modifications récentes [fr]</title>
	<link rel="self" type="application/atom+xml" href="{escape(site.at(_CHANGES))}"/>
	<link rel="alternate" type="text/html" href="{site.at(_CHANGES_PAGE)}"/>
	<updated>{rfc3339(site.changed)}</updated>
	<subtitle>Suivre les modifications les plus récentes du wiki dans ce flux.</subtitle>
	<generator>{_MEDIAWIKI}</generator>
{entries}</feed>
"""
    return Answer(
        body.encode(),
        "application/atom+xml; charset=UTF-8",
        headers={"Cache-Control": "private, must-revalidate, max-age=0", "Vary": "Accept-Encoding"},
    )


def _changes_rss(site: Site) -> Answer:
    items = "".join(
        f"""		<item>
			<title>{escape(post.title)}</title>
			<link>{escape(site.at(_change(post)))}</link>
			<guid isPermaLink="false">{escape(site.at(_change(post)))}</guid>
			<description>{escape(_diff(post))}</description>
			<pubDate>{rfc822(post.updated)}</pubDate>
			<dc:creator>{escape(post.author)}</dc:creator>
		</item>
"""
        for post in site.posts[:50]
    )
    body = f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
	<channel>
		<title>{escape(site.group.name)}  - Modifications récentes [fr]</title>
		<link>{site.at("/")}</link>
		<description>Suivre les modifications les plus récentes du wiki dans ce flux.</description>
		<language>fr</language>
		<generator>{_MEDIAWIKI}</generator>
{items}	</channel>
</rss>
"""
    return Answer(body.encode(), "application/rss+xml; charset=UTF-8")


def _diff(post: Post) -> str:
    """MediaWiki shows a new page as its wikitext inside a `div`."""
    text = to_text(post.body).replace("\n\n", "<br />\n")
    return f"<p>création de la page</p>\n<p><b>Nouvelle page</b></p><div>{text}</div>"


# YesWiki


def _page_name(post: Post) -> str:
    return "".join(word.capitalize() for word in post.slug.split("-"))


def _fiche(post: Post) -> str:
    return f"/?{_page_name(post)}"


def _yeswiki(site: Site, asked: Asked) -> Answer | None:
    if asked.raw_query.startswith("BazaR/rss"):
        return _bazar(site)
    if asked.raw_query == "api/forms":
        return json_answer({"2": {"bn_id_nature": "2", "bn_label_nature": "Actualité"}})
    if asked.raw_query.startswith("api/forms/2/entries"):
        return json_answer({_page_name(post): _entry(site, post) for post in site.posts})
    return None


def _entry(site: Site, post: Post) -> dict[str, str]:
    local = post.published.astimezone(PARIS)
    return {
        "id_fiche": _page_name(post),
        "id_typeannonce": "2",
        "bf_titre": post.title,
        "bf_chapeau": beginning(post.body),
        "bf_contenu": to_html(post.body),
        "date_creation_fiche": f"{local:%Y-%m-%d %H:%M:%S}",
        "date_maj_fiche": f"{post.updated.astimezone(PARIS):%Y-%m-%d %H:%M:%S}",
        "owner": post.author,
        "url": site.at(_fiche(post)),
    }


def _bazar(site: Site) -> Answer:
    items = "".join(
        f"""
      <item>
        <title>{escape(post.title)}</title>
        <link>{cdata(site.at(_fiche(post)))}</link>
        <guid>{cdata(site.at(_fiche(post)))}</guid>
        <dc:creator>{escape(post.author)}</dc:creator>
      <description>{cdata(_shown(post))}</description>
        <pubDate>{rfc822(post.published)}</pubDate>
      </item>"""
        for post in site.posts[:20]
    )
    name = escape(site.group.name)
    body = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
  <rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel>
      <title>Dernière actu</title>
      <lastBuildDate>{rfc822(site.changed)}</lastBuildDate>
      <count>{len(site.posts)}</count>
      <description>{escape(site.group.description)}</description>
      <link>{site.at("/")}</link>
      <language>fr-FR</language>
      <copyright>Copyright (c) {site.now:%Y} {name}</copyright>
      <ttl>60</ttl>
      <image>
        <title>Dernière actu</title>
        <url>{site.at("/logo.png")}</url>
        <link>{site.at("/")}</link>
      </image>
    <atom:link href="{escape(site.at(_FORM))}" rel="self" type="application/rss+xml" />{items}
    </channel>
  </rss>"""
    return Answer(body.encode(), "text/xml; charset=UTF-8")


def _shown(post: Post) -> str:
    """An entry as YesWiki's form template shows it."""
    return (
        f'<div class="BAZ_cadre_fiche id2"><h1 class="BAZ_fiche_titre">{escape(post.title)}</h1>'
        f'<div class="BAZ_rubrique" ><div class="BAZ_texte">{to_html(post.body)}</div></div></div>'
    )


# DokuWiki


def _page_id(post: Post) -> str:
    return f"/doku.php?id=actus:{post.slug.replace('-', '_')}"


def _dokuwiki(site: Site, asked: Asked) -> Answer | None:
    if asked.path != "/feed.php":
        return None
    posts = site.posts[:15]
    order = "".join(
        f'\n                <rdf:li rdf:resource="{escape(site.at(_page_id(post)))}"/>'
        for post in posts
    )
    items = "".join(
        f"""
    <item rdf:about="{escape(site.at(_page_id(post)))}">
        <dc:format>text/html</dc:format>
        <dc:date>{post.updated.astimezone(PARIS).isoformat()}</dc:date>
        <dc:creator>{escape(post.author)}</dc:creator>
        <title>{escape(post.title)}</title>
        <link>{escape(site.at(_page_id(post)))}</link>
        <description>{escape(beginning(post.body, 500))}</description>
    </item>"""
        for post in posts
    )
    body = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- generator="FeedCreator 1.8" -->
<?xml-stylesheet href="{site.at("/lib/exe/css.php?s=feed")}" type="text/css"?>
<rdf:RDF
    xmlns="http://purl.org/rss/1.0/"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
    xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel rdf:about="{site.at("/feed.php")}">
        <title>{escape(site.group.name)}</title>
        <description>{escape(site.group.description)}</description>
        <link>{site.at("/")}</link>
        <image rdf:resource="{site.at("/logo.png")}" />
       <dc:date>{site.changed.astimezone(PARIS).isoformat()}</dc:date>
        <items>
            <rdf:Seq>{order}
            </rdf:Seq>
        </items>
    </channel>
    <image rdf:about="{site.at("/logo.png")}">
        <title>{escape(site.group.name)}</title>
        <link>{site.at("/")}</link>
        <url>{site.at("/logo.png")}</url>
    </image>{items}
</rdf:RDF>
"""
    return Answer(body.encode(), "text/xml; charset=utf-8", etag="strong", changed=site.changed)


def _yeswiki_head(site: Site) -> str:
    name = json.dumps(site.group.name, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script>var wiki = {{"baseUrl": "{site.at("/?")}", "name": {name}}};</script>'


MEDIAWIKI = Platform(
    respond=_mediawiki,
    link=_change,
    sources=(_CHANGES,),
    feeds=(Feed(_CHANGES, "application/atom+xml", "Flux Atom des modifications récentes"),),
    generator=_MEDIAWIKI,
    headers=lambda _site: {"Server": "Apache", "X-Content-Type-Options": "nosniff"},
    head=lambda site: (
        f'<link rel="EditURI" type="application/rsd+xml" href="{site.at("/api.php?action=rsd")}">'
    ),
)
YESWIKI = Platform(
    respond=_yeswiki,
    link=_fiche,
    sources=(_FORM,),
    feeds=(Feed(_FORM, "application/rss+xml", "Flux RSS des dernières actus"),),
    generator="YesWiki 4.5.3",
    headers=lambda _site: {"Server": "Apache"},
    head=_yeswiki_head,
)
DOKUWIKI = Platform(
    respond=_dokuwiki,
    link=_page_id,
    sources=("/feed.php",),
    feeds=(Feed("/feed.php", "application/rss+xml", "Derniers changements"),),
    generator="DokuWiki",
    headers=lambda _site: {"Server": "nginx", "X-UA-Compatible": "IE=edge,chrome=1"},
)
