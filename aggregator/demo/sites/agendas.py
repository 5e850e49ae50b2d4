"""Agendas: Mobilizon (Atom and ICS), Gancio (RSS, ICS, JSON), a bare shared calendar."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from aggregator.demo.sites.ics import calendar, event_lines
from aggregator.demo.sites.nodeinfo import nodeinfo
from aggregator.demo.sites.pages import occasion
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Event, Post
from aggregator.demo.wire import (
    ATOM,
    ICS,
    RSS,
    Answer,
    Asked,
    cdata,
    escape,
    json_answer,
    rfc822,
    rfc3339,
    to_html,
)

_ICAL_FILE = "/remote.php/dav/public-calendars/agenda?export"


def _events(site: Site) -> list[tuple[Post, Event]]:
    return [(post, post.event) for post in site.posts if post.event]


# Mobilizon


def _uuid(post: Post) -> str:
    return str(uuid5(NAMESPACE_URL, f"{post.number} {post.slug}"))


def _mobilizon_link(post: Post) -> str:
    return f"/{'events' if post.event else 'p'}/{_uuid(post)}"


def _mobilizon(site: Site, asked: Asked) -> Answer | None:
    group = f"/@{site.group.slug.replace('-', '_')}"
    match asked.path:
        case path if path == f"{group}/feed/atom":
            return _mobilizon_atom(site, group)
        case path if path == f"{group}/feed/ics":
            return _mobilizon_ics(site)
        case _:
            return nodeinfo(
                site,
                asked,
                software="mobilizon",
                release="5.1.2",
                path="/.well-known/nodeinfo/2.1",
                schema="2.1",
            )


def _mobilizon_atom(site: Site, group: str) -> Answer:
    entries = "".join(
        f"""  <entry>
    <id>{site.at(_mobilizon_link(post))}</id>
    <title>{escape(post.title)}</title>
    <updated>{rfc3339(post.published)}</updated>
    <link href="{site.at(_mobilizon_link(post))}" rel="alternate" type="text/html"/>
    <content type="html">{cdata(to_html(post.body))}</content>
    <published>{rfc3339(post.published)}</published>
{"".join(f'    <category term="{escape(tag)}" label="{escape(tag)}"/>' for tag in post.tags)}
  </entry>
"""
        for post in site.posts
    )
    name = escape(site.group.name)
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <author><uri>{site.at(group)}</uri><name>{name}</name></author>
  <link href="{site.at(f"{group}/feed/atom")}" rel="self"/>
  <link href="{site.at(group)}" rel="alternate"/>
  <generator uri="https://joinmobilizon.org" version="5.1.2">Mobilizon</generator>
  <id>{site.at(f"{group}/feed/atom")}</id>
  <title>Flux public de {name} sur Mobilizon</title>
  <updated>{rfc3339(site.changed)}</updated>
{entries}</feed>
"""
    return Answer(body.encode(), ATOM)


def _mobilizon_ics(site: Site) -> Answer:
    lines = [
        event_lines(post, event, uid=_uuid(post), url=site.at(_mobilizon_link(post)))
        for post, event in _events(site)
    ]
    text = calendar(site, "-//framasoft//Mobilizon 5.1.2//EN", lines)
    return Answer(text.encode(), ICS)


# Gancio


def _gancio_link(post: Post) -> str:
    return f"/event/{post.slug}"


def _gancio(site: Site, asked: Asked) -> Answer | None:
    match asked.path:
        case "/feed/rss":
            return _gancio_rss(site)
        case "/feed/ics":
            lines = [
                event_lines(
                    post,
                    event,
                    uid=f"{post.number}@{site.base.removeprefix('http://')}",
                    url=site.at(_gancio_link(post)),
                    utc=True,
                )
                for post, event in _events(site)
            ]
            text = calendar(site, "adamgibbons/ics", lines, zone=False)
            return Answer(text.encode(), ICS, etag="weak")
        case "/api/events":
            return json_answer([_gancio_event(post, event) for post, event in _events(site)])
        case _:
            return None


