"""How a list can be followed elsewhere: its other formats, told to people who know none of them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from web.languages import translate as _
from web.places import Place


@dataclass(frozen=True, slots=True)
class Way:
    """One way to follow a list."""

    label: str
    url: str
    why: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """The list in another format."""

    name: str
    ending: str
    type: str
    url: str
    alternate: bool
    """Whether a feed reader should be told of it."""


def feeds(place: Place) -> list[Feed]:
    """Every other format of a list."""
    formats = (
        ("Atom", "atom", "application/atom+xml", True),
        ("RSS", "rss", "application/rss+xml", True),
        ("JSON Feed", "json", "application/feed+json", True),
        (_("Agenda"), "ics", "text/calendar", False),
        ("OPML", "opml", "text/x-opml", False),
        ("CSV", "csv", "text/csv", False),
    )
    return [
        Feed(name, ending, type, place.feed(ending), alternate)
        for name, ending, type, alternate in formats
    ]


def ways(place: Place) -> list[Way]:
    """Every way to follow a list, for people who may not know what a feed is."""
    by_ending = {feed.ending: feed for feed in feeds(place)}
    letters = url_for("subscription.index")
    return [
        Way(
            _("Par courriel, une lettre régulière"),
            place.elsewhere(letters),
            _("Vous voyez la lettre avant de donner une adresse."),
        ),
        Way(
            _("Par courriel, dès que quelque chose paraît"),
            place.elsewhere(letters, "rythme=alert"),
            _("Une alerte dans les minutes qui suivent."),
        ),
        Way(
            _("Dans un lecteur de flux"),
            by_ending["atom"].url,
            _("Atom : copiez cette adresse dans Feedly, Thunderbird, NetNewsWire…"),
            "application/atom+xml",
        ),
        Way(
            "RSS", by_ending["rss"].url, _("Pour les lecteurs plus anciens."), "application/rss+xml"
        ),
        Way("JSON Feed", by_ending["json"].url, _("Pour les programmes."), "application/feed+json"),
        Way(
            _("Dans votre agenda"),
            by_ending["ics"].url,
            _("Les rendez-vous annoncés ici, tenus à jour (iCalendar)."),
            "text/calendar",
        ),
        Way(
            _("Sur le site de votre groupe"),
            place.elsewhere(url_for("follow.embed_code")),
            _("Un cadre à copier dans une page, sans traceur."),
        ),
        Way(
            _("Tous les flux de ces groupes"),
            by_ending["opml"].url,
            _("OPML : à donner à un lecteur de flux, qui suivra chaque groupe chez lui."),
            "text/x-opml",
        ),
        Way(
            _("Exporter ces résultats"),
            by_ending["csv"].url,
            _("Tableau CSV, pour un tableur."),
            "text/csv",
        ),
    ]
