"""Keepers act for their group and for no other; proofs decide who they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from aggregator.errors import Refused
from aggregator.registry import (
    amendments,
    desk,
    inventory,
    keepers,
    leaving,
    moderation,
    ownership,
    proofs,
    registration,
    snapshots,
)
from aggregator.settings import Settings
from aggregator.store import suppressions
from aggregator.store.tables import (
    Amendment,
    Entry,
    Group,
    Keeper,
    Letter,
    Moderator,
    Ownership,
    Snapshot,
    Source,
)

DAY = timedelta(days=1)
CAROLE = "carole@example.org"
MALLORY = "mallory@example.org"


def last_secret(session: Session, kind: str) -> str:
    session.flush()
    letter = session.scalars(
        select(Letter).where(Letter.kind == kind).order_by(Letter.id.desc())
    ).first()
    assert letter is not None
    return str(letter.values["path"]).rsplit("/", 1)[-1]


def claimed(session: Session, group: Group, email: str, now: datetime) -> Keeper:
    desk.claim(session, group, email, now=now)
    return desk.accept_claim(session, last_secret(session, "confirm_claim"), now=now)


def check(sessions: sessionmaker[Session], here: Settings, now: datetime) -> None:
    proofs.check_due(sessions, here, lambda: now)


# Signing in


def test_a_keeper_opens_the_desk_by_a_link_that_scanners_may_open(
    session: Session, now: datetime, a_group: Callable[..., Group], carole: Callable[..., str]
) -> None:
    group = a_group("halage")
    carole(group)
    desk.ask_link(session, "Carole@Example.org", now=now)
    secret = last_secret(session, "desk_link")
    assert [desk.look_link(session, secret, now=now) for _ in range(3)] == [CAROLE] * 3
    cookie = desk.open_session(session, secret, now=now)
    assert cookie is not None
    assert desk.keeper_of(session, cookie, now=now) == CAROLE
    assert list(keepers.groups_of(session, CAROLE)) == [group]
    assert desk.open_session(session, secret, now=now) is None
    desk.close_all_sessions(session, CAROLE)
    assert desk.keeper_of(session, cookie, now=now) is None


def test_asking_for_a_link_tells_strangers_nothing(
    session: Session, now: datetime, letters: Callable[..., list[Letter]]
) -> None:
    desk.ask_link(session, MALLORY, now=now)
    assert letters("desk_link") == []


def test_a_link_for_the_desk_opens_no_moderation_and_the_other_way_round(
    session: Session, now: datetime, bob: Moderator, a_group: Callable[..., Group], carole: Any
) -> None:
    carole(a_group("halage"))
    desk.ask_link(session, CAROLE, now=now)
    assert desk.look_link(session, last_secret(session, "moderator_invited"), now=now) is None


# Proofs, found by the worker


@pytest.mark.parametrize("method", ["rel_me", "well_known", "feed_token"])
def test_each_proof_is_found_where_it_was_asked_for(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
    a_group: Callable[..., Group],
    a_source: Callable[..., Source],
    method: str,
) -> None:
    site = a_site()
    group = a_group("halage", home=f"{site.url}/", provisional=True)
    a_source("halage", group=group, url=f"{site.url}/feed")
    session.refresh(group)
    keeper = claimed(session, group, CAROLE, now)
    site.says("/", "<p>Bonjour</p>")
    site.says("/feed", "<rss/>")
    proof = ownership.ask(session, group, keeper, method, now=now)
    session.commit()
    check(sessions, here, now)
    session.expire_all()
    assert (proof.state, group.provisional) == ("asked", True)
    assert proof.detail in {"proof_not_there", "not_found"}

    site.says("/", '<a rel="me noopener" href="https://fil.example/groupes/halage/">ici</a>')
    site.says(ownership.WELL_KNOWN, f"{proof.code}\n")
    site.says("/feed", f"<rss><channel><description>{proof.code}</description></channel></rss>")
    check(sessions, here, now + timedelta(minutes=2))
    session.expire_all()
    assert (proof.state, group.provisional, group.status) == ("proved", False, "participating")
    assert keepers.is_full(keeper)
    assert len(session.scalars(select(Letter).where(Letter.kind == "proof_done")).all()) == 1


def test_a_text_record_is_asked_of_the_name_servers(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_group: Callable[..., Group],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    class Record:
        strings = (b"v=spf1 -all",)

    async def resolve(_self: object, name: str, _type: str) -> list[Record]:
        asked.append(name)
        return [Record()]

    # Name servers are other people's.
    monkeypatch.setattr("dns.asyncresolver.Resolver.resolve", resolve)
    group = a_group("halage")
    keeper = claimed(session, group, CAROLE, now)
    proof = ownership.ask(session, group, keeper, "dns_txt", now=now)
    session.commit()
    check(sessions, here, now)
    session.refresh(proof)
    assert (asked, proof.detail) == (
        ["_filcommun.halage.example", "halage.example"],
        "proof_no_record",
    )
    Record.strings = (proof.code.encode(),)
    check(sessions, here, now + timedelta(minutes=2))
    session.refresh(proof)
    assert proof.state == "proved"


def test_a_mail_to_the_sites_domain_proves_it_and_to_another_does_not(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", home="https://www.halage.example/")
    keeper = claimed(session, group, CAROLE, now)
    for other in ("carole@example.org", "x@halage.example.org", "x@notrehalage.example"):
        with pytest.raises(Refused, match="other_domain"):
            ownership.ask(session, group, keeper, "email", email=other, now=now)
    ownership.ask(session, group, keeper, "email", email="bureau@halage.example", now=now)
    secret = last_secret(session, "confirm_ownership")
    proof = ownership.look_email(session, secret, now=now)
    assert proof is not None
    assert proof.state == "asked"
    ownership.confirm_email(session, secret, now=now)
    assert (proof.state, keepers.is_full(keeper)) == ("proved", True)
    with pytest.raises(Refused, match="not_found"):
        ownership.confirm_email(session, secret, now=now)


def test_a_proof_that_a_redirect_brings_from_elsewhere_counts_for_nothing(
    session: Session,
    sessions: sessionmaker[Session],
    now: datetime,
    here: Settings,
    a_site: Callable[[], Any],
    a_group: Callable[..., Group],
) -> None:
    victim, attacker = a_site(), a_site()
    group = a_group("halage", home=f"{victim.url}/")
    keeper = claimed(session, group, MALLORY, now)
    proof = ownership.ask(session, group, keeper, "well_known", now=now)
    attacker.says("/code", proof.code)
    victim.says(ownership.WELL_KNOWN, "", 302, Location=f"{attacker.url}/code")
    session.commit()
    check(sessions, here, now)
    session.refresh(proof)
    assert (proof.state, proof.detail) == ("asked", "proof_not_there")


def test_a_stranger_gains_nothing_by_the_owners_proof(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    mallory = claimed(session, group, MALLORY, now)
    theirs = ownership.ask(session, group, mallory, "well_known", now=now)
    carole = claimed(session, group, CAROLE, now)
    mine = ownership.ask(session, group, carole, "well_known", now=now)
    assert mine.code != theirs.code
    ownership.found(session, mine, now)
    assert keepers.keeper(session, group, MALLORY) is None
    assert keepers.is_full(carole)


def test_proving_a_site_of_ones_own_gives_nobody_elses_group(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", home="https://halage.example/")
    mallory = claimed(session, group, MALLORY, now)
    for method in ("well_known", "feed_token", "rel_me"):
        proof = ownership.ask(
            session, group, mallory, method, address="https://mallory.example/", now=now
        )
        ownership.found(session, proof, now)
    assert not keepers.is_full(mallory)
    assert group.status == "listed"


def test_a_feed_of_ones_own_does_not_prove_anothers_home_page(
    session: Session, now: datetime, a_group: Callable[..., Group], a_source: Callable[..., Source]
) -> None:
    group = a_group("halage", home="https://halage.example/", provisional=True)
    a_source("halage", group=group, url="https://mallory.example/feed")
    session.refresh(group)
    mallory = keepers.add(session, group, MALLORY, now=now, registered=True)
    proof = ownership.ask(session, group, mallory, "feed_token", now=now)
    ownership.found(session, proof, now)
    assert group.provisional
    assert mallory.proved_at is None


def test_a_proof_that_vanishes_lapses_after_three_days_and_a_moderator_looks(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    keeper = claimed(session, group, CAROLE, now)
    proof = ownership.ask(session, group, keeper, "well_known", now=now)
    ownership.found(session, proof, now)
    for day in range(2):
        ownership.not_found(session, proof, "not_found", now + day * DAY)
        assert (proof.state, group.provisional) == ("proved", False)
    ownership.not_found(session, proof, "not_found", now + 2 * DAY)
    assert (proof.state, group.provisional) == ("lapsed", True)
    assert [one.kind for one in moderation.queue(session)] == ["new_group"]
    assert not keepers.is_full(keeper)


def test_a_site_that_moved_must_be_proved_again(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    keeper = claimed(session, group, CAROLE, now)
    proof = ownership.ask(session, group, keeper, "well_known", now=now)
    ownership.found(session, proof, now)
    assert ownership.recheck_moved(session, now) == 0
    group.home = "https://autre.example/"
    assert ownership.recheck_moved(session, now) == 1
    assert group.provisional
    assert proof.next_check_at == now


def test_the_worker_stops_looking_for_a_proof_that_never_comes(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    proof = ownership.ask(session, group, claimed(session, group, CAROLE, now), "rel_me", now=now)
    looks = 0
    while proof.next_check_at is not None:
        at = proof.next_check_at
        ownership.not_found(session, proof, "proof_not_there", at)
        looks += 1
    assert (proof.state, looks) == ("missing", 8)
    assert at - now < 3 * DAY


def test_what_to_do_is_said_in_one_sentence(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    keeper = claimed(session, group, CAROLE, now)
    for method in ("rel_me", "well_known", "dns_txt", "feed_token"):
        proof = ownership.ask(session, group, keeper, method, now=now)
        told = ownership.instruction(proof, language="en")
        assert "halage.example" in told
        assert "…" not in told
        copied = ownership.snippet(proof, base_url="https://fil.example")
        assert copied == proof.code or 'href="https://fil.example/groupes/halage"' in copied


# What keepers change


def test_a_stranger_changes_nothing_and_an_unproved_keeper_only_proposes(
    session: Session, now: datetime, a_source: Callable[..., Source], an_entry: Callable[..., Entry]
) -> None:
    source = a_source("halage")
    group, entry = source.group, an_entry(source)
    with pytest.raises(Refused, match="not_yours"):
        desk.edit_profile(session, group, MALLORY, {"name": "X"}, now=now)
    claimed(session, group, MALLORY, now)
    outcome = desk.edit_profile(session, group, MALLORY, {"description": "X"}, now=now)
    assert (outcome.applied, outcome.waiting, group.description) == ((), ("description",), "")
    for act in (
        lambda: desk.hide_entry(session, entry, MALLORY, now=now),
        lambda: desk.pause(session, group, MALLORY, now=now),
        lambda: desk.remove_source(session, source, MALLORY, now=now),
        lambda: desk.hand_over(session, group, MALLORY, "x@example.org", now=now),
        lambda: leaving.leave_by_desk(session, group, MALLORY, now=now),
    ):
        with pytest.raises(Refused, match="needs_proof"):
            act()
    assert leaving.ask(session, group, now=now) == 0


def test_a_proved_keeper_edits_hides_pauses_and_resumes(
    session: Session,
    now: datetime,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
    carole: Callable[..., str],
) -> None:
    source = a_source("halage")
    group, entry = source.group, an_entry(source)
    group.tags_proposed = True
    carole(group)
    keepers.keeper(session, group, CAROLE).proved_at = now  # type: ignore[union-attr]
    session.add(
        Ownership(
            group=group,
            method="well_known",
            address="https://halage.example/",
            code="filcommun-1",
            state="proved",
            asked_at=now,
        )
    )
    desk.edit_profile(session, group, CAROLE, {"topic": ["environnement"]}, now=now)
    assert (group.terms("topic"), group.tags_proposed) == (("environnement",), False)
    desk.edit_source(session, source, CAROLE, {"rights": "full"}, now=now)
    assert source.rights == "full"
    desk.hide_entry(session, entry, CAROLE, now=now)
    assert (entry.hidden_at, entry.hidden_reason) == (now, "by_group")
    desk.show_entry(session, entry, CAROLE)
    assert entry.hidden_at is None
    desk.pause(session, group, CAROLE, now=now)
    assert source.paused_at == now
    desk.resume(session, group, CAROLE, now=now + DAY)
    assert (source.paused_at, source.next_crawl_at) == (None, now + DAY)


def test_what_a_moderator_hid_the_group_cannot_show(
    session: Session,
    now: datetime,
    bob: Moderator,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source("halage")
    entry = an_entry(source)
    keepers.add(session, source.group, CAROLE, now=now, proved=True)
    report = amendments.propose(session, "report", entry=entry, change={"reason": "hate"}, now=now)
    moderation.decide(session, report, "accept", bob, now=now)
    with pytest.raises(Refused, match="not_allowed"):
        desk.show_entry(session, entry, CAROLE)


def test_a_registrant_who_swaps_the_feed_after_approval_waits_for_a_proof(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    source = a_source("halage", url="https://halage.example/feed")
    group = source.group
    group.provisional = True
    keeper = keepers.add(session, group, CAROLE, now=now, registered=True)
    outcome = desk.edit_source(
        session, source, CAROLE, {"url": "https://casino.example/feed"}, now=now
    )
    assert (outcome.applied, outcome.waiting) == ((), ("url",))
    assert source.url == "https://halage.example/feed"
    (waiting,) = moderation.queue(session)
    assert (waiting.kind, waiting.author) == ("source", "group")

    proof = ownership.ask(
        session, group, keeper, "feed_token", address="https://casino.example/feed", now=now
    )
    ownership.found(session, proof, now)
    assert source.url == "https://casino.example/feed"
    assert waiting.state == "accepted"
    assert group.provisional


def test_a_feed_on_the_proved_host_is_taken_at_once(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    source = a_source("halage", url="https://halage.example/feed")
    group = source.group
    session.refresh(group)
    keeper = claimed(session, group, CAROLE, now)
    ownership.found(session, ownership.ask(session, group, keeper, "well_known", now=now), now)
    outcome = desk.add_source(
        session, group, CAROLE, "https://blog.halage.example/atom.xml", now=now
    )
    assert "url" in outcome.applied
    assert [one.slug for one in group.sources] == ["halage", "halage-2"]
    outcome = desk.add_source(session, group, CAROLE, "https://mobilizon.example/@halage", now=now)
    assert "url" in outcome.waiting


def test_handing_over_gives_all_and_keeps_nothing(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    carole = claimed(session, group, CAROLE, now)
    ownership.found(session, ownership.ask(session, group, carole, "well_known", now=now), now)
    desk.hand_over(session, group, CAROLE, "dora@example.org", now=now)
    secret = last_secret(session, "handover")
    assert desk.look_claim(session, secret, now=now) is group
    assert keepers.keeper(session, group, CAROLE) is not None
    dora = desk.accept_claim(session, secret, now=now)
    assert (dora.email, keepers.is_full(dora)) == ("dora@example.org", True)
    assert keepers.keeper(session, group, CAROLE) is None
    assert last_letter(session) == ("handed_over", CAROLE)
    assert ownership.is_proved(session, group)
    with pytest.raises(Refused, match="not_found"):
        desk.accept_claim(session, secret, now=now)


def test_forged_and_expired_links_open_nothing(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage")
    desk.claim(session, group, CAROLE, now=now)
    secret = last_secret(session, "confirm_claim")
    for forged in ("", "x" * 32, secret[:-1] + "A", f"{group.id}:{MALLORY}"):
        with pytest.raises(Refused, match="not_found"):
            desk.accept_claim(session, forged, now=now)
    with pytest.raises(Refused, match="not_found"):
        desk.accept_claim(session, secret, now=now + 3 * DAY)


# Leaving


def test_a_group_leaves_by_a_mailed_link_and_nothing_of_it_is_shown(
    session: Session,
    now: datetime,
    a_source: Callable[..., Source],
    an_entry: Callable[..., Entry],
) -> None:
    source = a_source("halage", url="https://feeds.example/halage")
    group, entry = source.group, an_entry(source, title="Chantier", text="Samedi", indexed_at=now)
    session.refresh(group)
    keeper = claimed(session, group, CAROLE, now)
    ownership.found(session, ownership.ask(session, group, keeper, "well_known", now=now), now)
    amendments.propose(session, "report", entry=entry, change={"reason": "other"}, now=now)
    snapshots.take(session, now)
    session.commit()
    assert leaving.ask(session, group, now=now) == 1
    secret = last_secret(session, "confirm_leaving")
    assert leaving.look(session, secret, now=now) is group
    assert group.is_public
    assert leaving.leave(session, secret, now=now) == "Halage"
    session.commit()
    session.expire_all()
    assert (group.is_public, group.name, group.home) == (False, "", None)
    assert (entry.title, entry.text, entry.indexed_at) == ("", "", None)
    assert entry.hidden_at == now
    assert session.scalars(select(Amendment.subject)).all() == [""]
    assert session.scalars(select(Snapshot)).one().groups == {}
    assert session.scalar(select(func.count(Keeper.id))) == 0
    assert leaving.departures(session) == 1
    assert last_letter(session) == ("group_left", CAROLE)
    goodbye = session.scalars(select(Letter).where(Letter.kind == "group_left")).one()
    assert goodbye.values["for_good"] is True

    # The rows stay until the index has forgotten the entries.
    assert leaving.forget(session) == 0
    entry.indexed_at = now
    session.flush()
    assert leaving.forget(session) == 1
    session.commit()
    for table in (Group, Source, Entry):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def last_letter(session: Session) -> tuple[str, str]:
    letter = session.scalars(select(Letter).order_by(Letter.id.desc())).first()
    assert letter is not None
    return letter.kind, letter.address


def test_a_group_that_left_stays_left(
    session: Session, now: datetime, a_source: Callable[..., Source]
) -> None:
    group = a_source("halage", url="https://feeds.example/halage").group
    session.refresh(group)
    keepers.add(session, group, CAROLE, now=now, proved=True)
    leaving.leave_by_desk(session, group, CAROLE, now=now)
    leaving.forget(session)
    text = """\
