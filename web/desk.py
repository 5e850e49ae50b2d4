"""A group's desk: signed in by a mailed link, its keepers change, pause, hand over and leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from aggregator.registry import (
    amendments,
    charter,
    desk,
    glances,
    keepers,
    leaving,
    ownership,
)
from aggregator.store import directory, entries
from aggregator.store.tables import Entry, Group, Ownership, Source
from aggregator.taxonomy import terms
from web import amended, current, forms, links
from web.groups import places_to_choose
from web.languages import flash, language
from web.languages import translate as _
from web.routing import row_number
from web.signing import Door
from web.wording import tongues

blueprint = Blueprint("desk", __name__)

_FIELDS = ("name", "home", "description", "category", "contact", "language", "logo")
_RECENT = 20
_DEAD = "desk/dead.html"

_door = Door(
    cookie="espace",
    folder="desk",
    outside="desk.ask",
    inside="desk.index",
    ask_link=desk.ask_link,
    look_link=desk.look_link,
    open_session=desk.open_session,
    close_session=desk.close_session,
    whose=desk.keeper_of,
)
signed_in = _door.signed_in
admit = _door.admit
for_keepers = _door.guard("email")


@blueprint.route("/espace/entrer", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Have a link to the desk mailed."""
    return _door.ask(group=request.args.get("slug"))


@blueprint.route("/espace/entrer/<secret>", methods=["GET", "POST"])
def enter(secret: str) -> ResponseReturnValue:
    """The mailed link; its button signs in."""
    return _door.enter(secret, _("Ouvrir l’espace du groupe"))


@blueprint.route("/espace/reprendre/<secret>", methods=["GET", "POST"])
def take_over(secret: str) -> ResponseReturnValue:
    """A claim's or a hand-over's link; its button makes its reader a keeper."""

    def accept(session: Session, secret: str, *, now: datetime) -> tuple[Group, str | None]:
        keeper = desk.accept_claim(session, secret, now=now)
        # A hand-over gives power and its link lives for a week: a fresh one opens the desk.
        is_safe = not keepers.is_full(keeper)
        cookie = desk.session_for(session, keeper.email, now=now) if is_safe else None
        if cookie is None:
            desk.ask_link(session, keeper.email, now=now)
        return keeper.group, cookie

    def enter(accepted: tuple[Group, str | None]) -> ResponseReturnValue:
        group, cookie = accepted
        if cookie is None:
            return render_template("desk/asked.html", is_certain=True)
        inside = url_for("desk.group", slug=group.slug, _anchor="preuve")
        return admit(redirect(inside, 303), cookie)

    return links.follow(
        secret,
        desk.look_claim,
        accept,
        show=lambda group: render_template(
            "desk/enter.html", title=_("Tenir la page de %(group)s ?", group=group.name)
        ),
        done=enter,
        dead=_DEAD,
    )


@blueprint.route("/espace/preuve/<secret>", methods=["GET", "POST"])
def prove_by_mail(secret: str) -> ResponseReturnValue:
    """The link mailed to an address at the site's own domain; its button is the proof."""

    def thank(proof: Ownership) -> ResponseReturnValue:
        flash(_("C’est prouvé. Merci !"), "good")
        return redirect(url_for("groups.page", slug=proof.group.slug), 303)

    return links.follow(
        secret,
        ownership.look_email,
        ownership.confirm_email,
        show=lambda proof: render_template(
            "desk/enter.html",
            title=_("Prouver que ce site est celui de %(group)s ?", group=proof.group.name),
        ),
        done=thank,
        dead=_DEAD,
    )


@blueprint.route("/quitter/<secret>", methods=["GET", "POST"])
def leave(secret: str) -> ResponseReturnValue:
    """The mailed link to leave; its button takes the group away."""
    return links.follow(
        secret,
        leaving.look,
        leaving.leave,
        show=lambda group: render_template(
            "desk/leave.html", group=group, for_good=leaving.is_for_good(group)
        ),
        done=lambda name: render_template("desk/left.html", name=name),
        dead=_DEAD,
    )


