"""The tagger's words: what an edit would change is shown before it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import lexicon
from aggregator.store.tables import LexiconEdit, Moderator
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import Term
from aggregator.understand import editing
from web import current, forms, wording
from web.languages import flash
from web.languages import translate as _
from web.moderators import for_moderators
from web.routing import ID

blueprint = Blueprint("lexicon", __name__)

_OUT = "oter"
_SHOWN = 50
"""Entries of a trial on the page; the figures count all."""


@blueprint.get("/moderation/lexique")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """The edits in force; with `mots`, what this one would change on the last entries."""
    session = current.session()
    asked = {name: request.args.get(name, "").strip()[:500] for name in ("terme", "mots", "poids")}
    trial, refusal = None, None
    if asked["mots"]:
        try:
            trial = lexicon.try_edit(session, _change(asked), now=current.now())
        except Refused as error:
            refusal = forms.in_words(error)
    page = render_template(
        "moderation/lexicon.html",
        moderator=moderator,
        choices=_choices(),
        weights=_weights(),
        asked=asked,
        trial=trial,
        shown=_SHOWN,
        tried=lexicon.TRIED,
        listed=lexicon.listed(session),
        refusal=refusal,
    )
    return page, 200 if refusal is None else 422


@blueprint.post("/moderation/lexique")
@for_moderators
def save(moderator: Moderator) -> ResponseReturnValue:
    """Decide the edit that was tried."""
    session = current.session()
    asked = {name: forms.text(name, 500) for name in ("terme", "mots", "poids")}
    decided = forms.attempt(
        lambda: lexicon.save(
            session,
            _change(asked),
            why=forms.text("why", 500),
            moderator=moderator,
            now=current.now(),
        )
    )
    if isinstance(decided, forms.Refusal):
        flash(decided)
        return redirect(f"{url_for('lexicon.index')}?{urlencode(asked)}", 303)
    if decided.state == "open":
        flash(_("Votre voix est comptée ; il en faut une autre."), "good")
    else:
        flash(_("C’est enregistré ; les dernières nouvelles sont relues dans la minute."), "good")
    return redirect(url_for("lexicon.index"), 303)


@blueprint.post(f"/moderation/lexique/{ID}")
@for_moderators
def undo(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Take one edit back."""
    session = current.session()
    edit = session.get(LexiconEdit, id)
    if edit is None:
        raise NotFound
    undone = forms.attempt(lambda: lexicon.undo(session, edit, moderator, now=current.now()))
    if isinstance(undone, forms.Refusal):
        flash(undone)
    else:
        flash(_("C’est annulé ; les dernières nouvelles sont relues dans la minute."), "good")
    return redirect(url_for("lexicon.index"), 303)


def _change(asked: Mapping[str, str]) -> dict[str, Any]:
    """The form as the registry takes it; a weight that is no number is refused there."""
    dimension, _slash, slug = asked["terme"].partition("/")
    weight: float | str | None = None if asked["poids"] == _OUT else asked["poids"]
    if isinstance(weight, str):
        try:
            weight = float(weight)
        except ValueError:
            weight = weight or "?"
    return {"dimension": dimension, "slug": slug, "phrase": asked["mots"], "weight": weight}


def _choices() -> Sequence[tuple[str, Sequence[Term]]]:
    """The terms that words can speak for, by dimension."""
    return [
        (
            wording.dimension_label(dimension),
            [one for one in terms.terms(dimension) if editing.is_editable(dimension, one.slug)],
        )
        for dimension in editing.EDITABLE
    ]


def _weights() -> Sequence[tuple[str, str]]:
    """How loudly a phrase may speak, as the form offers it."""
    return [
        ("4", _("4 : un sujet à lui seul")),
        ("3", _("3 : fort")),
        ("2", _("2 : moyen")),
        ("1", _("1 : un indice")),
        ("-2", _("−2 : plutôt contre")),
        ("-4", _("−4 : contre")),
        (_OUT, _("ôter du lexique")),
    ]
