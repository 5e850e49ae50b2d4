"""The queue: what waits, side by side, decided by forms that a keyboard makes quicker.

Every button is a form's; the script only sends the same forms without leaving the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from aggregator.errors import Refused
from aggregator.registry import amendments, help_requests, moderation, wording
from aggregator.store.tables import Amendment, HelpRequest, Moderator
from web import amended, current, forms
from web.languages import flash, translate_many
from web.languages import translate as _
from web.moderators import for_moderators
from web.routing import ID, row_number

blueprint = Blueprint("moderation", __name__)

_PAGE = 50
_AT_ONCE = 200
"""Amendments decided by one form, at most."""
STATES = ("open", "postponed")


@blueprint.get("/moderation")
@for_moderators
def queue(moderator: Moderator) -> ResponseReturnValue:
    """What waits, the riskiest first, and what was just decided, to be undone."""
    session = current.session()
    kind, state = request.args.get("nature"), request.args.get("etat", "open")
    if state not in STATES or kind not in (None, "", *amendments.KINDS):
        raise NotFound
    filters = (("nature", kind), ("etat", state if state != STATES[0] else ""))
    waiting = moderation.queue(session, kinds=(kind,) if kind else (), state=state, limit=_PAGE + 1)
    return render_template(
        "moderation/queue.html",
        moderator=moderator,
        cards=amended.cards(session, waiting[:_PAGE], moderator, current.now()),
        more=len(waiting) > _PAGE,
        requests=help_requests.waiting(session) if state == "open" and not kind else (),
        state=state,
        kind=kind or "",
        kept={name: value for name, value in filters if value},
        kinds=amendments.KINDS,
        reasons=wording.REFUSAL_REASONS,
        just=just_decided(),
        figures=moderation.figures(session, current.now()),
    )


@blueprint.get("/moderation/decidees")
@for_moderators
def decided(moderator: Moderator) -> ResponseReturnValue:
    """The latest decisions, each to be undone."""
    log = moderation.log(current.session(), limit=_PAGE)
    return render_template("moderation/decided.html", moderator=moderator, decisions=log)


@blueprint.post("/moderation/decider")
@for_moderators
def decide(moderator: Moderator) -> ResponseReturnValue:
    """Accept, refuse or postpone one amendment, or all that are checked."""
    verdict, reason = _verdict()
    ids = _ids()
    outcome = _decide_each(ids, verdict, reason, moderator)
    current.session().commit()
    said = _said(verdict, len(outcome.done))
    is_vote = any(_is_open(id) for id in outcome.done)
    if is_vote:
        said = _("Votre voix est comptée ; il en faut une autre.")
    return _answer(outcome, said, may_undo=not is_vote)


@blueprint.post("/moderation/annuler")
@for_moderators
def undo(moderator: Moderator) -> ResponseReturnValue:
    """Take decisions back; the same proposals wait again, under new numbers."""
    session = current.session()
    back, failed = dict[int, int](), dict[int, Refused]()
    for id in _ids():
        try:
            with session.begin_nested():
                amendment = session.get(Amendment, id)
                if amendment is None:
                    raise Refused("gone", subject=str(id))
                fresh = moderation.undo(session, amendment, moderator, now=current.now())
                back[id] = fresh.id if fresh is not None else id
        except Refused as error:
            failed[id] = error
    session.commit()
    said = translate_many("Une décision annulée.", "%(num)s décisions annulées.", len(back))
    return _answer(moderation.Many(tuple(back), failed), said, again=back, may_undo=False)


@blueprint.post(f"/moderation/demandes/{ID}")
@for_moderators
def help_request(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Publish a request for help, or refuse it with a reason."""
    session = current.session()
    row = session.get(HelpRequest, id)
    if row is None:
        raise NotFound
    verdict, reason = _verdict()
    failed: dict[int, Refused] = {}
    said = _("Refusée ; la personne est prévenue.")
    try:
        if verdict == "accept":
            told = help_requests.publish(session, row, moderator, now=current.now())
            said = translate_many(
                "Publiée ; %(num)s groupe prévenu.", "Publiée ; %(num)s groupes prévenus.", told
            )
        elif verdict == "refuse":
            help_requests.refuse(session, row, moderator, reason=reason, now=current.now())
        else:
            raise BadRequest
    except Refused as error:
        session.rollback()
        failed[id] = error
    else:
        session.commit()
    done = () if failed else (id,)
    return _answer(moderation.Many(done, failed), said, may_undo=False)


