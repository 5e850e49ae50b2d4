"""Letters and alerts: seen before an address is given, confirmed, managed and left.

A GET only ever shows; `aggregator.mail.subscribing` acts on POST.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote
from zoneinfo import available_timezones

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from aggregator.errors import FilcommunError, MailError, Refused, TooMany
from aggregator.mail import digest, kept, subscribing
from aggregator.mail.message import Content
from aggregator.mail.outbox import manage_url
from aggregator.mail.wishes import CONSENT, Wish
from aggregator.registry import rates
from aggregator.search.view import View
from aggregator.store import directory
from aggregator.store.tables import Subscriber, Subscription
from aggregator.taxonomy import terms
from web import current, forms, links, listing, narrowing
from web.caching import keep_private
from web.languages import flash, language, spoken
from web.languages import translate as _
from web.places import Place, here
from web.security import csrf, show_in_own_frame
from web.zones import zones_with

blueprint = Blueprint("subscription", __name__, url_prefix="/abonnement")

RHYTHMS = ("daily", "weekly", "monthly", "alert")
_DEAD = "subscription/dead.html"
LANGUAGES = (("fr", "français"), ("en", "English"))


@dataclass(frozen=True, slots=True)
class Managed:
    """One subscription as its owner changes it."""

    row: Subscription
    words: str
    topics: tuple[tuple[str, str, bool], ...]
    """Slug, name, and whether it is followed."""
    others: tuple[tuple[str, str, str], ...]
    """The filters beside words and topics: parameter, value, name."""
    kept: tuple[tuple[str, str], ...]
    """How it is shown: parameter and value."""
    feed: str


@blueprint.get("")
def index() -> str:
    """What to follow, when, and the letter it would have been today."""
    return _form(_place(), _wish(request.args))


def _form(place: Place, wish: Wish, refusal: str | None = None) -> str:
    return render_template(
        "subscription/index.html",
        place=place,
        title=listing.title_of(place),
        chips=narrowing.chips(place),
        wish=wish,
        letter=_preview(wish),
        consent=CONSENT[spoken()],
        zones=zones_with(wish.time_zone, language()),
        languages=LANGUAGES,
        preview_url=place.elsewhere(url_for("subscription.preview"), _choices(wish)),
        can_send=current.parts().settings.smtp_url is not None,
        refusal=refusal,
    )


@blueprint.get("/apercu")
def preview() -> Response:
    """The letter itself, as a mail program shows it; in a frame of ours only."""
    letter = _preview(_wish(request.args))
    if letter is None:
        raise NotFound
    response = Response(letter.html, mimetype="text/html")
    show_in_own_frame(response)
    return response


@blueprint.post("")
def ask() -> ResponseReturnValue:
    """Ask an address to confirm; the answer is the same whoever has it.

    The same form shows the letter again as it is chosen now.
    """
    session, wish = current.session(), _wish(request.form)
    if forms.text("acte", 20) == "voir":
        place = _place(request.form)
        return redirect(place.elsewhere(url_for("subscription.index"), _choices(wish)), 303)
    refusal = None
    try:
        forms.require_person()
        subscribing.subscribe(
            session,
            forms.text("adresse", 320),
            wish,
            settings=current.parts().settings,
            now=current.now(),
            place=rates.network(request.remote_addr or ""),
            names=_names(wish.view),
            read_in=spoken(),
        )
    except MailError:
        refusal = _("Cette adresse ne peut pas recevoir de courriel : vérifiez-la.")
    except TooMany:
        refusal = _("Trop d’abonnements ont été demandés d’ici aujourd’hui. Revenez demain.")
    except Refused as error:
        refusal = forms.in_words(error)
    except FilcommunError:
        refusal = _("Ce choix n’est pas possible : revoyez le rythme, l’heure ou l’adresse.")
    if refusal is None:
        session.commit()
        return redirect(url_for("subscription.asked"), 303)
    session.rollback()
    return _form(_place(request.form), wish, refusal), 422


@blueprint.get("/presque")
def asked() -> str:
    """A mail is on its way."""
    return render_template("subscription/asked.html")


@blueprint.route("/confirmer/<secret>", methods=["GET", "POST"])
def confirm(secret: str) -> ResponseReturnValue:
    """The mailed link: shows what it is about; its button begins."""
    return links.follow(
        secret,
        subscribing.look,
        subscribing.confirm,
        show=lambda row: render_template("subscription/confirm.html", subscription=row),
        done=_confirmed,
        dead=_DEAD,
    )


def _confirmed(subscription: Subscription) -> str:
    subscriber = subscription.subscriber
    return render_template(
        "subscription/confirmed.html",
        subscription=subscription,
        manage_url=manage_url(current.parts().settings, subscriber.id, subscriber.nonce),
    )


@blueprint.route("/quitter/<link>", methods=["GET", "POST"])
def leave(link: str) -> ResponseReturnValue:
    """One click ends a subscription (RFC 8058 posts here without ever opening the page).

    The signed link is the proof; twice answers the same as once.
    """
    session, settings = current.session(), current.parts().settings
    keep_private()
    if request.method == "POST":
        subscribing.leave(session, link, settings=settings)
        session.commit()
        return render_template("subscription/left.html", is_all=False)
    subscription = subscribing.leaving(session, link, settings=settings)
    return render_template("subscription/leave.html", subscription=subscription)


csrf.exempt(leave)


@blueprint.route("/lien", methods=["GET", "POST"])
def link() -> ResponseReturnValue:
    """Have the link to one's subscriptions mailed again."""
    if request.method != "POST":
        return render_template("subscription/link.html", refusal=None)
    session = current.session()
    try:
        forms.require_person()
        forms.require_rate("sign_in")
        subscribing.ask_for_link(
            session,
            forms.text("adresse", 320),
            settings=current.parts().settings,
            now=current.now(),
        )
    except (MailError, Refused) as error:
        session.rollback()
        refusal = (
            forms.in_words(error)
            if isinstance(error, Refused)
            else _("Cette adresse ne peut pas recevoir de courriel : vérifiez-la.")
        )
        return render_template("subscription/link.html", refusal=refusal), 422
    session.commit()
    return redirect(url_for("subscription.asked"), 303)


