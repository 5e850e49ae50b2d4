"""Registering a group: an address is pasted, the worker looks, the registrant corrects.

No second HTTP client: the page only shows what `aggregator.registry.looking` wrote down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from aggregator.collect.reasons import REASONS
from aggregator.errors import Refused
from aggregator.publish.text import cut
from aggregator.registry import charter, desk, preview, registration, similar, wording
from aggregator.store import directory
from aggregator.store.tables import Group, Registration
from aggregator.taxonomy import terms
from aggregator.taxonomy.terms import Term
from web import current, forms, links
from web.caching import keep_private
from web.desk import admit
from web.groups import places_to_choose
from web.languages import language
from web.typography import spaced
from web.wording import tongues, tried_in_words

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
        row = _registration(key)
        _see_who_came(row, error)
        return _page(row, forms.in_words(error)), 422
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
    """The mailed link shows what it is about; its button makes the group live, and signs in."""
    done_before = registration.confirmed_by(current.session(), secret)
    if done_before is not None:
        # Pressed twice, or opened again soon after: all is well, and nothing is done again.
        return _page(done_before)

    def act(session: Session, secret: str, *, now: datetime) -> tuple[Registration, str | None]:
        try:
            row = registration.confirm(session, secret, now=now)
        except Refused as error:
            session.rollback()
            row_before = registration.look(session, secret, now=now)
            if row_before is None or not _see_who_came(row_before, error):
                raise
            return row_before, None
        cookie = _desk_of(session, row, now)
        return row, cookie

    def done(made: tuple[Registration, str | None]) -> ResponseReturnValue:
        row, cookie = made
        if row.state == "confirming":
            return redirect(url_for("join.under_way", key=row.key, encore=1), 303)
        return admit(_page(row), cookie) if cookie else _page(row)

    return links.follow(
        secret,
        registration.look,
        act,
        show=lambda row: render_template("join/confirm.html", profile=registration.profile_of(row)),
        done=done,
        dead="desk/dead.html",
    )


def _desk_of(session: Session, row: Registration, now: datetime) -> str | None:
    """A session at the desk of the group that has just gone live; None while it is held."""
    if row.group_id is None or row.email is None:
        return None
    return desk.session_for(session, row.email, now=now)


def _see_who_came(row: Registration, refusal: Refused) -> bool:
    """Whether it is refused because the group is here by now; then the page offers "c'est nous"."""
    if refusal.reason != "already_listed":
        return False
    registration.compare(current.session(), row)
    current.session().commit()
    return True


def _page(row: Registration, refusal: str | None = None) -> str:
    keep_private()
    if row.state in _WORKING:
        return render_template("join/looking.html", row=row, steps=_steps(row))
    if row.state == "failed":
        return render_template("join/failed.html", row=row, why=_why(row))
    if row.state == "confirming" and request.method != "POST" and "encore" not in request.args:
        return render_template("join/mailed.html", group=None, row=row)
    if row.state in {"live", "held"}:
        group = current.session().get(Group, row.group_id) if row.group_id else None
        return render_template("join/live.html", group=group, row=row)
    found = row.found
    if any(same["why"] in similar.CERTAIN for same in found.get("duplicates", ())):
        return render_template("join/listed.html", row=row, found=found, refusal=refusal)
    profile = registration.profile_of(row)
    evidence = _evidence(row)
    return render_template(
        "join/found.html",
        row=row,
        charter_version=charter.VERSION,
        has_accepted=charter.is_current(row) or bool(request.form.get("charte")),
        found=found,
        profile=profile,
        wanted=_wanted(row),
        entries=[_as_shown(entry) for entry in found.get("entries", [])[:5]],
        evidence=evidence,
        dimensions=[
            (dimension, *_choices(dimension, profile[dimension], evidence))
            for dimension in terms.DIMENSIONS
        ],
        tongues=tongues(profile["language"]),
        was_sent=_was_sent(),
        advice=_advice(row),
        refusal=refusal,
    )


def _was_sent() -> bool:
    """Whether the form itself is answered: what was typed is shown again."""
    return request.endpoint == "join.choose"


def _choices(
    dimension: str, chosen: Sequence[str], evidence: Mapping[tuple[str, str], str]
) -> tuple[list[Term], list[Term], Sequence[str]]:
    """The terms of a dimension that speak for themselves, all others, and those ticked."""
    ticked = request.form.getlist(dimension) if _was_sent() else chosen
    known = places_to_choose() if dimension == "area" else terms.terms(dimension)
    near = {*chosen, *ticked, *(slug for of, slug in evidence if of == dimension)}
    return (
        [term for term in known if term.slug in near],
        [term for term in known if term.slug not in near],
        ticked,
    )


def _wanted(row: Registration) -> dict[str, Any]:
    """What is to be followed and how, as the form shows it; what was just sent is kept."""
    if _was_sent():
        return _followed()
    pages = row.found.get("pages", [])
    first = pages[0]["url"] if pages and not row.found.get("feeds") else ""
    return {
        "feeds": row.chosen.get("feeds", _best(row)),
        "watch": row.chosen.get("watch", first),
        "calendar": row.chosen.get("calendar", ""),
        "rights": row.chosen.get("rights", "excerpt"),
    }


def _followed() -> dict[str, Any]:
    return {
        "feeds": request.form.getlist("feeds"),
        # A page typed in goes before one of those that were shown.
        "watch": forms.text("other_page", 2000) or forms.text("watch", 2000),
        "calendar": forms.text("calendar", 2000),
        "rights": forms.text("rights", 10) or "excerpt",
    }


def _why(row: Registration) -> str:
    """Why nothing could be read, and what to do: for the platform, else for the reason."""
    reason, advice = str(row.found.get("reason", "timeout")), row.found.get("advice")
    if reason == "left":
        return forms.in_words(Refused(reason))
    if advice and advice != preview.NO_ADVICE:
        return _said(advice)
    known = REASONS.get(reason)
    # What may pass by itself has a remedy that speaks of sources we follow already.
    remedy = known.remedy(language()) if known and known.permanent else ""
    return f"{tried_in_words(reason)} {remedy}".strip()


def _advice(row: Registration) -> str:
    return _said(row.found["advice"]) if row.found.get("advice") else ""


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
    return chosen | {field: value for field, value in _followed().items() if value != ""}
