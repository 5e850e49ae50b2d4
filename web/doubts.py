"""Entries that may be off topic: one button says so, another that they belong here."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import Refused
from aggregator.registry import doubts
from aggregator.store.tables import Entry, Moderator
from web import current, forms
from web.languages import flash
from web.languages import translate_many as _n
from web.moderators import for_moderators

blueprint = Blueprint("doubts", __name__)

SHOWN = 30


@blueprint.get("/moderation/a-verifier")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """The most doubtful entries first."""
    found = doubts.doubtful(current.session(), now=current.now(), limit=SHOWN)
    return render_template("moderation/doubts.html", moderator=moderator, entries=found)


@blueprint.post("/moderation/a-verifier")
@for_moderators
def judge(moderator: Moderator) -> ResponseReturnValue:
    """One entry judged by its button, or all on the page found to belong here."""
    session = current.session()
    ids, on_topic = _judged()
    seconds = forms.seconds_open()
    done = 0
    for id in ids:
        entry = session.get(Entry, id)
        if entry is None:
            continue
        try:
            with session.begin_nested():
                doubts.judge(
                    session,
                    entry,
                    moderator,
                    on_topic=on_topic,
                    now=current.now(),
                    seconds=seconds / len(ids) if seconds is not None else None,
                )
        except Refused:
            # Somebody else said the same meanwhile.
            continue
        done += 1
    session.commit()
    if not done:
        return redirect(url_for("doubts.index"), 303)
    if on_topic:
        said = _n("Une nouvelle a sa place ici.", "%(num)s nouvelles ont leur place ici.", done)
    else:
        said = _n("Une nouvelle est masquée.", "%(num)s nouvelles sont masquées.", done)
    flash(said, "good")
    return redirect(url_for("doubts.index"), 303)


def _judged() -> tuple[Sequence[int], bool]:
    """Ids, and whether they belong here, from the button that was pressed."""
    said, _, which = request.form.get("juge", "").partition(":")
    listed = request.form.getlist("id") if which == "tout" else [which]
    return [int(id) for id in listed[:SHOWN] if id.isdecimal() and len(id) < 12], said == "oui"
