"""Rounds over real sites on loopback: what is fetched, what is kept, who is left in peace."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from time import sleep

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.collect.crawl import Round
from aggregator.store import sources
from aggregator.store.tables import Crawl, Entry, Host, HostDay, Source

Make = Callable[..., Source]


def titles(session: Session) -> list[str]:
    return list(session.scalars(select(Entry.title).order_by(Entry.id)))


def test_a_due_source_brings_its_entries(session, a_source, a_site, crawled, rss, item, now):
    site = a_site()
    source = a_source(url=site.says("/flux", rss(item(1), item(2))))
    done = crawled()
    assert (done.sources, done.fetched, done.entries_new) == (1, 1, 2)
    assert titles(session) == ["Vélorution numéro 2", "Vélorution numéro 1"]
    assert source.title == "Les Lilas à vélo"
    assert source.state == "ok"
    assert source.last_ok_at == now
    assert source.next_crawl_at > now
    assert source.claimed_until is None


def test_a_source_that_is_not_due_is_left_in_peace(a_source, a_site, crawled, rss, item, now):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1))), next_crawl_at=now + timedelta(hours=1))
    assert crawled().sources == 0
    assert site.asked == []
    assert crawled(all_=True).fetched == 1


def test_only_the_named_source_is_crawled_due_or_not(a_source, a_site, crawled, rss, item, now):
    site = a_site()
    a_source("un", url=site.says("/un", rss(item(1))))
    a_source("deux", url=site.says("/deux", rss(item(1))), next_crawl_at=now + timedelta(1))
    assert crawled(only="deux").sources == 1
    assert "/un" not in site.paths()


def test_groups_that_left_and_paused_sources_are_not_crawled(
    a_group, a_source, a_site, crawled, rss, item, now
):
    site = a_site()
    url = site.says("/flux", rss(item(1)))
    a_source("un", url=url, group=a_group("parti", status="withdrawn"))
    a_source("deux", url=url, paused_at=now)
    assert crawled(all_=True).sources == 0


def test_validators_come_back_byte_for_byte_and_spare_the_body(
    session, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    etag, modified = 'W/"a b-é;1"', "Tue, 24 Nov 2026 07:00:00 GMT"
    raw = etag.encode().decode("latin-1")  # the wire carries bytes; the server writes latin-1
    source = a_source(url=site.says("/flux", rss(item(1)), ETag=raw, Last_Modified=modified))
    crawled()
    assert source.etag == etag
    site.pages["/flux"].headers.pop("ETag")
    site.says("/flux", status=304)
    clock.passes(days=1)
    assert crawled(all_=True).not_modified == 1
    asked = site.asked[-1].headers
    assert asked["If-None-Match"] == raw
    assert asked["If-Modified-Since"] == modified
    assert source.etag == etag
    assert source.not_modified == 1


def test_the_same_body_without_validators_is_not_parsed_again(
    session, a_source, a_site, crawled, rss, item
):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1))))
    crawled()
    assert crawled(all_=True).as_json()["not_modified"] == 1


def test_once_a_week_the_body_is_read_whatever_the_validators_say(
    session, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1)), ETag='"toujours"'))
    crawled()
    site.says("/flux", rss(item(2), item(1)), ETag='"toujours"')
    clock.passes(days=3)
    assert crawled(all_=True).not_modified == 1
    clock.passes(days=5)
    assert crawled(all_=True).entries_new == 1


def test_a_new_etag_each_time_makes_no_duplicates(session, a_source, a_site, crawled, rss, item):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1)), ETag='"1"'))
    crawled()
    site.says("/flux", rss(item(1)), ETag='"2"')
    assert crawled(all_=True).entries_new == 0
    assert len(titles(session)) == 1


def test_an_edited_entry_keeps_its_earlier_version(session, a_source, a_site, crawled, rss, item):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1, "Réunion mardi"))))
    crawled()
    session.scalars(select(Entry)).one().indexed_at = session.scalars(select(Crawl.at)).one()
    site.says("/flux", rss(item(1, "Réunion mercredi")))
    assert crawled(all_=True).entries_updated == 1
    entry = session.scalars(select(Entry)).one()
    assert entry.title == "Réunion mercredi"
    assert [version.title for version in entry.versions] == ["Réunion mardi"]
    assert entry.indexed_at is None


def test_gzip_is_undone(session, a_source, a_site, crawled, rss, item):
    site = a_site()
    a_source(url=site.says("/flux", gzip.compress(rss(item(1)).encode()), Content_Encoding="gzip"))
    assert crawled().entries_new == 1


def test_robots_txt_is_asked_once_a_day_and_obeyed(
    session, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    site.says("/robots.txt", "User-agent: FilCommun\nDisallow: /prive\n")
    source = a_source("prive", url=site.says("/prive/flux", rss(item(1))))
    a_source("public", url=site.says("/flux", rss(item(1))))
    assert crawled().fetched == 1
    assert source.last_reason == "robots"
    assert source.state == "refused"
    assert "/prive/flux" not in site.paths()
    crawled(all_=True)
    assert site.paths().count("/robots.txt") == 1
    clock.passes(hours=25)
    crawled(all_=True)
    assert site.paths().count("/robots.txt") == 2
    assert session.scalars(select(Host)).one().robots_state == "partly"


def test_of_an_endless_robots_txt_the_beginning_holds(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/robots.txt", "User-agent: *\nDisallow: /prive\n" + "# rien\n" * 200_000)
    source = a_source("un", url=site.says("/prive/flux", rss(item(1))))
    other = a_source("autre", url=site.says("/flux", rss(item(1))))
    crawled()
    assert (source.last_reason, other.last_reason) == ("robots", None)


def test_a_robots_txt_that_leads_in_circles_forbids_nothing(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/robots.txt", status=301, Location="/robots.txt")
    source = a_source(url=site.says("/flux", rss(item(1))))
    crawled()
    assert source.state == "ok"


def test_a_failing_robots_txt_keeps_us_out_for_now(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/robots.txt", status=500)
    source = a_source(url=site.says("/flux", rss(item(1))))
    crawled()
    assert source.last_reason == "robots_unreachable"
    assert source.state == "failing"
    assert "/flux" not in site.paths()


def test_a_reservation_against_mining_is_obeyed_unless_the_group_takes_part(
    a_group, a_source, a_site, crawled, rss, item
):
    site = a_site()
    site.says("/.well-known/tdmrep.json", '[{"location": "/", "tdm-reservation": 1}]')
    url = site.says("/flux", rss(item(1)))
    reserved = a_source("reserve", url=url)
    ours = a_source("membre", url=url, group=a_group("membre", status="participating"))
    crawled()
    assert reserved.last_reason == "tdm_reserved"
    assert ours.last_reason is None


def test_a_host_is_asked_one_request_at_a_time(a_source, a_site, crawled, rss, item):
    site = a_site()
    running, most = [0], [0]

    def slow(asked: object) -> object:
        running[0] += 1
        most[0] = max(most[0], running[0])
        sleep(0.02)
        running[0] -= 1
        return site.pages["/modele"]

    site.says("/modele", rss(item(1)))
    for number in range(6):
        site.pages[f"/flux{number}"] = slow
        a_source(f"s{number}", url=site.url(f"/flux{number}"))
    assert crawled().fetched == 6
    times = [asked.at for asked in site.asked if asked.path.startswith("/flux")]
    assert most[0] == 1
    assert all(later - earlier >= 0.02 for earlier, later in pairwise(times))


def test_a_crawl_delay_is_kept(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/robots.txt", "User-agent: *\nCrawl-delay: 0.4\n")
    for number in range(3):
        a_source(f"s{number}", url=site.says(f"/flux{number}", rss(item(1))))
    crawled()
    times = [asked.at for asked in site.asked if asked.path.startswith("/flux")]
    assert times[1] - times[0] >= 0.39
    assert times[2] - times[1] >= 0.39


def test_a_permanent_redirect_counts_after_seven_consistent_days(
    a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    old, new = site.url("/ancien"), site.says("/nouveau", rss(item(1)))
    site.says("/ancien", status=301, Location="/nouveau")
    source = a_source(url=old)
    crawled()
    assert (source.url, source.moved_to, source.state) == (old, new, "moving")
    clock.passes(days=6)
    crawled(all_=True)
    assert source.url == old
    clock.passes(days=1)
    crawled(all_=True)
    assert (source.url, source.moved_to) == (new, None)
    assert "url" in source.edited_fields


def test_a_temporary_redirect_moves_nothing(a_source, a_site, crawled, rss, item):
    site = a_site()
    site.says("/nouveau", rss(item(1)))
    source = a_source(url=site.says("/ancien", status=302, Location="/nouveau"))
    assert crawled().fetched == 1
    assert source.moved_to is None


def test_a_move_that_changes_its_mind_starts_again(a_source, a_site, crawled, rss, item, clock):
    site = a_site()
    site.says("/a", rss(item(1)))
    site.says("/b", rss(item(1)))
    source = a_source(url=site.says("/x", status=308, Location="/a"))
    crawled()
    site.says("/x", status=308, Location="/b")
    clock.passes(days=8)
    crawled(all_=True)
    assert source.moved_to == site.url("/b")
    assert source.moved_since == clock.now


def test_retry_after_holds_for_the_whole_host(session, a_source, a_site, crawled, rss, item, clock):
    site = a_site()
    first = a_source("un", url=site.says("/un", status=429, Retry_After="3600"))
    second = a_source("deux", url=site.says("/deux", rss(item(1))))
    crawled()
    assert first.last_reason == "rate_limited"
    assert second.last_reason is None
    assert "/deux" not in site.paths()
    assert second.next_crawl_at >= clock.now + timedelta(hours=1)
    clock.passes(minutes=30)
    assert crawled(all_=True).sources == 0
    clock.passes(minutes=31)
    assert crawled(only="deux").fetched == 1


def test_gone_is_asked_again_only_after_a_week(a_source, a_site, crawled, clock):
    source = a_source(url=a_site().says("/flux", status=410))
    crawled()
    assert (source.last_reason, source.state) == ("gone", "gone")
    assert source.next_crawl_at == clock.now + timedelta(days=7)


def test_errors_double_the_wait_and_never_end_it(a_source, a_site, crawled, clock):
    source = a_source(url=a_site().says("/flux", status=500))
    waits = []
    for _ in range(12):
        crawled(all_=True)
        waits.append((source.next_crawl_at - clock.now) / timedelta(hours=1))
        clock.passes(days=8)
    assert 0.9 <= waits[0] <= 1.1
    assert 1.8 <= waits[1] <= 2.2
    assert 0.9 * 168 <= waits[-1] <= 1.1 * 168
    assert source.state == "broken"


def test_html_in_place_of_the_feed_is_named(a_source, a_site, crawled):
    page = "<!doctype html><html><head><title>Accueil</title></head><body>Bonjour</body></html>"
    source = a_source(url=a_site().says("/flux", page, Content_Type="text/html"))
    crawled()
    assert (source.last_reason, source.state) == ("html", "html")


def test_a_bot_wall_is_named(a_source, a_site, crawled):
    page = "<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>"
    source = a_source(url=a_site().says("/flux", page, status=403, cf_mitigated="challenge"))
    crawled()
    assert (source.last_reason, source.state) == ("bot_wall", "blocked")
    assert "Cloudflare" in source.last_detail


def test_one_broken_source_hurts_no_other(a_source, a_site, crawled, rss, item):
    site, other = a_site(), a_site()
    a_source("lent", url=site.says("/lent", seconds=3))
    a_source("vide", url=a_site().says("/vide", ""))
    a_source("faux", url="ceci n’est pas une adresse")
    a_source("mort", url="http://127.9.250.1:9/flux")
    a_source("fichier", url=a_site().says("/x", status=302, Location="file:///etc/passwd"))
    a_source("boucle", url=(loop := a_site()).says("/b", status=302, Location="/b"))
    good = a_source("bon", url=other.says("/flux", rss(item(1))))
    done: Round = crawled()
    assert (done.fetched, done.failed) == (1, 6)
    assert good.state == "ok"
    assert len([path for path in loop.paths() if path == "/b"]) == 7


def test_each_outcome_is_recorded(session, a_source, a_site, crawled, rss, item, now):
    site = a_site()
    a_source("bon", url=site.says("/flux", rss(item(1))))
    a_source("mal", url=a_site().says("/flux", status=404))
    crawled()
    crawls = session.execute(select(Crawl.outcome, Crawl.reason, Crawl.status)).all()
    assert sorted(crawls, key=str) == [("failed", "not_found", 404), ("fetched", None, 200)]
    day = session.get_one(HostDay, (f"{site.host}:{site.port}", now.date()))
    # robots.txt, tdmrep.json and the feed
    assert day.requests == 3


def test_two_workers_never_crawl_the_same_source(
    session, a_source, a_site, crawled, rss, item, now
):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1))), claimed_until=now + timedelta(minutes=5))
    assert crawled().sources == 0


def test_two_workers_never_ask_the_same_host(a_source, a_site, crawled, rss, item, now):
    site = a_site()
    a_source("eux", url=site.says("/a", rss(item(1))), claimed_until=now + timedelta(minutes=5))
    ours = a_source("nous", url=site.says("/b", rss(item(1))))
    assert crawled().sources == 0
    assert site.asked == []
    assert ours.next_crawl_at == now + timedelta(seconds=30)
    assert ours.claimed_until is None


def test_a_killed_workers_claim_ends_by_itself(a_source, a_site, crawled, rss, item, now):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1))), claimed_until=now - timedelta(seconds=1))
    assert crawled().fetched == 1


def test_the_same_uid_of_two_sources_makes_two_entries(
    session, a_source, a_site, crawled, rss, item
):
    a_source("un", url=a_site().says("/flux", rss(item(1, "La bonne"))))
    crawled()
    a_source("deux", url=a_site().says("/flux", rss(item(1, "L’imposture"))))
    crawled()
    assert sorted(titles(session)) == ["La bonne", "L’imposture"]
    assert session.scalar(select(func.count()).select_from(Entry)) == 2


def test_an_atom_tombstone_makes_a_tombstone(session, a_source, a_site, crawled, now):
    site = a_site()
    head = (
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>F</title><id>f</id>'
    )
    entry = "<entry><title>Erreur</title><id>tag:a.example,2026:1</id></entry>"
    a_source(url=site.says("/flux", f"{head}{entry}</feed>"))
    crawled()
    gone = '<at:deleted-entry ref="tag:a.example,2026:1" when="2026-11-24T09:00:00Z"/>'
    site.says("/flux", f"{head}{gone}</feed>")
    crawled(all_=True)
    assert session.scalars(select(Entry)).one().deleted_at == now


def test_a_move_that_only_the_feed_announces_is_proposed(a_source, a_site, crawled, rss, item):
    site = a_site()
    itunes = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    moved = f"<itunes:new-feed-url {itunes}>https://ailleurs.example/f</itunes:new-feed-url>"
    source = a_source(url=site.says("/flux", rss(item(1), channel=moved)))
    crawled()
    assert source.url == site.url("/flux")
    assert [one["url"] for one in source.proposals] == ["https://ailleurs.example/f"]
    crawled(all_=True)
    assert source.proposals


def test_records_of_crawls_are_forgotten_after_a_year(
    session, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1))))
    crawled()
    clock.passes(days=401)
    crawled(all_=True)
    assert sources.forget_visits(session, clock.now - timedelta(days=400)) == 1
    assert session.scalar(select(func.count()).select_from(Crawl)) == 1
    assert session.scalar(select(func.count()).select_from(HostDay)) == 1
