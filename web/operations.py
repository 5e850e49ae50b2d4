"""For machines: health checks, metrics, robots, site map, security contact, manifest, worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify, render_template, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import BrokenIndex, UnwritableIndex
from aggregator.publish.publication import PATHS
from aggregator.store import directory, entries
from aggregator.taxonomy import terms
from web import current, gauges
from web.assets import FOLDER, asset, release
from web.caching import keep_for
from web.languages import language
from web.languages import translate as _

blueprint = Blueprint("operations", __name__)

_DAY = 24 * 3600


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Whether this process answers."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether it can serve: database and index can be read; 503 names what cannot."""
    faults = []
    try:
        entries.state(current.session())
    except SQLAlchemyError:
        faults.append("database")
    try:
        current.parts().engine.count()
    except (BrokenIndex, UnwritableIndex):
        faults.append("index")
    answer = jsonify({"ready": not faults, "faults": faults})
    answer.headers["Cache-Control"] = "no-store"
    return answer, 503 if faults else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """The service's figures and this process's counters (Prometheus text format)."""
    return Response(
        gauges.exposition(current.session(), current.parts().settings, current.now())
        + generate_latest(REGISTRY),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What crawlers may read: all pages but searches and forms (RFC 9309)."""
    root = url_for("news.home")
    lines = [
        "User-agent: *",
        *(f"Disallow: {root}{path}" for path in ("recherche", "moderation", "espace", "abonnement/",
                                                  "corriger", "signaler", "*?*apres=")),
        f"Sitemap: {current.absolute(url_for('operations.sitemap'))}",
    ]  # fmt: skip
    return keep_for(Response("\n".join(lines) + "\n", mimetype="text/plain"), _DAY)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Pages of our own; entries are left to their originals, which are canonical."""
    body = stream_with_context(_sitemap())
    return keep_for(Response(body, mimetype="application/xml"), _DAY)


def _sitemap() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    pages = (
        *("news.home", "agenda.index", "groups.index", "terms.index", "pages.about"),
        *("help_requests.index", "help_requests.offering", "workshops.index", "governance.index"),
    )
    for endpoint in pages:
        yield _place(url_for(endpoint))
    for dimension, path in PATHS.items():
        if dimension != "kind":
            for term in terms.terms(dimension):
                yield _place(url_for("terms.page", path=path, slug=term.slug))
    for group in directory.groups(current.session(), sources=False):
        yield _place(url_for("groups.page", slug=group.slug), group.updated_at.date().isoformat())
    yield "</urlset>\n"


def _place(path: str, changed: str | None = None) -> str:
    day = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<url><loc>{current.absolute(path)}</loc>{day}</url>\n"


@blueprint.get("/.well-known/security.txt")
@blueprint.get("/security.txt")
def security() -> Response:
    """Whom to tell of a weakness (RFC 9116)."""
    contact = current.parts().settings.contact
    until = (current.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    address = contact if ":" in contact else f"mailto:{contact}"
    lines = [
        f"Contact: {address}",
        f"Expires: {until}",
        "Preferred-Languages: fr, en",
        f"Canonical: {current.absolute(url_for('operations.security'))}",
    ]
    return keep_for(Response("\n".join(lines) + "\n", mimetype="text/plain"), _DAY)


@blueprint.get("/fil.webmanifest")
def manifest() -> Response:
    """What a phone needs to install the portal."""
    icons = [("icon.svg", "any", "image/svg+xml"), ("icon-192.png", "192x192", "image/png"),
             ("icon-512.png", "512x512", "image/png")]  # fmt: skip
    answer = jsonify(
        {
            "name": "Fil commun",
            "short_name": "Fil commun",
            "description": _("Les nouvelles des groupes citoyens de la métropole de Paris."),
            "lang": language(),
            "start_url": url_for("news.home"),
            "scope": url_for("news.home"),
            "display": "minimal-ui",
            "background_color": "#fdfdfc",
            "theme_color": "#c3122f",
            "icons": [
                {"src": asset(name), "sizes": sizes, "type": type, "purpose": "any"}
                for name, sizes, type in icons
            ]
            + [{"src": asset("icon-512.png"), "sizes": "512x512", "purpose": "maskable"}],
        }
    )
    answer.mimetype = "application/manifest+json"
    return keep_for(answer, _DAY)


@blueprint.get("/recherche.xml")
def opensearch() -> Response:
    """How a browser searches here (OpenSearch 1.1)."""
    body = render_template("operations/opensearch.xml")
    return keep_for(Response(body, mimetype="application/opensearchdescription+xml"), _DAY)


@blueprint.get("/hors-ligne.js")
def service_worker() -> Response:
    """The service worker, at the root so that it serves every page; its caches bear versions."""
    script = (Path(FOLDER) / "offline.js").read_text("utf-8")
    names = ("fil.css", "fil.js", "icon.svg")
    fallback = url_for("pages.offline")
    head = f"const RELEASE = {release()!r}, OFFLINE = {fallback!r};\n"
    files = ", ".join(repr(asset(name)) for name in names)
    body = f"{head}const SHELL = [OFFLINE, {files}];\n{script}"
    response = Response(body, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
