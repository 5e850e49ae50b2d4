"""Doors that a mailed link opens: the link is asked for, its button opens a session, which ends.

The cookie holds a random secret that the registry looks up; signing out ends it there. Knows
nothing of what lies behind a door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, TypeVar, cast

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.registry.signing_in import SESSION
from web import current, forms, links
from web.caching import keep_private

Person = TypeVar("Person")
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True, slots=True)
class Door(Generic[Person]):
    """One door: its verbs are the registry's, asked with the session, what is said, the moment."""

    cookie: str
    folder: str
    """Of its templates `ask.html`, `asked.html` and `dead.html`."""
    outside: str
    """The endpoint at which a link is asked for."""
    inside: str
    """The endpoint at which one arrives."""
    ask_link: Callable[..., None]
    look_link: Callable[..., object | None]
    open_session: Callable[..., str | None]
    close_session: Callable[..., None]
    whose: Callable[..., Person | None]
    """Whose session a cookie is; None when it is over or forged."""

    def ask(self, **shown: object) -> ResponseReturnValue:
        """Have a link mailed; the answer is the same for every address."""
        refusal = None
        if request.method == "POST":
            refusal = forms.attempt(self._mail_link, rate="sign_in")
            if refusal is None:
                return render_template(f"{self.folder}/asked.html")
        page = render_template(f"{self.folder}/ask.html", refusal=refusal, **shown)
        return page, 200 if refusal is None else 422

    def _mail_link(self) -> None:
        email = forms.text("email", 320)
        forms.require_rate("letter", of=email)
        self.ask_link(current.session(), email, now=current.now())

    def enter(self, secret: str, title: str) -> ResponseReturnValue:
        """The mailed link; its button signs in, with a new cookie whatever came."""
        return links.follow(
            secret,
            self.look_link,
            self.open_session,
            show=lambda _found: render_template("desk/enter.html", title=title),
            done=self._remember,
            dead=f"{self.folder}/dead.html",
        )

    def sign_out(self) -> Response:
        """End this session, here and in the registry."""
        value = self._value()
        if value:
            self.close_session(current.session(), value, now=current.now())
            current.session().commit()
        response = make_response(redirect(url_for("news.home"), 303))
        response.delete_cookie(self._name, **_ATTRIBUTES, secure=_is_secure())
        return response

    def signed_in(self) -> Person | None:
        """Who is inside in this browser; None for everybody else."""
        value = self._value()
        return self.whose(current.session(), value, now=current.now()) if value else None

    def guard(self, name: str) -> Callable[[View], View]:
        """A decorator: pass who is signed in on as `name`; others are sent outside."""

        def guarding(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **options: Any) -> ResponseReturnValue:
                person = self.signed_in()
                if person is None:
                    return redirect(url_for(self.outside), 303)
                return view(*args, **options, **{name: person})

            return cast(View, guarded)

        return guarding

    @property
    def _name(self) -> str:
        return f"__Host-{self.cookie}" if _is_secure() else self.cookie

    def _value(self) -> str | None:
        keep_private()
        return request.cookies.get(self._name)

    def _remember(self, value: str) -> Response:
        return self.admit(redirect(url_for(self.inside), 303), value)

    def admit(self, answer: ResponseReturnValue, value: str) -> Response:
        """The answer, with the cookie of a session that was just opened."""
        response = make_response(answer)
        seconds = int(SESSION.total_seconds())
        response.set_cookie(self._name, value, max_age=seconds, **_ATTRIBUTES, secure=_is_secure())
        return response


_ATTRIBUTES: dict[str, Any] = {"httponly": True, "samesite": "Lax", "path": "/"}


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