@blueprint.get("/gerer/<link>")
def manage(link: str) -> ResponseReturnValue:
    """All subscriptions of one address."""
    subscriber = _managed(link)
    if subscriber is None:
        return links.is_dead(_DEAD)
    return render_template(
        "subscription/manage.html",
        link=link,
        subscriber=subscriber,
        subscriptions=[_changeable(one) for one in subscriber.subscriptions],
        zones=zones_with(subscriber.time_zone, language()),
        languages=LANGUAGES,
    )


@blueprint.get("/gerer/<link>/donnees.json")
def export(link: str) -> ResponseReturnValue:
    """Everything we keep of one address."""
    subscriber = _managed(link)
    if subscriber is None:
        return links.is_dead(_DEAD)
    response = jsonify(kept.of_subscriber(current.session(), subscriber))
    response.headers["Content-Disposition"] = 'attachment; filename="fil-commun.json"'
    return response


@blueprint.post("/gerer/<link>")
def act(link: str) -> ResponseReturnValue:
    """Change, pause, resume or end one subscription, or what holds for all, or erase it all."""
    session, now = current.session(), current.now()
    subscriber = _managed(link)
    if subscriber is None:
        return links.is_dead(_DEAD)
    deed = forms.text("acte", 20)
    if deed == "tout-effacer":
        subscribing.forget(session, subscriber)
        session.commit()
        return render_template("subscription/left.html", is_all=True)
    if deed == "reglages":
        wish = _wish(request.form)
        views = [digest.view_of(one) for one in subscriber.subscriptions]
        subscribing.prefer(
            subscriber,
            language=wish.language,
            time_zone=wish.time_zone,
            now=now,
            names=_names(*views),
        )
        session.commit()
        flash(_("C’est changé."), "good")
        return redirect(url_for("subscription.manage", link=link), 303)
    subscription = _one(subscriber)
    if deed == "changer":
        try:
            wish = replace(
                _wish(request.form), language=subscriber.language, time_zone=subscriber.time_zone
            )
            subscribing.change(session, subscription, wish, now=now, names=_names(wish.view))
        except FilcommunError:
            session.rollback()
            flash(_("Ce choix n’est pas possible : revoyez le rythme, l’heure ou l’adresse."))
            return redirect(url_for("subscription.manage", link=link), 303)
        flash(_("C’est changé."), "good")
    elif deed == "pause":
        subscribing.pause(subscription, now=now)
        flash(_("En pause : rien ne part jusqu’à nouvel ordre."), "good")
    elif deed == "reprendre":
        subscribing.resume(subscription, now=now)
        flash(_("C’est reparti."), "good")
    elif deed == "finir":
        is_last = len(subscriber.subscriptions) == 1
        subscribing.end(session, subscription)
        if is_last:
            session.commit()
            return render_template("subscription/left.html", is_all=True)
        flash(_("C’est fini pour celui-là."), "good")
    session.commit()
    return redirect(url_for("subscription.manage", link=link), 303)


