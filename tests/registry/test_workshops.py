"""A workshop amends the inventory from several tables, decides, closes, and can be compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import moderation, reports, snapshots, workshop_sheets, workshops
from aggregator.registry.sheets import read_sheet
from aggregator.store.tables import Amendment, Group, Moderator, Workshop

DAY = timedelta(days=1)


@pytest.fixture
def workshop(session: Session, now: datetime, a_group: Callable[..., Group]) -> Workshop:
    """A workshop on Halage and La Louve."""
    a_group("halage", topic=["environnement"])
    a_group("la-louve", name="La Louve", topic=["alimentation"])
    return workshops.open_workshop(
        session, "Atelier de Pantin", date(2026, 11, 24), place="Pantin", now=now
    )


def test_a_workshop_is_played_from_two_tables_to_its_close(
    session: Session, now: datetime, bob: Moderator, workshop: Workshop
) -> None:
    first = """slug;nouveau nom;thèmes;remarque
halage;Halage Insertion;environnement|Économie sociale et solidaire;Vu ensemble
"""
    second = """Nom,Site,Territoires,Nouveau nom
Halage,,,Halage (association)
Vergers urbains,https://vergers.example/,Paris 18e,
"""
    read = workshop_sheets.propose_rows(session, workshop, "1", first.encode("cp1252"), now=now)
    assert (len(read.amendments), read.faults) == (2, ())
    read = workshop_sheets.propose_rows(session, workshop, "2", second.encode(), now=now)
    assert [one.kind for one in read.amendments] == ["profile", "missing_group"]
    assert moderation.queue(session) == []

    (conflict,) = workshops.conflicts(session, workshop)
    assert (conflict.group.slug, conflict.field) == ("halage", "name")
    assert [one.workshop_table for one in conflict.proposals] == ["1", "2"]
    workshops.settle(session, conflict, conflict.proposals[1], bob, now=now, note="Vote")
    assert workshops.conflicts(session, workshop) == []

    with pytest.raises(Refused, match="workshop_undecided"):
        workshops.close(session, workshop, "…", now=now)
    topics, vergers = moderation.queue(session, workshop_id=workshop.id)[::-1]
    if topics.kind != "profile":
        topics, vergers = vergers, topics
    moderation.decide(session, topics, "postpone", bob, now=now)
    moderation.decide(session, vergers, "accept", bob, now=now)
    workshops.close(session, workshop, "Bonne séance.\n\n\n\nMerci.", now=now + DAY)

    report = reports.report(session, workshop)
    assert report.difference.arrived == (("vergers-urbains", "Vergers urbains"),)
    assert [(one.field, one.after) for one in report.difference.changed] == [
        ("name", "Halage (association)")
    ]
    states = (len(report.accepted), len(report.refused), len(report.postponed))
    assert states == (2, 1, 1)
    assert workshop.minutes == "Bonne séance.\n\nMerci."
    with pytest.raises(Refused, match="workshop_closed"):
        workshop_sheets.propose_rows(session, workshop, "3", first.encode(), now=now)


def test_with_one_fault_nothing_of_a_sheet_is_taken(
    session: Session, now: datetime, workshop: Workshop
) -> None:
    text = """slug;description;thèmes
halage;Jardins;environnement
nobody;X;
la-louve;Épicerie;vélos
"""
    read = workshop_sheets.propose_rows(session, workshop, "1", text.encode(), now=now)
    assert read.amendments == ()
    assert [fault.line for fault in read.faults] == [3, 4]
    assert "« vélos »" in read.faults[1].message
    assert session.scalar(select(func.count(Amendment.id))) == 0


def test_a_group_can_be_taken_away_and_a_field_emptied(
    session: Session, now: datetime, bob: Moderator, workshop: Workshop
) -> None:
    text = "nom;action;thèmes\nHALAGE;retirer;\nla louve;;-\n"
    read = workshop_sheets.propose_rows(session, workshop, "1", text.encode(), now=now)
    for amendment in read.amendments:
        moderation.decide(session, amendment, "accept", bob, now=now)
    report = reports.report(session, workshop)
    assert report.difference.left == 1
    assert [(one.slug, one.field, one.after) for one in report.difference.changed] == [
        ("la-louve", "topic", [])
    ]


def test_rows_that_say_what_is_there_change_nothing(
    session: Session, now: datetime, workshop: Workshop
) -> None:
    text = "slug;name;topics\nhalage;Halage;environnement\n"
    read = workshop_sheets.propose_rows(session, workshop, "1", text.encode("utf-16"), now=now)
    assert (read.amendments, read.faults, read.unchanged) == ((), (), 1)


def test_terms_are_understood_as_people_write_them(
    session: Session, now: datetime, workshop: Workshop
) -> None:
    sheet = """nom;thèmes;territoires
