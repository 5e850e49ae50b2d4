"""The public log: what was decided, by whom and why; and asking to look at it again."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import moderation, wording
from aggregator.store.tables import Amendment
from web import amended, current, forms
from web.languages import language
from web.languages import translate as _
from web.routing import ID, row_number
from web.typography import spaced

blueprint = Blueprint("journal", __name__)

_PAGE = 50
_APPEALABLE = frozenset({"accepted", "refused"})


@blueprint.get("/journal")
def index() -> str:
    """Decisions, newest first."""
    session = current.session()
    before = request.args.get("avant", type=row_number)
    decisions = moderation.log(session, before=before, limit=_PAGE + 1)
    return render_template(
        "journal/index.html",
        decisions=decisions[:_PAGE],
        more=len(decisions) > _PAGE,
        figures=moderation.figures(session, current.now()),
    )


@blueprint.get(f"/journal/{ID}")
def decision(id: int) -> str:
    """One decision; 404 while it is not taken."""
    return render_template("journal/decision.html", decision=_decided(id))


@blueprint.route(f"/journal/{ID}/recours", methods=["GET", "POST"])
def appeal(id: int) -> ResponseReturnValue:
    """Ask to look at a decision again; the answer is the same whoever asks."""
    found, session = _decided(id), current.session()
    if found.state not in _APPEALABLE or found.kind == "appeal":
        raise NotFound
    refusal = None
    if request.method == "POST":
        email = forms.text("email", 320)
        try:
            forms.require_person()
            forms.require_rate("propose")
            if not forms.text("why"):
                raise Refused("missing", field="why")
            with session.begin_nested():
                moderation.appeal(
                    session, found, why=forms.text("why"), email=email, now=current.now()
                )
        except Refused as error:
            # Who proposed it is nobody's business, nor whether they appealed.
            if error.reason not in {"not_yours", "already_decided"}:
                refusal = forms.in_words(error)
        session.commit()
        if refusal is None:
            return render_template("journal/appealed.html", decision=found)
    page = render_template("journal/appeal.html", decision=found, refusal=refusal)
    return page, 200 if refusal is None else 422


def _decided(id: int) -> Amendment:
    found = current.session().get(Amendment, id)
    if found is None or found.decided_at is None or found.state in {"open", "postponed"}:
        raise NotFound
    return found


@blueprint.app_template_global("subject_of")
def subject_of(amendment: Amendment) -> str:
    """What a decision was about, as everybody may read it: nothing of a group that left, and no
    name that somebody typed and that was not accepted, which the log would publish all the same."""
    if amendment.is_of_departed:
        return _("un groupe parti depuis")
    if amendment.kind == "missing_group" and amendment.state != "accepted":
        return _("un groupe proposé")
    return amended.subject(amendment)


blueprint.add_app_template_global(amended.subject, "subject_in_words")
blueprint.add_app_template_global(amended.touched, "touched")


@blueprint.app_template_global("said")
def said(code: str) -> str:
    """The registry's words for a code, in the page's language."""
    words = wording.sentence(code, language())
    return spaced(words) if language() == "fr" else words
