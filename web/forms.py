"""What every form needs: proof that a person fills it in, counts, and its refusals in words.

No account, no captcha, no third party: a field that only programs see, and the time it took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from aggregator.errors import Refused
from aggregator.registry import rates, wording
from web import current
from web.languages import flash, language
from web.languages import translate as _

BAIT = "site_internet"
"""A field that people do not see and programs fill in."""
STAMP = "ouvert"
"""When the form was opened, signed."""
_FASTEST = 2.0
"""Seconds; nobody reads and fills a form in less."""
_LONGEST = 12 * 3600

Done = TypeVar("Done")


def install(app: Flask) -> None:
    """Offer the two hidden fields to templates."""
    app.jinja_env.globals.update(stamp=stamp, BAIT=BAIT, STAMP=STAMP)


def stamp() -> str:
    """The signed moment at which a form was shown."""
    return _signer().dumps(current.now().timestamp())


def require_person() -> None:
    """Raise Refused when a program filled the form in."""
    if request.form.get(BAIT):
        raise Refused("too_often")
    seconds = seconds_open()
    if seconds is None or not _FASTEST <= seconds <= _LONGEST:
        raise Refused("too_quick")


class Refusal(str):
    """Why a form was not followed, as a sentence in the page's language."""


def attempt(act: Callable[[], Done], *, rate: str | None = None) -> Done | Refusal:
    """Do what a form asks and keep it; where it is refused, keep nothing and tell why.

    With `rate`, anybody may send the form: then only a person, and not too often.
    """
    session = current.session()
    try:
        if rate is not None:
            require_person()
            require_rate(rate)
        done = act()
    except Refused as error:
        session.rollback()
        return Refusal(in_words(error))
    session.commit()
    return done


def say(said: str) -> None:
    """Tell on the next page how a form went: what was done, or why it was refused."""
    if isinstance(said, Refusal):
        flash(said)
    else:
        flash(said, "good")


def seconds_open() -> float | None:
    """How long ago the form was shown; None where its stamp is missing or forged."""
    try:
        opened = float(_signer().loads(request.form.get(STAMP, "")))
    except (BadSignature, TypeError, ValueError):
        return None
    return current.now().timestamp() - opened


def require_rate(what: str, of: str | None = None) -> None:
    """Count one more of `what` for the reader's network, or for what is named; raises Refused
    beyond the limit. What is refused afterwards, and rolled back, was not done and is not counted.
    """
    who = rates.network(request.remote_addr or "") if of is None else of
    settings = current.parts().settings
    rates.require(current.session(), what, who, now=current.now(), settings=settings)


def in_words(refusal: Refused) -> str:
    """Why a wish was refused, as a sentence in the page's language."""
    values = dict(refusal.values)
    if isinstance(values.get("field"), str):
        values["field"] = field_name(str(values["field"]))
    if "who" in values:
        values["who"] = wording.sentence(f"who_{values['who']}", language())
    words = wording.sentence(refusal.reason, language(), **values)
    return f"{words} {come_back()}" if refusal.reason == "left" else words


def come_back() -> str:
    """Whom a group that left writes to, to come back."""
    contact = current.parts().settings.contact
    return wording.sentence("come_back", language(), contact=contact)


def text(name: str, most: int = 3000) -> str:
    """One field of the form, trimmed and cut."""
    return request.form.get(name, "").strip()[:most]


def field_name(name: str) -> str:
    """A field in words, within a sentence; its own name where there are none."""
    names = {
        "name": _("le nom"),
        "home": _("l’adresse du site"),
        "url": _("l’adresse"),
        "description": _("la description"),
        "category": _("ce qu’est le groupe"),
        "language": _("la langue"),
        "contact": _("le contact"),
        "why": _("l’explication"),
        "author_name": _("votre nom"),
        "area": _("les territoires"),
        "topic": _("les thèmes"),
        "objective": _("les objectifs"),
        "skill": _("les savoir-faire"),
        "kind": _("la forme"),
        "title": _("le titre"),
        "text": _("le texte"),
        "words": _("les mots"),
        "term": _("le terme"),
        "weight": _("le poids"),
        "email": _("l’adresse de courriel"),
        "table": _("la table"),
        "minutes": _("le compte rendu"),
        "participants": _("les personnes présentes"),
        "place": _("le lieu"),
        "group": _("le groupe"),
        "threshold": _("les voix nécessaires"),
        "slug": _("l’identifiant"),
        "held_on": _("la date"),
    }
    return names.get(name, name)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="form")
