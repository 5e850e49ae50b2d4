"""Who moderates: signed in by a mailed link, appointed and dismissed by administrators."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from aggregator.errors import Refused
from aggregator.registry import moderators
from aggregator.store.tables import Moderator
from web import current, forms, signing
from web.caching import keep_private
from web.languages import flash
from web.languages import translate as _
from web.routing import ID

blueprint = Blueprint("moderators", __name__)

_PURPOSE = "moderation"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def signed_in() -> Moderator | None:
    """Who moderates in this browser; None for everybody else."""
    value = signing.cookie(_PURPOSE)
    return moderators.of(current.session(), value, now=current.now()) if value else None


def for_moderators(view: View) -> View:
    """Pass the signed-in moderator on; others are sent to ask for a link."""

    @wraps(view)
    def guarded(*args: Any, **options: Any) -> ResponseReturnValue:
        keep_private()
        moderator = signed_in()
        if moderator is None:
            return redirect(url_for("moderators.ask"), 303)
        return view(*args, moderator=moderator, **options)

    return cast(View, guarded)


@blueprint.route("/moderation/entrer", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Have a link mailed; the answer is the same for every address."""
    refusal = None
    if request.method == "POST":
        session = current.session()
        try:
            forms.require_person()
            forms.require_rate("sign_in")
            moderators.ask_link(session, forms.text("email", 320), now=current.now())
        except Refused as error:
            session.rollback()
            refusal = forms.in_words(error)
        else:
            session.commit()
            return render_template("moderation/asked.html")
    page = render_template("moderation/ask.html", refusal=refusal)
    return page, 200 if refusal is None else 422


@blueprint.route("/moderation/entrer/<secret>", methods=["GET", "POST"])
def enter(secret: str) -> ResponseReturnValue:
    """The mailed link; its button signs in."""
    session, now = current.session(), current.now()
    keep_private()
    if request.method == "GET":
        if moderators.look_link(session, secret, now=now) is None:
            return render_template("moderation/dead.html"), 410
        return render_template("desk/enter.html", title=_("Ouvrir la modération"))
    value = moderators.open_session(session, secret, now=now)
    session.commit()
    if value is None:
        return render_template("moderation/dead.html"), 410
    to_queue = make_response(redirect(url_for("moderation.queue"), 303))
    return signing.remember(to_queue, _PURPOSE, value)


@blueprint.post("/moderation/sortir")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    value = signing.cookie(_PURPOSE)
    if value:
        moderators.close_session(current.session(), value, now=current.now())
        current.session().commit()
    return signing.forget(make_response(redirect(url_for("news.home"), 303)), _PURPOSE)


@blueprint.route("/moderation/equipe", methods=["GET", "POST"])
@for_moderators
def team(moderator: Moderator) -> ResponseReturnValue:
    """Those who moderate; administrators appoint."""
    session = current.session()
    refusal = None
    if request.method == "POST":
        _require_administrator(moderator)
        try:
            made = moderators.appoint(
                session,
                forms.text("email", 320),
                name=forms.text("name", 100),
                role=forms.text("role", 20),
                now=current.now(),
            )
        except Refused as error:
            session.rollback()
            refusal = forms.in_words(error)
        else:
            session.commit()
            flash(_("%(name)s reçoit un lien par courriel.", name=made.name), "good")
            return redirect(url_for("moderators.team"), 303)
    page = render_template(
        "moderation/team.html",
        moderator=moderator,
        listed=moderators.listed(session),
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
    try:
        moderators.dismiss(session, leaving, now=current.now())
    except Refused as error:
        session.rollback()
        flash(forms.in_words(error))
    else:
        session.commit()
        flash(_("%(name)s ne modère plus. Ses décisions restent.", name=leaving.name), "good")
    return redirect(url_for("moderators.team"), 303)


def _require_administrator(moderator: Moderator) -> None:
    if moderator.role != "administrator":
        raise Forbidden
