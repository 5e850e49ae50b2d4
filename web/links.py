"""Mailed links: opening one only shows what it is about, its button acts, once.

Whoever tries many that are dead waits before trying more. Knows nothing of what links do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from aggregator.errors import Refused
from aggregator.registry import rates
from web import current, forms
from web.caching import keep_private

Found = TypeVar("Found")
Done = TypeVar("Done")


def follow(
    secret: str,
    look: Callable[..., Found | None],
    act: Callable[..., Done | None],
    *,
    show: Callable[[Found], ResponseReturnValue],
    done: Callable[[Done], ResponseReturnValue],
    dead: str,
) -> ResponseReturnValue:
    """What `look` finds is shown; `act` does it on POST only, and what it returns is told.

    Scanners of mail send GET and HEAD to every link. Both verbs are asked with the session, the
    secret and the moment. A link is dead, and its page the template `dead`, when one of them
    returns None or raises Refused.
    """
    session, now = current.session(), current.now()
    keep_private()
    found = None if _guesses_too_often() else look(session, secret, now=now)
    if found is None:
        return is_dead(dead)
    if request.method != "POST":
        return show(found)
    try:
        result = act(session, secret, now=now)
    except Refused as error:
        return is_dead(dead, forms.in_words(error))
    if result is None:
        return is_dead(dead)
    session.commit()
    return done(result)


def is_dead(template: str, refusal: str | None = None) -> ResponseReturnValue:
    """The page of a link that leads nowhere, counted; stops with 429 whoever tries too many."""
    session = current.session()
    session.rollback()
    try:
        forms.require_rate("dead_link")
    except Refused as error:
        raise TooManyRequests from error
    session.commit()
    return render_template(template, refusal=refusal), 410


def _guesses_too_often() -> bool:
    return rates.is_spent(
        current.session(),
        "dead_link",
        rates.network(request.remote_addr or ""),
        now=current.now(),
        settings=current.parts().settings,
    )