@blueprint.route("/groupes/<slug>/partir", methods=["GET", "POST"])
def ask_to_leave(slug: str) -> ResponseReturnValue:
    """Ask for the link to leave; it goes to the group's keepers, whoever asks."""
    group = directory.by_slug(current.session(), slug)
    if group is None or not group.is_public:
        raise NotFound

    def mail_link() -> int:
        forms.require_rate("leave", of=f"group {group.id}")
        return leaving.ask(current.session(), group, now=current.now())

    sent = forms.attempt(mail_link, rate="leave") if request.method == "POST" else None
    if isinstance(sent, forms.Refusal):
        page = render_template("desk/ask_to_leave.html", group=group, sent=None, refusal=sent)
        return page, 422
    return render_template("desk/ask_to_leave.html", group=group, sent=sent, refusal=None)


@blueprint.get("/espace")
@for_keepers
def index(email: str) -> ResponseReturnValue:
    """The groups that the address keeps."""
    groups = keepers.groups_of(current.session(), email)
    if len(groups) == 1:
        return redirect(url_for("desk.group", slug=groups[0].slug), 303)
    return render_template("desk/index.html", groups=groups)


@blueprint.get("/espace/<slug>")
@for_keepers
def group(slug: str, email: str) -> ResponseReturnValue:
    """One group's desk."""
    row = _group(slug, email)
    session = current.session()
    keeper = keepers.keeper(session, row, email)
    assert keeper is not None
    return render_template(
        "desk/group.html",
        group=row,
        is_full=keepers.is_full(keeper),
        charter=None if charter.is_current(row) else charter.VERSION,
        dimensions=[
            (
                dimension,
                places_to_choose() if dimension == "area" else terms.terms(dimension),
                row.terms(dimension),
            )
            for dimension in terms.DIMENSIONS
        ],
        proofs=[
            (
                proof,
                ownership.instruction(proof, language=language()),
                ownership.snippet(proof, base_url=current.parts().settings.base_url),
            )
            for proof in ownership.of(session, row)
            if proof.keeper_id == keeper.id
        ],
        tongues=tongues(row.language),
        methods=ownership.METHODS,
        to_prove=_to_prove(row),
        asked=[
            (one, amended.told(one.change) if one.kind in {"profile", "source"} else "")
            for one in amendments.of_group(session, row, limit=_RECENT)
        ],
        entries=entries.of_group(session, row.id, limit=_RECENT),
    )


@blueprint.post("/espace/<slug>")
@for_keepers
def act(slug: str, email: str) -> ResponseReturnValue:
    """Do what the pressed button says."""
    row = _group(slug, email)
    deed = _DEEDS.get(forms.text("acte", 30))
    if deed is None:
        raise NotFound
    said = forms.attempt(lambda: deed(row, email))
    is_done = not isinstance(said, forms.Refusal)
    if is_done and not row.is_public:
        return render_template("desk/left.html", name=said)
    forms.say(said)
    place = _WHERE.get(forms.text("acte", 30)) if is_done else None
    return redirect(url_for("desk.group", slug=slug, _anchor=place), 303)


@blueprint.post("/espace/sortir")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    return _door.sign_out()


def _group(slug: str, email: str) -> Group:
    """The group, if the address keeps it; 404 otherwise."""
    row = directory.by_slug(current.session(), slug)
    if row is None or keepers.keeper(current.session(), row, email) is None:
        raise NotFound
    return row


# What the buttons do. Each returns what to say, or raises Refused.


def _edit(group: Group, email: str) -> str:
    wanted: dict[str, Any] = {}
    for field in _FIELDS:
        value = forms.text(field, 3000)
        if field in request.form and value != (getattr(group, field) or ""):
            wanted[field] = value
    for dimension in terms.DIMENSIONS:
        slugs = sorted({slug for slug in request.form.getlist(dimension) if slug})
        if slugs != sorted(group.terms(dimension)):
            wanted[dimension] = slugs
    outcome = desk.edit_profile(current.session(), group, email, wanted, now=current.now())
    return _told(outcome)


def _accept_charter(group: Group, email: str) -> str:
    desk.accept_charter(current.session(), group, email, now=current.now())
    return _("Merci : la charte est acceptée.")


def _told(outcome: desk.Outcome) -> str:
    for one in outcome.amendments:
        if one.state == "open":
            glances.ask(current.session(), one, current.now())
    if outcome.waiting and outcome.applied:
        return _("Enregistré ; une partie attend une preuve ou la modération.")
    if outcome.waiting:
        return _("Noté : cela attend une preuve ou la modération.")
    return _("Enregistré.")


