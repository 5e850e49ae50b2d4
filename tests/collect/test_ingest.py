"""From a parsed feed to rows: what is new, what was edited, what is gone; twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from aggregator.collect.ingest import bury, content_hash, dated, ingest
from aggregator.collect.stories import StoryLinks
from aggregator.parse.entries import Enclosure, ParsedEntry, ParsedFeed
from aggregator.store.tables import Entry, EntryTag, EntryVersion

HOUSING = (
    "La mairie de Montreuil ouvre une concertation sur la rénovation des logements sociaux du "
    "quartier. Réunion publique mardi à 19 h à la maison des associations, entrée libre."
)


def parsed(uid: str = "1", **options: object) -> ParsedEntry:
    values = {"url": f"https://lilas.example/{uid}", "title": f"Nouvelle {uid}"}
    return ParsedEntry(uid=uid, **(values | options))


def feed(*entries: ParsedEntry) -> ParsedFeed:
    return ParsedFeed(tuple(entries))


def stored(session) -> list[Entry]:
    session.expire_all()
    return list(session.scalars(select(Entry).order_by(Entry.id)))


def test_the_same_feed_twice_changes_nothing(session, a_source, now):
    source = a_source()
    first = ingest(session, source, feed(parsed("1"), parsed("2")), now=now)
    assert (len(first.new), first.updated, first.unchanged) == (2, (), 0)
    again = ingest(session, source, feed(parsed("1"), parsed("2")), now=now + timedelta(1))
    assert (again.new, again.updated, again.unchanged) == ((), (), 2)
    assert [entry.last_seen_at for entry in stored(session)] == [now + timedelta(1)] * 2
    assert [entry.first_seen_at for entry in stored(session)] == [now] * 2


def test_a_feed_that_comes_again_under_new_ids_brings_nothing_new(session, a_source, now):
    def at(uid: str, scheme: str, number: int) -> ParsedEntry:
        url = f"{scheme}lilas.example/article{number}"
        day = now - timedelta(days=number)
        return parsed(uid, url=url, title=f"Réunion {number}", published=day)

    source = a_source()
    first = ingest(session, source, feed(at("a", "http://", 1), at("b", "http://", 2)), now=now)
    moved = feed(at("x", "https://www.", 1), at("y", "https://www.", 2), at("z", "https://", 3))
    again = ingest(session, source, moved, now=now + timedelta(1))
    assert len(again.new) == 1
    assert set(again.updated) == set(first.new)
    assert {entry.uid for entry in stored(session)} == {"x", "y", "z"}
    third = ingest(session, source, moved, now=now + timedelta(2))
    assert (third.new, third.updated, third.unchanged) == ((), (), 3)


def test_undated_news_and_events_keep_their_entry_under_ids_that_change(session, a_source, now):
    source = a_source()
    for visit in range(3):
        undated = parsed(
            f"n{visit}", url="https://lilas.example/1", title="Nouvelle", summary="Oui"
        )
        fete = parsed(f"e{visit}", url=None, title="Fête", starts_at=now + timedelta(days=9))
        ingest(session, source, feed(undated, fete), now=now + timedelta(visit))
    assert [entry.title for entry in stored(session)] == ["Fête", "Nouvelle"]


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Autre titre"},
        {"url": "https://lilas.example/autre"},
        {"published": datetime(2026, 11, 2, tzinfo=UTC)},
        {"starts_at": datetime(2026, 12, 9, 19, tzinfo=UTC)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_in_more_than_its_id_is_another_entry(session, a_source, now, other):
    source = a_source()
    usual = {"url": "https://lilas.example/permanence", "title": "Permanence"}
    usual |= {
        "published": datetime(2026, 11, 1, tzinfo=UTC),
        "starts_at": datetime(2026, 12, 2, 19, tzinfo=UTC),
    }
    ingest(session, source, feed(parsed("1", **usual)), now=now)
    assert len(ingest(session, source, feed(parsed("2", **(usual | other))), now=now).new) == 1


def test_entries_alike_that_stand_in_one_feed_are_two(session, a_source, now):
    source = a_source()
    alike = {"url": "https://lilas.example/", "title": "Permanence", "published": now}
    ingest(session, source, feed(parsed("1", **alike)), now=now)
    both = feed(parsed("1", **alike), parsed("2", **alike))
    assert len(ingest(session, source, both, now=now).new) == 1


def test_ids_come_in_document_order_and_the_first_is_the_newest(session, a_source, now):
    done = ingest(session, a_source(), feed(parsed("a"), parsed("b"), parsed("c")), now=now)
    assert done.new == tuple(sorted(done.new, reverse=True))
    newest = session.scalars(select(Entry.uid).order_by(Entry.published.desc(), Entry.id.desc()))
    assert list(newest) == ["a", "b", "c"]


def test_a_uid_that_comes_twice_in_a_feed_is_one_entry(session, a_source, now):
    double = feed(parsed("1", title="Premier"), parsed("1", title="Second"))
    ingest(session, a_source(), double, now=now)
    assert [entry.title for entry in stored(session)] == ["Premier"]


def test_another_source_cannot_change_an_entry_it_did_not_bring(session, a_source, now):
    ingest(session, a_source("un"), feed(parsed("1", title="La bonne")), now=now)
    ingest(session, a_source("deux"), feed(parsed("1", title="L’imposture")), now=now)
    assert [entry.title for entry in stored(session)] == ["La bonne", "L’imposture"]


def test_a_date_in_the_future_is_the_first_sight_and_the_claim_is_kept(session, a_source, now):
    ingest(session, a_source(), feed(parsed(published=now + timedelta(days=400))), now=now)
    (entry,) = stored(session)
    assert entry.published == now
    assert entry.published_claimed == now + timedelta(days=400)


def test_no_date_at_all_is_the_first_sight(now):
    assert dated(parsed(), now) == (now, None)
    assert dated(parsed(updated=now - timedelta(2)), now) == (now - timedelta(2), None)


@given(st.datetimes(timezones=st.just(UTC)))
def test_nothing_is_ever_published_after_it_was_first_seen(published):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert dated(parsed(published=published), now)[0] <= now


def test_an_edit_keeps_the_earlier_form_and_the_first_date(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed(title="Mardi", published=now - timedelta(3))), now=now)
    later = now + timedelta(hours=1)
    edited = parsed(title="Mercredi", published=later)
    assert len(ingest(session, source, feed(edited), now=later).updated) == 1
    (entry,) = stored(session)
    assert (entry.title, entry.published) == ("Mercredi", now - timedelta(3))
    assert [(one.title, one.replaced_at) for one in entry.versions] == [("Mardi", later)]


def test_signed_picture_addresses_are_no_edit():
    one = parsed(image="https://cdn.example/a.jpg?sig=1")
    assert content_hash(one) == content_hash(replace(one, image="https://cdn.example/a.jpg?sig=2"))
    assert content_hash(one) != content_hash(replace(one, title="Autre"))


def test_a_counter_in_the_text_does_not_fill_the_disk(session, a_source, now):
    source = a_source()
    for number in range(60):
        ingest(session, source, feed(parsed(summary=f"{number} vues")), now=now)
    (entry,) = stored(session)
    assert len(entry.versions) == 50
    assert entry.versions[0].summary == "58 vues"


def test_entries_that_leave_the_feed_stay(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed("1"), parsed("2")), now=now)
    ingest(session, source, feed(parsed("2")), now=now)
    assert [entry.deleted_at for entry in stored(session)] == [None, None]


def test_a_tombstone_keeps_title_and_address_only(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed(summary="Secret", content="<p>Secret</p>")), now=now)
    ingest(session, source, feed(parsed(summary="Secret 2")), now=now)
    assert bury(session, source, ["1", "inconnu"], now=now) == 1
    assert bury(session, source, ["1"], now=now) == 0
    (entry,) = stored(session)
    assert (entry.deleted_at, entry.title) == (now, "Nouvelle 1")
    assert (entry.summary, entry.content, entry.text, entry.versions) == ("", "", "", [])
    assert entry.indexed_at is None


def test_what_was_gone_and_comes_back_is_there_again(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed()), now=now)
    bury(session, source, ["1"], now=now)
    assert len(ingest(session, source, feed(parsed()), now=now).updated) == 1
    (entry,) = stored(session)
    assert (entry.deleted_at, entry.versions) == (None, [])


def test_an_entry_is_tagged_by_its_words_and_inherits_from_its_group(
    session, a_group, a_source, now
):
    group = a_group("collectif", kind=["association"], area=["bagnolet"])
    source = a_source("collectif", group=group)
    entries = feed(
        parsed("1", title="Logement social : réunion publique", summary=HOUSING),
        parsed("2", title="Bonne année"),
    )
    ingest(session, source, entries, now=now)
    by_uid = {entry.uid: entry for entry in stored(session)}
    tags = {(tag.dimension, tag.slug): tag for tag in by_uid["1"].tags}
    assert tags["topic", "logement"].origin == "text"
    assert tags["topic", "logement"].evidence[0]["words"]
    assert tags["area", "montreuil"].origin == "text"
    assert tags["kind", "association"].origin == "source"
    areas = [tag.slug for tag in by_uid["2"].tags if tag.dimension == "area"]
    assert areas == ["bagnolet"]
    assert by_uid["1"].language == "fr"
    assert 0 <= by_uid["1"].relevance <= 1


def test_the_sources_own_areas_replace_the_groups(session, a_group, a_source, now):
    group = a_group("reseau", area=["paris"])
    source = a_source("reseau-lilas", group=group, areas=["les-lilas"])
    ingest(session, source, feed(parsed(title="Bonne année")), now=now)
    assert session.scalars(select(EntryTag.slug)).all() == ["les-lilas"]


def test_what_moderators_tagged_survives_an_edit(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed(summary=HOUSING)), now=now)
    (entry,) = stored(session)
    session.execute(EntryTag.__table__.delete())
    session.add(EntryTag(entry_id=entry.id, dimension="topic", slug="logement", origin="moderator"))
    session.flush()
    ingest(session, source, feed(parsed(title="Logement social", summary=HOUSING)), now=now)
    tags = session.scalars(select(EntryTag).where(EntryTag.slug == "logement")).all()
    assert [tag.origin for tag in tags] == ["moderator"]


def test_everything_the_entry_says_is_kept(session, a_source, now):
    rich = parsed(
        content="<p>Bonjour <b>tout le monde</b></p>",
        summary="Bonjour",
        author="Zoé",
        categories=("Vélo", "Rue"),
        enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 3),),
        starts_at=now + timedelta(3),
        ends_at=now + timedelta(4),
        place="Mairie",
        type="event",
    )
    ingest(session, a_source(), feed(rich), now=now)
    (entry,) = stored(session)
    assert entry.text == "Bonjour tout le monde"
    assert (entry.author, entry.categories, entry.place) == ("Zoé", ["Vélo", "Rue"], "Mairie")
    assert entry.enclosures[0]["url"] == "https://a.example/a.mp3"
    assert (entry.type, entry.starts_at) == ("event", now + timedelta(3))


def test_entries_of_several_groups_that_tell_the_same_form_a_story(session, a_source, now):
    links = StoryLinks()
    text = HOUSING + " Les bureaux de vote du budget participatif ouvriront ensuite pour dix jours."
    ingest(session, a_source("un"), feed(parsed("1", summary=text)), now=now)
    ingest(session, a_source("trois"), feed(parsed("3", summary="Fête du vélo samedi.")), now=now)
    assert links.link(session, now=now) == 0
    ingest(session, a_source("deux"), feed(parsed("2", summary=text)), now=now)
    assert links.link(session, now=now) == 1
    assert links.link(session, now=now) == 0
    stories = {entry.uid: entry.story_id for entry in stored(session)}
    assert stories["1"] == stories["2"] is not None
    assert stories["3"] is None
    again = StoryLinks()
    assert again.link(session, now=now) == 0


@pytest.mark.parametrize("days", [0, 20])
def test_old_news_tell_no_new_story(session, a_source, now, days):
    links = StoryLinks()
    ingest(
        session,
        a_source("un"),
        feed(parsed("1", summary=HOUSING, published=now - timedelta(days))),
        now=now,
    )
    links.link(session, now=now)
    ingest(session, a_source("deux"), feed(parsed("2", summary=HOUSING, published=now)), now=now)
    assert links.link(session, now=now) == (days == 0)


def test_versions_belong_to_their_entry(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed("1"), parsed("2")), now=now)
    ingest(session, source, feed(parsed("1", title="x"), parsed("2", title="y")), now=now)
    titles = session.execute(
        select(Entry.uid, EntryVersion.title).join(EntryVersion).order_by(Entry.uid)
    ).all()
    assert [tuple(row) for row in titles] == [("1", "Nouvelle 1"), ("2", "Nouvelle 2")]


def test_a_feed_may_bury_its_entries(session, a_source, now):
    source = a_source()
    ingest(session, source, feed(parsed("1"), parsed("2")), now=now)
    ingest(session, source, ParsedFeed((parsed("2"),), deleted=("1", "2", "inconnu")), now=now)
    assert [entry.deleted_at for entry in stored(session)] == [None, now]
