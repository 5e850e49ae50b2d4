"""Counting what people do: per network, mailbox or group, under a key, until the window ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import rates, signing_in
from aggregator.settings import Settings
from aggregator.store.tables import Rate


def test_a_limit_holds_per_person_and_ends_with_its_window(
    session: Session, now: datetime, here: Settings
) -> None:
    for _ in range(5):
        rates.require(session, "leave", "192.0.2.0/24", now=now, settings=here)
    session.commit()
    assert rates.is_spent(session, "leave", "192.0.2.0/24", now=now, settings=here)
    with pytest.raises(Refused, match="too_often"):
        rates.require(session, "leave", "192.0.2.0/24", now=now, settings=here)
    rates.require(session, "leave", "198.51.100.0/24", now=now, settings=here)
    rates.require(session, "register", "192.0.2.0/24", now=now, settings=here)
    rates.require(session, "leave", "192.0.2.0/24", now=now + rates.HOUR, settings=here)


def test_counts_are_forgotten_when_their_window_is_over(
    session: Session, now: datetime, here: Settings
) -> None:
    rates.require(session, "leave", "192.0.2.0/24", now=now, settings=here)
    assert rates.forget(session, now) == 0
    assert rates.forget(session, now + rates.HOUR) == 1
    assert session.query(Rate).count() == 0


def test_no_count_is_kept_longer_than_a_day(now: datetime) -> None:
    for what in rates.LIMITS:
        assert now < rates.window_end(what, now) <= now + timedelta(days=1)


def test_who_was_counted_cannot_be_tried_out_without_the_key(
    session: Session, now: datetime, here: Settings
) -> None:
    other = here.model_copy(update={"secret_key": SecretStr("another key " * 4)})
    for settings in (here, other):
        rates.require(session, "leave", "192.0.2.0/24", now=now, settings=settings)
    rows = session.query(Rate).all()
    assert [row.count for row in rows] == [1, 1]
    assert "192.0.2" not in str([row.hash for row in rows])


def test_a_flooded_mailbox_always_holds_a_link_that_works(now: datetime) -> None:
    end = rates.window_end("letter", now)
    for minutes in range(30):
        asked_at = end - timedelta(minutes=30 - minutes)
        assert rates.window_end("letter", asked_at) == end
        assert asked_at + signing_in.LINK >= end


@given(st.one_of(st.text(), st.ip_addresses().map(str)))
def test_a_network_names_no_single_address(address: str) -> None:
    network = rates.network(address)
    assert "/" not in network or network.endswith(("/24", "/48")) or network == address[:100]


def test_neighbours_share_a_network_and_strangers_do_not() -> None:
    assert rates.network("192.0.2.1") == rates.network("192.0.2.254")
    assert rates.network("192.0.2.1") != rates.network("192.0.3.1")
    assert rates.network("2001:db8:1:2::3") == rates.network("2001:db8:1:ffff::1")
    assert rates.network("2001:db8:1::1") != rates.network("2001:db8:2::1")
