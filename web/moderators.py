"""Who moderates: signed in by a mailed link, appointed and dismissed by administrators."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from aggregator.registry import moderators
from aggregator.store.tables import Moderator
from web import current, forms
from web.languages import flash
from web.languages import translate as _
from web.routing import ID
from web.signing import Door

blueprint = Blueprint("moderators", __name__)

_door = Door(
    cookie="moderation",
    folder="moderation",
    outside="moderators.ask",
    inside="moderation.queue",
    ask_link=moderators.ask_link,
    look_link=moderators.look_link,
    open_session=moderators.open_session,
    close_session=moderators.close_session,
    whose=moderators.of,
)
signed_in = _door.signed_in
for_moderators = _door.guard("moderator")


@blueprint.route("/moderation/entrer", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Have a link to the queue mailed."""
    return _door.ask()


@blueprint.route("/moderation/entrer/<secret>", methods=["GET", "POST"])
def enter(secret: str) -> ResponseReturnValue:
    """The mailed link; its button signs in."""
    return _door.enter(secret, _("Ouvrir la modération"))


@blueprint.post("/moderation/sortir")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    return _door.sign_out()


@blueprint.route("/moderation/equipe", methods=["GET", "POST"])
@for_moderators
def team(moderator: Moderator) -> ResponseReturnValue:
    """Those who moderate; administrators appoint."""
    refusal = None
    if request.method == "POST":
        _require_administrator(moderator)
        made = forms.attempt(_appoint)
        if not isinstance(made, forms.Refusal):
            flash(_("%(name)s reçoit un lien par courriel.", name=made.name), "good")
            return redirect(url_for("moderators.team"), 303)
        refusal = made
    page = render_template(
        "moderation/team.html",
        moderator=moderator,
        listed=moderators.listed(current.session()),
        roles=moderators.ROLES,
        refusal=refusal,
    )
    return page, 200 if refusal is None else 422


@blueprint.post(f"/moderation/equipe/{ID}")
@for_moderators
def dismiss(id: int, moderator: Moderator) -> ResponseReturnValue:
    """End somebody's role; an administrator may do it, and anybody for themselves."""
    session = current.session()
    leaving = session.get(Moderator, id)
    if leaving is None or leaving.left_at is not None:
        raise NotFound
    if leaving.id != moderator.id:
        _require_administrator(moderator)
    refusal = forms.attempt(lambda: moderators.dismiss(session, leaving, now=current.now()))
    forms.say(refusal or _("%(name)s ne modère plus. Ses décisions restent.", name=leaving.name))
    return redirect(url_for("moderators.team"), 303)


def _appoint() -> Moderator:
    return moderators.appoint(
        current.session(),
        forms.text("email", 320),
        name=forms.text("name", 100),
        role=forms.text("role", 20),
        now=current.now(),
    )


def _require_administrator(moderator: Moderator) -> None:
    if moderator.role != "administrator":
        raise Forbidden
