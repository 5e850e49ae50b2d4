"""The pages of a group that people read: home, list, text, and the page that is not there.

Small, honest HTML, the same for all platforms but for the marks each leaves in the head.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable
from zlib import crc32

from aggregator.demo.sites.site import Platform, Site
from aggregator.demo.timeline import PARIS, Event, Post
from aggregator.demo.wire import Answer, beginning, escape, rfc3339, text_answer, to_html

_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def day(post: Post) -> str:
    """The day of publication as a French reader writes it."""
    moment = post.published.astimezone(PARIS)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def occasion(event: Event) -> str:
    """When and where, in one French sentence without a point."""
    starts = event.starts.astimezone(PARIS)
    clock = f"{starts.hour} h {starts.minute:02d}" if starts.minute else f"{starts.hour} h"
    return f"Le {starts.day} {_MONTHS[starts.month - 1]} {starts.year} à {clock}, {event.place}"


def colour(slug: str, lightness: float = 0.32) -> str:
    """A group's own colour, dark enough to write in: `#3a1c5e`."""
    hue = crc32(slug.encode()) % 360 / 360
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.55)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def home(site: Site, platform: Platform) -> Answer:
    """The home page: who we are, latest texts, how to follow and reach us."""
    group = site.group
    feeds = "".join(
        f'<li><a href="{escape(feed.path)}">{escape(feed.title)}</a></li>'
        for feed in platform.feeds
    )
    follow = f"<section><h2>Nous suivre</h2><ul>{feeds}</ul></section>" if feeds else ""
    contact = group.about.get("contact", f"bonjour@{group.slug}.example")
    body = (
        f"<p class=lead>{escape(group.description)}</p>"
        f"<section><h2>Actualités</h2>{teasers(site.posts[:8], platform)}</section>{follow}"
        f"<section id=contact><h2>Nous écrire</h2><p>{escape(contact)}</p></section>"
    )
    return page(site, platform, group.name, body, description=group.description)


def listing(site: Site, platform: Platform, title: str = "Toutes les actualités") -> Answer:
    """All texts of the group, newest first."""
    return page(site, platform, title, teasers(site.posts, platform))


def picture(site: Site, post: Post) -> str:
    """The absolute address of a text's picture; empty for the two texts in three without one."""
    return site.at(f"/image/{post.number}.png") if post.number % 3 == 1 else ""


def figure(site: Site, post: Post) -> str:
    """The picture as platforms put it above the words; empty where there is none."""
    address = picture(site, post)
    alternative = "Composition de disques colorés"
    if not address:
        return ""
    return f'<figure><img src="{address}" alt="{alternative}" width="640" height="360"></figure>\n'


def article(site: Site, platform: Platform, post: Post) -> Answer:
    """One text with its day, author, words and, for an event, when and where."""
    when = f"<p><strong>{escape(occasion(post.event))}</strong></p>" if post.event else ""
    tags = ", ".join(f'<span class="tag">{escape(tag)}</span>' for tag in post.tags)
    direction = ' dir="rtl"' if post.language == "ar" else ""
    body = (
        f'<article lang="{post.language}"{direction}>'
        f'<h1 class="entry-title">{escape(post.title)}</h1>'
        f'<p class=meta lang=fr dir=ltr><time datetime="{rfc3339(post.published)}">'
        f"{day(post)}</time>, "
        f'par <span class="author">{escape(post.author)}</span></p>'
        f'{when}<div class="entry-content">{figure(site, post)}{to_html(post.body)}</div>'
        f"<p class=tags>{tags}</p></article>"
    )
    return page(
        site,
        platform,
        f"{post.title} – {site.group.name}",
        body,
        description=beginning(post.body, 160),
        heading=False,
        canonical=site.at(platform.link(post)),
        image=picture(site, post),
        extra=(
            '<meta property="og:type" content="article">'
            f'<meta property="og:title" content="{escape(post.title)}">'
            f'<meta property="article:published_time" content="{rfc3339(post.published)}">'
            f"{_schema(post)}"
        ),
    )


def _schema(post: Post) -> str:
    """An event said once more for machines (schema.org Event); empty for other texts."""
    if not post.event:
        return ""
    said = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": post.title,
        "startDate": post.event.starts.isoformat(),
        "endDate": post.event.ends.isoformat(),
        "location": {"@type": "Place", "name": post.event.place},
        "description": beginning(post.body, 200),
    }
    # A title could end the element otherwise.
    text = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def missing(site: Site, platform: Platform) -> Answer:
    """404, in a sentence."""
    answer = page(
        site, platform, "Page introuvable", "<p>Cette page n’existe pas, ou plus, sur ce site.</p>"
    )
    return Answer(answer.body, answer.type, 404)


def teasers(posts: Iterable[Post], platform: Platform) -> str:
    """Posts as the list that semantic HTML asks for."""
    return "".join(
        f'<article class="teaser"><h3><a href="{escape(platform.link(post))}">'
        f'{escape(post.title)}</a></h3><p class=meta><time datetime="{rfc3339(post.published)}">'
        f"{day(post)}</time></p><p>{escape(beginning(post.body, 180))}</p></article>"
        for post in posts
    )


def page(
    site: Site,
    platform: Platform,
    title: str,
    body: str,
    *,
    description: str = "",
    heading: bool = True,
    canonical: str | None = None,
    image: str = "",
    extra: str = "",
) -> Answer:
    """A whole page around a body."""
    group = site.group
    links = "".join(
        f'<link rel="alternate" type="{feed.type.partition(";")[0]}" '
        f'title="{escape(group.name)} » {escape(feed.title)}" href="{escape(site.at(feed.path))}">'
        for feed in platform.feeds
    )
    generator = platform.generator
    mark = f'<meta name="generator" content="{escape(generator)}">' if generator else ""
    canon = f'<link rel="canonical" href="{escape(canonical)}">' if canonical else ""
    html = f"""<!DOCTYPE html>
<html lang="{group.language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{escape(description or group.description)}">
<meta property="og:site_name" content="{escape(group.name)}">
<meta property="og:image" content="{image or site.at("/logo.png")}">
<link rel="icon" type="image/png" href="/logo.png">{canon}{extra}
{links}{mark}{platform.head(site)}
<style>body{{font:1.05rem/1.55 Georgia,serif;max-width:44rem;margin:0 auto;padding:1rem}}
header a{{color:{colour(group.slug)};font-size:1.5rem;font-weight:bold;text-decoration:none}}
a{{color:{colour(group.slug)}}}img{{max-width:100%;height:auto}}.meta,.tags,footer{{color:#555;font-size:.9rem}}</style></head>
<body><header><a href="/">{escape(group.name)}</a>
<nav><a href="/">Accueil</a> · <a href="/#contact">Nous écrire</a></nav></header>
<main>{f"<h1>{escape(title)}</h1>" if heading else ""}{body}</main>
<footer><p>{escape(group.name)}, groupe imaginaire du village de démonstration
de Fil commun. {site.proof}</p></footer>
</body></html>"""
    return text_answer(html)
