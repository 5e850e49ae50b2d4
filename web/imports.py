"""Lists of other tools as files: shown as what they would change, then put in the queue."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import replace

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import Refused
from aggregator.registry import exchange, importing, kumu_kept, kumu_map, planning
from aggregator.registry.importing import Terms
from aggregator.store.tables import KeptMap, Moderator
from web import current, forms, plans
from web.languages import flash
from web.languages import translate_many as _n
from web.moderators import for_moderators
from web.routing import ID

blueprint = Blueprint("imports", __name__)

_MOST_CARRIED = 300_000
"""Characters of the lists, packed, that the second form carries."""
_MOST_UNPACKED = 5_000_000
_MOST_SHOWN = 500
"""Rows of a plan on one page."""


@blueprint.get("/moderation/importer")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """The form for a list."""
    return _page(moderator)


@blueprint.post("/moderation/importer")
@for_moderators
def plan(moderator: Moderator) -> ResponseReturnValue:
    """What the list would change; nothing is written."""
    file = request.files.get("liste")
    body, ties = _sent("liste"), _sent("liens")
    origin = forms.text("origine", 200) or (file.filename or "" if file else "")[:200]
    try:
        terms = _terms(origin)
        planned, read = _planned(body, ties, terms)
        packed = _packed(body), _packed(ties)
    except Refused as error:
        return _page(moderator, refusal=forms.in_words(error)), 422
    shown = planning.rows(planned)
    return _page(
        moderator,
        terms=terms,
        counts=planning.counts(planned),
        rows=plans.rows(shown[:_MOST_SHOWN]),
        more=max(0, len(shown) - _MOST_SHOWN),
        packed=packed,
        is_map=read.map is not None,
    )


@blueprint.post("/moderation/importer/proposer")
@for_moderators
def propose(moderator: Moderator) -> ResponseReturnValue:
    """Put the amendments of a list that was shown in the queue."""
    session = current.session()
    try:
        terms = _terms(forms.text("origine", 200))
        body, ties = (_unpacked(request.form.get(name, "")) for name in ("liste", "liens"))
        planned, read = _planned(body, ties, terms)
        terms = replace(terms, licence=terms.licence or read.licence)
        made = importing.propose(session, planned, terms, now=current.now())
        if read.map is not None:
            kumu_kept.keep(session, terms.origin, read.map, current.now())
    except Refused as error:
        session.rollback()
        return _page(moderator, refusal=forms.in_words(error)), 422
    session.commit()
    flash(
        _n("Une proposition attend dans la file.", "%(num)s propositions attendent.", len(made)),
        "good",
    )
    return redirect(url_for("moderation.queue"), 303)


@blueprint.get(f"/moderation/importer/cartes/{ID}.<any(projet,plan,elements,liens):shape>")
@for_moderators
def given_back(id: int, shape: str, moderator: Moderator) -> ResponseReturnValue:
    """A Kumu map that was imported, with today's inventory in it, as Kumu reads it."""
    session = current.session()
    map_ = session.get(KeptMap, id)
    if map_ is None:
        raise NotFound
    document = kumu_kept.given_back(session, map_)
    if shape in {"elements", "liens"}:
        body = kumu_map.sheets(document)[shape == "liens"]
        return _file(body, "text/csv; charset=utf-8", f"kumu-{shape}.csv")
    shaped = kumu_map.as_project if shape == "projet" else kumu_map.as_blueprint
    return _file(kumu_map.write(shaped(document)), "application/json", f"kumu-{shape}.json")


def _page(moderator: Moderator, **shown: object) -> str:
    return render_template(
        "moderation/imports.html",
        moderator=moderator,
        kept=kumu_kept.kept(current.session()),
        workshops=plans.open_workshops(),
        **shown,
    )


def _terms(origin: str) -> Terms:
    workshop = plans.chosen_workshop()
    return Terms(
        origin,
        mirror=bool(request.form.get("miroir")),
        workshop_id=workshop.id if workshop is not None else None,
        licence=forms.text("licence", 100),
    )


def _planned(
    body: bytes, ties: bytes, terms: Terms
) -> tuple[list[planning.Planned], exchange.Read]:
    read = exchange.read_whole(body, ties=ties)
    planned = planning.plan(
        current.session(),
        read.records,
        origin=terms.origin,
        mirror=terms.mirror,
        base_url=current.parts().settings.base_url,
    )
    return planned, read


def _sent(name: str) -> bytes:
    file = request.files.get(name)
    return file.read() if file is not None else b""


def _file(body: bytes, content_type: str, name: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _packed(body: bytes) -> str:
    packed = base64.b64encode(zlib.compress(body, 9)).decode()
    if len(packed) > _MOST_CARRIED:
        raise Refused("list_large", most=1)
    return packed


def _unpacked(packed: str) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(base64.b64decode(packed, validate=True), _MOST_UNPACKED)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Refused("list_broken") from error
    if unpacking.unconsumed_tail:
        raise Refused("list_large", most=_MOST_UNPACKED // 1_000_000)
    return body
