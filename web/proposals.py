"""Proposing a change without an account: a tag, a report, a profile, a missing group, a duplicate.

Each form becomes one amendment through `aggregator.registry.amendments`; moderators decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.publish import rights
from aggregator.registry import amendments, glances, wording
from aggregator.store import entries
from aggregator.store.tables import Entry, Group
from aggregator.taxonomy import terms
from web import current, forms
from web.groups import group_or_stop, places_to_choose
from web.languages import language

blueprint = Blueprint("proposals", __name__)

_PROFILE = ("name", "home", "description", "category", "contact")
_MOST_TERMS = 30


@blueprint.route("/corriger/entrees/<int(max=2147483647):entry>", methods=["GET", "POST"])
def correct(entry: int) -> ResponseReturnValue:
    """A wrong or missing tag of an entry."""
    row = _entry(entry)
    dimension = request.values.get("dimension", "topic")
    if dimension not in terms.DIMENSIONS:
        raise NotFound
    there = [tag.slug for tag in row.tags if tag.dimension == dimension]
    refusal = None
    if request.method == "POST":
        wanted = [slug for slug in request.form.getlist("terms") if slug][:_MOST_TERMS]
        change = {
            "dimension": dimension,
            "add": [slug for slug in wanted if slug not in there],
            "remove": [slug for slug in there if slug not in wanted],
        }
        refusal = propose("tag", change, entry=row)
        if refusal is None:
            return redirect(url_for("proposals.thanks"), 303)
    doubted = request.args.get("slug")
    return render_template(
        "proposals/correct.html",
        entry=row,
        shown=rights.shown(row),
        dimension=dimension,
        choices=places_to_choose() if dimension == "area" else terms.terms(dimension),
        chosen=request.form.getlist("terms") or [slug for slug in there if slug != doubted],
        doubted=terms.term(dimension, doubted)
        if doubted and terms.is_term(dimension, doubted)
        else None,
        refusal=refusal,
    ), 200 if refusal is None else 422


@blueprint.route("/signaler/entrees/<int(max=2147483647):entry>", methods=["GET", "POST"])
def report(entry: int) -> ResponseReturnValue:
    """An entry that should not be shown."""
    row = _entry(entry)
    refusal = None
    if request.method == "POST":
        refusal = propose("report", {"reason": forms.text("reason", 40)}, entry=row)
        if refusal is None:
            return redirect(url_for("proposals.thanks"), 303)
    reasons = [(code, wording.sentence(code, language())) for code in wording.REPORT_REASONS]
    return render_template(
        "proposals/report.html",
        entry=row,
        shown=rights.shown(row),
        reasons=reasons,
        refusal=refusal,
    ), 200 if refusal is None else 422


@blueprint.route("/corriger/groupes/<slug>", methods=["GET", "POST"])
def group(slug: str) -> ResponseReturnValue:
    """A group's profile that is wrong, or whose site is dead, or that is there twice."""
    row = group_or_stop(slug)
    refusal = None
    if request.method == "POST":
        kind, change = _group_change(row)
        refusal = propose(kind, change, group=row)
        if refusal is None:
            return redirect(url_for("proposals.thanks"), 303)
    return render_template(
        "proposals/group.html",
        group=row,
        dimensions=[
            (
                dimension,
                places_to_choose() if dimension == "area" else terms.terms(dimension),
                row.terms(dimension),
            )
            for dimension in terms.DIMENSIONS
        ],
        refusal=refusal,
    ), 200 if refusal is None else 422


@blueprint.route("/proposer", methods=["GET", "POST"])
def missing() -> ResponseReturnValue:
    """A group that is not in the directory, proposed by somebody who is not of it."""
    refusal = None
    if request.method == "POST":
        change = {
            "url": forms.text("url", 2000),
            "name": forms.text("name", 500),
            "area": [slug for slug in request.form.getlist("area") if slug][:_MOST_TERMS],
        }
        refusal = propose("missing_group", change)
        if refusal is None:
            return redirect(url_for("proposals.thanks"), 303)
    return render_template(
        "proposals/missing.html", refusal=refusal, areas=places_to_choose()
    ), 200 if refusal is None else 422


@blueprint.get("/merci")
def thanks() -> str:
    """What happens next."""
    return render_template("proposals/thanks.html")


def propose(
    kind: str,
    change: Mapping[str, Any],
    *,
    entry: Entry | None = None,
    group: Group | None = None,
) -> forms.Refusal | None:
    """Put the form's proposal in the queue; why not, in a sentence, when it was refused."""
    session, now = current.session(), current.now()

    def make() -> None:
        amendment = amendments.propose(
            session,
            kind,
            now=now,
            change=change,
            entry=entry,
            group=group,
            why=forms.text("why"),
            author_name=forms.text("author_name", 100),
            author_email=forms.text("author_email", 320) or None,
            language=language(),
        )
        glances.ask(session, amendment, now)

    made = forms.attempt(make, rate="report" if kind == "report" else "propose")
    return made if isinstance(made, forms.Refusal) else None


def _group_change(group: Group) -> tuple[str, dict[str, Any]]:
    """The kind of amendment that the form asks for, and its change: only what differs."""
    about = forms.text("about", 20)
    if about == "dead_link":
        return "dead_link", {"to": forms.text("to", 2000)}
    if about == "duplicate":
        # An address of ours or a bare slug, as people paste it.
        return "duplicate", {"of": forms.text("of", 300).rstrip("/").rsplit("/", 1)[-1]}
    change: dict[str, Any] = {
        field: request.form[field].strip()
        for field in _PROFILE
        if field in request.form and request.form[field].strip() != (getattr(group, field) or "")
    }
    for dimension in terms.DIMENSIONS:
        wanted = sorted({slug for slug in request.form.getlist(dimension) if slug})
        if wanted != list(group.terms(dimension)):
            change[dimension] = wanted
    return "profile", change


def _entry(id: int) -> Entry:
    """A visible entry; 404 otherwise."""
    row = entries.one(current.session(), id)
    if row is None or not rights.may_show(row):
        raise NotFound
    return row