def _changeable(subscription: Subscription) -> Managed:
    view = digest.view_of(subscription)
    place = Place("", url_for("news.home") + "fil", view)
    topics = narrowing.labels("topic", [term.slug for term in terms.terms("topic")])
    return Managed(
        row=subscription,
        words=view.q,
        topics=tuple((slug, label, slug in view.theme) for slug, label in topics.items()),
        others=tuple(
            (name, value, narrowing.describe(name, value))
            for name, value in place.chosen_pairs()
            if name not in {"q", "theme"}
        ),
        kept=tuple(pair for pair in place.kept_pairs() if pair not in place.chosen_pairs()),
        feed=place.feed("atom"),
    )


def _managed(link: str) -> Subscriber | None:
    keep_private()
    return subscribing.managed(current.session(), link, settings=current.parts().settings)


def _one(subscriber: Subscriber) -> Subscription:
    """The subscription that the form names, if it is this subscriber's."""
    for subscription in subscriber.subscriptions:
        if str(subscription.id) == request.form.get("abonnement"):
            return subscription
    raise NotFound


def _place(args: Mapping[str, str] | None = None) -> Place:
    if args is None:
        return here("/abonnement", "/fil")
    return Place(url_for("subscription.index"), url_for("news.home") + "fil", View.from_args(args))


def _wish(args: Mapping[str, str]) -> Wish:
    """What the form or the address asks for; odd values become the usual ones."""
    rhythm = args.get("rythme", "weekly")
    zone, wished = args.get("fuseau", "Europe/Paris"), args.get("langue_lettre", "")
    return Wish(
        view=View.from_args(args),
        rhythm=rhythm if rhythm in RHYTHMS else "weekly",
        hour=_number(args, "heure", 7, 0, 23),
        weekday=_number(args, "jour_semaine", 0, 0, 6),
        day=_number(args, "jour_mois", 1, 1, 31),
        maximum=_number(args, "maximum", 20, 1, 100),
        group_by="area" if args.get("rangement") == "area" else "topic",
        language=wished if wished in dict(LANGUAGES) else spoken(),
        time_zone=zone if zone in available_timezones() else "Europe/Paris",
        webhook=args.get("webhook", "").strip() or None if rhythm == "alert" else None,
    )


def _choices(wish: Wish) -> str:
    """The form's choices beside the filters, as a query string."""
    return (
        f"rythme={wish.rhythm}&heure={wish.hour}&jour_semaine={wish.weekday}"
        f"&jour_mois={wish.day}&maximum={wish.maximum}&rangement={wish.group_by}"
        f"&langue_lettre={wish.language}&fuseau={quote(wish.time_zone)}"
    )


def _number(args: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        return usual
    return min(max(int(text), least), most)


def _preview(wish: Wish) -> Content | None:
    """The letter that would have come today, or the last alert."""
    return digest.preview(
        current.session(),
        current.parts().engine,
        wish,
        settings=current.parts().settings,
        now=current.now(),
        names=_names(wish.view),
    )


def _names(*views: View) -> dict[str, str]:
    """The names of the groups that views choose, by slug."""
    slugs = [slug for view in views for slug in view.groupe]
    return directory.names(current.session(), slugs) if slugs else {}
