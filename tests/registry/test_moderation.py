"""Anyone proposes, moderators decide by risk, all can be undone, and the log is public."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import Refused
from aggregator.registry import amendments, governance, keepers, moderation, moderators
from aggregator.registry.comparing import differences
from aggregator.store import suppressions
from aggregator.store.tables import (
    Amendment,
    Entry,
    EntryTag,
    Group,
    Lesson,
    Letter,
    Moderator,
    Source,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def test_a_profile_change_is_applied_when_accepted_and_undone_completely(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", topic=["environnement"])
    change = {"name": "Association Halage", "topic": ["culture", "environnement"]}
    proposal = amendments.propose(session, "profile", group=group, change=change, now=now)
    assert proposal.change["name"] == {"from": "Halage", "to": "Association Halage"}
    moderation.decide(session, proposal, "accept", bob, now=now)
    assert (group.name, group.terms("topic")) == (
        "Association Halage",
        ("culture", "environnement"),
    )
    assert set(group.edited_fields) == {"name", "topic"}

    again = moderation.undo(session, proposal, bob, now=now)
    assert (group.name, group.terms("topic")) == ("Halage", ("environnement",))
    assert group.edited_fields == []
    assert proposal.state == "undone"
    assert again is not None
    assert moderation.queue(session) == [again]


def test_a_wrong_tag_is_corrected_learned_and_unlearned_by_undo(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    entry = an_entry(a_source(), title="Marché samedi", text="Un marché paysan.", indexed_at=now)
    entry.tags.append(EntryTag(dimension="topic", slug="logement", origin="text", weight=0.6))
    session.flush()
    change = {"dimension": "topic", "add": ["alimentation"], "remove": ["logement"]}
    proposal = amendments.propose(session, "tag", entry=entry, change=change, now=now)
    assert [(d.before, d.after) for d in differences(session, proposal)] == [
        (["logement"], ["alimentation"])
    ]
    moderation.decide(session, proposal, "accept", bob, now=now)
    assert [(tag.slug, tag.origin) for tag in entry.tags] == [("alimentation", "moderator")]
    assert entry.indexed_at is None
    lessons = session.scalars(select(Lesson).order_by(Lesson.slug)).all()
    assert [(lesson.slug, lesson.belongs, lesson.title) for lesson in lessons] == [
        ("alimentation", True, "Marché samedi"),
        ("logement", False, "Marché samedi"),
    ]
    moderation.undo(session, proposal, bob, now=now)
    assert [(tag.slug, tag.origin, tag.weight) for tag in entry.tags] == [("logement", "text", 0.6)]
    assert session.scalar(select(func.count(Lesson.id))) == 0


def test_a_report_hides_an_entry_and_undo_shows_it(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    entry = an_entry(a_source(), indexed_at=now)
    proposal = amendments.propose(
        session, "report", entry=entry, change={"reason": "hate"}, why="Voir la fin.", now=now
    )
    moderation.decide(session, proposal, "accept", bob, now=now)
    assert (entry.hidden_at, entry.hidden_reason, entry.indexed_at) == (now, "hate", None)
    moderation.undo(session, proposal, bob, now=now, again=False)
    assert entry.hidden_at is None


def test_a_missing_group_is_added_with_a_source_to_discover(
    session: Session, now: datetime, bob: Moderator
) -> None:
    change = {"url": "https://vergers.example/", "name": "Vergers", "area": ["paris"]}
    proposal = amendments.propose(session, "missing_group", change=change, now=now)
    moderation.decide(session, proposal, "accept", bob, now=now)
    group = session.scalars(select(Group)).one()
    assert (group.slug, group.home, group.terms("area")) == (
        "vergers",
        "https://vergers.example/",
        ("paris",),
    )
    assert [(source.format, source.url) for source in group.sources] == [
        ("discover", "https://vergers.example/")
    ]
    moderation.undo(session, proposal, bob, now=now)
    assert not group.is_public


def test_a_missing_group_that_left_or_is_there_is_refused_at_once(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    suppressions.suppress(session, ["https://parti.example"], now=now)
    a_group("halage", home="https://halage.example/")
    for url, reason in (
        ("https://www.parti.example/blog", "left"),
        ("http://www.halage.example", "already_listed"),
        ("javascript:alert(1)", "not_an_address"),
    ):
        with pytest.raises(Refused) as refused:
            amendments.propose(session, "missing_group", change={"url": url}, now=now)
        assert refused.value.reason == reason


def test_a_duplicate_gives_its_sources_to_the_group_that_stays(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    stays, goes = a_source("halage").group, a_source("halage-bis").group
    proposal = amendments.propose(
        session, "duplicate", group=goes, change={"of": "halage"}, now=now
    )
    moderation.decide(session, proposal, "accept", bob, now=now)
    session.commit()
    session.expire_all()
    assert sorted(source.slug for source in stays.sources) == ["halage", "halage-bis"]
    assert not goes.is_public
    moderation.undo(session, proposal, bob, now=now)
    session.commit()
    session.expire_all()
    assert [source.slug for source in goes.sources] == ["halage-bis"]
    assert goes.status == "listed"


def test_a_dead_link_gets_the_new_address(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    proposal = amendments.propose(
        session, "dead_link", group=group, change={"to": "https://halage.org/"}, now=now
    )
    moderation.decide(session, proposal, "accept", bob, now=now)
    assert group.home == "https://halage.org/"
    moderation.undo(session, proposal, bob, now=now)
    assert group.home == "https://halage.example/"


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("profile", {"name": ""}, "missing"),
        ("profile", {"name": "x" * 201}, "too_long"),
        ("profile", {"slug": "x"}, "unknown_field"),
        ("profile", {"topic": ["vélo"]}, "unknown_value"),
        ("profile", {"topic": "culture"}, "unknown_value"),
        ("profile", {"home": "ftp://halage.example"}, "not_an_address"),
        ("profile", {"contact": "écrivez-nous"}, "not_an_email"),
        ("profile", {"name": "Halage"}, "nothing_to_change"),
        ("profile", {}, "nothing_to_change"),
        ("source", {"rights": "all"}, "unknown_value"),
        ("source", {"url": "file:///etc/passwd"}, "not_an_address"),
        ("source", {"rights": "full"}, "missing"),
        ("tag", {"dimension": "topic", "add": ["culture"]}, "missing"),
        ("report", {"reason": "hate"}, "missing"),
        ("duplicate", {"of": "halage"}, "unknown_value"),
        ("duplicate", {"of": "nobody"}, "unknown_value"),
        ("rule", {"kind": "tag", "who": "anyone", "threshold": 1}, "unknown_value"),
        ("rule", {"kind": "tag", "who": "moderator", "threshold": 0}, "unknown_value"),
        ("gift", {}, "unknown_value"),
    ],
)
def test_a_wrong_proposal_is_refused_with_its_reason(
    session: Session,
    now: datetime,
    a_group: Callable[..., Group],
    kind: str,
    change: dict[str, Any],
    reason: str,
) -> None:
    with pytest.raises(Refused) as refused:
        amendments.propose(session, kind, group=a_group("halage"), change=change, now=now)
    assert refused.value.reason == reason


def test_names_cannot_turn_the_page_around(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    proposal = amendments.propose(
        session,
        "profile",
        group=a_group("halage"),
        change={"name": " Halage\u202eegalaH\n\x00 !"},
        now=now,
    )
    assert proposal.change["name"]["to"] == "Halage egalaH !"


def test_the_riskiest_is_decided_first(
    session: Session,
    now: datetime,
    a_group: Callable[..., Group],
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    group, entry = a_group("halage"), an_entry(a_source())
    profile = {"description": "Jardins."}
    amendments.propose(session, "dead_link", group=group, now=now)
    amendments.propose(session, "profile", group=group, change=profile, now=now)
    amendments.propose(session, "report", entry=entry, change={"reason": "hate"}, now=now + MINUTE)
    amendments.propose(session, "report", entry=entry, change={"reason": "other"}, now=now)
    kinds = [(one.kind, one.change.get("reason")) for one in moderation.queue(session)]
    assert kinds == [
        ("report", "hate"),
        ("report", "other"),
        ("profile", None),
        ("dead_link", None),
    ]


def test_the_same_proposal_twice_is_one_and_more_pressing(
    session: Session, now: datetime, a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    entry = an_entry(a_source())
    first = amendments.propose(session, "report", entry=entry, change={"reason": "other"}, now=now)
    risk = first.risk
    second = amendments.propose(session, "report", entry=entry, change={"reason": "other"}, now=now)
    assert (second.id, second.risk) == (first.id, risk + 5)


def test_of_two_moderators_at_once_one_decides(
    sessions: sessionmaker[Session],
    session: Session,
    now: datetime,
    alice: Moderator,
    bob: Moderator,
    a_group: Callable[..., Group],
) -> None:
    proposal = amendments.propose(
        session, "profile", group=a_group("halage"), change={"name": "Jardins"}, now=now
    )
    session.commit()
    with sessions() as other:
        theirs = other.get_one(Amendment, proposal.id)
        moderation.decide(session, proposal, "accept", bob, now=now)
        session.commit()
        with pytest.raises(Refused, match="already_decided"):
            moderation.decide(
                other,
                theirs,
                "refuse",
                other.get_one(Moderator, alice.id),
                reason="wrong",
                now=now,
            )


def test_a_field_that_changed_meanwhile_is_shown_before_it_is_overwritten(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    proposal = amendments.propose(
        session, "profile", group=group, change={"name": "Jardins"}, now=now
    )
    group.name = "Halage et jardins"
    assert [difference.conflict for difference in differences(session, proposal)] == [True]
    session.commit()
    with pytest.raises(Refused) as refused:
        moderation.decide(session, proposal, "accept", bob, now=now)
    session.rollback()
    assert refused.value.values == {"field": "name", "now": "Halage et jardins"}
    moderation.decide(session, proposal, "accept", bob, now=now, despite_conflict=True)
    assert group.name == "Jardins"


def test_a_decision_that_was_built_upon_cannot_be_undone(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    for name in ("Jardins", "Jardins de l’Île"):
        latest = amendments.propose(session, "profile", group=group, change={"name": name}, now=now)
        moderation.decide(session, latest, "accept", bob, now=now)
    first = moderation.log(session)[-1]
    with pytest.raises(Refused, match="changed_meanwhile"):
        moderation.undo(session, first, bob, now=now)
    moderation.undo(session, latest, bob, now=now, again=False)
    moderation.undo(session, first, bob, now=now, again=False)
    assert group.name == "Halage"


def test_a_refusal_needs_a_reason_and_tells_the_author(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_group: Callable[..., Group],
    letters: Callable[..., list[Letter]],
) -> None:
    proposal = amendments.propose(
        session,
        "profile",
        group=a_group("halage"),
        change={"name": "Jardins"},
        author_email="dora@example.org",
        now=now,
    )
    with pytest.raises(Refused, match="reason_needed"):
        moderation.decide(session, proposal, "refuse", bob, now=now)
    moderation.decide(session, proposal, "refuse", bob, now=now, reason="wrong", note="Vu au JO.")
    (letter,) = letters("amendment_decided")
    assert letter.address == "dora@example.org"
    assert letter.values["reason"] == "wrong"
    assert moderation.log(session) == [proposal]


def test_many_are_decided_at_once_and_one_that_cannot_leaves_the_others_done(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    ids = [
        amendments.propose(
            session, "profile", group=a_group(slug), change={"name": "Neuf"}, now=now
        ).id
        for slug in ("a", "b", "c")
    ]
    many = moderation.decide_many(session, [*ids, 999], "accept", bob, now=now, seconds=8.0)
    assert many.done == tuple(ids)
    assert [error.reason for error in many.failed.values()] == ["gone"]
    assert moderation.figures(session, now).median_seconds == 2.0


def test_moderation_measures_its_own_speed(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    proposal = amendments.propose(
        session, "profile", group=a_group("halage"), change={"name": "Jardins"}, now=now
    )
    assert moderation.figures(session, now).waiting == 1
    later = now + MINUTE
    moderation.decide(session, proposal, "accept", bob, now=later, seconds=3.0)
    figures = moderation.figures(session, later)
    assert (figures.waiting, figures.decided, figures.median_seconds) == (0, 1, 3.0)
    assert figures.median_delay == MINUTE


def test_a_proved_group_speaks_for_itself_but_cannot_become_another(
    session: Session, now: datetime, a_group: Callable[..., Group], carole: Callable[..., str]
) -> None:
    group = a_group("halage")
    carole(group, proved=True)
    described = amendments.propose(
        session,
        "profile",
        group=group,
        change={"description": "Insertion."},
        author="group",
        now=now,
    )
    assert (described.state, described.reason, described.decided_by_id) == (
        "accepted",
        "proved",
        None,
    )
    assert group.description == "Insertion."
    renamed = amendments.propose(
        session, "profile", group=group, change={"name": "Autre"}, author="group", now=now
    )
    moved = amendments.propose(
        session,
        "profile",
        group=group,
        change={"home": "https://autre.example/"},
        author="group",
        now=now,
    )
    assert (renamed.state, moved.state) == ("open", "open")


def test_an_unproved_group_waits_for_a_moderator(
    session: Session, now: datetime, a_group: Callable[..., Group], carole: Callable[..., str]
) -> None:
    group = a_group("halage")
    carole(group)
    change = {"description": "Insertion."}
    waiting = amendments.propose(
        session, "profile", group=group, change=change, author="group", now=now
    )
    assert waiting.state == "open"


def test_trust_is_earned_with_time_and_lost_with_reports(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
    carole: Callable[..., str],
) -> None:
    source = a_source("halage")
    carole(source.group, proved=True, since=now - 40 * DAY)
    entries = [an_entry(source, str(number)) for number in range(20)]
    assert amendments.trust(session, source.group, now).level == 3
    report = amendments.propose(
        session, "report", entry=entries[0], change={"reason": "advertising"}, now=now
    )
    moderation.decide(session, report, "accept", bob, now=now)
    assert amendments.trust(session, source.group, now).level == 2


def test_a_group_appeals_once_and_another_moderator_judges(
    session: Session,
    now: datetime,
    alice: Moderator,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
    carole: Callable[..., str],
) -> None:
    source = a_source("halage")
    email, entry = carole(source.group), an_entry(source)
    keepers.add(session, source.group, email, now=now, proved=True)
    keepers.add(session, source.group, "mallory@example.org", now=now)
    report = amendments.propose(
        session, "report", entry=entry, change={"reason": "advertising"}, now=now
    )
    moderation.decide(session, report, "accept", bob, now=now)
    with pytest.raises(Refused, match="not_yours"):
        moderation.appeal(session, report, why="", email="mallory@example.org", now=now)
    appeal = moderation.appeal(session, report, why="C’est gratuit.", email=email, now=now)
    with pytest.raises(Refused, match="already_decided"):
        moderation.appeal(session, report, why="Encore.", email=email, now=now)
    with pytest.raises(Refused, match="own_decision"):
        moderation.decide(session, appeal, "accept", bob, now=now)
    moderation.decide(session, appeal, "accept", alice, now=now)
    assert (report.state, entry.hidden_at) == ("undone", None)


def test_changing_a_rule_needs_two_administrators_and_is_an_amendment(
    session: Session, now: datetime, alice: Moderator, bob: Moderator
) -> None:
    dora = moderators.appoint(
        session, "dora@example.org", name="Dora", role="administrator", now=now
    )
    change = {"kind": "tag", "who": "moderator", "threshold": 2}
    proposal = amendments.propose(session, "rule", change=change, author="moderator", now=now)
    with pytest.raises(Refused, match="not_allowed"):
        moderation.decide(session, proposal, "accept", bob, now=now)
    moderation.decide(session, proposal, "accept", alice, now=now)
    moderation.decide(session, proposal, "accept", alice, now=now)
    assert proposal.state == "open"
    moderation.decide(session, proposal, "accept", dora, now=now)
    assert governance.rule(session, "tag").threshold == 2
    moderation.undo(session, proposal, alice, now=now)
    assert governance.rule(session, "tag") == governance.FIRST["tag"]


def test_the_public_log_pages_without_a_gap(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group]
) -> None:
    for number in range(5):
        proposal = amendments.propose(
            session, "profile", group=a_group(f"g{number}"), change={"name": "Neuf"}, now=now
        )
        moderation.decide(session, proposal, "accept", bob, now=now)
    everything = [one.id for one in moderation.log(session)]
    first = moderation.log(session, limit=2)
    rest = moderation.log(session, limit=50, before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == everything


def test_a_watched_page_is_read_by_a_selector_until_it_is_undone(
    session: Session, now: datetime, bob: Moderator, a_source: Callable[..., Source]
) -> None:
    old = {"selector": "li a", "links": 9, "titles": ["Un"], "at": now.isoformat()}
    source = a_source(format="page", sample=old, body_hash="0" * 64)
    change = {"selector": "main article h2 a"}
    proposal = amendments.propose(session, "source", now=now, source=source, change=change)
    assert proposal.change == {"selector": {"from": "li a", "to": "main article h2 a"}}
    moderation.decide(session, proposal, "accept", bob, now=now)
    assert (source.sample, source.body_hash, source.next_crawl_at) == (change, None, now)
    moderation.undo(session, proposal, bob, now=now)
    assert source.sample == {"selector": "li a"}


@pytest.mark.parametrize(
    ("format_", "selector", "reason"),
    [
        ("page", "h2 >", "no_selector"),
        ("page", "a[", "no_selector"),
        ("page", "a " * 200, "too_long"),
        ("page", "li a", "nothing_to_change"),
        ("auto", "h2 a", "unknown_field"),
    ],
)
def test_what_is_no_selector_is_refused(
    session: Session,
    now: datetime,
    a_source: Callable[..., Source],
    format_: str,
    selector: str,
    reason: str,
) -> None:
    source = a_source(format=format_, sample={"selector": "li a"})
    with pytest.raises(Refused) as refused:
        amendments.propose(session, "source", now=now, source=source, change={"selector": selector})
    assert refused.value.reason == reason
