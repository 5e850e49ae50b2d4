"""Decidim: proposals over GraphQL, meetings as a calendar, open data as a zip.

The GraphQL is as much as a reader of public proposals needs: it looks for the names of the
fields in the query and does not understand variables or fragments.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile

from aggregator.demo.sites.ics import calendar, event_lines
from aggregator.demo.sites.site import Feed, Platform, Site
from aggregator.demo.timeline import Post
from aggregator.demo.wire import (
    ICS,
    Answer,
    Asked,
    escape,
    json_answer,
    rfc822,
    rfc3339,
    to_html,
    to_text,
)

_VERSION = "0.30.3"
_PROCESS = "/processes/budget-participatif"
_BLOG = f"{_PROCESS}/f/3/posts.rss"


def _link(post: Post) -> str:
    component = "f/2/meetings" if post.event else "f/1/proposals"
    return f"{_PROCESS}/{component}/{post.number}"


def _respond(site: Site, asked: Asked) -> Answer | None:
    match asked.path:
        case "/api" if asked.method == "POST":
            return _graphql(site, asked)
        case "/meetings/calendar":
            return _meetings(site)
        case "/open-data/download":
            return _open_data(site)
        case path if path == _BLOG:
            return _rss(site)
        case _:
            return None


def _graphql(site: Site, asked: Asked) -> Answer:
    try:
        query = str(json.loads(asked.body)["query"])
    except (ValueError, KeyError, TypeError):
        return json_answer({"errors": [{"message": "No query string was present"}]})
    found: dict[str, object] = {}
    if "version" in query:
        found["decidim"] = {"version": _VERSION, "applicationName": site.group.name}
    if "participatoryProcesses" in query:
        proposals = [_proposal(post) for post in site.posts if not post.event]
        found["participatoryProcesses"] = [
            {
                "id": "1",
                "slug": "budget-participatif",
                "title": {"translation": "Budget participatif"},
                "components": [{"id": "1", "proposals": {"nodes": proposals}}],
            }
        ]
    return json_answer({"data": found})


def _proposal(post: Post) -> dict[str, object]:
    return {
        "id": str(post.number),
        "title": {"translation": post.title},
        "body": {"translation": to_text(post.body)},
        "publishedAt": rfc3339(post.published),
        "updatedAt": rfc3339(post.updated),
        "voteCount": post.number * 13 % 140,
        "state": "accepted" if post.number % 3 == 0 else None,
    }


def _meetings(site: Site) -> Answer:
    lines = [
        event_lines(
            post,
            post.event,
            uid=f"decidim-meeting-{post.number}",
            url=site.at(_link(post)),
            utc=True,
        )
        for post in site.posts
        if post.event
    ]
    text = calendar(site, "icalendar-ruby", lines, zone=False)
    return Answer(text.encode(), ICS, etag="weak")


def _open_data(site: Site) -> Answer:
    table = io.StringIO()
    rows = csv.writer(table, delimiter=";")
    rows.writerow(["id", "title/fr", "body/fr", "published_at", "url"])
    for post in site.posts:
        row = [post.number, post.title, to_text(post.body), rfc3339(post.published)]
        rows.writerow([*row, site.at(_link(post))])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("proposals.csv"), table.getvalue())
    return Answer(file.getvalue(), "application/zip", etag="weak")


def _rss(site: Site) -> Answer:
    items = "".join(
        f"    <item>\n      <title>{escape(post.title)}</title>\n"
        f"      <description>{escape(to_html(post.body))}</description>\n"
        f"      <pubDate>{rfc822(post.published)}</pubDate>\n"
        f"      <link>{site.at(_link(post))}</link>\n"
        f"      <guid>{site.at(_link(post))}</guid>\n    </item>\n"
        for post in [post for post in site.posts if not post.event][:20]
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n  <channel>\n'
        f"    <title>{escape(site.group.name)} - Nouvelles</title>\n"
        f"    <description>{escape(site.group.description)}</description>\n"
        f"    <link>{site.at(_PROCESS)}</link>\n    <language>fr</language>\n{items}"
        "  </channel>\n</rss>\n"
    )
    return Answer(body.encode(), "application/rss+xml; charset=utf-8", etag="weak")


PLATFORM = Platform(
    respond=_respond,
    link=_link,
    sources=(_BLOG, "/meetings/calendar"),
    feeds=(
        Feed(_BLOG, "application/rss+xml", "Nouvelles du budget participatif"),
        Feed("/meetings/calendar", "text/calendar", "Rencontres"),
    ),
    generator=f"Decidim {_VERSION}",
    headers=lambda _site: {
        "Server": "nginx",
        "Cache-Control": "max-age=0, private, must-revalidate",
        "X-Request-Id": "village",
    },
)
