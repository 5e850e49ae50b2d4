"""From a home page to the feed behind it, in crawls and in previews."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.collect.discover import discover
from aggregator.errors import FetchError
from aggregator.store import suppressions
from aggregator.store.tables import Entry, HostDay


def home(*links: str, body: str = "") -> str:
    alternates = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{link}">' for link in links
    )
    return f"<!doctype html><html><head><title>Lilas</title>{alternates}</head><body>{body}</body>"


def test_a_group_known_by_its_home_page_is_crawled_from_the_feed_it_declares(
    session, a_source, a_site, crawled, rss, item
):
    site = a_site()
    feed = site.says("/flux.rss", rss(item(1)))
    source = a_source(url=site.says("/", home("/commentaires", "/flux.rss")), format="discover")
    site.says("/commentaires", rss(item(9, "Commentaire")))
    assert crawled().entries_new >= 1
    assert source.found_url in {feed, site.url("/commentaires")}
    assert source.state == "ok"
    site.asked.clear()
    crawled(all_=True)
    assert "/" not in site.paths()


def test_the_inventorys_guess_comes_before_ours(session, a_source, a_site, crawled, rss, item):
    site = a_site()
    hint = site.says("/actus/backend", rss(item(1)))
    source = a_source(url=site.says("/", home()), format="discover", hint=hint)
    crawled()
    assert source.found_url == hint
    assert "/feed/" not in site.paths()


def test_a_site_without_feed_is_told_and_asked_little(a_source, a_site, crawled, clock):
    site = a_site()
    source = a_source(url=site.says("/", home()), format="discover")
    crawled()
    assert (source.last_reason, source.state) == ("no_feed_found", "unfound")
    assert len(site.asked) <= 9
    site.asked.clear()
    clock.passes(hours=2)
    crawled()
    assert source.failures == 2
    assert source.next_crawl_at > clock.now + timedelta(hours=20)


def test_robots_are_obeyed_while_discovering(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/robots.txt", "User-agent: *\nDisallow: /flux")
    site.says("/flux", rss(item(1)))
    source = a_source(url=site.says("/", home("/flux")), format="discover")
    crawled()
    assert source.found_url is None
    assert "/flux" not in site.paths()


def test_a_declared_feed_behind_a_wall_is_told_as_blocked_and_not_as_missing(
    a_source, a_site, crawled
):
    site = a_site()
    site.says("/feed/", "<title>Just a moment...</title>", status=403)
    source = a_source(url=site.says("/", home("/feed/")), format="discover")
    crawled()
    assert (source.last_reason, source.state) == ("bot_wall", "blocked")
    assert "Cloudflare" in source.last_detail


def test_a_declared_feed_that_is_down_for_a_while_is_not_told_as_missing(a_source, a_site, crawled):
    site = a_site()
    site.says("/feed/", status=503)
    source = a_source(url=site.says("/", home("/feed/")), format="discover")
    crawled()
    assert (source.last_reason, source.state) == ("unavailable", "failing")


def test_a_page_on_a_closed_network_is_told_as_such_and_not_asked(session, a_source, crawled):
    source = a_source(url="https://www.facebook.com/lilas.a.velo", format="discover")
    crawled()
    assert (source.last_reason, source.state) == ("closed_network", "unfound")
    assert session.scalars(select(HostDay)).all() == []


def test_a_front_page_that_only_forwards_is_followed(a_source, a_site, crawled, rss, item):
    site = a_site()
    feed = site.says("/accueil/flux", rss(item(1)))
    site.says("/accueil/", home("/accueil/flux"))
    front = '<html><head><meta http-equiv="Refresh" content="0; URL=accueil/"></head></html>'
    source = a_source(url=site.says("/", front), format="discover")
    crawled()
    assert (source.found_url, source.state) == (feed, "ok")


@pytest.mark.parametrize("target", ["/", "/absent", "javascript:alert(1)", "http://[", ""])
def test_a_front_page_that_forwards_nowhere_is_the_page(settings, now, a_site, rss, item, target):
    site = a_site()
    feed = site.says("/flux", rss(item(1)))
    refresh = f'<meta http-equiv="refresh" content="0;url={target}">'
    found = discovered(settings, now, site.says("/", refresh + home("/flux")))
    assert found.best is not None
    assert found.best.candidate.url == feed


def test_a_feed_that_ended_while_the_site_offers_another_is_proposed(
    session, a_group, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    group = a_group("lilas", home=site.says("/", home("/nouveau")))
    source = a_source(url=site.says("/flux", rss(item(1))), group=group)
    crawled()
    site.says("/flux", status=404)
    new = site.says("/nouveau", rss(item(1), item(2)))
    crawled(all_=True)
    assert (source.state, source.proposals) == ("failing", [])
    clock.passes(days=1)
    crawled(all_=True)
    assert source.state == "replaced"
    assert [one["url"] for one in source.proposals] == [new]
    assert source.url != new
    site.says("/flux", rss(item(1)))
    clock.passes(days=2)
    crawled(all_=True)
    assert (source.state, source.proposals) == ("ok", [])


def test_what_left_is_not_brought_back_by_discovery(
    session, a_source, a_site, crawled, rss, item, now
):
    site = a_site()
    feed = site.says("/flux", rss(item(1)))
    suppressions.suppress(session, [feed], now=now)
    source = a_source(url=site.says("/", home("/flux")), format="discover")
    crawled()
    assert source.found_url is None
    assert session.scalars(select(Entry)).all() == []


def discovered(settings, now, url, **options):
    return asyncio.run(discover(url, settings=settings, now=now, **options))


def test_an_address_that_is_itself_a_feed_is_taken_as_it_is(settings, now, a_site, rss, item):
    found = discovered(settings, now, a_site().says("/flux", rss(item(1))))
    assert found.best is not None
    assert found.best.feed.title == "Les Lilas à vélo"


def test_each_candidate_says_what_came_of_it(settings, now, a_site, rss, item):
    site = a_site()
    site.says("/bon", rss(item(1)))
    site.says("/vide", rss())
    url = site.says("/", home("/mort", "/vide", "/bon"))
    found = discovered(settings, now, url)
    outcomes = {tried.candidate.url.rpartition("/")[2]: tried.outcome for tried in found.tried}
    assert outcomes == {"mort": "not_found", "vide": "empty", "bon": "feed"}
    assert found.best.candidate.url == site.url("/bon")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, "", "not_found"),
        (403, "<title>Just a moment...</title>", "bot_wall"),
        (503, "Maintenance", "unavailable"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(settings, now, a_site, status, body, reason):
    with pytest.raises(FetchError) as told:
        discovered(settings, now, a_site().says("/", body, status=status))
    assert told.value.reason == reason
