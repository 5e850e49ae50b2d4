"""Which language a page speaks, and its words. French is the language of the templates."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Response, current_app, g, has_request_context, request
from flask import flash as show_later
from flask_babel import Babel, get_locale, get_translations

from aggregator.search.saying import Language
from web.catalogues import TRANSLATIONS, compile_catalogues
from web.typography import spaced

COOKIE = "langue"
A_YEAR = 365 * 24 * 3600


def available() -> tuple[str, ...]:
    """French, and each language that has a catalogue."""
    others = sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    return ("fr", *others)


def install(app: Flask) -> None:
    """Set Flask-Babel up, our spaces included, and the `langue` parameter and cookie."""
    compile_catalogues()
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["LANGUAGES"] = available()
    Babel(app, default_locale="fr", default_timezone="Europe/Paris", locale_selector=_chosen)
    # After Babel, which installs its own: ours make French spaces unbreakable.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=_gettext, ngettext=_ngettext, newstyle=True
    )
    app.after_request(_remember)


def language() -> str:
    """The language of this page: `fr`, `en`, …"""
    if not has_request_context():
        return "fr"
    if "language" not in g:  # asked a hundred times by one page
        locale = get_locale()
        g.language = locale.language if locale is not None else "fr"
    return cast(str, g.language)


def translate(message: str, **values: Any) -> str:
    """A message of ours in the page's language, from Python code."""
    text = _gettext(message)
    return text % values if values else text


def translate_many(one: str, many: str, number: int, **values: Any) -> str:
    """A message of ours that counts; `%(num)s` is the number."""
    return _ngettext(one, many, number) % (values | {"num": number})


def flash(message: str, kind: str = "notice") -> None:
    """Say something once, on the next page."""
    show_later(message, kind)


def _gettext(message: str) -> str:
    text: str = get_translations().ugettext(message)
    return spaced(text) if language() == "fr" else text


def _ngettext(one: str, many: str, number: int) -> str:
    if language() == "fr":
        # In French nothing is singular, « 0 entrée », but never « une entrée ».
        least = 0 if "%(num)s" in one else 1
        return spaced(one if least <= abs(number) < 2 else many)
    text: str = get_translations().ungettext(one, many, number)
    return text


def _chosen() -> str:
    if not has_request_context():
        return "fr"
    codes = known()
    for wish in (request.args.get("langue"), request.cookies.get(COOKIE)):
        if wish in codes:
            return wish
    return request.accept_languages.best_match(codes, default="fr") or "fr"


def known() -> tuple[str, ...]:
    """The languages found when this process started."""
    languages: tuple[str, ...] = current_app.config["LANGUAGES"]
    return languages


def _remember(response: Response) -> Response:
    wish = request.args.get("langue")
    if wish in known():
        response.set_cookie(
            COOKIE, wish, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure
        )
    if "language" in g:  # whatever spoke it: a page, a feed's title, a map's legend
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def spoken() -> Language:
    """The language in which searches can be told: French, or English for all others."""
    return "fr" if language() == "fr" else "en"
