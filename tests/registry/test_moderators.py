"""Moderators sign in by a mailed link, nobody learns who they are, and links open once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import moderators, signing_in
from aggregator.store.tables import Letter, Moderator


def test_a_link_may_be_looked_at_by_scanners_and_signs_in_once(
    session: Session,
    now: datetime,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    moderators.ask_link(session, "Bob@Example.org", now=now)
    (letter,) = letters("moderator_link")
    secret = secret_of(letter)
    for _ in range(5):
        assert moderators.look_link(session, secret, now=now) is bob
    cookie = moderators.open_session(session, secret, now=now)
    assert cookie is not None
    assert moderators.of(session, cookie, now=now) is bob
    assert moderators.open_session(session, secret, now=now) is None
    assert moderators.of(session, cookie, now=now + signing_in.SESSION) is None


def test_strangers_get_the_same_answer_and_no_letter(
    session: Session, now: datetime, bob: Moderator, letters: Callable[..., list[Letter]]
) -> None:
    moderators.ask_link(session, "mallory@example.org", now=now)
    moderators.dismiss(session, bob, now=now)
    moderators.ask_link(session, bob.email, now=now)
    assert letters("moderator_link") == []


def test_a_link_ends_after_half_an_hour_and_forged_ones_open_nothing(
    session: Session,
    now: datetime,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    moderators.ask_link(session, bob.email, now=now)
    secret = secret_of(letters("moderator_link")[0])
    late = now + timedelta(minutes=30)
    assert moderators.open_session(session, secret, now=late) is None
    for forged in ("", secret[:-1], secret + "a", secret.swapcase(), "é\x00"):
        assert moderators.look_link(session, forged, now=now) is None
        assert moderators.of(session, forged, now=now) is None


def test_dismissing_someone_ends_all_their_sessions(
    session: Session,
    now: datetime,
    alice: Moderator,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    invited = {letter.address: letter for letter in letters("moderator_invited")}
    cookie = moderators.open_session(session, secret_of(invited[bob.email]), now=now)
    assert cookie is not None
    moderators.dismiss(session, bob, now=now)
    assert moderators.of(session, cookie, now=now) is None
    assert list(moderators.listed(session)) == [alice]
    with pytest.raises(Refused, match="last_administrator"):
        moderators.dismiss(session, alice, now=now)


def test_signing_out_ends_one_session(
    session: Session,
    now: datetime,
    bob: Moderator,
    letters: Callable[..., list[Letter]],
    secret_of: Callable[[Letter], str],
) -> None:
    cookie = moderators.open_session(session, secret_of(letters("moderator_invited")[0]), now=now)
    assert cookie is not None
    moderators.close_session(session, cookie, now=now)
    assert moderators.of(session, cookie, now=now) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "alice@",
        "@example.org",
        "a b@example.org",
        "a@b",
        "a@b..c",
        "x" * 250 + "@b.fr",
        "a@example.org\nBcc: b@example.org",
        "a@example.org,b@example.org",
        "<a@example.org>",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not_an_email"):
        signing_in.email_address(text)


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = signing_in.email_address(text)
    except Refused:
        return
    assert "\n" not in address
    assert address.count("@") >= 1
