"""The public log: what was decided, by whom, why, and who may decide."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from aggregator.registry import governance, moderation, wording
from aggregator.store.tables import Amendment
from web import current
from web.languages import language
from web.routing import ID
from web.typography import spaced

blueprint = Blueprint("journal", __name__)

_PAGE = 50


@blueprint.get("/journal")
def index() -> str:
    """Decisions, newest first."""
    session = current.session()
    before = request.args.get("avant", type=int)
    decisions = moderation.log(session, before=before, limit=_PAGE + 1)
    return render_template(
        "journal/index.html",
        decisions=decisions[:_PAGE],
        more=len(decisions) > _PAGE,
        figures=moderation.figures(session, current.now()),
        rules=governance.rules(session),
    )


@blueprint.get(f"/journal/{ID}")
def decision(id: int) -> str:
    """One decision; 404 while it is not taken."""
    found = current.session().get(Amendment, id)
    if found is None or found.decided_at is None or found.state in {"open", "postponed"}:
        raise NotFound
    return render_template("journal/decision.html", decision=found)


@blueprint.app_template_global("said")
def said(code: str) -> str:
    """The registry's words for a code, in the page's language."""
    words = wording.sentence(code, language())
    return spaced(words) if language() == "fr" else words
