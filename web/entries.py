"""One entry: what its source lets us show, why it has its tags, what it was before."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from werkzeug.exceptions import Gone, NotFound

from aggregator.publish import citation, rights
from aggregator.search import suggest
from aggregator.store import entries
from aggregator.store.tables import Entry, EntryTag, EntryVersion, Group
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import Term
from web import cards, current
from web.languages import translate as _
from web.routing import ID
from web.structured import of_entry
from web.typography import spaced_html

blueprint = Blueprint("entries", __name__)

_SHOWN_VERSIONS = 10
_AROUND = 60
"""Characters shown on each side of a tag's evidence."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One tag of the entry and why it is there."""

    term: Term
    origin: str
    """`source`, `text`, `moderator` or `learned`."""
    percent: int
    """How sure, 0 to 100."""
    quotes: tuple[Markup, ...]
    """The words in their surroundings, marked; empty when the tag was inherited."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one edit by the source changed."""

    version: EntryVersion
    title: Markup | None
    """The title with what went and what came; None when it stayed."""
    summary: Markup | None


@blueprint.get(f"/entrees/{ID}")
def page(id: int) -> ResponseReturnValue:
    """An entry; 404 unknown, 410 hidden or left, a tombstone with 410 where it was deleted."""
    entry = _known_entry(id)
    if not rights.may_show(entry):
        return render_template("entries/gone.html", entry=entry, shown=rights.shown(entry)), 410
    shown = rights.shown(entry)
    story = entries.of_story(current.session(), entry.story_id) if entry.story_id else []
    near = _similar(entry)
    return render_template(
        "entries/page.html",
        entry=entry,
        shown=shown,
        card=cards.card(
            entry,
            cards.elsewhere(entry, story),
            picture=entries.pictures(current.session(), [entry.id]).get(entry.id),
        ),
        body=_body(shown, entry.language),
        first=story[0] if story else entry,
        tags=[_explained(tag, entry, shown) for tag in _known(entry.tags)],
        changes=_changes(entry, shown),
        similar=[cards.card(entry) for entry in near],
        structured=of_entry(entry, shown),
    )


@blueprint.get(f"/entrees/{ID}/copie.json")
def copy(id: int) -> ResponseReturnValue:
    """What is shown of an entry now, dated and with its hash; 410 where nothing is."""
    entry = _known_entry(id)
    if not rights.may_show(entry):
        raise Gone
    made = citation.copy(entry, base_url=current.parts().settings.base_url, now=current.now())
    response = jsonify(made)
    response.headers["Content-Disposition"] = f'attachment; filename="fil-commun-{id}.json"'
    return response


def _known_entry(id: int) -> Entry:
    entry = entries.one(current.session(), id)
    if entry is None:
        raise NotFound
    return entry


@blueprint.app_template_global("why")
def why(explained: Explained, group: Group) -> str:
    """Why an entry has a tag, in a sentence."""
    if explained.origin == "moderator":
        return _("Une personne l’a mise, ou l’a vérifiée.")
    if explained.origin == "source":
        return _("Elle vient du profil du groupe %(group)s.", group=group.name)
    if not explained.quotes:
        return _("Les mots du texte y font penser (sûr à %(num)s %%).", num=explained.percent)
    return _("À cause de ces mots (sûr à %(num)s %%) :", num=explained.percent)


# nh3 writes every attribute between double quotes, so that this finds whole elements.
_PICTURE = re.compile(r"<img(?:[^>\"]|\"[^\"]*\")*>")


def _body(shown: rights.Shown, language: str) -> Markup:
    """The whole text without its pictures: they lie elsewhere, and reading here asks nobody."""
    html = _PICTURE.sub("", shown.html)
    html = spaced_html(html) if language.startswith("fr") else html
    return Markup(html)  # noqa: S704  made safe by parse.clean


def _similar(entry: Entry) -> list[Entry]:
    """Entries that tell of the same things, outside its own story."""
    return entries.in_order(current.session(), suggest.similar(current.parts().engine, entry))


def _known(tags: Sequence[EntryTag]) -> list[EntryTag]:
    order = terms.DIMENSIONS
    kept = [
        tag for tag in tags if tag.dimension in order and terms.is_term(tag.dimension, tag.slug)
    ]
    return sorted(kept, key=lambda tag: (order.index(tag.dimension), -tag.weight, tag.slug))


def _explained(tag: EntryTag, entry: Entry, shown: rights.Shown) -> Explained:
    return Explained(
        term=terms.term(tag.dimension, tag.slug),
        origin=tag.origin,
        percent=round(tag.weight * 100),
        quotes=tuple(dict.fromkeys(_quotes(tag, entry, shown))),
    )


def _quotes(tag: EntryTag, entry: Entry, shown: rights.Shown) -> list[Markup]:
    """Evidence in its surroundings where rights let us quote them, else the words alone."""
    quotes = []
    for found in tag.evidence[:5]:
        words = str(found.get("words", ""))
        text = entry.title if found.get("field") == "title" else shown.excerpt
        start = text.casefold().find(words.casefold()) if words else -1
        if start < 0:
            quotes.append(Markup("<mark>{}</mark>").format(words))
            continue
        end = start + len(words)
        before = text[max(0, start - _AROUND) : start]
        after = text[end : end + _AROUND]
        quotes.append(Markup("{}<mark>{}</mark>{}").format(before, text[start:end], after))
    return quotes


def _changes(entry: Entry, shown: rights.Shown) -> list[Change]:
    """What each edit changed, the latest first; summaries only where rights show them."""
    changes = []
    title, summary = entry.title, entry.summary
    for version in entry.versions[:_SHOWN_VERSIONS]:
        changes.append(
            Change(
                version,
                _difference(version.title, title) if version.title != title else None,
                _difference(version.summary, summary)
                if shown.excerpt and version.summary != summary
                else None,
            )
        )
        title, summary = version.title, version.summary
    return changes


_LONGEST = 240


def _difference(before: str, after: str) -> Markup:
    """Word by word what went and what came, within what may be quoted."""
    old, new = before[:_LONGEST].split(), after[:_LONGEST].split()
    parts: list[Markup] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape(" ".join(old[a:b])))
            continue
        if a < b:
            parts.append(Markup("<del>{}</del>").format(" ".join(old[a:b])))
        if c < d:
            parts.append(Markup("<ins>{}</ins>").format(" ".join(new[c:d])))
    return Markup(" ").join(parts)
