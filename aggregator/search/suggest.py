"""Help while typing, "did you mean", and entries that tell of the same things.

Suggestions are real: names of groups, titles of entries, words that titles hold.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from string import ascii_lowercase
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.search.analysis import CHUNK, STOP_WORDS, alternatives, fold, tokens
from aggregator.search.engine import Engine
from aggregator.search.fields import NAMES
from aggregator.search.query import EVERYTHING, Not, Or, Prefix, Query, Tag, Word, both
from aggregator.search.view import DIMENSION_OF, View
from aggregator.store.tables import Entry, Group

_NEIGHBOURS: Final = 4000
"""Words with the same beginning that a mistyped one is compared with."""
_LONGEST: Final = 20
"""Letters of a mistyped word that are tried to be changed."""
_MENDED: Final = 4
"""Unknown words that are looked for near ones."""
_TRIED: Final = 8
"""Words, and values of each filter, that are tried to be left out."""
_PIECES: Final = re.compile(r'[^\s"(]*"[^"]*"|[^\s"(]*\([^()]*\)|\S+')
"""Phrases and groups, with their field or minus, and words."""
_TELLING: Final = 12
"""Words of an entry that its likes are searched by."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One line under the search box."""

    kind: Literal["group", "entry", "word"]
    text: str
    """To show: the group's name, the entry's title, the query completed by a word."""
    slug: str | None = None
    """The group's."""
    id: int | None = None
    """The entry's."""


def proposals(session: Session, engine: Engine, text: str, *, limit: int = 8) -> list[Proposal]:
    """What the text may become: groups first, then titles, then words; empty below two letters."""
    text = " ".join(text[:200].split())
    if len(fold(text).strip()) < 2:
        return []
    found = [*_groups(session, text, 3), *_titles(session, engine, text, 3)]
    seen = {fold(proposal.text) for proposal in found}
    for proposal in _completions(session, engine, text, limit):
        if fold(proposal.text) not in seen:
            found.append(proposal)
    return found[:limit]


def _groups(session: Session, text: str, limit: int) -> Iterator[Proposal]:
    wanted = fold(text)
    rows = session.execute(select(Group.name, Group.slug, Group.status).order_by(Group.name)).all()
    shown = [row for row in rows if row.status not in {"declined", "withdrawn"}]
    starts = [row for row in shown if fold(row.name).startswith(wanted)]
    inside = [row for row in shown if f" {wanted}" in fold(row.name).replace("-", " ")]
    for row in list(dict.fromkeys([*starts, *inside]))[:limit]:
        yield Proposal("group", row.name, slug=row.slug)


def _titles(session: Session, engine: Engine, text: str, limit: int) -> list[Proposal]:
    query = _beginning(text)
    if query is None:
        return []
    ids = engine.search(query, limit=limit).ids
    titles = _titles_of(session, ids)
    return [Proposal("entry", titles[entry], id=entry) for entry in ids if entry in titles]


def _beginning(text: str) -> Query | None:
    """All whole words, and the last one as a beginning, in titles; its first letter tells nothing.

    None when there is no word yet.
    """
    *whole, last = [token.form for token in tokens(text)] or [""]
    words: list[Query] = [
        Word(terms, "title")
        for form in whole
        if form not in STOP_WORDS
        for terms in alternatives(form, derive=False)
    ]
    if len(last) > 1:
        words.append(Prefix(last, "title"))
    return both(*words) if words else None


def _completions(session: Session, engine: Engine, text: str, limit: int) -> Iterator[Proposal]:
    last = next(reversed(list(CHUNK.finditer(text))), None)
    if last is None or last.end() != len(text):
        return
    forms = list(tokens(last.group()))
    if not forms or len(forms[-1].form) < 2:
        return
    before = text[: last.start() + forms[-1].start]
    for suggestion in engine.suggest(forms[-1].form, limit):
        if suggestion.word not in STOP_WORDS:
            yield Proposal("word", before + _as_written(session, engine, suggestion.word))


def did_you_mean(session: Session, engine: Engine, text: str) -> str | None:
    """The text with unknown words replaced by near ones that entries hold; None when all is known.

    Only words that no entry has in any form are touched, the first few; operators and fields stay.
    """
    pieces: list[str] = []
    at = 0
    for match in islice(_unknown(engine, text[:500]), _MENDED):
        form = fold(match.group())
        better = _in_titles(session, engine, form) or _in_texts(session, engine, form)
        if better is not None:
            pieces.extend([text[at : match.start()], better])
            at = match.end()
    return "".join([*pieces, text[at:]]) if pieces else None


