"""What each group of the village shows at a given instant.

Pure: the same groups, start, rhythm and seed give the same posts at the same instant, so that
nothing has to run for new entries to arrive. Knows no site and no socket.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from aggregator.demo.readings import reading
from aggregator.demo.texts import Group, Occasion, Text

PARIS = ZoneInfo("Europe/Paris")
READING_EVERY = 6
"""Rhythms between two readings of the sensors."""
READINGS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Event:
    """When and where, with instants in Paris time."""

    starts: datetime
    ends: datetime
    place: str
    repeats: str | None


@dataclass(frozen=True, slots=True)
class Post:
    """One text as its group shows it at one instant."""

    number: int
    slug: str
    title: str
    body: str
    author: str
    tags: tuple[str, ...]
    language: str
    published: datetime
    updated: datetime
    """UTC; equal to `published` as long as nobody changed the text."""
    event: Event | None
    story: str | None


@dataclass(frozen=True, slots=True)
class _Planned:
    text: Text
    appears: datetime
    published: datetime
    """What the text says of itself: before `appears`, or, for one that lies, long after."""
    edited: datetime | None
    withdrawn: datetime | None

    def is_shown(self, now: datetime) -> bool:
        return self.appears <= now and not (self.withdrawn and self.withdrawn <= now)


class Timeline:
    """The plan of the whole village from its start on."""

    def __init__(
        self, groups: Iterable[Group], *, started: datetime, rhythm: float, seed: int
    ) -> None:
        self._started = started.astimezone(UTC).replace(microsecond=0)
        self._rhythm = timedelta(seconds=rhythm)
        self._seed = seed
        groups = tuple(groups)
        self._readings = {g.slug for g in groups if g.about.get("readings") == "yes"}
        self._plans = self._planned(groups)

    def posts(self, slug: str, now: datetime) -> tuple[Post, ...]:
        """The posts of one group, newest first."""
        shown = (self._post(plan, now) for plan in self._plans[slug] if plan.is_shown(now))
        readings = self._readings_until(now) if slug in self._readings else ()
        return tuple(sorted(chain(shown, readings), key=lambda post: post.published, reverse=True))

    def changed_at(self, slug: str, now: datetime) -> datetime:
        """The last instant, not after `now`, at which this group's site changed."""
        instants = [self._started - timedelta(days=30)]
        instants += (post.updated for post in self.posts(slug, now) if post.updated <= now)
        instants += (p.withdrawn for p in self._plans[slug] if p.withdrawn and p.withdrawn <= now)
        return max(instants)

    def _planned(self, groups: tuple[Group, ...]) -> dict[str, tuple[_Planned, ...]]:
        coming = [text for group in groups for text in group.texts if text.soon]
        random.Random(self._seed).shuffle(coming)
        arrives = {id(text): self._after(n) for n, text in enumerate(coming, start=1)}
        changing = [t for group in groups for t in group.texts if t.later or t.withdrawn]
        changes = {id(text): self._after(3 + 4 * n) for n, text in enumerate(changing)}

        def plan(group: Group, text: Text) -> _Planned:
            published = arrives.get(id(text)) or self._past(group, text)
            appears = arrives.get(id(text)) or min(published, self._started)
            change = max(changes.get(id(text), appears), appears + self._rhythm)
            return _Planned(
                text,
                appears,
                published,
                edited=change if text.later else None,
                withdrawn=change if text.withdrawn else None,
            )

        return {g.slug: tuple(plan(g, text) for text in g.texts) for g in groups}

    def _after(self, rhythms: int) -> datetime:
        return self._started + rhythms * self._rhythm

    def _past(self, group: Group, text: Text) -> datetime:
        """When a text was published before the start: the first ones of a file are the newest."""
        if text.age is not None:
            return self._started - text.age
        chance = random.Random(f"{self._seed} {group.slug} {text.number}")
        days = (text.number - 1) * 1.7 + chance.uniform(0.1, 1.6)
        return (self._started - timedelta(days=days)).replace(microsecond=0)

    def _post(self, plan: _Planned, now: datetime) -> Post:
        text = plan.text
        title, body, updated = text.title, text.body, plan.published
        if text.later and plan.edited and plan.edited <= now:
            title, body = text.later
            updated = plan.edited
        return Post(
            number=text.number,
            slug=text.slug,
            title=title,
            body=body,
            author=text.author,
            tags=text.tags,
            language=text.language,
            published=plan.published,
            updated=updated,
            event=self._event(text.occasion) if text.occasion else None,
            story=text.story,
        )

    def _event(self, occasion: Occasion) -> Event:
        day = self._started.astimezone(PARIS).date() + timedelta(days=occasion.day)
        return Event(
            datetime.combine(day, occasion.begins, PARIS),
            datetime.combine(day, occasion.ends, PARIS),
            occasion.place,
            occasion.repeats,
        )

    def _readings_until(self, now: datetime) -> Iterator[Post]:
        """The newest readings of the sensors: one every few rhythms, without end."""
        step = READING_EVERY * self._rhythm
        last = (now - self._started) // step
        for turn in range(max(1, last - READINGS_SHOWN + 1), last + 1):
            at = self._started + turn * step
            title, body, place = reading(self._seed, turn, at.astimezone(PARIS))
            yield Post(
                number=10_000 + turn,
                slug=f"releve-{turn}",
                title=title,
                body=body,
                author="Les capteurs",
                tags=("qualité de l’air", "relevé", place),
                language="fr",
                published=at,
                updated=at,
                event=None,
                story=None,
            )
