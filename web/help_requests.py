"""« Qui peut nous aider ? »: the directory by savoir-faire and place, and residents' requests."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import help_requests, keepers
from aggregator.store import directory
from aggregator.store.tables import Group, HelpRequest
from aggregator.taxonomy import areas, terms
from web import current, forms, links
from web.desk import signed_in
from web.groups import places_to_choose
from web.languages import flash, language
from web.languages import translate as _
from web.routing import ID

blueprint = Blueprint("help_requests", __name__)

_MOST = 60
"""Groups shown for one savoir-faire; the directory has them all."""
_DEAD = "help_requests/dead.html"


@blueprint.get("/entraide")
def offering() -> str:
    """Groups by what they can do, in one place or in the whole metropolis."""
    session = current.session()
    skill, area = _term("skill", "savoir_faire"), _term("area", "territoire")
    where = area or areas.areas("metropolis")[0].slug
    skills = [terms.term("skill", skill)] if skill else terms.terms("skill")
    return render_template(
        "help_requests/offering.html",
        skill=skill,
        area=area,
        skills=terms.terms("skill"),
        places=places_to_choose(),
        found=[(one, help_requests.offering(session, one.slug, where)) for one in skills],
        most=_MOST if skill else _MOST // 4,
    )


@blueprint.get("/demandes")
def index() -> str:
    """The open requests, the newest first."""
    skill = _term("skill", "savoir_faire")
    return render_template(
        "help_requests/index.html",
        requests=help_requests.public(current.session(), skill=skill),
        skill=skill,
        skills=terms.terms("skill"),
        closed=help_requests.counts(current.session()).get("closed", 0),
    )


@blueprint.route("/demandes/nouvelle", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Write a request; a mailed link confirms it."""
    refusal = None
    if request.method == "POST":
        asked = forms.attempt(_ask, rate="propose")
        if not isinstance(asked, forms.Refusal):
            return render_template("help_requests/asked.html")
        refusal = asked
    page = render_template(
        "help_requests/ask.html",
        refusal=refusal,
        skills=terms.terms("skill"),
        places=places_to_choose(),
        skill=request.values.get("skill") or _term("skill", "savoir_faire"),
        area=request.values.get("area") or _term("area", "territoire"),
    )
    return page, 200 if refusal is None else 422


def _ask() -> HelpRequest:
    email = forms.text("email", 320)
    forms.require_rate("help", of=email)
    return help_requests.ask(
        current.session(),
        title=forms.text("title", 201),
        text=forms.text("text", 3001),
        skill=forms.text("skill", 100),
        area=forms.text("area", 100),
        email=email,
        name=forms.text("name", 101),
        language=language(),
        now=current.now(),
    )


@blueprint.route("/demandes/confirmer/<secret>", methods=["GET", "POST"])
def confirm(secret: str) -> ResponseReturnValue:
    """The mailed link; its button sends the request to the moderators."""
    return links.follow(
        secret,
        help_requests.look,
        help_requests.confirm,
        show=lambda row: render_template("help_requests/confirm.html", row=row),
        done=lambda _row: render_template("help_requests/confirmed.html"),
        dead=_DEAD,
    )


@blueprint.route("/demandes/gerer/<secret>", methods=["GET", "POST"])
def manage(secret: str) -> ResponseReturnValue:
    """Its author's link; its button closes the request."""

    def closed(row: HelpRequest) -> ResponseReturnValue:
        flash(_("La demande est close. Merci d’être passé par ici !"), "good")
        return redirect(url_for("help_requests.page", id=row.id), 303)

    return links.follow(
        secret,
        help_requests.look_manage,
        help_requests.close,
        show=lambda row: render_template("help_requests/manage.html", row=row),
        done=closed,
        dead=_DEAD,
    )


@blueprint.route(f"/demandes/{ID}", methods=["GET", "POST"])
def page(id: int) -> ResponseReturnValue:
    """One request; those who keep a group that has proved its site answer here."""
    session = current.session()
    row = help_requests.by_id(session, id)
    if row is None:
        raise NotFound
    email = signed_in()
    groups = _groups_of(email) if email else []
    refusal = None
    if request.method == "POST":
        refusal = forms.attempt(lambda: _answer(row, groups, email or ""))
        if refusal is None:
            flash(_("Votre réponse est partie, avec votre adresse pour la suite."), "good")
            return redirect(url_for("help_requests.page", id=id), 303)
    shown = render_template(
        "help_requests/page.html",
        row=row,
        groups=groups,
        is_signed_in=email is not None,
        offering=help_requests.offering(session, row.skill, row.area),
        refusal=refusal,
    )
    return shown, 200 if refusal is None else 422


def _answer(row: HelpRequest, groups: list[Group], email: str) -> None:
    forms.require_person()
    group = directory.by_slug(current.session(), forms.text("group", 200))
    if group is None or group.id not in {one.id for one in groups}:
        raise Refused("not_yours")
    forms.require_rate("answer", of=email)
    help_requests.answer(
        current.session(), row, group, email, forms.text("text", 3001), now=current.now()
    )


def _groups_of(email: str) -> list[Group]:
    """The groups that the address may speak for."""
    session = current.session()
    found = []
    for group in keepers.groups_of(session, email):
        keeper = keepers.keeper(session, group, email)
        if keeper is not None and keepers.is_full(keeper):
            found.append(group)
    return found


def _term(dimension: str, parameter: str) -> str | None:
    slug = request.args.get(parameter) or None
    if slug is not None and not terms.is_term(dimension, slug):
        raise NotFound
    return slug