def _unknown(engine: Engine, text: str) -> Iterator[re.Match[str]]:
    """Words that no entry holds in any form."""
    for match in CHUNK.finditer(text):
        written, form = match.group(), fold(match.group())
        followed = text[match.end() :][:1]
        is_syntax = (followed == ":" and form in NAMES) or written in {"OU", "OR", "SAUF", "NOT"}
        if is_syntax or followed == "*" or len(form) < 4 or not form.isalpha():
            continue
        words = alternatives(written)
        if len(words) == 1 and not any(engine.frequencies(words[0]).values()):
            yield match


def _in_titles(session: Session, engine: Engine, form: str) -> str | None:
    allowed = 1 if len(form) < 6 else 2
    best: tuple[int, int, str] | None = None
    for beginning in dict.fromkeys((form[:2], form[0] + form[2:3], form[1::-1])):
        for near in engine.suggest(beginning, _NEIGHBOURS):
            distance = _distance(form, near.word, allowed)
            if distance is not None and (best is None or (distance, -near.count) < best[:2]):
                best = (distance, -near.count, near.word)
    return None if best is None else _as_written(session, engine, best[2])


def _in_texts(session: Session, engine: Engine, form: str) -> str | None:
    """The most frequent word of any text that differs by one letter."""
    terms = {near: next(tokens(near)).terms[0] for near in _one_letter_off(form)}
    held = engine.frequencies(sorted(set(terms.values())))
    best = max(terms, key=lambda near: (held[terms[near]], near), default=None)
    if best is None or not held[terms[best]]:
        return None
    return _as_written(session, engine, best)


def _one_letter_off(word: str) -> set[str]:
    """All that comes of adding, dropping, changing or swapping one letter.

    >>> {"social", "soail", "soucail"} <= _one_letter_off("socail")
    True
    """
    cuts = [(word[:at], word[at:]) for at in range(min(len(word), _LONGEST) + 1)]
    near = {head + tail[1:] for head, tail in cuts if tail}
    near |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    for letter in ascii_lowercase:
        near |= {head + letter + tail for head, tail in cuts}
        near |= {head + letter + tail[1:] for head, tail in cuts if tail}
    return near - {word}


def one_less(
    engine: Engine, view: View, *, now: datetime, limit: int = 4
) -> list[tuple[View, int]]:
    """The same search without one of its words or filters, and how many entries that finds.

    The most promising first; those that find nothing, or would ask for everything, are left out.
    """
    pieces = _PIECES.findall(view.q[:500])[:_TRIED]
    shorter = [
        view.with_value("q", " ".join(pieces[:at] + pieces[at + 1 :])) for at in range(len(pieces))
    ]
    for name in DIMENSION_OF:
        shorter += [view.without_value(name, value) for value in getattr(view, name)[:_TRIED]]
    shorter += [view.without_value(name) for name in ("depuis", "jusqua") if getattr(view, name)]
    found = [
        (one, engine.search(one.query(now), limit=0).total)
        for one in dict.fromkeys(shorter)
        if one.query(now) != EVERYTHING
    ]
    return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])[:limit]


def _distance(one: str, other: str, most: int) -> int | None:
    """How many letters to add, drop, change or swap; None when more than `most`.

    >>> _distance("ecolgie", "ecologie", 2), _distance("amenagemnet", "amenagement", 2)
    (1, 1)
    """
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _as_written(session: Session, engine: Engine, word: str) -> str:
    """A folded word with its accents, as the newest title has it."""
    ids = engine.search(Prefix(word, "title"), limit=5).ids
    for title in _titles_of(session, ids).values():
        for token in tokens(title):
            if token.form == word:
                return title[token.start : token.end].lower()
    return word


def _titles_of(session: Session, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(Entry.id, Entry.title).where(Entry.id.in_(ids))).all()
    return {row.id: row.title for row in rows}


def similar(engine: Engine, entry: Entry, *, limit: int = 5) -> tuple[int, ...]:
    """Ids of entries that share the most telling words of this one, outside its own story.

    The nearest first; empty when it has no word that others have.
    """
    counts: Counter[str] = Counter()
    for text, weight in ((entry.title, 3), (entry.text[:5000], 1)):
        for token in tokens(text, entry.language):
            if token.form not in STOP_WORDS and len(token.form) > 2:
                counts[token.terms[0]] += weight
    telling = [term for term, _ in counts.most_common(60)]
    held = engine.frequencies(telling)
    entries = engine.count()
    rare = {
        term: counts[term] * math.log(entries / held[term])
        for term in telling
        # A word that only this entry has leads nowhere; one that most have, anywhere.
        if 2 <= held[term] <= max(2, entries // 10)
    }
    chosen = sorted(rare, key=lambda term: -rare[term])[:_TELLING]
    if not chosen:
        return ()
    query: Query = Or(tuple(Word((term,)) for term in chosen))
    if entry.story_id is not None:
        query = both(query, Not(Tag("story", (str(entry.story_id),))))
    found = engine.search(query, limit=limit + 1, order="relevance").ids
    return tuple(other for other in found if other != entry.id)[:limit]
