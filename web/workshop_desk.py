"""Running a workshop: opened, filled from its tables, settled side by side, closed with minutes.

Moderators only; deciding one proposal is `web.moderation`'s, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import (
    moderation,
    profile,
    sheets,
    wording,
    workshop_sheets,
    workshops,
)
from aggregator.registry.workshops import Conflict
from aggregator.store import directory
from aggregator.store.tables import Amendment, Group, Moderator, Workshop
from aggregator.taxonomy import terms
from web import amended, current, forms
from web.amended import Card
from web.groups import group_or_stop, places_to_choose
from web.languages import flash, translate_many
from web.languages import translate as _
from web.moderation import just_decided
from web.moderators import for_moderators
from web.typography import day_of

blueprint = Blueprint("workshop_desk", __name__)

_TEXTS = ("name", "home", "description", "category", "contact")
_AS_IT_IS = 0
"""The button that keeps what is there against all tables."""
_LATER = -1
"""The button that leaves a conflict for later."""
_MOST = 200
"""Proposals on one page."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One table's side of a conflict."""

    amendment: Amendment
    text: Markup
    """What it wants, with what comes marked."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A conflict as the workshop sees it."""

    group: Group
    label: str
    now: str
    choices: tuple[Choice, ...]
    is_postponed: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What moderators see of an open workshop."""

    clashes: tuple[Clash, ...]
    cards: list[Card]
    postponed: list[Card]
    groups: list[Group]
    places: list[terms.Term]
    reasons: Sequence[str]
    just: list[Amendment]


def desk(workshop: Workshop, moderator: Moderator) -> Desk:
    """The proposals of a workshop; those in conflict are settled first, so only there."""
    session, now = current.session(), current.now()
    found = workshops.conflicts(session, workshop)
    clashing = {one.id for conflict in found for one in conflict.proposals}
    waiting, postponed = (
        [
            one
            for one in moderation.queue(session, state=state, workshop_id=workshop.id, limit=_MOST)
            if one.id not in clashing
        ]
        for state in ("open", "postponed")
    )
    return Desk(
        clashes=tuple(map(_clash, found)),
        cards=amended.cards(session, waiting, moderator, now),
        postponed=amended.cards(session, postponed, moderator, now),
        groups=directory.groups(session),
        places=places_to_choose(),
        reasons=wording.REFUSAL_REASONS,
        just=just_decided(),
    )


def workshop_or_stop(slug: str) -> Workshop:
    """The workshop; 404 where there is none."""
    workshop = workshops.by_slug(current.session(), slug)
    if workshop is None:
        raise NotFound
    return workshop


@blueprint.route("/ateliers/nouveau", methods=["GET", "POST"])
@for_moderators
def new(moderator: Moderator) -> ResponseReturnValue:
    """Open a workshop on the inventory as it is now."""
    refusal = None
    if request.method == "POST":
        opened = forms.attempt(_open)
        if not isinstance(opened, forms.Refusal):
            return redirect(url_for("workshops.page", slug=opened.slug), 303)
        refusal = opened
    page = render_template(
        "workshops/new.html", moderator=moderator, refusal=refusal, today=day_of(current.now())
    )
    return page, 200 if refusal is None else 422


@blueprint.get("/ateliers/tableau.csv")
def blank() -> Response:
    """A sheet to fill in at a table: every group by name, all else empty."""
    rows = (
        [group.slug, group.name, *[""] * (len(workshop_sheets.BLANK) - 2)]
        for group in directory.groups(current.session())
    )
    response = Response(
        sheets.write_sheet(workshop_sheets.BLANK, rows), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="atelier.csv"'
    return response


@blueprint.post("/ateliers/<slug>/importer")
@for_moderators
def take_sheet(slug: str, moderator: Moderator) -> ResponseReturnValue:
    """Take a table's sheet, whole or not at all."""
    session, workshop, now = current.session(), workshop_or_stop(slug), current.now()
    sent = request.files.get("tableau")
    body = sent.stream.read() if sent else b""
    try:
        read = workshop_sheets.propose_rows(
            session, workshop, forms.text("table", 101), body, now=now
        )
    except Refused as error:
        session.rollback()
        flash(forms.in_words(error))
        return _back(slug)
    if read.faults:
        session.rollback()
        page = render_template(
            "workshops/faults.html", workshop=workshop_or_stop(slug), faults=read.faults
        )
        return page, 422
    session.commit()
    said = _read_in_words(read, now)
    flash(said or _("Ce tableau n’a aucune ligne."), "good" if said else "notice")
    return _back(slug)


def _read_in_words(read: workshop_sheets.Read, now: datetime) -> str:
    """What became of a sheet; empty where it had no rows."""
    new = sum(one.created_at == now for one in read.amendments)
    again = len(read.amendments) - new
    said = [_taken(new)] if new else []
    if again:
        said.append(
            translate_many(
                "Une proposition était déjà prise.", "%(num)s étaient déjà prises.", again
            )
        )
    if read.unchanged:
        said.append(
            translate_many(
                "Une ligne ne change rien.", "%(num)s lignes ne changent rien.", read.unchanged
            )
        )
    return " ".join(said)


