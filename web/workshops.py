"""Workshops in public: what they decided, their minutes, and the inventory at two dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from aggregator.publish import minutes
from aggregator.publish.maps import network, svg
from aggregator.publish.maps.poster import PDF_MEDIA_TYPE
from aggregator.registry import reports, snapshots, workshops
from aggregator.registry.snapshots import InventoryDifference
from aggregator.store import directory
from web import amended, current
from web.amended import Side
from web.caching import PAGE_SECONDS, keep_for
from web.languages import language, spoken
from web.languages import translate as _
from web.moderators import signed_in
from web.typography import PARIS, day_of
from web.workshop_desk import desk, workshop_or_stop

blueprint = Blueprint("workshops", __name__)

CHANGED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A difference as a page tells it."""

    arrived: tuple[tuple[str, str], ...]
    """(slug, name)."""
    left: int
    """Counted, not named."""
    changed: tuple[tuple[str, str, tuple[Side, ...]], ...]
    """(slug, name, fields), cut at CHANGED_SHOWN groups."""
    more: int
    """Changed groups beyond that."""


@blueprint.get("/ateliers")
def index() -> str:
    """All workshops, the latest first."""
    return render_template(
        "workshops/index.html",
        listed=workshops.listed(current.session()),
        moderator=signed_in(),
        today=day_of(current.now()),
    )


@blueprint.get("/ateliers/<slug>")
def page(slug: str) -> str:
    """What a workshop decided; while it is open, moderators work on it here."""
    workshop = workshop_or_stop(slug)
    moderator = signed_in()
    report = reports.report(current.session(), workshop)
    return render_template(
        "workshops/page.html",
        workshop=workshop,
        report=report,
        told=told(report.difference),
        moderator=moderator,
        waiting=workshops.undecided(current.session(), workshop),
        desk=desk(workshop, moderator) if moderator and workshop.closed_at is None else None,
    )


@blueprint.get("/ateliers/<slug>.pdf")
def paper(slug: str) -> Response:
    """The minutes on paper."""
    report = reports.report(current.session(), workshop_or_stop(slug))
    decided = (*report.accepted, *report.refused, *report.postponed)
    changes = {one.id: amended.told(one.change) for one in decided}
    body = minutes.write(report, changes=changes, language=spoken())
    response = Response(body, content_type=PDF_MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{report.workshop.slug}.pdf"'
    return keep_for(response, PAGE_SECONDS)


@blueprint.get("/ateliers/comparer")
def compare() -> str:
    """What happened to the inventory from one day to another, both included: a list and a map."""
    session, now = current.session(), current.now()
    oldest = snapshots.first(session)
    start = day_of(oldest.at) if oldest else day_of(now)
    first, second = sorted(
        max(start, min(day, day_of(now))) for day in (_day("du", start), _day("au", day_of(now)))
    )
    before = snapshots.at(session, _start_of(first)) or oldest
    after = snapshots.at(session, _end_of(second)) or oldest
    is_now = second >= day_of(now)
    groups = snapshots.now_as(session) if is_now else after.groups if after else {}
    difference = snapshots.told(
        session, snapshots.difference(before.groups if before else groups, groups)
    )
    return render_template(
        "workshops/compare.html",
        first=first,
        second=second,
        start=start,
        today=day_of(now),
        before=before,
        after=None if is_now else after,
        told=told(difference),
        drawing=_map(difference),
        rings=[
            (Markup(svg.ring(mark, 12, 12, 9)), words)  # noqa: S704  our own shapes
            for mark, words in (("arrived", _("arrivé")), ("changed", _("changé")))
        ],
    )


@blueprint.app_template_global("told_of")
def told_of(change: Mapping[str, Any]) -> str:
    """What a proposal asks for, in a line."""
    return amended.told(change)


def told(difference: InventoryDifference) -> Told:
    """A difference in words, the changes of one group together."""
    by_group: dict[tuple[str, str], list[Side]] = {}
    for one in difference.changed:
        side = amended.side(one.field, one.before, one.after)
        by_group.setdefault((one.slug, one.name), []).append(side)
    changed = tuple((slug, name, tuple(sides)) for (slug, name), sides in by_group.items())
    return Told(
        arrived=difference.arrived,
        left=difference.left,
        changed=changed[:CHANGED_SHOWN],
        more=max(0, len(changed) - CHANGED_SHOWN),
    )


def _map(difference: InventoryDifference) -> Markup | None:
    marks = {one.slug: "changed" for one in difference.changed}
    marks |= {slug: "arrived" for slug, _name in difference.arrived}
    if not marks:
        return None
    groups = directory.outlines(current.session())
    chart = network.chart(
        groups, "objectifs", base_url=request.script_root, recent={}, language=language()
    )
    return Markup(svg.write(chart, marks=marks))  # noqa: S704  publish.maps escapes all it draws


def _day(name: str, otherwise: date) -> date:
    text = request.args.get(name, "")
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def _start_of(day: date) -> datetime:
    """The first moment of a day in Paris."""
    return datetime.combine(day, time.min, PARIS)


def _end_of(day: date) -> datetime:
    """The last moment of a day in Paris."""
    return datetime.combine(day, time.max, PARIS)
