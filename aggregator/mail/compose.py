"""A digest or an alert from entries: sections, stories once, agenda, why each is there. Pure.

Rows in, words out: it knows no database, no engine and no subscriber. What is shown of an entry
is `publish.rights`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.mail import dates, words
from aggregator.mail.message import LEAVE_MARK, MANAGE_MARK, Content
from aggregator.mail.render import render
from aggregator.mail.schedule import Rhythm
from aggregator.mail.voices import Told
from aggregator.publish import publication, rights
from aggregator.publish.icalendar import days
from aggregator.publish.text import cut, line
from aggregator.search.engine import Cursor
from aggregator.search.view import DIMENSION_OF, View
from aggregator.taxonomy import areas, terms

if TYPE_CHECKING:
    from aggregator.store.tables import Entry

AGENDA = 10
"""Events told in one mail at the most."""


@dataclass(frozen=True, slots=True)
class Edition:
    """How one view is told: everything that makes two readers' mails the same mail."""

    view: View
    title: str
    language: str
    zone: ZoneInfo
    maximum: int
    group_by: str
    """`topic` or `area`."""
    rhythm: Rhythm | None
    """None for an alert."""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading."""

    title: str
    entries: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A written mail, and what it tells."""

    content: Content
    entries: list[dict[str, Any]]
    """`{"id", "why"}` of each entry, in order."""


def listed(view: View, found: Iterable[int], stories: Mapping[int, int | None]) -> list[int]:
    """The ids that a letter lists: a story once, unless the view wants each entry by itself.

    >>> listed(View(), [1, 2, 3, 4], {1: 7, 2: None, 3: 7, 4: None})
    [1, 2, 4]
    """
    if not view.folds(usually=True):
        return list(found)
    seen: set[int] = set()
    kept = []
    for id_ in found:
        story = stories.get(id_)
        if story is None or story not in seen:
            kept.append(id_)
        if story is not None:
            seen.add(story)
    return kept


def digest(
    edition: Edition,
    entries: Sequence[Entry],
    agenda: Sequence[Entry],
    *,
    more: int,
    since: datetime,
    until: datetime,
    base_url: str,
) -> Composed:
    """The digest of a period, the newest first; `more` stories did not fit and are one link, and
    so are the events beyond AGENDA.
    """
    told = [_told(entry, edition, base_url) for entry in entries]
    language = edition.language
    since_day = since.astimezone(edition.zone).date().isoformat()
    view = edition.view.with_value("depuis", since_day)
    values = {
        **_titles(edition),
        "count": len(told) + more,
        "told": len(told),
        "day": dates.day(until.astimezone(edition.zone), language),
        "period": words.period(since, until, edition.zone, language),
        "sections": _sections(edition, entries, told),
        "agenda": [_told(entry, edition, base_url) for entry in agenda[:AGENDA]],
        "agenda_url": _url(base_url, "agenda", edition.view) if len(agenda) > AGENDA else "",
        "more": more,
        "more_url": _rest_url(view, entries[-1], base_url),
        "rhythm": words.rhythm(edition.rhythm, language) if edition.rhythm else "",
        "view_url": view_url(view, base_url),
        "manage_url": MANAGE_MARK,
        "leave_url": LEAVE_MARK,
    }
    content = render("digest", {"digest": values}, language=language, base_url=base_url)
    return Composed(content, _log(entries, told))


def alert(edition: Edition, entries: Sequence[Entry], *, more: int, base_url: str) -> Composed:
    """The mail about what an alert has just found."""
    told = [_told(entry, edition, base_url) for entry in entries]
    values = {
        **_titles(edition),
        "first": cut(told[0].title, 90),
        "count": len(told) + more,
        "sections": [Section("", tuple(told))],
        "more": more,
        "view_url": view_url(edition.view, base_url),
        "manage_url": MANAGE_MARK,
        "leave_url": LEAVE_MARK,
    }
    content = render("alert", {"digest": values}, language=edition.language, base_url=base_url)
    return Composed(content, _log(entries, told))


def _titles(edition: Edition) -> dict[str, str]:
    headline = edition.title[:1].upper() + edition.title[1:]
    return {"headline": headline, "short": cut(headline, 80)}


def view_url(view: View, base_url: str) -> str:
    """The page that shows a view."""
    return _url(base_url, "recherche", view) if view.to_args() else f"{base_url}/"


def feed_url(view: View, base_url: str) -> str:
    """The JSON Feed of a view."""
    return _url(base_url, "fil.json", view)


def _rest_url(view: View, last: Entry, base_url: str) -> str:
    """The page that goes on after the last entry told, in the order of letters."""
    newest_first = _url(base_url, "recherche", view.without_value("tri"))
    return f"{newest_first}&apres={Cursor(last.published, last.id)}"


def _url(base_url: str, page: str, view: View) -> str:
    args = view.to_args()
    return f"{base_url}/{page}?{args}" if args else f"{base_url}/{page}"


def why(entry: Entry, view: View, language: str) -> str:
    """Why a view has this entry: the filters it answers and the words that say so.

    Empty when nothing was filtered. Of a source that allows only its titles to be shown, only
    words of the title are quoted.
    """
    reasons = []
    if view.q:
        reasons.append(f"“{view.q}”" if language.startswith("en") else f"« {view.q} »")
    for argument, dimension in DIMENSION_OF.items():
        wanted: tuple[str, ...] = getattr(view, argument)
        if wanted and dimension in terms.DIMENSIONS:
            reasons.extend(_tag_reasons(entry, dimension, wanted, language))
        elif argument == "groupe" and wanted:
            reasons.append(line(entry.source.group.name))
    between = "; " if language.startswith("en") else " ; "
    return cut(between.join(dict.fromkeys(reasons)), 300) if reasons else ""