Halage;Education et Jeunesse, logement|CULTURE, medias et fetes;St-Denis, paris 18E
"""
    read = workshop_sheets.propose_rows(session, workshop, "1", sheet.encode(), now=now)
    assert {field: both["to"] for one in read.amendments for field, both in one.change.items()} == {
        "topic": ["culture", "education-jeunesse", "logement"],
        "area": ["paris-18e", "saint-denis"],
    }


@pytest.mark.parametrize(
    ("column", "cell", "near"),
    [("objectifs", "Faire joli", "Rendre visible"), ("territoires", "Bagnollet", "Bagnolet")],
)
def test_term_that_there_is_not_is_answered_with_those_that_may_be_meant(
    session: Session, now: datetime, workshop: Workshop, column: str, cell: str, near: str
) -> None:
    sheet = f"nom;{column}\nHalage;{cell}\n"
    (fault,) = workshop_sheets.propose_rows(session, workshop, "1", sheet.encode(), now=now).faults
    assert cell in fault.message
    assert near in fault.message


def test_the_same_sheet_twice_is_once(session: Session, now: datetime, workshop: Workshop) -> None:
    text = b"slug;description\nhalage;Jardins\n"
    first = workshop_sheets.propose_rows(session, workshop, "1", text, now=now)
    second = workshop_sheets.propose_rows(session, workshop, "1", text, now=now)
    assert first.amendments == second.amendments


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("couleur;nom\nrouge;Halage\n", "n’est pas connue"),
        ("nom;site\n;https://x.example\n", "Il manque : nom"),
        ("nom;description\nInconnu;X\n", "Aucun groupe ne s’appelle « Inconnu »"),
        ("nom;site\nInconnu;pas une adresse\n", "n’est pas une adresse"),
        ("slug;nouveau nom\nhalage;" + "x" * 500 + "\n", "trop long"),
    ],
)
def test_a_wrong_row_is_a_fault_with_its_line(
    session: Session, now: datetime, workshop: Workshop, text: str, reason: str
) -> None:
    (fault,) = workshop_sheets.propose_rows(session, workshop, "1", text.encode(), now=now).faults
    assert fault.line == 2
    assert reason in fault.message


def test_a_name_that_two_groups_bear_asks_for_the_slug(
    session: Session, now: datetime, workshop: Workshop, a_group: Callable[..., Group]
) -> None:
    a_group("halage-2", name="Halage", home="https://halage2.example/")
    del workshop
    opened = workshops.open_workshop(session, "Encore", date(2026, 11, 25), now=now)
    (fault,) = workshop_sheets.propose_rows(
        session, opened, "1", b"nom;description\nHalage;X\n", now=now
    ).faults
    assert "Plusieurs groupes" in fault.message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "sheet_empty"),
        (b" \n ", "sheet_empty"),
        (b"PK\x03\x04rest", "sheet_workbook"),
        (b"a\x00b;c\n", "sheet_binary"),
        (b"nom;Nom\nx;y\n", "sheet_column_twice"),
        (b'nom;site\n"x;y\n', "sheet_broken"),
        (b"x" * 5_000_001, "sheet_large"),
        (b"nom\n" + b"x\n" * 10_001, "sheet_long"),
        (b";".join(b"c%d" % n for n in range(101)) + b"\n", "sheet_wide"),
    ],
)
def test_what_is_no_table_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        read_sheet(body)
    assert refused.value.reason == reason


def test_guarded_formulas_lose_their_guard_and_stay_text() -> None:
    rows = read_sheet(b"nom;description\n'=1+1;+33 1 23\n")
    assert rows[0].cells == {"nom": "=1+1", "description": "+33 1 23"}


@given(st.binary(max_size=400) | st.text(alphabet='a;,"\n\r\t', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_refused(body: bytes) -> None:
    try:
        rows = read_sheet(body)
    except Refused:
        return
    assert all(row.cells for row in rows)


def test_any_two_dates_can_be_compared(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    assert snapshots.take(session, now) is snapshots.take(session, now + DAY)
    group.name = "Halage Insertion"
    a_group("vergers")
    snapshots.take(session, now + 2 * DAY)
    group.status = "declined"
    snapshots.take(session, now + 4 * DAY)
    difference = snapshots.between(session, now, now + 3 * DAY)
    assert difference.arrived == (("vergers", "Vergers"),)
    assert [(one.before, one.after) for one in difference.changed] == [
        ("Halage", "Halage Insertion")
    ]
    assert snapshots.between(session, now, now + 5 * DAY).left == 1
    assert len(snapshots.between(session, now - DAY, now).arrived) == 1
    assert snapshots.between(session, now, now + DAY).is_empty


def test_a_snapshot_holds_nothing_private(
    session: Session, now: datetime, a_group: Callable[..., Group], carole: Callable[..., str]
) -> None:
    carole(a_group("halage", note="Appeler Dora"))
    assert "carole" not in str(snapshots.take(session, now).groups).casefold()
    assert "Dora" not in str(snapshots.take(session, now).groups)


def test_two_workshops_on_the_same_field_are_told_of_each_other_when_deciding(
    session: Session, now: datetime, bob: Moderator, workshop: Workshop
) -> None:
    other = workshops.open_workshop(session, "Atelier de Pantin", date(2026, 11, 24), now=now)
    assert other.slug == f"{workshop.slug}-2"
    for one, name in ((workshop, "Halage A"), (other, "Halage B")):
        workshop_sheets.propose_rows(
            session, one, "1", f"slug;name\nhalage;{name}\n".encode(), now=now
        )
    (a,) = moderation.queue(session, workshop_id=workshop.id)
    (b,) = moderation.queue(session, workshop_id=other.id)
    moderation.decide(session, a, "accept", bob, now=now)
    session.commit()
    with pytest.raises(Refused, match="changed_meanwhile"):
        moderation.decide(session, b, "accept", bob, now=now)


def test_who_left_is_named_nowhere_in_what_a_workshop_leaves_behind(
    session: Session, now: datetime, bob: Moderator, workshop: Workshop
) -> None:
    text = """nom;site;action;description;nouveau nom;remarque
Halage;;retirer;;;Halage n’existe plus
La Louve;;;Épicerie;La Louve du 18e;Vu à La Louve
Vergers;https://vergers.example/;;;;Vergers manquait
"""
    for amendment in workshop_sheets.propose_rows(
        session, workshop, "1", text.encode(), now=now
    ).amendments:
        moderation.decide(session, amendment, "accept", bob, now=now, note=amendment.subject)
    workshops.close(session, workshop, "Merci.", now=now)
    groups = {group.slug: group for group in session.scalars(select(Group))}
    assert "Vergers" in _read(session, workshop)
    for slug, words in (("la-louve", "Louve"), ("vergers", "Vergers")):
        assert words in _read(session, workshop)
        groups[slug].status = "declined"
        session.flush()
        assert words not in _read(session, workshop)
    assert "Halage" not in _read(session, workshop)
    report = reports.report(session, workshop)
    assert report.difference.left == 1
    assert [one.subject for one in report.accepted] == [""] * 4


def _read(session: Session, workshop: Workshop) -> str:
    """All that pages and minutes are made from."""
    report = reports.report(session, workshop)
    return str((report.difference, report.accepted, report.refused, report.postponed))
