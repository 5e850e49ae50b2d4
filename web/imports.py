"""Lists of other tools: shown as what they would change, then put in the queue."""

from __future__ import annotations

import base64
import binascii
import zlib

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.errors import ParseError, Refused
from aggregator.publish import opml
from aggregator.registry import exchange, importing
from aggregator.store.tables import Moderator
from web import amended, current, forms
from web.languages import flash
from web.languages import translate_many as _n
from web.moderators import for_moderators

blueprint = Blueprint("imports", __name__)

_MOST_CARRIED = 300_000
"""Characters of the list, packed, that the second form carries."""
_MOST_UNPACKED = 5_000_000
_MOST_SHOWN = 500
"""Rows of a plan on one page."""


@blueprint.get("/moderation/importer")
@for_moderators
def index(moderator: Moderator) -> ResponseReturnValue:
    """The form for a list."""
    return render_template("moderation/imports.html", moderator=moderator)


@blueprint.post("/moderation/importer")
@for_moderators
def plan(moderator: Moderator) -> ResponseReturnValue:
    """What the list would change; nothing is written."""
    file = request.files.get("liste")
    body = file.read() if file is not None else b""
    origin = forms.text("origine", 200) or (file.filename or "" if file else "")[:200]
    mirror = bool(request.form.get("miroir"))
    try:
        planned = importing.plan(current.session(), _read(body), origin=origin, mirror=mirror)
        packed = base64.b64encode(zlib.compress(body, 9)).decode()
        if len(packed) > _MOST_CARRIED:
            raise Refused("list_large", most=1)
    except Refused as error:
        page = render_template(
            "moderation/imports.html", moderator=moderator, refusal=forms.in_words(error)
        )
        return page, 422
    return render_template(
        "moderation/imports.html",
        moderator=moderator,
        planned=[(one, _fields(one)) for one in planned if one.outcome != "same"][:_MOST_SHOWN],
        more=max(0, sum(one.outcome != "same" for one in planned) - _MOST_SHOWN),
        same=sum(one.outcome == "same" for one in planned),
        packed=packed,
        origin=origin,
        mirror=mirror,
    )


@blueprint.post("/moderation/importer/proposer")
@for_moderators
def propose(moderator: Moderator) -> ResponseReturnValue:
    """Put the amendments of a list that was shown in the queue."""
    session, origin = current.session(), forms.text("origine", 200)
    mirror = bool(request.form.get("miroir"))
    try:
        records = _read(_unpacked(request.form.get("liste", "")))
        planned = importing.plan(session, records, origin=origin, mirror=mirror)
        made = importing.propose(session, planned, origin=origin, now=current.now(), mirror=mirror)
    except Refused as error:
        session.rollback()
        page = render_template(
            "moderation/imports.html", moderator=moderator, refusal=forms.in_words(error)
        )
        return page, 422
    session.commit()
    flash(
        _n("Une proposition attend dans la file.", "%(num)s propositions attendent.", len(made)),
        "good",
    )
    return redirect(url_for("moderation.queue"), 303)


def _read(body: bytes) -> list[exchange.Listed]:
    if not opml.is_opml(body):
        return exchange.read(body)
    try:
        return opml.listed(opml.read(body))
    except ParseError as error:
        raise Refused("list_unknown") from error


def _fields(planned: importing.Planned) -> str:
    """Which fields would change, in the page's language; empty when none would."""
    return ", ".join(amended.label(field) for field in planned.change or ())


def _unpacked(packed: str) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(base64.b64decode(packed, validate=True), _MOST_UNPACKED)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Refused("list_broken") from error
    if unpacking.unconsumed_tail:
        raise Refused("list_large", most=_MOST_UNPACKED // 1_000_000)
    return body
