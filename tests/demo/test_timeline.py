"""What a group shows, when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.demo.texts import read_group, read_groups
from aggregator.demo.timeline import READING_EVERY, Timeline

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GROUP = read_group(
    "test",
    """name: Test
readings: no

## Ancien
age: 2d

Mots.

## Bientôt
soon: yes

Mots.

## Corrigé
age: 1d

Avant.

>>> Corrigé, la suite
Après.

## Retiré
age: 3d
withdrawn: yes

Mots.

## Réunion
age: 4d
day: 3
hours: 18:30-20:00
place: Salle A, Sevran

Mots.

## Mensonge
age: -400d

Publié dans l’avenir, dit-il.
""",
)


def timeline(seed: int = 1) -> Timeline:
    return Timeline([GROUP], started=START, rhythm=10, seed=seed)


def titles(seconds: float) -> set[str]:
    return {post.title for post in timeline().posts("test", START + timedelta(seconds=seconds))}


def test_a_text_to_come_arrives_after_one_rhythm_with_that_date() -> None:
    assert "Bientôt" not in titles(9)
    assert "Bientôt" in titles(10)
    newest = timeline().posts("test", START + timedelta(seconds=10))[1]
    assert (newest.title, newest.published) == ("Bientôt", START + timedelta(seconds=10))


def test_a_text_is_edited_later_and_says_so() -> None:
    assert "Corrigé" in titles(0)
    later = timeline().posts("test", START + timedelta(hours=1))
    edited = next(post for post in later if post.title == "Corrigé, la suite")
    assert edited.body == "Après."
    assert edited.published == START - timedelta(days=1)
    assert START < edited.updated < START + timedelta(hours=1)


def test_a_text_vanishes_and_the_site_has_changed() -> None:
    assert "Retiré" in titles(0)
    assert "Retiré" not in titles(3600)
    before, after = (timeline().changed_at("test", START + timedelta(seconds=s)) for s in (0, 3600))
    assert before < after


def test_a_date_in_the_future_is_shown_at_once_but_is_no_change() -> None:
    assert "Mensonge" in titles(0)
    assert timeline().changed_at("test", START) <= START


def test_events_are_held_in_paris_time_days_after_the_start() -> None:
    post = next(p for p in timeline().posts("test", START) if p.title == "Réunion")
    assert post.event
    assert post.event.starts.isoformat() == "2026-11-27T18:30:00+01:00"


def test_the_same_seed_tells_the_same_and_the_news_are_fresh() -> None:
    groups = read_groups()
    one, two = (Timeline(groups, started=START, rhythm=15, seed=4) for _ in range(2))
    for group in groups:
        assert one.posts(group.slug, START) == two.posts(group.slug, START)
    today = [
        post
        for group in groups
        for post in one.posts(group.slug, START)
        if START - timedelta(days=1) < post.published <= START
    ]
    assert len(today) >= 20


def test_entries_keep_arriving_for_hours() -> None:
    groups = read_groups()
    line = Timeline(groups, started=START, rhythm=15, seed=1)
    seen = set()
    for hours in range(4):
        now = START + timedelta(hours=hours)
        count = {(g.slug, p.number) for g in groups for p in line.posts(g.slug, now)}
        assert len(count - seen) > 10
        seen |= count


def test_a_reading_comes_every_few_rhythms_and_only_the_newest_are_shown() -> None:
    group = read_group("capteurs", "name: Capteurs\nreadings: yes\n")
    line = Timeline([group], started=START, rhythm=10, seed=1)
    assert not line.posts("capteurs", START)
    assert len(line.posts("capteurs", START + timedelta(seconds=10 * READING_EVERY))) == 1
    much_later = line.posts("capteurs", START + timedelta(days=1))
    assert len(much_later) == 12
    assert "µg/m³" in much_later[0].title
