"""sources.yaml says all its faults at once, and a sync carries over what it changed, no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aggregator.errors import InventoryError
from aggregator.registry import inventory
from aggregator.store import suppressions
from aggregator.store.tables import Group, Source

REAL = Path(__file__).parents[2] / "sources.yaml"

HALAGE = """\
version: 1
groups:
  - slug: halage
    name: Halage
    home: https://halage.example
    areas: [l-ile-saint-denis]
    topics: [environnement]
    sources:
      - url: https://halage.example/feed
"""


def sync(session: Session, text: str, now: datetime) -> inventory.Synced:
    synced = inventory.sync(session, inventory.read(text), now)
    session.commit()
    return synced


def group(session: Session, slug: str = "halage") -> Group:
    found = session.scalar(select(Group).where(Group.slug == slug))
    assert found is not None
    return found


def test_the_real_inventory_has_no_fault_and_keeps_guesses_as_hints() -> None:
    groups = inventory.read(inventory.read_file(REAL)).groups
    sources = [source for group in groups for source in group.sources]
    assert len(groups) == 187
    assert len(sources) == 196
    assert all(source.format == "discover" for source in sources if source.hint)
    assert {s.rights for g in groups if g.category == "presse" for s in g.sources} == {"link"}
    assert all(group.terms["area"] and group.terms["topic"] for group in groups)


def test_all_faults_are_found_at_once_with_their_lines() -> None:
    text = """\
version: 2
groups:
  - slug: Halâge
    name: Halage
    home: halage.example
    areas: [ile-saint-denis]
    topic: [environnement]
    status: gone
    sources:
      - url: ftp://halage.example/feed
        rights: all
      - format: discover
  - slug: vergers
    sources: none
  - slug: vergers
    name: [Vergers]
    home: https://vergers.example
    language: français
  - Alice
  - slug: la-louve
    name: La Louve
    home: http://www.vergers.example/
    topics: alimentation