def _gancio_event(post: Post, event: Event) -> dict[str, object]:
    name, _, address = event.place.partition(", ")
    return {
        "id": post.number,
        "title": post.title,
        "slug": post.slug,
        "multidate": False,
        "start_datetime": int(event.starts.timestamp()),
        "end_datetime": int(event.ends.timestamp()),
        "media": [],
        "is_visible": True,
        "description": to_html(post.body),
        "tags": list(post.tags),
        "place": {"name": name, "address": address or name},
    }


def _gancio_rss(site: Site) -> Answer:
    items = "".join(
        f"<item><title>{escape(f'{post.title} @ {event.place}')}</title>"
        f"<link>{site.at(_gancio_link(post))}</link>"
        f"<description>{cdata(f'<h4>{occasion(event)}</h4>{to_html(post.body)}')}</description>"
        f"<pubDate>{rfc822(post.published)}</pubDate>"
        f'<guid isPermaLink="false">{site.at(_gancio_link(post))}</guid></item>'
        for post, event in _events(site)[:20]
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?><rss version="2.0" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{escape(site.group.name)}</title><link>{site.base}</link>"
        f'<atom:link href="{site.at("/feed/rss")}" rel="self" type="application/rss+xml" />'
        f"<description>{escape(site.group.description)}</description><language>fr</language>"
        f"<generator>Gancio 1.19.4</generator>{items}</channel></rss>"
    )
    return Answer(body.encode(), RSS, etag="weak")


# A shared calendar, as Nextcloud publishes it


def _calendar_link(post: Post) -> str:
    return f"/agenda/{post.slug}"


def _calendar(site: Site, asked: Asked) -> Answer | None:
    if asked.path != "/remote.php/dav/public-calendars/agenda":
        return None
    lines = [
        event_lines(
            post,
            event,
            uid=str(uuid5(NAMESPACE_URL, post.slug)).upper(),
            url=site.at(_calendar_link(post)),
        )
        for post, event in _events(site)
    ]
    text = calendar(site, "-//SabreDAV//SabreDAV//EN", lines)
    disposition = 'attachment; filename="agenda.ics"'
    return Answer(
        text.encode(),
        ICS,
        headers={"Content-Disposition": disposition},
        etag="strong",
        changed=site.changed,
    )


def _gancio_feeds() -> tuple[Feed, ...]:
    return (Feed("/feed/rss", RSS, "Agenda"), Feed("/feed/ics", "text/calendar", "Calendrier"))


def mobilizon(slug: str) -> Platform:
    """Mobilizon names its addresses after the group."""
    group = f"/@{slug.replace('-', '_')}"
    return Platform(
        respond=_mobilizon,
        link=_mobilizon_link,
        sources=(f"{group}/feed/atom", f"{group}/feed/ics"),
        feeds=(
            Feed(f"{group}/feed/atom", "application/atom+xml", "Événements et billets"),
            Feed(f"{group}/feed/ics", "text/calendar", "Calendrier"),
        ),
        generator="Mobilizon",
        headers=lambda _site: {"Server": "Cowboy", "Cache-Control": "max-age=0, private"},
        home=group,
    )


GANCIO = Platform(
    respond=_gancio,
    link=_gancio_link,
    sources=("/feed/ics",),
    feeds=_gancio_feeds(),
    generator="Gancio 1.19.4",
    headers=lambda _site: {"X-Powered-By": "Express"},
)
CALENDAR = Platform(
    respond=_calendar,
    link=_calendar_link,
    sources=(_ICAL_FILE,),
    feeds=(Feed(_ICAL_FILE, "text/calendar", "Notre agenda"),),
    headers=lambda _site: {"Server": "Apache", "DAV": "1, 3, extended-mkcol, calendar-access"},
)