version: 1
groups:
  - slug: halage
    name: Halage
    home: https://halage.example
    sources:
      - url: https://feeds.example/halage
"""
    assert inventory.sync(session, inventory.read(text), now).suppressed == ("halage",)
    with pytest.raises(Refused, match="left"):
        registration.start(session, "http://www.halage.example/accueil", now=now)
    with pytest.raises(Refused, match="left"):
        amendments.propose(
            session, "missing_group", change={"url": "https://halage.example"}, now=now
        )
    assert suppressions.covers(session, "https://feeds.example/halage")
    assert not suppressions.covers(session, "https://feeds.example/another")
    suppressions.lift(session, "https://halage.example/")
    assert registration.start(session, "halage.example", now=now).state == "waiting"


def test_who_registers_anothers_site_and_leaves_does_not_shut_its_owner_out(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    group = a_group("halage", provisional=True, status="participating")
    keepers.add(session, group, MALLORY, now=now, registered=True)
    assert not leaving.is_for_good(group)
    leaving.leave_by_desk(session, group, MALLORY, now=now)
    assert (group.is_public, leaving.departures(session)) == (False, 0)
    assert registration.start(session, "halage.example", now=now).state == "waiting"


def test_a_link_to_leave_is_used_once_and_belongs_to_its_group(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    for slug in ("halage", "vergers"):
        group = a_group(slug)
        keepers.add(session, group, CAROLE, now=now, proved=True)
    leaving.ask(session, group, now=now)
    secret = last_secret(session, "confirm_leaving")
    assert leaving.leave(session, secret, now=now) == "Vergers"
    with pytest.raises(Refused, match="not_found"):
        leaving.leave(session, secret, now=now)
    assert session.scalars(select(Group.name).where(Group.status == "listed")).all() == ["Halage"]