"""
    found = {(fault.line, fault.message.split(".")[0]) for fault in inventory.check(text)}
    lines = sorted(line for line, _ in found)
    assert lines == [1, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 22, 23]
    messages = "\n".join(map(str, inventory.check(text)))
    assert "line 3: the slug 'Halâge' needs small letters" in messages
    assert "Did you mean l-ile-saint-denis or" in messages
    assert "the key 'topic' is not known. Did you mean 'topics'?" in messages
    assert "the home page http://www.vergers.example/ is already in line 17" in messages


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "empty"),
        ("version: 1\ngroups:\n\t- slug: a\n", 3, "a tab indents this line"),
        ("version: 1\ngroups: [\n", 3, "not YAML"),
        ("version: 1\ngroups: &a [*a, *a]\n", 2, "anchors"),
        ("version: 1\nversion: 1\ngroups: []\n", 2, "given twice"),
        ("version: 1\ngroups: []\n---\nversion: 1\n", 4, "second document"),
        ("version: 1\ngroups: " + "[" * 5000, 2, "nested more than"),
        ("- a\n- b\n", 1, "a list"),
        ("? {a: b}\n: c\n", 1, "cannot be a key"),
        ("version: 1\ngroups: []\nname: \x00\n", 0, "not YAML"),
        ("a" * 4_000_001, 0, "4000001 characters"),
        ("!!python/object/apply:os.system [ls]", 1, "a list"),
    ],
)
def test_what_is_no_inventory_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    faults = inventory.check(text)
    assert any(fault.line == line and words in fault.message for fault in faults), faults


@settings(max_examples=200)
@given(st.text() | st.text(alphabet=":-[]{}&*!|>'\"\n\t #ab"))
def test_any_text_is_checked_without_a_crash(text: str) -> None:
    assert all(str(fault) for fault in inventory.check(text))


def test_reading_a_faulty_file_says_every_fault_in_one_error() -> None:
    with pytest.raises(InventoryError, match=r"(?s)2 to mend.*line 3.*line 4"):
        inventory.read("version: 1\ngroups:\n  - slug: ''\n    name: ''\n")


def test_a_file_that_cannot_be_read_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="cannot be read"):
        inventory.read_file(tmp_path / "none.yaml")
    (tmp_path / "latin1.yaml").write_bytes("name: L'Île".encode("latin-1"))
    with pytest.raises(InventoryError, match="not UTF-8"):
        inventory.read_file(tmp_path / "latin1.yaml")


def test_the_real_inventory_syncs_and_a_second_sync_changes_nothing(
    session: Session, now: datetime
) -> None:
    text = inventory.read_file(REAL)
    assert len(sync(session, text, now).added) == 187
    assert session.scalar(select(func.count(Source.id))) == 196
    again = sync(session, text, now + timedelta(hours=1))
    assert len(again.unchanged) == 187
    assert again.added + again.changed + again.left + again.kept == ()


def test_a_new_group_brings_its_tags_and_sources_due_at_once(
    session: Session, now: datetime
) -> None:
    assert sync(session, HALAGE, now).added == ("halage",)
    halage = group(session)
    assert halage.terms("area") == ("l-ile-saint-denis",)
    assert [source.next_crawl_at for source in halage.sources] == [now]
    assert halage.tags_proposed


def test_sync_carries_over_what_the_file_changed(session: Session, now: datetime) -> None:
    sync(session, HALAGE, now)
    text = HALAGE.replace("name: Halage", "name: Association Halage").replace(
        "[environnement]", "[environnement, economie-sociale]"
    )
    assert sync(session, text, now).changed == ("halage",)
    assert group(session).name == "Association Halage"
    assert group(session).terms("topic") == ("economie-sociale", "environnement")


def test_sync_never_undoes_what_a_person_changed_here(session: Session, now: datetime) -> None:
    sync(session, HALAGE, now)
    halage = group(session)
    halage.name, halage.edited_fields = "Halage, jardins", ["name", "topic"]
    halage.tags = [tag for tag in halage.tags if tag.dimension != "topic"]
    session.commit()
    assert sync(session, HALAGE, now).unchanged == ("halage",)
    text = HALAGE.replace("name: Halage", "name: HALAGE").replace("[environnement]", "[culture]")
    assert sync(session, text, now).kept == ("halage.name", "halage.topic")
    assert group(session).name == "Halage, jardins"
    assert group(session).terms("topic") == ()


def test_a_source_that_moved_by_redirect_stays_where_it_went(
    session: Session, now: datetime
) -> None:
    sync(session, HALAGE, now)
    group(session).sources[0].url = "https://halage.example/actus/feed"
    session.commit()
    assert sync(session, HALAGE, now).unchanged == ("halage",)
    assert [source.url for source in group(session).sources] == [
        "https://halage.example/actus/feed"
    ]


def test_a_new_address_in_the_file_forgets_the_old_ones_validators(
    session: Session, now: datetime
) -> None:
    sync(session, HALAGE, now)
    source = group(session).sources[0]
    source.etag, source.failures, source.next_crawl_at = '"1"', 5, now + timedelta(days=7)
    session.commit()
    sync(session, HALAGE.replace("/feed", "/rss"), now)
    assert (source.url, source.etag, source.failures) == ("https://halage.example/rss", None, 0)
    assert source.next_crawl_at == now


def test_what_left_the_file_is_marked_and_may_come_back(session: Session, now: datetime) -> None:
    sync(session, HALAGE, now)
    empty = "version: 1\ngroups: []\n"
    assert sync(session, empty, now).left == ("halage",)
    assert group(session).left_inventory_at == now
    assert group(session).sources[0].left_inventory_at == now
    assert sync(session, empty, now).left == ()
    assert sync(session, HALAGE, now).changed == ("halage",)
    assert group(session).left_inventory_at is None
    assert group(session).sources[0].left_inventory_at is None


def test_a_group_that_takes_part_does_not_leave_with_the_file(
    session: Session, now: datetime
) -> None:
    sync(session, HALAGE, now)
    group(session).status = "participating"
    group(session).edited_fields = ["status"]
    session.commit()
    assert sync(session, "version: 1\ngroups: []\n", now).left == ()
    assert group(session).left_inventory_at is None


def test_a_group_that_registered_itself_is_recognised_and_speaks_for_itself(
    session: Session, now: datetime, a_group: Callable[..., Group]
) -> None:
    a_group(
        "halage-jardins",
        home="http://www.halage.example/",
        name="Halage !",
        status="participating",
        edited_fields=["status"],
    )
    assert sync(session, HALAGE, now).changed == ("halage",)
    assert group(session, "halage-jardins").name == "Halage !"
    assert group(session, "halage-jardins").sources == []
    assert session.scalar(select(func.count(Group.id))) == 1
    assert sync(session, HALAGE, now).unchanged == ("halage",)


def test_a_group_that_the_file_calls_participating_comes_with_its_sources(
    session: Session, now: datetime
) -> None:
    sync(session, HALAGE.replace("name:", "status: participating\n    name:", 1), now)
    assert group(session).status == "participating"
    assert len(group(session).sources) == 1


def test_a_group_that_left_is_not_brought_back_by_sync(session: Session, now: datetime) -> None:
    suppressions.suppress(session, ["https://www.halage.example/"], now=now)
    assert sync(session, HALAGE, now).suppressed == ("halage",)
    assert session.scalar(select(func.count(Group.id))) == 0


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("http://www.halage.example", True),
        ("https://HALAGE.example:443/blog/feed?x=1#top", True),
        ("https://halage.example.org/", False),
        ("https://sub.halage.example/", False),
        ("", False),
        ("http://[broken", False),
    ],
)
def test_what_lies_below_a_home_page_that_left_has_left_too(
    session: Session, now: datetime, address: str, covered: bool
) -> None:
    suppressions.suppress(session, ["https://halage.example/"], now=now)
    assert suppressions.covers(session, address) is covered
    assert suppressions.departures(session) == 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=st.text() | st.from_regex(r"https?://[^/]{1,20}/.*"))
def test_any_text_can_be_asked_whether_it_left(session: Session, address: str) -> None:
    assert suppressions.covers(session, address) is False
