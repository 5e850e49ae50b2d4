"""Who decides what: public, as data, and changed by a proposal like everything else."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.registry import governance, moderation, moderators
from web import current, forms
from web.proposals import propose

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
        refusal = propose("rule", change)
        if refusal is None:
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
