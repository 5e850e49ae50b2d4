"""OpenAgenda: `events.v2.json` with every time of every event, and the same as a calendar."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

from aggregator.demo.sites.ics import calendar, event_lines
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Event, Post
from aggregator.demo.wire import ICS, Answer, Asked, beginning, json_answer, rfc3339, to_html

_STEPS = {"FREQ=WEEKLY": timedelta(weeks=1), "FREQ=MONTHLY": timedelta(weeks=4)}
_TIMES = 8


def _number(slug: str) -> int:
    return 10_000_000 + crc32(slug.encode()) % 80_000_000


def _link(slug: str, post: Post) -> str:
    return f"/agendas/{_number(slug)}/events/{post.slug}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    start = f"/agendas/{_number(site.group.slug)}/events.v2"
    events = [(post, post.event) for post in site.posts if post.event]
    if asked.path == f"{start}.json":
        size = asked.number("size", 20, most=300)
        page = [_event(site, post, event) for post, event in events[:size]]
        return json_answer({"total": len(events), "events": page, "after": None, "success": True})
    if asked.path == f"{start}.ics":
        lines = [
            event_lines(
                post,
                event,
                uid=f"{_number(post.slug)}@openagenda",
                url=site.at(_link(site.group.slug, post)),
            )
            for post, event in events
        ]
        return Answer(calendar(site, "-//OpenAgenda//v2//FR", lines).encode(), ICS)
    return None


def _timings(event: Event) -> list[dict[str, str]]:
    """OpenAgenda knows no rules: an event that repeats has many times."""
    step = _STEPS.get((event.repeats or "").partition(";")[0])
    return [
        {
            "begin": (event.starts + turn * (step or timedelta())).isoformat(),
            "end": (event.ends + turn * (step or timedelta())).isoformat(),
        }
        for turn in range(_TIMES if step else 1)
    ]


def _event(site: Site, post: Post, event: Event) -> dict[str, object]:
    name, _, town = event.place.rpartition(", ")
    timings = _timings(event)
    return {
        "uid": _number(post.slug),
        "slug": post.slug,
        "title": {post.language: post.title},
        "description": {post.language: beginning(post.body, 200)},
        "longDescription": {post.language: to_html(post.body)},
        "keywords": {post.language: list(post.tags)},
        "location": {"uid": _number(event.place), "name": name, "address": name, "city": town},
        "timings": timings,
        "firstTiming": timings[0],
        "nextTiming": timings[0],
        "lastTiming": timings[-1],
        "timezone": "Europe/Paris",
        "image": {"base": site.at("/image/"), "filename": f"{post.number}.png"},
        "originAgenda": {"uid": _number(site.group.slug), "title": site.group.name},
        "canonicalUrl": site.at(_link(site.group.slug, post)),
        "createdAt": rfc3339(post.published),
        "updatedAt": rfc3339(post.updated),
    }


def openagenda(slug: str) -> Platform:
    """One agenda; its addresses carry its number."""
    start = f"/agendas/{_number(slug)}/events.v2"
    coming = "?relative[]=current&relative[]=upcoming"
    return Platform(
        respond=_respond,
        link=lambda post: _link(slug, post),
        sources=(f"{start}.json{coming}&size=100",),
        feeds=(Feed(f"{start}.ics{coming}", "text/calendar", "Calendrier"),),
        headers=lambda _site: {"Server": "nginx", "X-Powered-By": "Express"},
        head=lambda site: f'<meta name="agenda-uid" content="{_number(site.group.slug)}">',
    )
