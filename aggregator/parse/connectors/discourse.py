"""Discourse, a forum: RSS of topics per category and tag, and its pages' JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from aggregator.parse.assemble import Found, distinct, entry
from aggregator.parse.connecting import API, Connector, Endpoint, at_root
from aggregator.parse.entries import ParsedEntry, ParsedFeed
from aggregator.parse.values import JsonObject, below, each, text_of, words
from aggregator.parse.webpage import WebPage

_PART = re.compile(r"https?://[^/]+(/(?:c|t)/[\w%-]+(?:/[\w%-]+)*?/\d+|/tag/[\w%-]+)(?:[/?#]|\Z)")


def recognises(page: WebPage) -> bool:
    return page.generator.startswith("discourse") or "x-discourse-route" in page.headers


def endpoints(page: WebPage) -> Iterator[Endpoint]:
    part = _PART.match(page.url)
    if part:
        yield Endpoint(urljoin(page.url, part.group(1) + ".rss"))
    feed, api, posts = at_root(page, "/latest.rss", "/latest.json", "/posts.rss")
    yield Endpoint(feed)
    yield Endpoint(api, API)
    yield Endpoint(posts, is_comments=True)


def _topic(topic: JsonObject, url: str, names: dict[str, str]) -> ParsedEntry:
    link = urljoin(url, f"/t/{text_of(topic.get('slug')) or 'topic'}/{text_of(topic.get('id'))}")
    posters = each(topic.get("posters"))
    author = next((names.get(text_of(poster.get("user_id")), "") for poster in posters), "")
    return entry(
        Found(
            url,
            ids=[link],
            links=[link],
            titles=[text_of(topic.get("fancy_title")) or text_of(topic.get("title"))],
            summaries=[text_of(topic.get("excerpt"))],
            authors=[author],
            published=[text_of(topic.get("created_at"))],
            updated=[text_of(topic.get("last_posted_at")), text_of(topic.get("bumped_at"))],
            categories=words(topic.get("tags") or []),
            images=[text_of(topic.get("image_url"))],
            type="discussion",
        )
    )


def read(value: Any, url: str, now: datetime) -> ParsedFeed | None:
    topics = below(value, "topic_list", "topics")
    if not isinstance(topics, list):
        return None
    people = [user for user in each(below(value, "users")) if "id" in user]
    names = {
        text_of(user["id"]): text_of(user.get("name")) or text_of(user.get("username"))
        for user in people
    }
    shown = (topic for topic in each(topics) if topic.get("visible", True) and "id" in topic)
    return ParsedFeed(distinct(_topic(topic, url, names) for topic in shown), format="discourse")


CONNECTOR = Connector("discourse", recognises, endpoints, read)
