"""How a source is, in a word that a volunteer understands, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collect import health, reasons
from aggregator.collect.schedule import Rhythm, learn

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def failed(reason: str, failures: int = 1, ok_ago: timedelta | None = timedelta(1), **options):
    last_ok_at = None if ok_ago is None else NOW - ok_ago
    return health.after_failure(
        reason, failures=failures, last_ok_at=last_ok_at, now=NOW, **options
    )


@pytest.mark.parametrize("code", reasons.REASONS)
def test_every_reason_says_in_both_languages_what_happened_and_what_to_do(code):
    reason = reasons.reason(code)
    for text in (reason.fr, reason.en, reason.remedy_fr, reason.remedy_en):
        assert text[0].isupper()
        assert text[-1] in ".»”"
    assert reason.sentence("fr") != reason.sentence("en")
    assert reason.remedy("en-GB") == reason.remedy_en


@pytest.mark.parametrize("code", health.STATES)
def test_every_state_says_in_both_languages_what_it_means(code):
    state = health.STATES[code]
    assert state.sentence("fr")[-1] == state.sentence("en")[-1] == "."
    assert state.label("fr")
    assert state.label("en")
    assert bool(state.remedy_fr) == bool(state.remedy_en)
    assert not state.ill or state.remedy_fr


@given(
    st.sampled_from(sorted(reasons.REASONS)),
    st.integers(1, 50),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=900)),
    st.integers(0, 3),
)
def test_every_failure_has_a_state_that_says_so(reason, failures, ok_ago, proposals):
    state = health.STATES[failed(reason, failures, ok_ago, proposals=proposals)]
    assert state.ill


def test_a_passing_failure_is_not_yet_a_broken_source():
    assert failed("timeout", 3) == "failing"
    assert failed("timeout", 5, timedelta(8)) == "broken"
    assert failed("server_error", 2, None) == "failing"
    assert failed("server_error", 9, None) == "broken"


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("html", "html"),
        ("tls_expired", "certificate"),
        ("bot_wall", "blocked"),
        ("forbidden", "blocked"),
        ("robots", "refused"),
        ("tdm_reserved", "refused"),
        ("gone", "gone"),
        ("page_changed", "changed"),
        ("no_feed_found", "unfound"),
    ],
)
def test_what_is_lasting_is_named_at_once(reason, state):
    assert failed(reason) == state


def test_a_missing_page_is_gone_at_the_third_time():
    assert [failed("not_found", times) for times in (1, 2, 3)] == ["failing", "failing", "gone"]


def test_an_ended_feed_with_a_successor_is_replaced():
    assert failed("not_found", 2, proposals=1) == "replaced"
    assert failed("timeout", 2, proposals=1) == "failing"


def test_weekly_and_nothing_for_five_weeks_is_silent():
    weekly = [NOW - WEEK * number for number in range(5, 25)]
    assert health.after_success(learn(weekly, NOW), NOW) == "silent"
    assert health.after_success(learn(weekly, NOW), NOW - timedelta(days=1)) == "ok"


def test_a_summer_pause_that_is_usual_is_no_silence():
    irregular = [NOW - WEEK * 6 * number for number in range(1, 12)]
    assert health.after_success(learn(irregular, NOW), NOW) == "ok"


def test_far_more_and_far_less_than_usual_are_told():
    rhythm = Rhythm(last=NOW)
    assert health.after_success(rhythm, NOW, week=60, before=5.0) == "surge"
    assert health.after_success(rhythm, NOW, week=2, before=20.0) == "slower"
    assert health.after_success(rhythm, NOW, week=8, before=5.0) == "ok"
    assert health.after_success(rhythm, NOW, week=60, before=0.0) == "ok"


def test_a_move_is_told_before_all():
    assert health.after_success(Rhythm(last=NOW), NOW, moving=True) == "moving"


@pytest.mark.parametrize(
    ("status", "headers", "body", "name"),
    [
        (403, {"cf-mitigated": "challenge"}, b"", "Cloudflare"),
        (503, {}, b"<html><title>Just a moment...</title>", "Cloudflare"),
        (403, {"x-datadome": "protected"}, b"<script src=//captcha-delivery.com>", "DataDome"),
        (200, {}, b"<html><script src='/.within.website/x/cmd/anubis/api'>", "Anubis"),
        (200, {"sg-captcha": "challenge"}, b"<html><meta http-equiv=refresh>", "SiteGround"),
        (403, {}, b"<title>Access denied | a.fr used Cloudflare to restrict", "Cloudflare"),
        (403, {}, b"<html><body>Interdit</body></html>", None),
        (404, {}, b"<html><script>})('//a.fr/?wordfence_lh=1&hid=A');</script>", None),
        (410, {}, b"<html><form><div class=g-recaptcha></div></form>", None),
        (500, {}, b"<html><form><div class=h-captcha></div></form>", None),
        (200, {"x-datadome": "protected"}, b"<?xml version='1.0'?><rss/>", None),
        (200, {}, b"<html>" + b"actu " * 9000 + b"<div class=g-recaptcha>", None),
    ],
)
def test_walls_against_robots_are_named(status, headers, body, name):
    assert health.bot_wall(status, headers, body) == name


@given(st.integers(200, 599), st.binary(max_size=300))
def test_any_answer_may_be_a_wall_or_not(status, body):
    health.bot_wall(status, {}, body)
