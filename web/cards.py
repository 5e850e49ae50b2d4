"""Entries made ready to be shown in lists: rights applied, terms resolved, stories folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape

from aggregator.publish import rights
from aggregator.search import highlight
from aggregator.search.query import EVERYTHING, Query, has_text
from aggregator.store.entries import Outline
from aggregator.store.tables import Entry, Picture
from aggregator.taxonomy import areas, terms
from aggregator.taxonomy.terms import Term
from web.typography import day_of, spaced


@dataclass(frozen=True, slots=True)
class Card:
    """One entry of a list, with what its source lets us show."""

    entry: Entry
    title: Markup
    excerpt: Markup
    """Empty where the rights or the source give none."""
    topics: tuple[Term, ...]
    """The likeliest first."""
    areas: tuple[Term, ...]
    """The narrowest first; the metropolis and what is wider say nothing here and are left out."""
    others: tuple[Entry, ...] = ()
    """The same story at other groups, newest first, one of each."""
    again: int = 0
    """Entries of the same story folded behind these, beside `others`."""
    deeper: bool = False
    """Whether the words sought stand only where we may not quote."""
    picture: Picture | None = None
    """Ours, where the rights allow one and we have it."""


def card(
    entry: Entry,
    others: Sequence[Entry] = (),
    *,
    again: int = 0,
    sought: Query = EVERYTHING,
    picture: Picture | None = None,
) -> Card:
    """A card for one entry; source, group and tags must be loaded. `sought` words are marked."""
    shown = rights.shown(entry)
    title, in_title = _marked(shown.title, entry.language, sought)
    excerpt, in_excerpt = _excerpt(entry, shown.excerpt, sought)
    return Card(
        entry=entry,
        title=title,
        excerpt=excerpt,
        topics=tuple(tagged(entry, "topic")),
        areas=tuple(narrow(entry)),
        others=tuple(others),
        again=again,
        deeper=not (in_title or in_excerpt) and _holds(entry, sought),
        picture=picture if shown.image else None,
    )


@dataclass(frozen=True, slots=True)
class Fold:
    """One line of a list: the entry that is shown, and what lies behind it."""

    shown: int
    others: tuple[int, ...] = ()
    """Of each other group that tells it one entry."""
    again: int = 0
    """Entries that are neither."""


def fold(told: Sequence[Outline], *, now: datetime) -> Fold:
    """Which of a story's entries (one at least) stands for it.

    The first, unless it is an occurrence of an event: then the next of its source that is not
    over, for fifty dates of a weekly meeting are one line, with the date that can still be met.
    """
    best = told[0]
    coming = [
        one
        for one in told
        if one.source_id == best.source_id and one.starts_at and one.starts_at >= now
    ]
    if best.starts_at is not None and coming:
        best = min(coming, key=lambda one: one.starts_at or now)
    by_group = {one.group_id: one.id for one in reversed(told) if one.group_id != best.group_id}
    in_order = tuple(one.id for one in told if by_group.get(one.group_id) == one.id)
    return Fold(best.id, in_order, len(told) - 1 - len(in_order))


def _marked(text: str, language: str, sought: Query) -> tuple[Markup, bool]:
    """The text, escaped, its spaces as French wants them, with the words sought marked; if any."""
    if not has_text(sought):
        return _written(text, language), False
    return _pieces(highlight.marked(text, sought, language=language), language)


def _excerpt(entry: Entry, usual: str, sought: Query) -> tuple[Markup, bool]:
    """The part of what may be quoted that holds most of the words sought; else the usual one."""
    if not usual or not has_text(sought):
        return _written(usual, entry.language), False
    text, limit = rights.excerpt_from(entry), rights.EXCERPT_LENGTH
    chosen = highlight.excerpt(text, sought, limit=limit, language=entry.language)
    around = _pieces(chosen, entry.language)
    return around if around[1] else (_written(usual, entry.language), False)


def _holds(entry: Entry, sought: Query) -> bool:
    """Whether the whole text has a word sought."""
    pieces = highlight.marked(entry.text, sought, language=entry.language)
    return any(piece.is_hit for piece in pieces)


def _pieces(pieces: Sequence[highlight.Piece], language: str) -> tuple[Markup, bool]:
    text = Markup("").join(
        Markup("<mark>{}</mark>").format(_written(piece.text, language))
        if piece.is_hit
        else _written(piece.text, language)
        for piece in pieces
    )
    return text, any(piece.is_hit for piece in pieces)


def _written(text: str, language: str) -> Markup:
    return escape(spaced(text) if language.startswith("fr") else text)


def elsewhere(entry: Entry, others: Iterable[Entry]) -> list[Entry]:
    """Of a story's other entries one per other group, in their order."""
    by_group: dict[int, Entry] = {}
    for other in others:
        if other.id != entry.id and other.source.group_id != entry.source.group_id:
            by_group.setdefault(other.source.group_id, other)
    return list(by_group.values())


def by_day(found: Sequence[Card]) -> list[tuple[date, list[Card]]]:
    """The same cards under the day (in Paris) of their publication, order kept."""
    days: list[tuple[date, list[Card]]] = []
    for one in found:
        day = day_of(one.entry.published)
        if not days or days[-1][0] != day:
            days.append((day, []))
        days[-1][1].append(one)
    return days


def tagged(entry: Entry, dimension: str) -> list[Term]:
    """Its terms of one dimension by weight; those that the taxonomy dropped are left out."""
    tags = sorted(
        (tag for tag in entry.tags if tag.dimension == dimension),
        key=lambda tag: (-tag.weight, tag.slug),
    )
    return [terms.term(dimension, tag.slug) for tag in tags if terms.is_term(dimension, tag.slug)]


_TOO_WIDE = frozenset({"country", "region", "metropolis"})


def narrow(entry: Entry) -> list[Term]:
    """Its places, the narrowest first, without those that contain another of them."""
    slugs = [term.slug for term in tagged(entry, "area")]
    wider = {above for slug in slugs for above in areas.ancestors(slug)}
    kept = [slug for slug in slugs if slug not in wider and areas.area(slug).kind not in _TOO_WIDE]
    return [terms.term("area", slug) for slug in kept]
