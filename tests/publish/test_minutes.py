"""A workshop's minutes can be printed, however much was said."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from aggregator.publish import minutes
from aggregator.registry import reports, workshops


def _pages(pdf: bytes) -> int:
    found = re.search(rb"/Count ([0-9]+)", pdf)
    assert found is not None
    return int(found[1])


@pytest.fixture
def report(session: Session, now: datetime) -> reports.Report:
    """An open workshop in which nothing was decided yet."""
    workshop = workshops.open_workshop(
        session, "Remettre la carte sur la table", date(2026, 11, 28),
        place="Maison de quartier", participants="Alice, Bob", now=now,
    )  # fmt: skip
    return reports.report(session, workshop)


def test_an_open_workshop_has_a_page(report: reports.Report) -> None:
    assert _pages(minutes.write(report)) == 1
    assert _pages(minutes.write(report, language="en")) == 1


def test_long_minutes_and_many_decisions_take_the_pages_they_need(
    report: reports.Report,
) -> None:
    report.workshop.minutes = "\n\n".join("On a beaucoup parlé. " * 40 for _ in range(20))
    decided = tuple(
        reports.Decision(
            id=number, kind="profile", subject=f"Groupe {number}", table="1", reason="unclear",
            note="مرحبا " * 9, why="", change={},
        )
        for number in range(80)
    )  # fmt: skip
    many = replace(report, accepted=decided, refused=decided)
    assert _pages(minutes.write(many, changes={1: "Thèmes : Transports"})) > 3
