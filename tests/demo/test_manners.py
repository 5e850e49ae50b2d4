"""The servers of the village that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aggregator.demo.village import Village
from aggregator.errors import ParseError
from aggregator.parse import feeds

Ask = Callable[..., Any]


def test_a_feed_moved_for_good(demo: Village, ask: Ask) -> None:
    base = demo.address("les-marraines")
    answer = ask(base + "/backend/rss.php")
    assert (answer.status, answer.headers["Location"]) == (301, base + "/feed/")
    assert f"{base}/backend/rss.php" in demo.sources_yaml()
    assert ask(base + "/feed/").status == 200


def test_a_feed_is_gone_and_the_home_page_is_not(demo: Village, ask: Ask) -> None:
    base = demo.address("gare-pour-toutes")
    assert ask(base + "/spip.php?page=backend").status == 410
    assert ask(base + "/").status == 200


def test_a_malformed_feed_can_still_be_read(demo: Village, ask: Ask) -> None:
    url = demo.address("parents-de-drancy") + "/actus.rss"
    answer = ask(url)
    assert answer.text.startswith("<br />")
    assert "</channel>" not in answer.text
    feed = feeds.parse(answer.body, url, answer.headers["Content-Type"])
    assert len(feed.entries) >= 4
    assert "Profs non remplacés : 312 heures perdues & comptées" in {e.title for e in feed.entries}


def test_a_feed_is_in_windows_1252(demo: Village, ask: Ask) -> None:
    url = demo.address("comite-des-fetes-de-boissy") + "/actus.rss"
    answer = ask(url)
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")
    titles = {entry.title for entry in feeds.parse(answer.body, url, "text/xml").entries}
    assert "Brocante d’été : inscriptions ouvertes, 8 € les deux mètres" in titles


def test_a_web_page_stands_where_a_feed_was(demo: Village, ask: Ask) -> None:
    url = demo.address("ludotheque-volante") + "/feed/"
    answer = ask(url)
    assert answer.status == 200
    with pytest.raises(ParseError):
        feeds.parse(answer.body, url, answer.headers["Content-Type"])


def test_a_wall_keeps_programs_out_and_lets_browsers_in(demo: Village, ask: Ask) -> None:
    base = demo.address("nature-en-marne")
    refused = ask(base + "/feed/", User_Agent="FilCommun/0.1")
    assert (refused.status, refused.headers["Server"]) == (403, "cloudflare")
    assert refused.headers["CF-Mitigated"] == "challenge"
    browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert ask(base + "/", User_Agent=browser).status == 200


def test_a_busy_host_says_when_to_come_back(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("usagers-du-bus-94") + "/spip.php?page=backend")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3600")


def test_one_group_reserves_text_and_data_mining(demo: Village, ask: Ask) -> None:
    base = demo.address("cahiers-du-grand-ensemble")
    rules = json.loads(ask(base + "/.well-known/tdmrep.json").body)
    assert rules == [{"location": "*", "tdm-reservation": 1}]
    assert ask(base + "/feed.xml").headers["tdm-reservation"] == "1"


def test_one_group_lets_no_robot_in(demo: Village, ask: Ask) -> None:
    answer = ask(demo.address("droit-au-calme") + "/robots.txt")
    assert answer.text == "User-agent: *\nDisallow: /\n"


def test_the_hostile_feed_is_hostile_and_its_pages_are_not(demo: Village, ask: Ask) -> None:
    base = demo.address("les-debordes")
    feed = ask(base + "/feed/").text
    assert "<script>document" in feed
    assert "javascript:" in feed
    assert "\u202e" in feed
    assert len(feed) > 100_000
    assert "{{" not in feed
    for path in ("/", "/reunion-script-alert-deborde-script-ce-soir/"):
        page = ask(base + path)
        assert page.status == 200
        assert "<script" not in page.text
        assert "{{" not in page.text


def test_the_hostile_feed_holds_a_date_in_the_future(demo: Village, clock: Any, ask: Ask) -> None:
    url = demo.address("les-debordes") + "/feed/"
    answer = ask(url)
    dates = [entry.published for entry in feeds.parse(answer.body, url).entries]
    assert any(date and date > clock.now for date in dates)
