"""Who decides what: public, as data, and changed by a proposal like everything else."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import Refused
from aggregator.registry import amendments, governance, moderation, moderators
from web import current, forms
from web.languages import language

blueprint = Blueprint("governance", __name__)

_MOST_VOICES = 9


@blueprint.route("/gouvernance", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """The rules, the people, the figures; anybody may propose another rule."""
    session = current.session()
    refusal = None
    if request.method == "POST":
        change = {
            "kind": forms.text("kind", 20),
            "who": forms.text("who", 20),
            "threshold": request.form.get("threshold", type=int),
        }
        try:
            forms.require_person()
            forms.require_rate("propose")
            amendments.propose(
                session,
                "rule",
                now=current.now(),
                change=change,
                why=forms.text("why"),
                author_name=forms.text("author_name", 100),
                author_email=forms.text("author_email", 320) or None,
                language=language(),
            )
        except Refused as error:
            session.rollback()
            refusal = forms.in_words(error)
        else:
            session.commit()
            return redirect(url_for("proposals.thanks"), 303)
    page = render_template(
        "moderation/governance.html",
        rules=governance.rules(session),
        people=moderators.listed(session),
        who=governance.WHO,
        most_voices=_MOST_VOICES,
        figures=moderation.figures(session, current.now()),
        refusal=refusal,
    )
    return page, 200 if refusal is None else 422
