"""A farm where one source in three is ill: the round ends, and the healthy ones do not wait."""

from __future__ import annotations

import gzip
import resource
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.collect.crawl import Manners
from aggregator.store.tables import Entry, Source

HEALTHY = 40
MANNERS = Manners(delay=0.02, timeout=8.0, look=0.05, lease=timedelta(minutes=10), grace=0.5)
ENDLESS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//\r\nBEGIN:VEVENT\r\nUID:sans-fin\r\n"
    "SUMMARY:Permanence\r\nDTSTART:20200101T100000Z\r\nDTEND:20200101T110000Z\r\n"
    "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def ill(site, rss, item):
    """One source of each illness: path, format, and the reasons that may be told of it."""
    bomb = gzip.compress(b"<rss>" + b" " * 40_000_000)
    sitemap = gzip.compress(
        b"<urlset>" + b"<url><loc>https://a.example/1</loc></url>\n" * 1_000_000, 1
    )
    site.says("/lent", rss(item(1)), seconds=30)
    site.says("/lent2", rss(item(1)), seconds=30)
    site.says("/500", status=500)
    site.says("/502", status=502)
    site.says("/casse", "<rss><channel><<<item>\x00" * 5000)
    site.says("/enorme", b"<rss>" + b"x" * 9_000_000)
    site.says("/boucle", status=302, Location="/boucle")
    site.says("/bombe", bomb, Content_Encoding="gzip")
    site.says("/plan", sitemap, Content_Encoding="gzip")
    site.says("/429", status=429, Retry_After="3600")
    site.says("/metadata", status=302, Location="http://169.254.169.254/latest/")
    site.says("/vide", b"")
    site.says("/moitie", rss(item(1)), 206)
    site.says("/court", rss(item(1)), Content_Length="999999")
    site.says("/image", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50)
    return {
        "/lent": {"timeout"},
        "/lent2": {"timeout"},
        "/500": {"server_error"},
        "/502": {"server_error"},
        "/casse": {"not_a_feed", "html"},
        "/enorme": {"too_large"},
        "/boucle": {"redirect_loop"},
        "/bombe": {"too_large_unpacked"},
        "/plan": {"too_large_unpacked"},
        "/429": {"rate_limited"},
        "/metadata": {"forbidden_address"},
        "/vide": {"empty"},
        "/moitie": {"partial"},
        "/court": {"short_body", "timeout"},
        "/image": {"not_a_feed"},
    }


@pytest.mark.slow
def test_a_round_over_a_faulty_farm_ends_and_tells_what_ails_each_source(
    session, a_source, a_site, crawled, rss, item
):
    for number in range(HEALTHY):
        a_source(f"bon{number}", url=a_site().says("/flux", rss(item(1), item(2)), seconds=0.1))
    expected = {}
    for path, reasons in ill(model := a_site(), rss, item).items():
        site = a_site()
        site.pages[path] = model.pages[path]
        a_source(f"mal{path[1:]}", url=site.url(path))
        expected[f"mal{path[1:]}"] = reasons
    latin = a_site().says("/flux", rss(item(1, "Fête")).replace("utf-8", "ascii").encode("cp1252"))
    endless = a_site().says("/agenda.ics", ENDLESS, Content_Type="text/calendar")
    odd = [a_source("odd-latin", url=latin), a_source("odd-sans-fin", url=endless)]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    crawled(all_=True, manners=MANNERS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024

    sources = session.scalars(select(Source)).all()
    told = {s.slug: s.last_reason for s in sources if s.slug.startswith("mal")}
    assert {slug: reason for slug, reason in told.items() if reason not in expected[slug]} == {}
    assert all(s.state == "ok" for s in sources if s.slug.startswith("bon"))
    assert [source.last_reason for source in odd] == [None, None]
    titles = session.scalars(select(Entry.title).where(Entry.source_id == odd[0].id)).all()
    assert titles == ["Fête"]
    occurrences = session.scalars(select(Entry).where(Entry.source_id == odd[1].id)).all()
    assert 300 < len(occurrences) <= 400


@pytest.mark.slow
def test_servers_that_hang_hold_up_no_healthy_source(
    session, settings, a_source, a_site, crawled, rss, item
):
    served: set[int] = set()
    all_served = threading.Event()
    in_time = []

    def hang(answer):
        in_time.append(all_served.wait(60))
        return answer

    def serve(number, answer):
        served.add(number)
        if len(served) == HEALTHY:
            all_served.set()
        return answer

    # One request is free; were a healthy source to wait for a hanging one, all would stand still.
    for number in range(settings.crawl_concurrency - 1):
        site = a_site()
        a_source(f"mal{number}", url=site.says("/flux", rss(item(1))))
        answer = site.pages["/flux"]
        site.pages["/flux"] = lambda _, answer=answer: hang(answer)
    for number in range(HEALTHY):
        site = a_site()
        a_source(f"bon{number}", url=site.says("/flux", rss(item(1))))
        answer = site.pages["/flux"]
        site.pages["/flux"] = lambda _, number=number, answer=answer: serve(number, answer)
    crawled(manners=replace(MANNERS, timeout=120.0))
    assert len(in_time) == settings.crawl_concurrency - 1
    assert all(in_time)
    assert set(session.scalars(select(Source.state))) == {"ok"}


@pytest.mark.slow
def test_a_host_that_says_429_for_an_hour_is_asked_once_for_all_its_sources(
    session, a_source, a_site, crawled, clock
):
    site = a_site()
    for number in range(10):
        url = site.says(f"/flux{number}", status=429, Retry_After="3600")
        a_source(f"s{number}", url=url)
    crawled(manners=MANNERS)
    for _ in range(5):
        clock.passes(minutes=11)
        crawled(manners=MANNERS)
    assert len([path for path in site.paths() if path.startswith("/flux")]) == 1
    assert session.scalars(select(Source.last_reason)).all().count("rate_limited") == 1


def test_validators_that_lie_are_found_out_within_a_week(
    session, a_source, a_site, crawled, rss, item, clock
):
    site = a_site()
    a_source(url=site.says("/flux", rss(item(1)), ETag='"menteur"'))
    crawled()
    site.says("/flux", rss(item(2), item(1)), ETag='"menteur"')
    days = 0
    while session.scalars(select(Entry.uid)).all() == ["1"]:
        clock.passes(days=1)
        days += 1
        crawled(all_=True)
    assert days <= 8
