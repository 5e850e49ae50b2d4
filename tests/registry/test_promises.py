"""What holds over all verbs: looking changes nothing, and undoing goes all the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from aggregator.errors import Refused
from aggregator.registry import (
    amendments,
    comparing,
    desk,
    doubts,
    glances,
    governance,
    help_requests,
    holds,
    kumu_kept,
    leaving,
    lexicon,
    mirrors,
    moderation,
    moderators,
    ownership,
    planning,
    registration,
    reports,
    snapshots,
    workshops,
)
from aggregator.registry.listed import Listed
from aggregator.store.tables import Amendment, Entry, Group, Moderator, Source

SLUGS = ("culture", "environnement", "logement", "transports")
CHANGES = st.one_of(
    st.fixed_dictionaries({"name": st.text("ab ", min_size=1, max_size=3)}),
    st.fixed_dictionaries({"description": st.text("xyz", max_size=2)}),
    st.fixed_dictionaries({"topic": st.lists(st.sampled_from(SLUGS), max_size=3)}),
    st.fixed_dictionaries({"home": st.sampled_from(["https://a.example/", "https://b.example/"])}),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.integers(0, 1), CHANGES), max_size=8))
def test_undoing_all_decisions_in_reverse_order_brings_the_inventory_back(
    session: Session,
    now: datetime,
    changes: list[tuple[int, dict[str, object]]],
) -> None:
    session.rollback()
    bob = moderators.appoint(session, "bob@example.org", name="Bob", now=now)
    groups = [
        Group(slug=slug, name=slug, home=f"https://{slug}.example/", created_at=now, updated_at=now)
        for slug in ("un", "deux")
    ]
    session.add_all(groups)
    session.flush()
    before = snapshots.now_as(session)
    decided: list[Amendment] = []
    for index, change in changes:
        try:
            proposal = amendments.propose(
                session, "profile", group=groups[index], change=change, now=now
            )
        except Refused:
            continue
        decided.append(moderation.decide(session, proposal, "accept", bob, now=now))
    for amendment in reversed(decided):
        moderation.undo(session, amendment, bob, now=now, again=False)
    session.flush()
    session.expire_all()
    assert snapshots.now_as(session) == before
    assert [group.edited_fields for group in groups] == [[], []]
    session.rollback()


def test_looking_changes_nothing(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source("halage")
    entry = an_entry(source, relevance=0.2)
    group = source.group
    report = amendments.propose(session, "report", entry=entry, change={"reason": "other"}, now=now)
    kumu_kept.keep(session, "kumu", {"elements": [{"label": group.name}]}, now)
    workshop = workshops.open_workshop(session, "Atelier", now.date(), now=now)
    started = registration.start(session, "lilas.example", now=now)
    edit = {"dimension": "topic", "slug": "culture", "phrase": "casino", "weight": 2.0}
    session.commit()
    for look in (
        lambda: registration.by_key(session, started.key),
        lambda: registration.look(session, "secret", now=now),
        lambda: registration.confirmed_by(session, "secret"),
        lambda: glances.of(session, [report]),
        lambda: registration.profile_of(started),
        lambda: desk.look_link(session, "secret", now=now),
        lambda: desk.look_claim(session, "secret", now=now),
        lambda: desk.keeper_of(session, "cookie", now=now),
        lambda: moderators.look_link(session, "secret", now=now),
        lambda: moderators.of(session, "cookie", now=now),
        lambda: leaving.look(session, "secret", now=now),
        lambda: ownership.look_email(session, "secret", now=now),
        lambda: ownership.of(session, group),
        lambda: help_requests.look(session, "secret", now=now),
        lambda: help_requests.look_manage(session, "secret", now=now),
        lambda: help_requests.public(session),
        lambda: help_requests.offering(session, "gouvernance", "paris"),
        lambda: moderation.queue(session),
        lambda: moderation.log(session),
        lambda: moderation.figures(session, now),
        lambda: comparing.differences(session, report),
        lambda: governance.rules(session),
        lambda: holds.caught(session, "casino"),
        lambda: lexicon.try_edit(session, edit, now=now),
        lambda: lexicon.listed(session),
        lambda: doubts.doubtful(session, now=now),
        lambda: workshops.conflicts(session, workshop),
        lambda: reports.report(session, workshop),
        lambda: planning.plan(session, [Listed("1", "Halage")], origin="x", mirror=True),
        lambda: mirrors.listed(session),
        lambda: mirrors.groups_of(session),
        lambda: [kumu_kept.given_back(session, map_) for map_ in kumu_kept.kept(session)],
        lambda: snapshots.between(session, now, now),
    ):
        look()
        assert not session.new
        assert not session.dirty
        assert not session.deleted
