"""The Flask application: its protections, its words, and one blueprint per noun."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from apiflask import APIFlask
from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from aggregator.parts import Parts
from aggregator.store import entries as entries_stored
from web import (
    agenda,
    api,
    assets,
    caching,
    current,
    desk,
    doubts,
    entries,
    exchange,
    failures,
    follow,
    forms,
    governance,
    groups,
    health,
    help_requests,
    holds,
    imports,
    join,
    journal,
    languages,
    lexicon,
    limits,
    maps,
    measuring,
    media,
    mirrors,
    moderation,
    moderators,
    news,
    operations,
    pages,
    proposals,
    security,
    stories,
    subscription,
    terms,
    watched,
    websub,
    wording,
    workshop_desk,
    workshops,
)
from web.copies import Copies
from web.mounting import Mounted

_NOUNS = (
    *(news, entries, stories, groups, terms, agenda, maps, exchange, follow),
    *(
        moderators,
        moderation,
        doubts,
        holds,
        lexicon,
        imports,
        mirrors,
        watched,
        governance,
        help_requests,
    ),
    *(workshops, workshop_desk),
    *(subscription, join, desk, proposals, journal, health, pages, operations, api),
    *(media, websub),
)


log = logging.getLogger(__name__)


class _Json(DefaultJSONProvider):
    """Keys in the order we write them, accents as they are."""

    sort_keys = False
    ensure_ascii = False


class _Portal(APIFlask):
    """What Flask logs of a page that failed must not be its address: it may be a mailed link."""

    def log_exception(self, exc_info: Any) -> None:
        log.error("page failed endpoint=%s", request.endpoint, exc_info=exc_info)


def create_app(parts: Parts) -> Flask:
    """The portal over these parts; it opens nothing itself and may be made several times."""
    app = _Portal(
        __name__,
        title="Fil commun",
        version="1",
        spec_path=None,
        docs_path=None,
        json_errors=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.json = _Json(app)
    current.install(app, parts)
    measuring.install(app)
    # Answers pass these in the opposite order: compared, then compressed, then protected.
    security.install(app, parts.settings)
    caching.install(app)
    languages.install(app)
    assets.install(app)
    wording.install(app)
    limits.install(app)
    forms.install(app)
    failures.install(app)
    for noun in _NOUNS:
        app.register_blueprint(noun.blueprint)
    api.describe(app, parts.settings)
    _mount(app, parts)
    return app


def _mount(app: Flask, parts: Parts) -> None:
    """Put the application where the public address says, behind copies and so many proxies."""
    app.wsgi_app = Copies(app.wsgi_app, partial(_state, parts))  # type: ignore[assignment, method-assign]  # as Flask's manual does
    app.wsgi_app = Mounted(app.wsgi_app, parts.settings.base_url)  # type: ignore[method-assign]
    proxies = parts.settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _state(parts: Parts) -> object | None:
    """Changes whenever an entry or a group does; None when the database does not answer."""
    try:
        with parts.sessions() as session:
            return entries_stored.state(session)
    except SQLAlchemyError:
        return None
