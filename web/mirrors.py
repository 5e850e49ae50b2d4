"""Lists elsewhere: asked for, seen as a difference, agreed to, followed, paused, stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import charter, mirrors
from aggregator.store.tables import Mirror, Moderator, Workshop
from web import current, forms, plans
from web.languages import flash
from web.languages import translate as _
from web.moderators import for_moderators
from web.routing import ID

blueprint = Blueprint("mirrors", __name__, url_prefix="/moderation/listes")

_DEEDS: dict[str, Callable[[Mirror, datetime], None]] = {
    "suspendre": lambda mirror, _now: mirrors.pause(mirror),
    "reprendre": mirrors.resume,
    "regarder": mirrors.look_now,
    "arreter": lambda mirror, _now: mirrors.stop(mirror),
}


@blueprint.route("", methods=["GET", "POST"])
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """Every list and its health; the form has the worker look at a new one."""
    session, refusal = current.session(), None
    if request.method == "POST":
        try:
            mirror = _ask(moderator)
        except Refused as error:
            session.rollback()
            refusal = forms.in_words(error)
        else:
            session.commit()
            return redirect(url_for("mirrors.page", id=mirror.id), 303)
    listed = mirrors.listed(session)
    page = render_template(
        "moderation/mirrors.html",
        moderator=moderator,
        listed=[(one, plans.why_not(one.reason, one.values)) for one in listed],
        groups=mirrors.groups_of(session),
        workshops=plans.open_workshops(),
        charter=charter.VERSION,
        refusal=refusal,
    )
    return page, 200 if refusal is None else 422


@blueprint.get(f"/{ID}")
@for_moderators
def page(id: int, moderator: Moderator) -> ResponseReturnValue:
    """One list: what its last look would change or did, and what a moderator may do with it."""
    mirror = _mirror(id)
    return render_template(
        "moderation/mirror.html",
        moderator=moderator,
        mirror=mirror,
        rows=plans.rows(mirror.plan.get("rows", [])),
        groups=mirrors.groups_of(current.session()).get(mirror.address, (0, 0)),
        why_not=plans.why_not(mirror.reason, mirror.values),
        workshop=current.session().get(Workshop, mirror.workshop_id)
        if mirror.workshop_id
        else None,
    )


@blueprint.get(f"/{ID}/etat.json")
@for_moderators
def state(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Whether the worker is still to look, for the script that watches."""
    mirror = _mirror(id)
    working = mirror.state == "asked" and not mirror.reason
    return jsonify({"working": working, "steps": [_("Nous lisons cette liste")]})


@blueprint.post(f"/{ID}")
@for_moderators
def do(id: int, moderator: Moderator) -> ResponseReturnValue:
    """Agree to what was shown, look again, pause, resume or stop."""
    session, mirror, deed = current.session(), _mirror(id), forms.text("acte", 20)
    try:
        if deed == "suivre":
            mirrors.agree(mirror, moderator, current.now())
        elif deed in _DEEDS:
            _DEEDS[deed](mirror, current.now())
        else:
            raise NotFound
    except Refused as error:
        session.rollback()
        flash(forms.in_words(error))
    else:
        session.commit()
        flash(_("C’est noté."), "good")
    return redirect(url_for("mirrors.page", id=id), 303)


def _ask(moderator: Moderator) -> Mirror:
    return mirrors.ask(
        current.session(),
        address=forms.text("adresse", 2000),
        name=forms.text("nom", 200),
        mode=forms.text("mode", 10),
        rhythm=forms.text("rythme", 10),
        bounds=forms.text("cadre", 300),
        licence=forms.text("licence", 100),
        has_accepted=bool(request.form.get("charte")),
        workshop=plans.chosen_workshop(),
        by=moderator,
        now=current.now(),
        base_url=current.parts().settings.base_url,
    )


def _mirror(id: int) -> Mirror:
    mirror = current.session().get(Mirror, id)
    if mirror is None:
        raise NotFound
    return mirror