@blueprint.post("/ateliers/<slug>/manquant")
@for_moderators
def missing(slug: str, moderator: Moderator) -> ResponseReturnValue:
    """A group that a table misses."""
    change = {
        "url": forms.text("url", 2000),
        "name": forms.text("name", 201),
        "area": [area for area in request.form.getlist("area") if area],
    }
    return _acted(slug, lambda workshop: _propose(workshop, "missing_group", change))


@blueprint.get("/ateliers/<slug>/groupe")
@for_moderators
def choose(slug: str, moderator: Moderator) -> ResponseReturnValue:
    """From the list of groups to the form of one."""
    return redirect(
        url_for("workshop_desk.amend", slug=slug, group=request.args.get("groupe", "-")), 303
    )


@blueprint.route("/ateliers/<slug>/groupes/<group>", methods=["GET", "POST"])
@for_moderators
def amend(slug: str, group: str, moderator: Moderator) -> ResponseReturnValue:
    """Type in what a table says of one group: one proposal per field, each decided alone."""
    workshop, row = workshop_or_stop(slug), group_or_stop(group)
    if request.method == "POST":
        changes = _changes(row)

        def propose(workshop: Workshop) -> str:
            if not changes:
                raise Refused("nothing_to_change")
            for field, value in changes.items():
                _propose(workshop, "profile", {field: value}, row)
            return _taken(len(changes))

        return _acted(slug, propose)
    return render_template(
        "workshops/amend.html",
        workshop=workshop,
        group=row,
        table=request.args.get("table", ""),
        dimensions=[
            (
                dimension,
                places_to_choose() if dimension == "area" else terms.terms(dimension),
                row.terms(dimension),
            )
            for dimension in terms.DIMENSIONS
        ],
    )


@blueprint.post("/ateliers/<slug>/trancher")
@for_moderators
def settle(slug: str, moderator: Moderator) -> ResponseReturnValue:
    """Keep one table's side of a conflict, or what is there, or leave it for later."""
    about = request.form.get("conflit", type=int)
    chosen = request.form.get("garder", type=int)

    def decide(workshop: Workshop) -> str:
        session, now, note = current.session(), current.now(), forms.text("note", 2000)
        for conflict in workshops.conflicts(session, workshop):
            by_id = {one.id: one for one in conflict.proposals}
            if about not in by_id or chosen not in {_AS_IT_IS, _LATER, *by_id}:
                continue
            if chosen == _LATER:
                workshops.postpone(session, conflict, moderator, now=now, note=note)
                return _("C’est remis à plus tard.")
            side = by_id.get(chosen)
            workshops.settle(session, conflict, side, moderator, now=now, note=note)
            return _("C’est tranché.")
        raise Refused("already_decided")

    return _acted(slug, decide)


@blueprint.post("/ateliers/<slug>/clore")
@for_moderators
def close(slug: str, moderator: Moderator) -> ResponseReturnValue:
    """Write the minutes and close; they are kept as a draft where something still waits."""
    session, workshop, text = (
        current.session(),
        workshop_or_stop(slug),
        forms.text("minutes", 50_001),
    )
    try:
        workshops.close(session, workshop, text, now=current.now())
    except Refused as error:
        if error.reason == "workshop_undecided":
            workshop.minutes = profile.paragraphs(text[:50_000], "minutes", 50_000)
        flash(forms.in_words(error))
    else:
        flash(_("L’atelier est clos. Merci à tout le monde !"), "good")
    session.commit()
    return _back(slug)


def _acted(slug: str, act: Callable[[Workshop], str]) -> ResponseReturnValue:
    """Do something to an open workshop, say how it went, and go back to it."""
    forms.say(forms.attempt(lambda: act(workshop_or_stop(slug))))
    return _back(slug)


def _open() -> Workshop:
    return workshops.open_workshop(
        current.session(),
        forms.text("title", 301),
        _date(forms.text("held_on", 10)),
        place=forms.text("place", 301),
        participants=forms.text("participants", 5001),
        now=current.now(),
    )


def _propose(
    workshop: Workshop, kind: str, change: Mapping[str, Any], group: Group | None = None
) -> str:
    workshops.propose(
        current.session(),
        workshop,
        forms.text("table", 101),
        kind,
        now=current.now(),
        group=group,
        change=change,
        why=forms.text("why"),
    )
    return _taken(1)


def _taken(count: int) -> str:
    return translate_many("Une proposition prise.", "%(num)s propositions prises.", count)


def _changes(group: Group) -> dict[str, Any]:
    """What the form says otherwise than the group's profile does."""
    if "retirer" in request.form:
        return {"status": "declined"}
    changes: dict[str, Any] = {
        field: forms.text(field, 3000)
        for field in _TEXTS
        if field in request.form and forms.text(field, 3000) != (getattr(group, field) or "")
    }
    for dimension in terms.DIMENSIONS:
        wanted = sorted({slug for slug in request.form.getlist(dimension) if slug})
        if wanted != sorted(group.terms(dimension)):
            changes[dimension] = wanted
    return changes


def _clash(conflict: Conflict) -> Clash:
    field = conflict.field
    now = profile.value_of(conflict.group, field)
    return Clash(
        group=conflict.group,
        label=amended.label(field),
        now=amended.in_words(field, now),
        choices=tuple(
            Choice(one, amended.side(field, now, one.change[field]["to"]).after)
            for one in conflict.proposals
        ),
        is_postponed=conflict.is_postponed,
    )


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("workshops.page", slug=slug), 303)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("missing", field="held_on") from None
