"""Rules on words: what one would have caught is shown before it is saved."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import holds
from aggregator.store.tables import Hold, Moderator
from web import current, forms
from web.languages import flash
from web.languages import translate as _
from web.moderators import for_moderators
from web.routing import ID

blueprint = Blueprint("holds", __name__)


@blueprint.get("/moderation/retenues")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """The rules in force; with `mots`, what these words would have held lately."""
    words = request.args.get("mots", "").strip()[:500]
    caught, refusal = None, None
    if words:
        try:
            caught = holds.caught(current.session(), words)
        except Refused as error:
            refusal = forms.in_words(error)
    page = render_template(
        "moderation/holds.html",
        moderator=moderator,
        listed=holds.listed(current.session()),
        words=words,
        caught=caught,
        tried=holds.TRIED,
        refusal=refusal,
    )
    return page, 200 if refusal is None else 422


@blueprint.post("/moderation/retenues")
@for_moderators
def save(moderator: Moderator) -> ResponseReturnValue:
    """Hold what arrives from now on with these words."""
    session, words = current.session(), forms.text("mots", 501)
    saved = forms.attempt(
        lambda: holds.save(
            session, words, why=forms.text("why", 501), moderator=moderator, now=current.now()
        )
    )
    if isinstance(saved, forms.Refusal):
        flash(saved)
        return redirect(url_for("holds.index", mots=words[:500]), 303)
    flash(_("La règle vaut pour tout ce qui arrive à partir de maintenant."), "good")
    return redirect(url_for("holds.index"), 303)


@blueprint.post(f"/moderation/retenues/{ID}")
@for_moderators
def end(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Hold nothing more by this rule."""
    session = current.session()
    hold = session.get(Hold, id)
    if hold is None:
        raise NotFound
    holds.end(hold, now=current.now())
    session.commit()
    flash(_("La règle ne vaut plus ; ce qu’elle a retenu attend toujours dans la file."), "good")
    return redirect(url_for("holds.index"), 303)
