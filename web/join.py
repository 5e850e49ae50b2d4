"""Registering a group: an address is pasted, the worker looks, the registrant corrects.

No second HTTP client: the page only shows what `aggregator.registry.looking` wrote down.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.publish.text import cut
from aggregator.registry import charter, desk, registration, wording
from aggregator.store import directory
from aggregator.store.tables import Group, Registration
from aggregator.taxonomy import terms
from web import current, forms, links
from web.caching import keep_private
from web.groups import places_to_choose
from web.languages import language
from web.typography import spaced
from web.wording import tried_in_words

blueprint = Blueprint("join", __name__, url_prefix="/inscrire")

_WORKING = frozenset({"waiting", "looking"})
_EXCERPT = 240


@blueprint.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Paste an address; anything that looks like one will do."""
    if request.method != "POST":
        return render_template("join/index.html", refusal=None)
    begun = forms.attempt(
        lambda: registration.start(
            current.session(), forms.text("adresse", 2000), now=current.now(), language=language()
        ),
        rate="register",
    )
    if isinstance(begun, forms.Refusal):
        return render_template("join/index.html", refusal=begun), 422
    return redirect(url_for("join.under_way", key=begun.key), 303)


@blueprint.get("/<key>")
def under_way(key: str) -> ResponseReturnValue:
    """Progress while the worker looks; then the group as it would be, all of it editable."""
    return _page(_registration(key))


@blueprint.get("/<key>/etat.json")
def state(key: str) -> Response:
    """How far the worker is, for the script that watches."""
    row = _registration(key)
    return jsonify({"working": row.state in _WORKING, "steps": _steps(row)})


@blueprint.post("/<key>")
def choose(key: str) -> ResponseReturnValue:
    """Keep what was corrected, and mail the link that makes it live."""
    row = _registration(key)
    session, now = current.session(), current.now()
    try:
        forms.require_person()
        registration.choose(session, row, _chosen(row), now)
        if request.form.get("charte"):
            charter.accept(row, now)
        email = forms.text("email", 320)
        forms.require_rate("confirm", of=email)
        registration.ask_confirmation(session, row, email, now=now)
    except Refused as error:
        session.rollback()
        return _page(_registration(key), forms.in_words(error)), 422
    session.commit()
    return redirect(url_for("join.under_way", key=key), 303)


@blueprint.post("/<key>/cest-nous")
def claim(key: str) -> ResponseReturnValue:
    """The group is listed already and this is its own: mail a link to become its keeper."""
    row = _registration(key)
    session, now = current.session(), current.now()
    group = directory.by_slug(session, forms.text("groupe", 100))
    if group is None or not group.is_public:
        raise NotFound
    try:
        forms.require_person()
        email = forms.text("email", 320)
        forms.require_rate("claim")
        forms.require_rate("letter", of=email)
        desk.claim(session, group, email, now=now, language=language())
    except Refused as error:
        session.rollback()
        return _page(row, forms.in_words(error)), 422
    session.commit()
    return render_template("join/mailed.html", group=group)


@blueprint.route("/confirmer/<secret>", methods=["GET", "POST"])
def confirm(secret: str) -> ResponseReturnValue:
    """The mailed link shows what it is about; its button makes the group live."""

    def live(row: Registration) -> str:
        group = current.session().get(Group, row.group_id) if row.group_id else None
        return render_template("join/live.html", group=group, row=row)

    return links.follow(
        secret,
        registration.look,
        registration.confirm,
        show=lambda row: render_template("join/confirm.html", profile=registration.profile_of(row)),
        done=live,
        dead="desk/dead.html",
    )


def _page(row: Registration, refusal: str | None = None) -> str:
    keep_private()
    if row.state in _WORKING:
        return render_template("join/looking.html", row=row, steps=_steps(row))
    if row.state == "confirming" and request.method != "POST" and "encore" not in request.args:
        return render_template("join/mailed.html", group=None, row=row)
    if row.state in {"live", "held"}:
        group = current.session().get(Group, row.group_id) if row.group_id else None
        return render_template("join/live.html", group=group, row=row)
    profile = registration.profile_of(row)
    return render_template(
        "join/found.html",
        row=row,
        charter_version=charter.VERSION,
        has_accepted=charter.is_current(row) or bool(request.form.get("charte")),
        found=row.found,
        profile=profile,
        chosen_feeds=row.chosen.get("feeds", _best(row)),
        entries=[_as_shown(entry) for entry in row.found.get("entries", [])[:5]],
        evidence=_evidence(row),
        dimensions=[
            (
                dimension,
                places_to_choose() if dimension == "area" else terms.terms(dimension),
                profile[dimension],
            )
            for dimension in terms.DIMENSIONS
        ],
        advice=_said(row.found["advice"]) if row.found.get("advice") else "",
        steps=_steps(row),
        refusal=refusal,
    )


def _registration(key: str) -> Registration:
    row = registration.by_key(current.session(), key)
    if row is None:
        raise NotFound
    return row


def _steps(row: Registration) -> list[str]:
    return [_step(step["code"], dict(step.get("values", {}))) for step in row.steps]


def _step(code: str, values: dict[str, Any]) -> str:
    if "why" in values:
        values["why"] = tried_in_words(str(values["why"]))
    return wording.sentence(f"step_{code}", language(), **values)


def _said(code: str) -> str:
    words = wording.sentence(code, language())
    return spaced(words) if language() == "fr" else words


def _as_shown(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as its card will be, with the excerpt that a new source's rights allow."""
    return {**entry, "excerpt": spaced(cut(str(entry.get("summary") or ""), _EXCERPT))}


def _best(row: Registration) -> list[str]:
    """The feed that is followed unless another is chosen."""
    return [feed["url"] for feed in row.found.get("feeds", ())[:1]]


def _evidence(row: Registration) -> dict[tuple[str, str], str]:
    """(dimension, slug) → the words that made us propose the term."""
    proposed = {**row.found.get("tags", {}), "area": row.found.get("areas", [])}
    return {
        (dimension, term["slug"]): ", ".join(dict.fromkeys(term.get("evidence", ())))
        for dimension, found_terms in proposed.items()
        for term in found_terms
    }


def _chosen(row: Registration) -> dict[str, Any]:
    """What the form says, only where it differs from what was found."""
    now = registration.profile_of(row)
    chosen: dict[str, Any] = {}
    for field in ("name", "description", "category", "language", "contact", "home"):
        value = forms.text(field, 3000)
        if value != (now[field] or ""):
            chosen[field] = value
    for dimension in terms.DIMENSIONS:
        wanted = [slug for slug in request.form.getlist(dimension) if slug]
        if sorted(wanted) != sorted(now[dimension]):
            chosen[dimension] = wanted
    chosen["feeds"] = request.form.getlist("feeds")
    for field in ("watch", "calendar"):
        if value := forms.text(field, 2000):
            chosen[field] = value
    chosen["rights"] = forms.text("rights", 10) or "excerpt"
    return chosen
