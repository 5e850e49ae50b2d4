"""Every source's state in public, in plain words, and how fresh the portal is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from markupsafe import Markup

from aggregator.collect.health import STATES, wall_named
from aggregator.collect.reasons import REASONS, Reason
from aggregator.registry import moderation
from aggregator.store import directory, entries, figures, suppressions
from aggregator.store.tables import Host, Source
from aggregator.understand import quality
from web import charts, current
from web.languages import language
from web.languages import translate as _

blueprint = Blueprint("health", __name__)

_WEEK = timedelta(days=7)
_QUARTER = timedelta(days=90)
_TONES = {
    "ok": "good",
    "new": "idle",
    "silent": "idle",
    "paused": "idle",
    "slower": "warn",
    "surge": "warn",
    "moving": "warn",
    "failing": "warn",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A source's state as people read it."""

    code: str
    label: str
    tone: str
    """`good`, `warn`, `bad` or `idle`."""
    meaning: str
    reason: str
    """What went wrong at the last visit; empty when nothing did."""
    remedy: str
    ill: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One source of the public list."""

    source: Source
    told: Told
    host: Host | None
    requests: int
    """What its host received from us in the last 7 days, for all its sources."""


@dataclass(frozen=True, slots=True)
class Course:
    """One figure over the last quarter."""

    label: str
    unit: str
    """`number`, `duration` (seconds) or `share`."""
    points: Sequence[tuple[date, float]]
    chart: Markup


@blueprint.get("/sante")
def index() -> str:
    """Every source, the ill ones first, and the portal's own figures."""
    session = current.session()
    now = current.now()
    lines = _lines()
    counts = Counter(line.told.code for line in lines)
    wanted = request.args.get("etat")
    shown = [line for line in lines if wanted in (None, line.told.code)]
    delays = sorted(entries.delays(session, now - _WEEK))
    return render_template(
        "health/index.html",
        lines=sorted(shown, key=lambda line: not line.told.ill),
        states=[
            (state.code, state.label(language()), counts[state.code])
            for state in STATES.values()
            if counts[state.code]
        ],
        wanted=wanted,
        total=len(lines),
        well=sum(not line.told.ill for line in lines),
        p50=_percentile(delays, 50),
        p95=_percentile(delays, 95),
        entries=entries.total(session),
        requests=sum(directory.requests_by_host(session, (now - _WEEK).date()).values()),
        left=suppressions.departures(session),
        history=_history(),
        uptime=figures.uptime(session, now),
        quality=_quality(),
        moderation=moderation.figures(session, now),
    )


@blueprint.app_template_global("health_of")
def told(source: Source) -> Told:
    """A source's state, its cause and its remedy in the page's language."""
    code = "paused" if source.paused_at is not None else source.state
    state = STATES.get(code) or STATES["new"]
    reason = REASONS.get(source.last_reason or "") if code != "paused" else None
    remedy = state.remedy(language())
    # Many causes lead to these two; after days of a passing cause its « nothing to do » is over.
    if reason and (state.code == "failing" or (state.code == "broken" and reason.permanent)):
        remedy = reason.remedy(language())
    return Told(
        code=state.code,
        label=state.label(language()),
        tone=_TONES.get(state.code, "bad"),
        meaning=state.sentence(language()),
        reason=_cause(reason, source.last_detail) if reason else "",
        remedy=remedy,
        ill=state.ill,
    )


def _cause(reason: Reason, detail: str) -> str:
    """What went wrong; a wall against robots is named."""
    sentence = reason.sentence(language())
    wall = wall_named(detail) if reason.code == "bot_wall" else None
    return f"{sentence.removesuffix('.')} ({wall})." if wall else sentence


def _lines() -> list[Line]:
    session = current.session()
    hosts = directory.hosts(session)
    asked = directory.requests_by_host(session, (current.now() - _WEEK).date())
    return [
        Line(source, told(source), hosts.get(name), asked.get(name, 0))
        for source in directory.sources(session)
        if source.left_inventory_at is None
        for name in (urlsplit(source.address).netloc.lower(),)
    ]


def _history() -> list[Course]:
    since = (current.now() - _QUARTER).date()
    session = current.session()
    return [
        Course(label, unit, points, charts.line(points, label))
        for name, (label, unit) in _courses().items()
        if len(points := figures.history(session, name, since)) > 1
    ]


def _quality() -> list[tuple[str, float]]:
    """What the tags are held to, in words."""
    return [
        (label, quality.FLOORS[name])
        for name, label in (
            ("topics F1, source known", _("thèmes")),
            ("objectives F1, source known", _("objectifs")),
            ("skills F1, source known", _("savoir-faire")),
            ("places F1", _("territoires")),
        )
    ]


def _courses() -> dict[str, tuple[str, str]]:
    return {
        "entries": (_("Nouvelles reçues"), "number"),
        "freshness_p50": (_("Attente médiane"), "duration"),
        "freshness_p95": (_("Attente de 95 nouvelles sur 100"), "duration"),
        "sources_ill": (_("Sources malades"), "number"),
        "sources_silent": (_("Sources silencieuses"), "number"),
        "requests": (_("Requêtes envoyées"), "number"),
        "requests_most": (_("Requêtes au site le plus visité"), "number"),
        "unchanged_share": (_("Visites sans rien de neuf"), "share"),
        "moderation_delay": (_("Délai médian de modération"), "duration"),
        "letters_sent": (_("Lettres parties"), "number"),
        "letters_delay": (_("Attente médiane d’une lettre"), "duration"),
        "worker_minutes": (_("Minutes de marche"), "number"),
    }


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The nearest rank; None of nothing."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