_UNQUOTED = {
    "moderator": ("mis ou vérifié par une personne", "set or checked by a person"),
    "source": ("ce que fait le groupe", "what the group works on"),
    "place": ("là où est le groupe", "where the group is"),
    "text": ("d’après le texte", "by its text"),
    "learned": ("d’après le texte", "by its text"),
}
"""Why an entry has a tag when no words of it are quoted, by the tag's origin: French, English."""


def _tag_reasons(
    entry: Entry, dimension: str, wanted: Sequence[str], language: str
) -> Iterable[str]:
    for tag in entry.tags:
        if tag.dimension != dimension or not _answers(dimension, tag.slug, wanted):
            continue
        name = publication.label(dimension, tag.slug, language)
        if name is None:
            continue
        quoted = _quoted(entry, tag.evidence or [])
        if quoted:
            opening, closing = ("“", "”") if language.startswith("en") else ("« ", " »")
            yield f"{name} ({', '.join(f'{opening}{word}{closing}' for word in quoted)})"
        else:
            kind = "place" if (tag.origin, dimension) == ("source", "area") else tag.origin
            yield f"{name} ({_UNQUOTED[kind][language.startswith('en')]})"


def _answers(dimension: str, slug: str, wanted: Sequence[str]) -> bool:
    if slug in wanted:
        return True
    return (
        dimension == "area"
        and terms.is_term("area", slug)
        and not set(areas.ancestors(slug)).isdisjoint(wanted)
    )


def _quoted(entry: Entry, evidence: Sequence[Mapping[str, Any]]) -> list[str]:
    only_title = entry.source.rights == "link"
    found = (
        cut(str(piece.get("words", "")), 60)
        for piece in evidence
        if not only_title or piece.get("field") == "title"
    )
    return [word for word in dict.fromkeys(found) if word][:3]


def _told(entry: Entry, edition: Edition, base_url: str) -> Told:
    shown = rights.shown(entry)
    language = publication.language(entry.language)
    same = language is None or language.split("-")[0] == edition.language.split("-")[0]
    return Told(
        title=shown.title,
        url=publication.link(entry, base_url),
        group=line(entry.source.group.name),
        when=_when(entry, edition),
        excerpt=shown.excerpt,
        also=_also(entry),
        why=why(entry, edition.view, edition.language),
        language=None if same else language,
        is_event=entry.starts_at is not None,
    )


def _also(entry: Entry) -> tuple[str, ...]:
    others = entry.story.entries if entry.story is not None else []
    names = (
        line(other.source.group.name)
        for other in others
        if other.source.group_id != entry.source.group_id and rights.may_show(other)
    )
    return tuple(dict.fromkeys(names))[:5]


def _when(entry: Entry, edition: Edition) -> str:
    language = edition.language
    if entry.starts_at is None:
        return dates.day(entry.published.astimezone(edition.zone), language)
    local = entry.starts_at.astimezone(edition.zone)
    day = dates.day(local, language)
    if days(entry.starts_at, entry.ends_at) is None:
        at = " at " if language.startswith("en") else " à "
        day = f"{day}{at}{dates.hour(local, language)}"
    place = cut(entry.place or "", 120)
    return f"{day}, {place}" if place else day


def _sections(edition: Edition, entries: Sequence[Entry], told: Sequence[Told]) -> list[Section]:
    """By topic in the taxonomy's order, or by place in that of the alphabet; the rest last."""
    grouped: dict[str, list[Told]] = {}
    for entry, said in zip(entries, told, strict=True):
        grouped.setdefault(_heading(entry, edition) or "", []).append(said)
    rest = grouped.pop("", [])
    order = [term.slug for term in terms.terms(edition.group_by)]
    sections = [
        Section(publication.label(edition.group_by, slug, edition.language) or slug, tuple(group))
        for slug, group in sorted(grouped.items(), key=lambda pair: order.index(pair[0]))
    ]
    if edition.group_by == "area":
        sections.sort(key=lambda section: areas.folded_name(section.title))
    if rest:
        english = edition.language.startswith("en")
        names = ("Other news", "News") if english else ("Autres nouvelles", "Nouvelles")
        sections.append(Section(names[0] if sections else names[1], tuple(rest)))
    return sections


def _heading(entry: Entry, edition: Edition) -> str | None:
    """The slug an entry stands under: one that the view asks for, else its surest."""
    dimension = edition.group_by
    wanted = edition.view.theme if dimension == "topic" else edition.view.territoire
    slugs = [
        tag.slug
        for tag in sorted(entry.tags, key=lambda tag: -tag.weight)
        if tag.dimension == dimension and terms.is_term(dimension, tag.slug)
    ]
    asked = [slug for slug in slugs if slug in wanted]
    return next(iter(asked or slugs), None)


def _log(entries: Sequence[Entry], told: Sequence[Told]) -> list[dict[str, Any]]:
    return [{"id": entry.id, "why": said.why} for entry, said in zip(entries, told, strict=True)]