def _add_source(group: Group, email: str) -> str:
    url = forms.text("url", 2000)
    return _told(desk.add_source(current.session(), group, email, url, now=current.now()))


def _edit_source(group: Group, email: str) -> str:
    source = _source(group)
    wanted: dict[str, Any] = {
        field: forms.text(field, 2000) for field in ("url", "rights") if field in request.form
    }
    wanted["paused"] = "paused" in request.form
    return _told(desk.edit_source(current.session(), source, email, wanted, now=current.now()))


def _remove_source(group: Group, email: str) -> str:
    desk.remove_source(current.session(), _source(group), email, now=current.now())
    return _("La source est retirée, avec ses nouvelles.")


def _source(group: Group) -> Source:
    for source in group.sources:
        if source.slug == request.form.get("source"):
            return source
    raise NotFound


def _hide(group: Group, email: str) -> str:
    desk.hide_entry(current.session(), _entry(group), email, now=current.now())
    return _("La nouvelle est masquée.")


def _show(group: Group, email: str) -> str:
    desk.show_entry(current.session(), _entry(group), email)
    return _("La nouvelle est de nouveau visible.")


def _entry(group: Group) -> Entry:
    id = request.form.get("nouvelle", type=row_number)
    row = entries.one(current.session(), id) if id else None
    if row is None or row.source.group_id != group.id:
        raise NotFound
    return row


def _pause(group: Group, email: str) -> str:
    desk.pause(current.session(), group, email, now=current.now())
    return _("En pause : nous ne lisons plus rien du groupe.")


def _resume(group: Group, email: str) -> str:
    desk.resume(current.session(), group, email, now=current.now())
    return _("C’est reparti.")


def _prove(group: Group, email: str) -> str:
    session = current.session()
    keeper = keepers.require(session, group, email, full=False)
    method, address = forms.text("method", 20), forms.text("address", 2000)
    forms.require_rate("prove", of=f"group {group.id}")
    if address and address not in _to_prove(group):
        raise NotFound
    ownership.ask(
        session,
        group,
        keeper,
        method,
        now=current.now(),
        address=address or None,
        email=forms.text("email", 320) or None,
    )
    if method == "email":
        return _("Un lien est parti à cette adresse.")
    return _("Suivez la consigne, puis « Vérifier maintenant » ; un courriel vous répond.")


def _to_prove(group: Group) -> list[str]:
    """Addresses that may be proved: those with a proof asked for, and those that wait for one."""
    session = current.session()
    found = [proof.address for proof in ownership.of(session, group)]
    asked = amendments.of_group(session, group)
    waiting = [one.change for one in asked if one.state in {"open", "postponed"}]
    both = [change.get("url") or change.get("home") for change in waiting]
    found += [str(one["to"]) for one in both if isinstance(one, dict) and one.get("to")]
    return list(dict.fromkeys(found))


def _hand_over(group: Group, email: str) -> str:
    to = forms.text("to", 320)
    forms.require_rate("letter", of=to)
    desk.hand_over(current.session(), group, email, to, now=current.now())
    return _("Un lien est parti à cette adresse. Rien ne change avant qu’il soit suivi.")


def _leave(group: Group, email: str) -> str:
    return leaving.leave_by_desk(current.session(), group, email, now=current.now())


def _sign_out_everywhere(_group: Group, email: str) -> str:
    desk.close_all_sessions(current.session(), email)
    return _("Toutes les sessions sont fermées.")


_WHERE = {"prouver": "preuve", "masquer": "nouvelles", "montrer": "nouvelles"}
"""Where the page shows what a deed has done; the others are told at its top."""

_DEEDS: dict[str, Callable[[Group, str], str]] = {
    "profil": _edit,
    "charte": _accept_charter,
    "ajouter": _add_source,
    "source": _edit_source,
    "retirer": _remove_source,
    "masquer": _hide,
    "montrer": _show,
    "pause": _pause,
    "reprendre": _resume,
    "prouver": _prove,
    "transmettre": _hand_over,
    "partir": _leave,
    "tout-fermer": _sign_out_everywhere,
}