def _decide_each(
    ids: Sequence[int], verdict: str, reason: str, moderator: Moderator
) -> moderation.Many:
    session, now = current.session(), current.now()
    if len(ids) != 1 or "malgre" not in request.form:
        return moderation.decide_many(
            session,
            ids,
            verdict,
            moderator,
            now=now,
            reason=reason,
            note=forms.text("note", 2000),
            seconds=_seconds(),
        )
    amendment = session.get(Amendment, ids[0])
    try:
        if amendment is None:
            raise Refused("gone", subject=str(ids[0]))
        # The card showed what had changed meanwhile.
        moderation.decide(
            session,
            amendment,
            verdict,
            moderator,
            now=now,
            reason=reason,
            note=forms.text("note", 2000),
            seconds=_seconds(),
            despite_conflict=True,
        )
    except Refused as error:
        session.rollback()
        return moderation.Many((), {ids[0]: error})
    return moderation.Many(tuple(ids), {})


def _verdict() -> tuple[str, str]:
    """What the pressed button says: a verdict, and the reason of a refusal."""
    reason = forms.text("refuser", 40)
    if reason:
        return "refuse", reason
    verdict = forms.text("verdict", 20)
    if verdict not in moderation.VERDICTS:
        raise BadRequest
    return verdict, forms.text("reason", 40)


def _ids() -> list[int]:
    return list(dict.fromkeys(request.form.getlist("id", type=row_number)))[:_AT_ONCE]


def _seconds() -> float | None:
    """Human time: since the card had the keyboard, else since the page was shown."""
    measured = request.form.get("seconds", type=float)
    if measured is not None and math.isfinite(measured) and measured >= 0:
        return measured
    return forms.seconds_open()


def _said(verdict: str, count: int) -> str:
    if count == 0:
        return ""
    if verdict == "accept":
        return translate_many("Accepté.", "%(num)s acceptés.", count)
    if verdict == "refuse":
        return translate_many("Refusé.", "%(num)s refusés.", count)
    return translate_many("Reporté.", "%(num)s reportés.", count)


def _is_open(id: int) -> bool:
    amendment = current.session().get(Amendment, id)
    return amendment is not None and amendment.state == "open"


def _answer(
    outcome: moderation.Many,
    said: str,
    *,
    again: dict[int, int] | None = None,
    may_undo: bool = True,
) -> ResponseReturnValue:
    """For the script, what became of each; for everybody else, the queue again."""
    refusals = {id: forms.in_words(error) for id, error in outcome.failed.items()}
    if request.accept_mimetypes.best == "application/json":
        return {"said": said, "done": outcome.done, "failed": refusals, "again": again or {}}
    for sentence in dict.fromkeys(refusals.values()):
        flash(sentence)
    if outcome.done and not may_undo:
        flash(said, "good")
    just = [("fait", str(id)) for id in outcome.done if may_undo]
    kept = [(name, value) for name in ("nature", "etat") if (value := forms.text(name, 20))]
    return redirect(f"{_back()}?{urlencode([*kept, *just])}", 303)


def _back() -> str:
    """The queue that the form came from: everybody's, or a workshop's."""
    slug = forms.text("atelier", 120)
    return url_for("workshops.page", slug=slug) if slug else url_for("moderation.queue")


def just_decided() -> list[Amendment]:
    """The decisions that the last form took, as far as they stand."""
    wanted = request.args.getlist("fait", type=row_number)[:_AT_ONCE]
    rows = (current.session().get(Amendment, id) for id in wanted)
    return [row for row in rows if row is not None and row.state != "open"]
