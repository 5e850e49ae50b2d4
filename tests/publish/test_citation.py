"""A copy to cite: dated, no more than may be shown, and checked by anyone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.publish import citation
from aggregator.store.tables import Entry, Source

BASE = "https://fil.example"


def test_copy_can_be_checked_by_anyone(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    entry = an_entry(a_source(), title="La piste sera élargie", summary="Après deux ans.")
    copy = json.loads(json.dumps(citation.copy(entry, base_url=BASE, now=now)))
    text = json.dumps(
        copy["shown"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    assert hashlib.sha256(text).hexdigest() == copy["sha256"]
    assert copy["taken_at"] == "2026-11-24T09:00:00Z"
    assert copy["shown"]["excerpt"] == "Après deux ans."
    assert copy["shown"]["page"] == f"{BASE}/entrees/{entry.id}"


def test_copy_changes_with_what_is_shown_and_not_with_the_day(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    entry = an_entry(a_source())
    today = citation.copy(entry, base_url=BASE, now=now)
    later = citation.copy(entry, base_url=BASE, now=now + timedelta(days=9))
    assert (later["sha256"], later["taken_at"]) == (today["sha256"], "2026-12-03T09:00:00Z")
    entry.title = "Autre chose"
    assert citation.copy(entry, base_url=BASE, now=now)["sha256"] != today["sha256"]


def test_copy_of_the_press_holds_title_and_link_only(
    a_source: Callable[..., Source], an_entry: Callable[..., Entry], now: datetime
) -> None:
    entry = an_entry(a_source(rights="link"), summary="Ne pas citer.", text="Ne pas citer.")
    copy = citation.copy(entry, base_url=BASE, now=now)
    assert "Ne pas citer" not in json.dumps(copy, ensure_ascii=False)
    assert copy["shown"]["title"] == entry.title
