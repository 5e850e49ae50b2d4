"""Pages for what went wrong: each says what happened and what to do next."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, SecurityError

from aggregator.errors import BrokenIndex, QueryError, UnwritableIndex
from aggregator.store import database
from web import current
from web.api.description import fault
from web.languages import translate as _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error page says."""

    title: str
    advice: str
    retry: str | None = None
    """Address of a next step; None when there is none but the home page."""
    retry_label: str = ""


def install(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(QueryError, _not_understood)
    app.register_error_handler(BrokenIndex, _no_index)
    app.register_error_handler(UnwritableIndex, _no_index)
    app.register_error_handler(DBAPIError, _no_database)
    app.register_error_handler(500, _ours)


def page(failure: Failure, status: int) -> Response:
    """What is answered for a failure, never kept by caches: a page, or JSON to programs."""
    if request.path.startswith("/api/"):
        answer = fault(status, f"{failure.title}. {failure.advice}")
        answer.status_code = status
    else:
        html = render_template("pages/failure.html", failure=failure, status=status)
        answer = Response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if request.path.startswith("/api/"):
        answer = fault(error.code, error.description or error.name)
        answer.status_code = error.code
        return _with_advice(answer, error)
    failures = {
        404: Failure(
            _("Ce fil ne mène nulle part"),
            _("La page n’existe pas, ou plus. Cherchez son sujet : elle a peut-être déménagé."),
            url_for("news.search"),
            _("Chercher"),
        ),
        410: Failure(
            _("Cette page a été retirée"),
            _("Le groupe qui l’avait publiée a choisi de quitter Fil commun."),
        ),
        405: Failure(
            _("Cette adresse ne se lit pas"),
            _("Elle ne répond qu’à un formulaire. Revenez à la page précédente."),
        ),
        413: Failure(_("C’est trop gros"), _("Le formulaire accepte deux mégaoctets au plus.")),
        429: Failure(
            _("Un peu trop vite"),
            _(
                "Trop de demandes sont venues de votre adresse. Attendez une minute, puis "
                "recommencez ; rien n’est perdu."
            ),
        ),
    }
    failure = failures.get(error.code) or Failure(
        _("La demande n’a pas été comprise"),
        _("Vérifiez l’adresse, ou repartez de l’accueil."),
    )
    return _with_advice(page(failure, error.code), error)


def _with_advice(answer: Response, error: HTTPException) -> Response:
    """Keep what the error says of methods and waiting."""
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            answer.headers[name] = value
    return answer


def _foreign_host(_error: SecurityError) -> ResponseReturnValue:
    # No page: our templates make links, and there is no address here to make them from.
    return Response("Ce nom n’est pas celui de ce portail.\n", 400, mimetype="text/plain")


def _expired(_error: CSRFError) -> ResponseReturnValue:
    return page(
        Failure(
            _("Le formulaire a expiré"),
            _(
                "Il était ouvert depuis longtemps, ou vos cookies sont refusés. Ouvrez-le de "
                "nouveau et renvoyez-le : un seul cookie, technique, est nécessaire."
            ),
            request.script_root + request.path,
            _("Rouvrir le formulaire"),
        ),
        400,
    )


def _not_understood(error: QueryError) -> ResponseReturnValue:
    return page(
        Failure(
            _("La recherche n’a pas été comprise"),
            str(error),
            url_for("news.search", aide=1),
            _("Voir comment chercher"),
        ),
        400,
    )


def _no_index(error: BrokenIndex | UnwritableIndex) -> ResponseReturnValue:
    log.error("index broken: %s", error)
    return page(
        Failure(
            _("Le fil se démêle"),
            _(
                "L’index des nouvelles se reconstruit. Les pages reviennent dans quelques "
                "minutes ; celles des groupes et des sources répondent déjà."
            ),
            url_for("groups.index"),
            _("Voir les groupes"),
        ),
        503,
    )


def _no_database(error: DBAPIError) -> ResponseReturnValue:
    if database.is_damage(error):
        log.critical("database damaged: restore the last good backup: %s", error.orig)
        failure = Failure(
            _("La mémoire du fil est abîmée"),
            _(
                "Une partie de la base ne se lit plus. La personne qui tient ce portail peut la "
                "restaurer d’une sauvegarde ; vous pouvez la prévenir : %(contact)s",
                contact=current.parts().settings.contact,
            ),
        )
    else:
        log.error("database away: %s", error.orig)
        failure = Failure(
            _("Le fil est coupé"),
            _("La base de données ne répond pas. Rien n’est perdu ; réessayez dans une minute."),
            request.script_root + request.full_path,
            _("Réessayer"),
        )
    return page(failure, 503)


def _ours(_error: Exception) -> ResponseReturnValue:
    return page(
        Failure(
            _("Le fil s’est emmêlé"),
            _(
                "C’est notre faute, pas la vôtre : l’erreur est enregistrée. Réessayez dans un "
                "instant."
            ),
            request.script_root + request.full_path,
            _("Réessayer"),
        ),
        500,
    )
